//! Orders one more seat, once, one request at a time.
//!
//! The intent, with the total that is wanted, is written first. A run that finds one has to find out what became of it:
//! - Pax8 and Sherweb take totals: the same total is ordered again, which buys nothing more.
//! - Ingram Micro and TD SYNNEX do not say whether they take totals. Their orders carry our reference, and the one that
//!   was found is taken. An order whose answer was lost may still be in the making, so as long as none is found and the
//!   quantity is not there, the state machine waits; only when nothing can be on its way any more is it ordered again.

use chrono::{DateTime, TimeDelta, Utc};
use distributor::{Distributor, Subscription};
use domain::ids::{OrgId, RequestId};

use domain::request::RequestKey;
use domain::step_error::StepError;
use integrations::{OrgConfig, Purchase};
use runtime::Context;
use serde::{Deserialize, Serialize};
use store::effects::EffectState;

const STEP: &str = "purchase-license";

/// Longer than a run of this step plus a vendor that works on an order although nobody waits for its answer.
const ON_ITS_WAY: TimeDelta = TimeDelta::minutes(3);

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
    /// Another request buys this license now, or nobody knows yet what became of an order.
    Busy,
    /// It can't be bought here: a technician is asked.
    Ask,
}

pub(crate) async fn run(cx: &Context, input: Input) -> Result<Output, StepError> {
    let key = RequestKey {
        org: input.org,
        request: input.request,
    };
    let record = cx.begin(STEP, &key, input.run).await?;
    let part_number = &input.sku;
    if !cx.store.take_lease(&key.org, part_number, &key.request).await? {
        return Ok(Output::Busy);
    }
    let config = integrations::request_config(&cx.store, &record).await?;
    let distributor = match integrations::distributor(&cx.store, &cx.secrets, &config).await {
        Ok(Some(found)) => found,
        Ok(None) => return leave_to_technician(cx, &key, part_number, "the distributor", "none is set up").await,
        Err(error) if error.is_transient() => return Err(error),
        Err(error) => return leave_to_technician(cx, &key, part_number, "the distributor", &error.to_string()).await,
    };
    let state = cx
        .store
        .effect::<Purchase, Purchase>(&key, &integrations::purchase_effect(part_number))
        .await?;
    // Under the lease the look at the seats is reliable: what another request bought has been assigned by now.
    if state == EffectState::New {
        let sku = record.plan.licenses.iter().find(|sku| sku.part_number == *part_number);
        let Some(sku) = sku else {
            return Err(StepError::Permanent("the license is not one of the request".to_owned()));
        };
        if has_free_seat(cx, &config, &sku.id).await? {
            return Ok(Output::Free);
        }
    }
    match purchase(cx, &key, part_number, &distributor, state).await {
        Ok(Outcome::Ordered) => Ok(Output::Ordered),
        Ok(Outcome::Unclear) => Ok(Output::Busy),
        Ok(Outcome::NoSubscription) => {
            let why = "the company has no subscription of it there";
            leave_to_technician(cx, &key, part_number, distributor.name(), why).await
        }
        Err(error) if error.is_transient() => Err(error),
        Err(error) => leave_to_technician(cx, &key, part_number, distributor.name(), &error.to_string()).await,
    }
}

async fn has_free_seat(cx: &Context, config: &OrgConfig, sku: &str) -> Result<bool, StepError> {
    let graph = integrations::graph(&cx.secrets, &config.organisation).await?;
    let skus = graph.subscribed_skus().await?;
    Ok(skus.iter().any(|entry| entry.sku.id == sku && entry.free() > 0))
}

enum Outcome {
    Ordered,
    /// An order may be on its way.
    Unclear,
    /// There is none to raise.
    NoSubscription,
}

