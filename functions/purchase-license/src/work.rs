//! Orders one more seat, once, and for one request at a time.
//!
//! The intent, which contains the wanted total, is recorded first. A run that finds an intent must find out what
//! happened to it:
//! - Pax8 and Sherweb accept totals: the same total is ordered again, which buys nothing more.
//! - Ingram Micro and TD SYNNEX do not document whether they accept totals. Their orders carry our reference, and an
//!   order that is found by it is used. An order whose response was lost may still be processed. So while none is found
//!   and the quantity is not reached, the state machine waits. Only when nothing can be in progress any more is the
//!   order sent again.

use chrono::{DateTime, TimeDelta, Utc};
use distributor::{Distributor, Subscription};
use domain::step_error::StepError;
use domain::timeline::{Event, StepName};
use serde::{Deserialize, Serialize};
use steps::{Purchase, Step, StepContext, effects, licensing};
use store::effects::EffectState;

pub(crate) struct PurchaseLicense;

/// Longer than a run of this step, plus the time a vendor may process an order after the connection was lost.
const ON_ITS_WAY: TimeDelta = TimeDelta::minutes(3);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Input {
    /// The license's part number.
    sku: String,
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case", tag = "outcome")]
pub(crate) enum Output {
    Ordered,
    /// A seat is free after all.
    Free,
    /// Another request is buying this license, or the state of an order is still unknown.
    Busy,
    /// Gangway can't buy the license, so a technician is asked.
    Ask,
}

impl Step for PurchaseLicense {
    const NAME: StepName = StepName::PurchaseLicense;
    type Input = Input;
    type Output = Output;

    async fn run(cx: &StepContext, input: Input) -> Result<Output, StepError> {
        let part_number = &input.sku;
        let (key, org) = (&cx.key, &cx.key.org);
        if !cx.store.take_lease(org, part_number, &key.request).await? {
            return Ok(Output::Busy);
        }
        // Invalid variables are not a failure of the distributor, so they are checked first.
        cx.config().await?;
        let distributor = match cx.distributor().await {
            Ok(Some(found)) => found,
            Ok(None) => return leave_to_technician(cx, part_number, "the distributor", "none is set up").await,
            Err(error) if error.is_transient() => return Err(error),
            Err(error) => return leave_to_technician(cx, part_number, "the distributor", &error.to_string()).await,
        };
        let effect = effects::purchase(part_number);
        let state = cx.store.effect::<Purchase, Purchase>(key, &effect).await?;
        // Under the lease the number of free seats is reliable, because seats bought by other requests are assigned by
        // now.
        if state == EffectState::New {
            let sku = cx.sku(part_number)?;
            if licensing::seat_is_free(&cx.graph().await?, &sku.id).await? {
                return Ok(Output::Free);
            }
        }
        let order = Order {
            cx,
            distributor,
            part_number,
            effect,
        };
        let name = order.distributor.name();
        match order.place(state).await {
            Ok(Outcome::Ordered) => Ok(Output::Ordered),
            Ok(Outcome::Unclear) => Ok(Output::Busy),
            Ok(Outcome::NoSubscription) => {
                let why = "the company has no subscription of it there";
                leave_to_technician(cx, part_number, name, why).await
            }
            Err(error) if error.is_transient() => Err(error),
            Err(error) => leave_to_technician(cx, part_number, name, &error.to_string()).await,
        }
    }
}

async fn leave_to_technician(
    cx: &StepContext,
    part_number: &str,
    distributor: &str,
    why: &str,
) -> Result<Output, StepError> {
    cx.leave_to_technician(part_number, distributor, why).await?;
    Ok(Output::Ask)
}

enum Outcome {
    Ordered,
    /// An order may be in progress.
    Unclear,
    /// The company has no subscription to this license whose seats could be raised.
    NoSubscription,
}

/// The only order of this license that the request may place.
struct Order<'a> {
    cx: &'a StepContext,
    distributor: Distributor,
    part_number: &'a str,
    effect: String,
}

