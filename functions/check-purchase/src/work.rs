//! Asks the distributor once about the order's progress; the state machine waits between calls.

use distributor::SubscriptionState;
use domain::request::LicenseState;
use domain::step_error::StepError;
use domain::timeline::{Event, StepName};
use serde::{Deserialize, Serialize};
use steps::{Purchase, Step, StepContext, effects};
use store::effects::EffectState;

pub(crate) struct CheckPurchase;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Input {
    /// The license's part number.
    sku: String,
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case", tag = "outcome")]
pub(crate) enum Output {
    Done,
    Pending,
    Failed,
}

impl Step for CheckPurchase {
    const NAME: StepName = StepName::CheckPurchase;
    type Input = Input;
    type Output = Output;

    async fn run(cx: &StepContext, input: Input) -> Result<Output, StepError> {
        let effect = effects::purchase(&input.sku);
        let state = cx.store.effect::<Purchase, Purchase>(&cx.key, &effect).await?;
        let EffectState::Done(purchase) = state else {
            return Err(StepError::Permanent("nothing was ordered".to_owned()));
        };
        let order = Order {
            cx,
            purchase,
            part_number: &input.sku,
        };
        // Invalid variables are not a failure of the distributor, so they are checked first.
        cx.config().await?;
        let (name, state) = order.look().await;
        match state {
            Ok(state) => match judged(&order.purchase, state) {
                Judgement::Pending => Ok(Output::Pending),
                Judgement::Failed => order.failed(name, FAILED).await,
                Judgement::Done(seats) => order.done(name, seats).await,
            },
            Err(error) if error.is_transient() => Err(error),
            Err(error) => {
                let why = format!("it was ordered, and what became of that cannot be seen: {error}");
                order.failed(name, &why).await
            }
        }
    }
}

/// An order that was sent.
struct Order<'a> {
    cx: &'a StepContext,
    purchase: Purchase,
    part_number: &'a str,
}

impl Order<'_> {
    /// The distributor's name, and what it says about the order.
    async fn look(&self) -> (&'static str, Result<SubscriptionState, StepError>) {
        let distributor = match self.cx.distributor().await {
            Ok(Some(distributor)) => distributor,
            Ok(None) => {
                let error = StepError::NeedsAttention("none is set up any more".to_owned());
                return (NAMELESS, Err(error));
            }
            Err(error) => return (NAMELESS, Err(error)),
        };
        let Purchase {
            subscription, order, ..
        } = &self.purchase;
        let state = match self.purchase.must_be_at(&distributor) {
            Ok(()) => distributor.state(subscription, order.as_deref()).await,
            Err(error) => Err(error),
        };
        (distributor.name(), state)
    }

    async fn done(&self, distributor: &str, seats: u32) -> Result<Output, StepError> {
        let Self {
            cx,
            purchase,
            part_number,
        } = self;
        if seats > purchase.target {
            let text = messages::purchased_too_many(part_number, distributor, purchase.target, seats);
            let report = cx.report(Event::MoreThanOrdered, text).once(*part_number);
            let name = format!("purchased-more-{part_number}");
            report.warning().noted(name).send().await?;
        }
        let awaited = LicenseState::Awaited;
        cx.store.set_license(&cx.key, part_number, awaited).await?;
        let text = messages::purchased_automatically(part_number, distributor);
        cx.report(Event::Purchased, text)
            .once(*part_number)
            .noted(format!("purchased-{part_number}"))
            .send()
            .await?;
        Ok(Output::Done)
    }

    async fn failed(&self, distributor: &str, why: &str) -> Result<Output, StepError> {
        self.cx.leave_to_technician(self.part_number, distributor, why).await?;
        Ok(Output::Failed)
    }
}

const NAMELESS: &str = "the distributor";
const FAILED: &str = "the order failed, or the subscription is not active any more";

#[derive(Debug, PartialEq, Eq)]
enum Judgement {
    Pending,
    Failed,
    /// The number of seats now. It exceeds the ordered total if the distributor took the total for an increase, or if
    /// somebody bought at the same time.
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

steps::payload_tests!(CheckPurchase, [Output::Done, Output::Pending, Output::Failed]);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn purchase_is_done_when_its_seats_exist() {
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