async fn purchase(
    cx: &Context,
    key: &RequestKey,
    part_number: &str,
    distributor: &Distributor,
    state: EffectState<Purchase, Purchase>,
) -> Result<Outcome, StepError> {
    let effect = integrations::purchase_effect(part_number);
    let marker = format!("{}/{part_number}", key.request);
    let mut purchase = match state {
        EffectState::Done(_) => return Ok(Outcome::Ordered),
        EffectState::Intended(earlier) => {
            earlier.must_be_at(distributor)?;
            let now = Utc::now();
            match ordered_before(distributor, &earlier, &marker, now).await? {
                Before::Ordered(order) => {
                    let done = Purchase { order, ..earlier };
                    return record(cx, key, part_number, distributor, &done).await;
                }
                Before::Unclear => return Ok(Outcome::Unclear),
                Before::NotOrdered => {}
            }
            let again = Purchase {
                sent_at: Some(now),
                ..earlier.clone()
            };
            if !cx.store.intend_again(key, &effect, &earlier, &again).await? {
                return Ok(Outcome::Unclear);
            }
            again
        }
        EffectState::New => {
            let Some(found) = distributor.find_subscription(part_number).await? else {
                return Ok(Outcome::NoSubscription);
            };
            let purchase = Purchase {
                distributor: distributor.name().to_owned(),
                subscription: found.id,
                target: found.quantity + 1,
                order: None,
                sent_at: Some(Utc::now()),
            };
            match cx.store.intend::<Purchase, Purchase>(key, &effect, &purchase).await? {
                EffectState::New => purchase,
                // Another run of this step is at it.
                EffectState::Intended(_) => return Ok(Outcome::Unclear),
                EffectState::Done(_) => return Ok(Outcome::Ordered),
            }
        }
    };
    let quantity = distributor.state(&purchase.subscription, None).await?.quantity;
    if quantity < purchase.target {
        let subscription = Subscription {
            id: purchase.subscription.clone(),
            quantity,
        };
        purchase.order = distributor.order(&subscription, purchase.target, &marker).await?;
    }
    record(cx, key, part_number, distributor, &purchase).await
}

enum Before {
    Ordered(Option<String>),
    Unclear,
    NotOrdered,
}

/// What became of an order that an earlier run meant to send.
async fn ordered_before(
    distributor: &Distributor,
    purchase: &Purchase,
    marker: &str,
    now: DateTime<Utc>,
) -> Result<Before, StepError> {
    if let Some(order) = distributor.find_order(marker).await? {
        return Ok(Before::Ordered(Some(order)));
    }
    let quantity = distributor.state(&purchase.subscription, None).await?.quantity;
    if quantity >= purchase.target {
        return Ok(Before::Ordered(None));
    }
    Ok(if may_send_again(distributor.may_repeat(), purchase, now) {
        Before::NotOrdered
    } else {
        Before::Unclear
    })
}

fn may_send_again(may_repeat: bool, purchase: &Purchase, now: DateTime<Utc>) -> bool {
    may_repeat || purchase.sent_at.is_none_or(|sent_at| sent_at + ON_ITS_WAY < now)
}

async fn record(
    cx: &Context,
    key: &RequestKey,
    part_number: &str,
    distributor: &Distributor,
    purchase: &Purchase,
) -> Result<Outcome, StepError> {
    let effect = integrations::purchase_effect(part_number);
    cx.store.effect_done(key, &effect, purchase).await?;
    let text = messages::purchase_ordered(part_number, distributor.name());
    cx.store
        .queue_note(key, &format!("ordered-{part_number}"), &text)
        .await?;
    cx.store
        .record_event(key, STEP, "ordered", part_number, &text, false)
        .await?;
    Ok(Outcome::Ordered)
}

async fn leave_to_technician(
    cx: &Context,
    key: &RequestKey,
    part_number: &str,
    distributor: &str,
    why: &str,
) -> Result<Output, StepError> {
    integrations::leave_to_technician(&cx.store, STEP, key, part_number, distributor, why).await?;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_that_may_be_on_its_way_is_waited_for() {
        let now = Utc::now();
        let sent = |minutes: i64| Purchase {
            distributor: "Pax8".to_owned(),
            subscription: "s".to_owned(),
            target: 11,
            order: None,
            sent_at: Some(now - TimeDelta::minutes(minutes)),
        };
        assert!(!may_send_again(false, &sent(0), now));
        assert!(!may_send_again(false, &sent(2), now));
        assert!(may_send_again(false, &sent(4), now));
        assert!(may_send_again(true, &sent(0), now), "a total is a total");
    }
}