impl Order<'_> {
    async fn place(&self, state: EffectState<Purchase, Purchase>) -> Result<Outcome, StepError> {
        match state {
            EffectState::Done(_) => Ok(Outcome::Ordered),
            EffectState::Intended(earlier) => self.again(earlier).await,
            EffectState::New => self.first().await,
        }
    }

    async fn first(&self) -> Result<Outcome, StepError> {
        let Some(found) = self.distributor.find_subscription(self.part_number).await? else {
            return Ok(Outcome::NoSubscription);
        };
        let purchase = Purchase {
            distributor: self.distributor.name().to_owned(),
            subscription: found.id,
            target: found.quantity + 1,
            order: None,
            sent_at: Some(Utc::now()),
        };
        let cx = self.cx;
        match cx
            .store
            .intend::<Purchase, Purchase>(&cx.key, &self.effect, &purchase)
            .await?
        {
            EffectState::New => self.send(purchase).await,
            // Another run of this step is working on it.
            EffectState::Intended(_) => Ok(Outcome::Unclear),
            EffectState::Done(_) => Ok(Outcome::Ordered),
        }
    }

    /// Continues after a run that was about to send the order and did not record the result.
    async fn again(&self, earlier: Purchase) -> Result<Outcome, StepError> {
        earlier.must_be_at(&self.distributor)?;
        let now = Utc::now();
        match self.ordered_before(&earlier, now).await? {
            Before::Ordered(order) => return self.record(&Purchase { order, ..earlier }).await,
            Before::Unclear => return Ok(Outcome::Unclear),
            Before::NotOrdered => {}
        }
        let again = Purchase {
            sent_at: Some(now),
            ..earlier.clone()
        };
        let cx = self.cx;
        match cx.store.intend_again(&cx.key, &self.effect, &earlier, &again).await? {
            true => self.send(again).await,
            false => Ok(Outcome::Unclear),
        }
    }

    async fn send(&self, mut purchase: Purchase) -> Result<Outcome, StepError> {
        let quantity = self.quantity(&purchase).await?;
        if quantity < purchase.target {
            let subscription = Subscription {
                id: purchase.subscription.clone(),
                quantity,
            };
            let (target, marker) = (purchase.target, self.marker());
            purchase.order = self.distributor.order(&subscription, target, &marker).await?;
        }
        self.record(&purchase).await
    }

    /// The state of an order that an earlier run was about to send.
    async fn ordered_before(&self, purchase: &Purchase, now: DateTime<Utc>) -> Result<Before, StepError> {
        if let Some(order) = self.distributor.find_order(&self.marker()).await? {
            return Ok(Before::Ordered(Some(order)));
        }
        if self.quantity(purchase).await? >= purchase.target {
            return Ok(Before::Ordered(None));
        }
        Ok(match may_send_again(self.distributor.may_repeat(), purchase, now) {
            true => Before::NotOrdered,
            false => Before::Unclear,
        })
    }

    async fn quantity(&self, purchase: &Purchase) -> Result<u32, StepError> {
        Ok(self.distributor.state(&purchase.subscription, None).await?.quantity)
    }

    fn marker(&self) -> String {
        format!("{}/{}", self.cx.key.request, self.part_number)
    }

    async fn record(&self, purchase: &Purchase) -> Result<Outcome, StepError> {
        let (cx, part_number) = (self.cx, self.part_number);
        cx.store.effect_done(&cx.key, &self.effect, purchase).await?;
        let text = messages::purchase_ordered(part_number, self.distributor.name());
        cx.report(Event::Ordered, text)
            .once(part_number)
            .noted(format!("ordered-{part_number}"))
            .send()
            .await?;
        Ok(Outcome::Ordered)
    }
}

enum Before {
    Ordered(Option<String>),
    Unclear,
    NotOrdered,
}

fn may_send_again(may_repeat: bool, purchase: &Purchase, now: DateTime<Utc>) -> bool {
    may_repeat || purchase.sent_at.is_none_or(|sent_at| sent_at + ON_ITS_WAY < now)
}

steps::payload_tests!(
    PurchaseLicense,
    [Output::Ordered, Output::Free, Output::Busy, Output::Ask]
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_that_may_be_in_progress_is_awaited() {
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
