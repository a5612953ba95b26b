//! Looks at the order once; the state machine waits between looks.

use domain::fault::Fault;
use domain::ids::{OrgId, RequestId};
use domain::note;
use domain::request::{LicenseState, RequestKey};
use serde::{Deserialize, Serialize};
use step::Context;
use store::effects::Standing;
use systems::Purchase;

const STEP: &str = "check-purchase";

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
    Done,
    Pending,
    Failed,
}

pub(crate) async fn run(cx: &Context, input: Input) -> Result<Output, Fault> {
    let key = RequestKey {
        org: input.org,
        request: input.request,
    };
    cx.begin(STEP, &key, input.run).await?;
    let part_number = &input.sku;
    let standing = cx
        .store
        .standing::<Purchase, Purchase>(&key, &systems::purchase_effect(part_number))
        .await?;
    let Standing::Done(purchase) = standing else {
        return Err(Fault::Permanent("nothing was ordered".to_owned()));
    };
    let settled = systems::settled(&cx.store, &key.org).await?;
    let Some(distributor) = systems::distributor(&cx.secrets, &settled).await? else {
        return Err(Fault::NeedsAttention(
            "the organisation's distributor is no longer set up".to_owned(),
        ));
    };
    let state = distributor
        .state(&purchase.subscription, purchase.order.as_deref())
        .await?;
    if state.failed {
        let text = note::purchase_failed(part_number, distributor.name(), "the subscription is not active");
        cx.store
            .queue_note(&key, &format!("purchase-failed-{part_number}"), &text)
            .await?;
        cx.store
            .record_event(&key, STEP, "failed", part_number, &text, true)
            .await?;
        // A person buys it now: others need not wait for that.
        cx.store.release_lease(&key.org, part_number, &key.request).await?;
        return Ok(Output::Failed);
    }
    if !state.settled || state.quantity < purchase.target {
        return Ok(Output::Pending);
    }
    let text = note::purchased_automatically(part_number, distributor.name());
    cx.store.set_license(&key, part_number, LicenseState::Awaited).await?;
    cx.store
        .queue_note(&key, &format!("purchased-{part_number}"), &text)
        .await?;
    cx.store
        .record_event(&key, STEP, "purchased", part_number, &text, false)
        .await?;
    Ok(Output::Done)
}

#[cfg(test)]
mod payload_tests {
    use super::*;

    #[test]
    fn takes_what_the_state_machine_sends() {
        assert_eq!(payloads::accepted::<Input>("check-purchase"), Ok(()));
    }

    #[test]
    fn answers_what_the_state_machine_picks() {
        let answers = [Output::Done, Output::Pending, Output::Failed];
        assert_eq!(payloads::answers("check-purchase", &answers), Ok(()));
    }
}
