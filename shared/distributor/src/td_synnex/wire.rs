//! TD SYNNEX's responses, whose numbers are texts.

use std::collections::BTreeMap;

use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Subscriptions {
    pub(super) items: Vec<Subscribed>,
    pagination_response: Option<Pagination>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Pagination {
    total_size: Option<Value>,
}

impl Subscriptions {
    /// The number of items on all pages, sent as a number or a text.
    pub(super) fn total(&self) -> Option<usize> {
        match self.pagination_response.as_ref()?.total_size.as_ref()? {
            Value::Number(number) => number.as_u64()?.try_into().ok(),
            Value::String(text) => text.parse().ok(),
            _ => None,
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Subscribed {
    /// TD SYNNEX's own number.
    pub(super) id: String,
    /// Microsoft's id, which an order names.
    pub(super) subscription_id: String,
    customer_id: Option<String>,
    #[serde(deserialize_with = "seats")]
    subscription_total_licenses: u32,
    subscription_status: String,
    /// The name for people.
    subscription_name: Option<String>,
    subscription_offer_id: Option<String>,
    mfg_part_number: Option<String>,
    pub(super) ccp_product_id: Option<String>,
    pub(super) ccp_sku_id: Option<String>,
    pub(super) ccp_plan_id: Option<String>,
    ccp_product_info: Option<ProductInfo>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ProductInfo {
    sku_display_name: Option<String>,
}

impl Subscribed {
    pub(super) fn seats(&self) -> u32 {
        self.subscription_total_licenses
    }

    pub(super) fn is_of(&self, company: &str) -> bool {
        self.customer_id.as_deref() == Some(company)
    }

    pub(super) fn runs(&self) -> bool {
        self.subscription_status.eq_ignore_ascii_case("active")
    }

    pub(super) fn waits(&self) -> bool {
        ["pending", "initiated"]
            .iter()
            .any(|status| self.subscription_status.eq_ignore_ascii_case(status))
    }

    /// The maker's part number comes first, because offer ids of the plain product have been seen on variants.
    pub(super) fn ids(&self) -> [Option<&str>; 3] {
        [&self.mfg_part_number, &self.subscription_offer_id, &self.ccp_sku_id].map(Option::as_deref)
    }

    pub(super) fn names(&self) -> [Option<&str>; 3] {
        let of_product = self
            .ccp_product_info
            .as_ref()
            .and_then(|info| info.sku_display_name.as_deref());
        [
            of_product,
            self.subscription_name.as_deref(),
            self.ccp_sku_id.as_deref(),
        ]
    }
}

fn seats<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map_err(|_| serde::de::Error::custom("no number of seats"))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct OrdersBody {
    orders: Option<Vec<Order>>,
    next_page_token: Option<String>,
    #[serde(flatten)]
    others: BTreeMap<String, IgnoredAny>,
}

/// All orders of a company, or as many as are listed.
#[derive(Deserialize)]
#[serde(try_from = "OrdersBody")]
pub(super) struct Orders {
    pub(super) orders: Vec<Order>,
    pub(super) goes_on: bool,
}

impl TryFrom<OrdersBody> for Orders {
    type Error = &'static str;

    fn try_from(body: OrdersBody) -> Result<Self, Self::Error> {
        let goes_on = body.next_page_token.is_some_and(|token| !token.is_empty());
        match body.orders {
            Some(orders) => Ok(Self { orders, goes_on }),
            // An empty list may be left out, but another kind of response must not be taken for one.
            None if body.others.is_empty() && !goes_on => Ok(Self {
                orders: Vec::new(),
                goes_on,
            }),
            None => Err("no orders"),
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Order {
    /// Such as `accounts/5212/customers/49957/orders/1`.
    name: Option<String>,
    pub(super) reference_id: Option<String>,
    #[serde(default)]
    pub(super) status: OrderStatus,
    #[serde(default)]
    order_items: Vec<OrderItem>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct OrderItem {
    resource_id: Option<String>,
}

impl Order {
    pub(super) fn id(&self) -> Option<&str> {
        last_segment(self.name.as_deref()?)
    }

    pub(super) fn changes(&self, subscription: &str) -> bool {
        let mut named = self.order_items.iter().filter_map(|item| item.resource_id.as_deref());
        named.any(|resource| resource == subscription)
    }
}

/// The status of an order. Its values are not documented, so an unknown one counts as in progress.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum OrderStatus {
    Done,
    Failed,
    #[default]
    OnItsWay,
}

impl<'de> Deserialize<'de> for OrderStatus {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let status = String::deserialize(deserializer)?.to_uppercase();
        Ok(match status.as_str() {
            "COMPLETED" | "COMPLETE" | "FULFILLED" | "SUCCESS" => Self::Done,
            "FAILED" | "ERROR" | "REJECTED" | "CANCELLED" | "CANCELED" => Self::Failed,
            _ => Self::OnItsWay,
        })
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Customers {
    pub(super) customers: Vec<Customer>,
    pub(super) next_page_token: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Customer {
    pub(super) name: String,
    pub(super) customer_organization: Option<String>,
}

/// The last segment of a name such as `accounts/5212/customers/49957`.
pub(super) fn last_segment(name: &str) -> Option<&str> {
    name.rsplit('/').next().filter(|segment| !segment.is_empty())
}
