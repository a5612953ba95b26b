//! The purchase of a license: its recorded state, and the report when it fails.

use chrono::{DateTime, Utc};
use distributor::Distributor;
use domain::step_error::StepError;
use domain::timeline::Event;
use serde::{Deserialize, Serialize};

use crate::StepContext;

/// The purchase of one more seat: the subscription, and the number of seats it must have afterwards.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Purchase {
    /// The distributor's name. The same subscription id may be another company's at another distributor.
    pub distributor: String,
    pub subscription: String,
    pub target: u32,
    /// The distributor's id of the order, or `None` until its response was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<String>,
    /// When a run was last about to send the order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent_at: Option<DateTime<Utc>>,
}

impl Purchase {
    /// Returns an error that needs attention if the organisation changed its distributor after this was ordered.
    pub fn must_be_at(&self, distributor: &Distributor) -> Result<(), StepError> {
        if self.distributor == distributor.name() {
            return Ok(());
        }
        Err(StepError::NeedsAttention(format!(
            "an order for it was begun at {}, and the organisation uses {} now",
            self.distributor,
            distributor.name()
        )))
    }
}

impl StepContext {
    /// Ends a purchase that failed for good: the ticket says why, and a technician buys the license. The lease is
    /// released, so that other requests do not wait for that person.
    pub async fn leave_to_technician(&self, part_number: &str, distributor: &str, why: &str) -> Result<(), StepError> {
        let text = messages::purchase_failed(part_number, distributor, why);
        self.report(Event::Failed, text)
            .once(part_number)
            .warning()
            .noted(format!("purchase-failed-{part_number}"))
            .send()
            .await?;
        let key = &self.key;
        self.store.release_lease(&key.org, part_number, &key.request).await
    }
}

#[cfg(test)]
mod tests {
    use distributor::{Pax8, Sherweb};

    use super::*;

    #[test]
    fn purchase_stays_at_its_distributor() {
        let purchase = Purchase {
            distributor: "Pax8".to_owned(),
            subscription: "s".to_owned(),
            target: 11,
            order: None,
            sent_at: None,
        };
        let base = outbound::given_address("a seller", "https://seller.example", "").unwrap();
        let keys = serde_json::json!({"client_id": "i", "client_secret": "s", "subscription_key": "k"});
        let company = || "c".to_owned();
        let pax8 = Pax8::new(
            outbound::http_client(),
            base.clone(),
            serde_json::from_value(keys.clone()).unwrap(),
            company(),
        );
        let sherweb = Sherweb::new(
            outbound::http_client(),
            base,
            serde_json::from_value(keys).unwrap(),
            company(),
        );
        assert_eq!(purchase.must_be_at(&Distributor::Pax8(pax8)), Ok(()));
        let elsewhere = purchase.must_be_at(&Distributor::Sherweb(sherweb));
        assert!(
            matches!(&elsewhere, Err(StepError::NeedsAttention(text)) if text.contains("Pax8") && text.contains("Sherweb")),
            "{elsewhere:?}"
        );
    }
}
