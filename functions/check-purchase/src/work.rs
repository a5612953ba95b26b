//! Looks at the order once; the state machine waits between looks.

use distributor::SubscriptionState;
use domain::ids::{OrgId, RequestId};

use domain::request::{LicenseState, RequestKey};
use domain::step_error::StepError;
use integrations::Purchase;
use runtime::Context;
use serde::{Deserialize, Serialize};
use store::effects::EffectState;

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

pub(crate) async fn run(cx: &Context, input: Input) -> Result<Output, StepError> {
    let key = RequestKey {
        org: input.org,
        request: input.request,
    };
    let record = cx.begin(STEP, &key, input.run).await?;
    let part_number = &input.sku;
    let state = cx
        .store
        .effect::<Purchase, Purchase>(&key, &integrations::purchase_effect(part_number))
        .await?;
    let EffectState::Done(purchase) = state else {
        return Err(StepError::Permanent("nothing was ordered".to_owned()));
    };
    let config = integrations::request_config(&cx.store, &record).await?;
    let (name, state) = match integrations::distributor(&cx.store, &cx.secrets, &config).await {
        Ok(Some(distributor)) => {
            let order = purchase.order.as_deref();
            let state = match purchase.must_be_at(&distributor) {
                Ok(()) => distributor.state(&purchase.subscription, order).await,
                Err(error) => Err(error),
            };
            (distributor.name(), state)
        }
        Ok(None) => (
            NAMELESS,
            Err(StepError::NeedsAttention("none is set up any more".to_owned())),
        ),
        Err(error) => (NAMELESS, Err(error)),
    };
    let seats = match state {
        Ok(state) => match judged(&purchase, state) {
            Judgement::Pending => return Ok(Output::Pending),
            Judgement::Failed => return failed(cx, &key, part_number, name, FAILED).await,
            Judgement::Done(seats) => seats,
        },
        Err(error) if error.is_transient() => return Err(error),
        Err(error) => {
            let why = format!("it was ordered, and what became of that cannot be seen: {error}");
            return failed(cx, &key, part_number, name, &why).await;
        }
    };
    if seats > purchase.target {
        let text = messages::purchased_too_many(part_number, name, purchase.target, seats);
        cx.store
            .queue_note(&key, &format!("purchased-more-{part_number}"), &text)
            .await?;
        cx.store
            .record_event(&key, STEP, "more_than_ordered", part_number, &text, true)
            .await?;
    }
    let text = messages::purchased_automatically(part_number, name);
    cx.store.set_license(&key, part_number, LicenseState::Awaited).await?;
    cx.store
        .queue_note(&key, &format!("purchased-{part_number}"), &text)
        .await?;
    cx.store
        .record_event(&key, STEP, "purchased", part_number, &text, false)
        .await?;
    Ok(Output::Done)
}

const NAMELESS: &str = "the distributor";
const FAILED: &str = "the order failed, or the subscription is not active any more";

#[derive(Debug, PartialEq, Eq)]
enum Judgement {
    Pending,
    Failed,
    /// So many seats are there now: more than were ordered where the distributor took the total for something else, or
    /// where somebody bought at the same time.
    Done(u32),
}

fn judged(purchase: &Purchase, state: SubscriptionState) -> Judgement {
    if state.failed {
        Judgement::Failed
    } else if state.settled && state.quantity >= purchase.target {
        Judgement::Done(state.quantity)
    } else {
        Judgement::Pending
    }
}

async fn failed(
    cx: &Context,
    key: &RequestKey,
    part_number: &str,
    distributor: &str,
    why: &str,
) -> Result<Output, StepError> {
    integrations::leave_to_technician(&cx.store, STEP, key, part_number, distributor, why).await?;
    Ok(Output::Failed)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_purchase_is_done_when_its_seats_are_there() {
        let purchase = Purchase {
            distributor: "Pax8".to_owned(),
            subscription: "s".to_owned(),
            target: 11,
            order: None,
            sent_at: None,
        };
        let judge = |quantity, settled, failed| {
            let state = SubscriptionState {
                quantity,
                settled,
                failed,
            };
            judged(&purchase, state)
        };
        assert_eq!(judge(10, false, false), Judgement::Pending);
        assert_eq!(judge(10, true, false), Judgement::Pending, "shown late");
        assert_eq!(judge(11, false, false), Judgement::Pending);
        assert_eq!(judge(11, true, false), Judgement::Done(11));
        assert_eq!(
            judge(21, true, false),
            Judgement::Done(21),
            "the total was taken for more"
        );
        assert_eq!(judge(10, false, true), Judgement::Failed);
    }
}
