//! Ingram Micro's responses.

use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct TokenBody {
    pub(super) token: SecretString,
    pub(super) expires_in_seconds: u64,
}

#[derive(Deserialize)]
pub(super) struct Page<T> {
    pub(super) data: Vec<T>,
    pub(super) pagination: Pagination,
}

#[derive(Deserialize)]
pub(super) struct Pagination {
    /// The number of items on all pages.
    pub(super) total: usize,
}

#[derive(Deserialize)]
pub(super) struct Customer {
    pub(super) name: String,
}

/// A subscription. A list leaves out products and periods.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Subscribed {
    pub(super) id: String,
    pub(super) customer_id: String,
    pub(super) status: String,
    #[serde(default)]
    pub(super) products: Vec<Line>,
    pub(super) billing_period: Option<Period>,
    pub(super) subscription_period: Option<Period>,
}

impl Subscribed {
    pub(super) fn is_active_of(&self, company: &str) -> bool {
        self.customer_id == company && self.status == "active"
    }
}

#[derive(Deserialize)]
pub(super) struct Line {
    pub(super) mpn: Option<String>,
    pub(super) vendor: Option<String>,
    pub(super) name: Option<String>,
    pub(super) quantity: Option<u32>,
}

#[derive(Deserialize, Serialize)]
pub(super) struct Period {
    #[serde(rename = "type")]
    kind: String,
    duration: u32,
}

impl Period {
    pub(super) fn as_json(&self) -> Value {
        json!(self)
    }
}

/// The response to an order.
#[derive(Deserialize)]
pub(super) struct Placed {
    pub(super) id: String,
}

/// An order. A list leaves out products.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Order {
    pub(super) id: String,
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) customer_id: String,
    pub(super) po_number: Option<String>,
    #[serde(default)]
    pub(super) status: OrderStatus,
    subscription_id: Option<String>,
    #[serde(default)]
    products: Vec<Ordered>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Ordered {
    subscription_id: Option<String>,
}

impl Order {
    /// Whether the order changes the subscription. Also true if it doesn't say what it changes.
    pub(super) fn changes(&self, subscription: &str) -> bool {
        let lines = self.products.iter().filter_map(|line| line.subscription_id.as_deref());
        let named: Vec<&str> = lines.chain(self.subscription_id.as_deref()).collect();
        named.is_empty() || named.contains(&subscription)
    }
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
pub(super) enum OrderStatus {
    #[serde(rename = "completed")]
    Completed,
    #[serde(rename = "error", alias = "cancelled")]
    Failed,
    /// Submitted, processing, or a status of a later version.
    #[default]
    #[serde(other)]
    OnItsWay,
}

#[derive(Deserialize)]
pub(super) struct Estimate {
    /// Every response to an order repeats the id of its customer.
    #[serde(rename = "customerId")]
    _customer_id: String,
    #[serde(default)]
    details: Vec<Detail>,
}

#[derive(Deserialize)]
struct Detail {
    #[serde(rename = "type")]
    kind: Option<String>,
    mpn: Option<String>,
    quantity: Option<f64>,
}

impl Estimate {
    /// How many more seats of the product would be paid for, or `None` if the estimate doesn't list them. A period may
    /// be listed in parts, so the largest number counts and not the sum.
    pub(super) fn seats_added(&self, mpn: &str) -> Option<f64> {
        let largest = |kind: &str| {
            let of_kind = self
                .details
                .iter()
                .filter(|detail| detail.kind.as_deref() == Some(kind));
            let ours = of_kind.filter(|detail| detail.mpn.as_deref().is_none_or(|other| other == mpn));
            ours.filter_map(|detail| detail.quantity).reduce(f64::max)
        };
        Some(largest("recurring")? - largest("recurringRefund").unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn added(details: Value) -> Option<f64> {
        let estimate: Estimate = serde_json::from_value(json!({"customerId": "1", "details": details})).unwrap();
        estimate.seats_added("M")
    }

    #[test]
    fn estimate_says_how_many_seats_it_adds() {
        let recurring = |quantity: f64| json!({"type": "recurring", "mpn": "M", "quantity": quantity});
        let refund = json!({"type": "recurringRefund", "mpn": "M", "quantity": 10.0});
        assert_eq!(added(json!([recurring(1.0)])), Some(1.0));
        assert_eq!(added(json!([recurring(1.0), recurring(1.0)])), Some(1.0));
        assert_eq!(added(json!([recurring(11.0), refund])), Some(1.0));
        assert_eq!(added(json!([recurring(11.0)])), Some(11.0));
        assert_eq!(added(json!([])), None);
        assert_eq!(added(json!([{"type": "setup", "mpn": "M", "quantity": 1.0}])), None);
        assert_eq!(
            added(json!([{"type": "recurring", "mpn": "other", "quantity": 5.0}])),
            None
        );
    }
}
