//! Orders one more seat, once, one request at a time.

use distributor::{Distributor, Subscription};
use domain::fault::Fault;
use domain::ids::{OrgId, RequestId};
use domain::note;
use domain::request::RequestKey;
use serde::{Deserialize, Serialize};
use step::Context;
use store::effects::Standing;
use systems::{Purchase, Settled};

const STEP: &str = "purchase-license";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Input {
    org: OrgId,
    request: RequestId,
    run: u32,
    /// Part number.
    sku: String,
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case", tag = "outcome")]
pub(crate) enum Output {
    Ordered,
    /// A seat is there after all.
    Free,
    /// Another request buys this licence now.
    Busy,
    /// It can't be bought here: a technician is asked.
    Ask,
}

pub(crate) async fn run(cx: &Context, input: Input) -> Result<Output, Fault> {
    let key = RequestKey {
        org: input.org,
        request: input.request,
    };
    let record = cx.begin(STEP, &key, input.run).await?;
    let part_number = &input.sku;
    if !cx.store.take_lease(&key.org, part_number, &key.request).await? {
        return Ok(Output::Busy);
    }
    let settled = systems::settled(&cx.store, &key.org).await?;
    let distributor = match systems::distributor(&cx.secrets, &settled).await {
        Ok(Some(found)) => found,
        Ok(None) => return leave_to_technician(cx, &key, part_number, "the distributor", "none is set up").await,
        Err(fault) if fault.is_transient() => return Err(fault),
        Err(fault) => return leave_to_technician(cx, &key, part_number, "the distributor", &fault.to_string()).await,
    };
    let standing = cx
        .store
        .standing::<Purchase, Purchase>(&key, &systems::purchase_effect(part_number))
        .await?;
    // Under the lease the look at the seats is reliable: what another request bought has been assigned by now.
    if standing == Standing::New {
        let sku = record.plan.licenses.iter().find(|sku| sku.part_number == *part_number);
        let Some(sku) = sku else {
            return Err(Fault::Permanent("the licence is not one of the request".to_owned()));
        };
        if has_free_seat(cx, &settled, &sku.id).await? {
            return Ok(Output::Free);
        }
    }
    match order(cx, &key, part_number, &distributor, standing).await {
        Ok(true) => Ok(Output::Ordered),
        Ok(false) => {
            let why = "the company has no subscription of it there";
            leave_to_technician(cx, &key, part_number, distributor.name(), why).await
        }
        Err(fault) if fault.is_transient() => Err(fault),
        Err(fault) => leave_to_technician(cx, &key, part_number, distributor.name(), &fault.to_string()).await,
    }
}

async fn has_free_seat(cx: &Context, settled: &Settled, sku: &str) -> Result<bool, Fault> {
    let graph = systems::graph(&cx.secrets, &settled.organisation).await?;
    let skus = graph.subscribed_skus().await?;
    Ok(skus.iter().any(|entry| entry.sku.id == sku && entry.free() > 0))
}

/// False if there is no subscription to raise. The order is an absolute total, written down before it is sent: sent
/// twice, it is still one seat more.
async fn order(
    cx: &Context,
    key: &RequestKey,
    part_number: &str,
    distributor: &Distributor,
    standing: Standing<Purchase, Purchase>,
) -> Result<bool, Fault> {
    let effect = systems::purchase_effect(part_number);
    let mut purchase = match standing {
        Standing::Done(_) => return Ok(true),
        Standing::Intended(purchase) => purchase,
        Standing::New => {
            let Some(found) = distributor.find_subscription(part_number).await? else {
                return Ok(false);
            };
            let purchase = Purchase {
                subscription: found.id,
                target: found.quantity + 1,
                order: None,
            };
            match cx.store.intend::<Purchase, Purchase>(key, &effect, &purchase).await? {
                Standing::New => purchase,
                Standing::Intended(earlier) => earlier,
                Standing::Done(_) => return Ok(true),
            }
        }
    };
    let now = distributor.state(&purchase.subscription, None).await?.quantity;
    if now < purchase.target {
        let subscription = Subscription {
            id: purchase.subscription.clone(),
            quantity: now,
        };
        let marker = format!("{}/{part_number}", key.request);
        purchase.order = distributor.order(&subscription, purchase.target, &marker).await?;
    }
    cx.store.effect_done(key, &effect, &purchase).await?;
    let text = note::purchase_ordered(part_number, distributor.name());
    cx.store
        .queue_note(key, &format!("ordered-{part_number}"), &text)
        .await?;
    cx.store
        .record_event(key, STEP, "ordered", part_number, &text, false)
        .await?;
    Ok(true)
}

async fn leave_to_technician(
    cx: &Context,
    key: &RequestKey,
    part_number: &str,
    distributor: &str,
    why: &str,
) -> Result<Output, Fault> {
    let text = note::purchase_failed(part_number, distributor, why);
    cx.store
        .queue_note(key, &format!("purchase-failed-{part_number}"), &text)
        .await?;
    cx.store
        .record_event(key, STEP, "failed", part_number, &text, true)
        .await?;
    cx.store.release_lease(&key.org, part_number, &key.request).await?;
    Ok(Output::Ask)
}

#[cfg(test)]
mod payload_tests {
    use super::*;

    #[test]
    fn takes_what_the_state_machine_sends() {
        assert_eq!(payloads::accepted::<Input>("purchase-license"), Ok(()));
    }

    #[test]
    fn answers_what_the_state_machine_picks() {
        let answers = [Output::Ordered, Output::Free, Output::Busy, Output::Ask];
        assert_eq!(payloads::answers("purchase-license", &answers), Ok(()));
    }
}
