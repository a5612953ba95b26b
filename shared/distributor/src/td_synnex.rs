//! The client of TD SYNNEX's platform StreamOne ION, v3.
//!
//! Seats are changed by an order with the action `UPDATE`. Its quantity should be the new total: integrations in use
//! send it so, but TD SYNNEX's own examples don't say. So Gangway does not rely on it. An order carries our reference
//! (`referenceId`), by which Gangway looks for it before it sends another. The step that waits for the seat compares
//! the final quantity with the ordered one.

mod keys;
mod wire;

use domain::step_error::StepError;
use outbound::{Reply, endpoint, send_to_fixed_vendor};
use reqwest::{Method, RequestBuilder};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use url::Url;

pub use self::keys::Keys;
use self::wire::{Customers, Order, OrderStatus, Orders, Subscribed, Subscriptions, last_segment};
use crate::products::product;
use crate::{MOST_PAGES, Subscription, SubscriptionState, endless, no_such_company, the_one};

pub(crate) const SYSTEM: &str = "TD SYNNEX";
const PAGE_SIZE: usize = 200;
/// The number of orders to list, because they have no second page.
const MOST_ORDERS: &str = "1000";
/// The order's name in the portal.
const DISPLAY_NAME: &str = "One more seat, ordered by Gangway";

#[derive(Debug, Clone)]
pub struct TdSynnex {
    http: reqwest::Client,
    base: Url,
    access_token: SecretString,
    pub(crate) company: String,
}

impl TdSynnex {
    /// `base` is such as `https://ion.tdsynnex.com`; the account is the reseller's, `company` the number of its
    /// customer.
    pub fn new(http: reqwest::Client, base: Url, account: &str, access_token: SecretString, company: String) -> Self {
        Self {
            http,
            base: endpoint(&base, &["api", "v3", "accounts", account], &[]),
            access_token,
            company,
        }
    }

    /// The name for notes and errors.
    pub(crate) fn name(&self) -> &'static str {
        SYSTEM
    }

    /// Returns false, because it is not documented whether an order's quantity is a total.
    pub(crate) fn may_repeat(&self) -> bool {
        false
    }

    pub(crate) async fn find_subscription(&self, part_number: &str) -> Result<Option<Subscription>, StepError> {
        let product = product(SYSTEM, part_number)?;
        let mut matching = Vec::new();
        for subscription in self.subscriptions().await? {
            if subscription.runs() && product.is(&subscription.ids(), &subscription.names()) {
                matching.push(Subscription {
                    quantity: subscription.seats(),
                    id: subscription.id,
                });
            }
        }
        the_one(SYSTEM, part_number, matching)
    }

    pub(crate) async fn find_order(&self, marker: &str) -> Result<Option<String>, StepError> {
        ours(&self.orders().await?, marker)
    }

    pub(crate) async fn order(
        &self,
        subscription: &Subscription,
        total: u32,
        marker: &str,
    ) -> Result<Option<String>, StepError> {
        const OPERATION: &str = "order seats";
        let orders = self.orders().await?;
        if let Some(order) = ours(&orders, marker)? {
            return Ok(Some(order));
        }
        let found = self.subscription(&subscription.id).await?;
        if found.seats() >= total {
            return Ok(None);
        }
        let open = |order: &&Order| order.status == OrderStatus::OnItsWay && order.changes(&found.subscription_id);
        if orders.orders.iter().any(|order| open(&order)) {
            return Err(busy("look at the orders on their way"));
        }
        let catalogue = (&found.ccp_product_id, &found.ccp_sku_id, &found.ccp_plan_id);
        let (Some(product), Some(sku), Some(plan)) = catalogue else {
            return Err(StepError::NeedsAttention(format!(
                "{SYSTEM} does not say which product of its catalogue the subscription is; buy it by hand"
            )));
        };
        let body = json!({
            "referenceId": marker,
            "displayName": DISPLAY_NAME,
            "orderItems": [{
                "productId": product,
                "skuId": sku,
                "planId": plan,
                "action": "UPDATE",
                "quantity": total,
                "resourceId": found.subscription_id,
                // The renewal is left out, so it does not change.
                "attributes": [{"name": "operations", "value": "updatesubscription"}],
            }],
        });
        let request = self.request(Method::POST, &["customers", &self.company, "orders"], &[]);
        let reply = self.call(OPERATION, request.json(&body)).await?;
        if reply.status() == 409 {
            return Err(busy(OPERATION));
        }
        let order: Order = reply.json()?;
        Ok(order.id().map(str::to_owned))
    }

    pub(crate) async fn state(
        &self,
        subscription_id: &str,
        order: Option<&str>,
    ) -> Result<SubscriptionState, StepError> {
        let order = match order {
            Some(order) => self.order_status(order).await?,
            None => OrderStatus::Done,
        };
        let found = self.subscription(subscription_id).await?;
        Ok(SubscriptionState {
            quantity: found.seats(),
            settled: found.runs() && order == OrderStatus::Done,
            failed: order == OrderStatus::Failed || !(found.runs() || found.waits()),
        })
    }

    /// If the order is no longer known, the quantity shows the result.
    async fn order_status(&self, id: &str) -> Result<OrderStatus, StepError> {
        let request = self.request(Method::GET, &["customers", &self.company, "orders", id], &[]);
        let reply = self.call("read the order", request).await?;
        match reply.status() {
            404 => Ok(OrderStatus::Done),
            _ => reply.json().map(|order: Order| order.status),
        }
    }

    async fn orders(&self) -> Result<Orders, StepError> {
        let segments = ["customers", &self.company, "orders"];
        let request = self.request(Method::GET, &segments, &[("pageSize", MOST_ORDERS)]);
        self.call("list the company's orders", request).await?.json()
    }

    async fn subscriptions(&self) -> Result<Vec<Subscribed>, StepError> {
        const OPERATION: &str = "list the company's subscriptions";
        let (mut all, mut seen) = (Vec::new(), 0);
        for _ in 0..MOST_PAGES {
            let (limit, offset) = (PAGE_SIZE.to_string(), seen.to_string());
            let query = [
                ("customerId", self.company.as_str()),
                ("pagination.limit", &limit),
                ("pagination.offset", &offset),
            ];
            let request = self.request(Method::GET, &["subscriptions"], &query);
            let page: Subscriptions = self.call(OPERATION, request).await?.json()?;
            let here = page.items.len();
            seen += here;
            let last = here == 0 || page.total().map_or(here < PAGE_SIZE, |total| seen >= total);
            // The list contains the whole account, and a purchase for another company would be real.
            all.extend(page.items.into_iter().filter(|found| found.is_of(&self.company)));
            if last {
                return Ok(all);
            }
        }
        Err(endless(SYSTEM, OPERATION))
    }

    async fn subscription(&self, id: &str) -> Result<Subscribed, StepError> {
        const OPERATION: &str = "read the subscription";
        let request = self.request(Method::GET, &["customers", &self.company, "subscriptions", id], &[]);
        let found: Subscribed = self.call(OPERATION, request).await?.json()?;
        if found.is_of(&self.company) {
            Ok(found)
        } else {
            Err(StepError::Permanent(format!(
                "{SYSTEM} shows another company's subscription ({OPERATION})"
            )))
        }
    }

    /// The customer's name. Customers are addressed as `accounts/ACCOUNT/customers/NUMBER`.
    pub(crate) async fn company_name(&self) -> Result<String, StepError> {
        const OPERATION: &str = "list the companies";
        let mut token = String::new();
        for _ in 0..MOST_PAGES {
            let limit = PAGE_SIZE.to_string();
            let mut query = vec![("pageSize", limit.as_str())];
            if !token.is_empty() {
                query.push(("pageToken", &token));
            }
            let request = self.request(Method::GET, &["customers"], &query);
            let page: Customers = self.call(OPERATION, request).await?.json()?;
            let mut customers = page.customers.into_iter();
            let ours = customers.find(|customer| last_segment(&customer.name) == Some(self.company.as_str()));
            if let Some(customer) = ours {
                return Ok(customer.customer_organization.unwrap_or(customer.name));
            }
            match page.next_page_token.filter(|next| !next.is_empty()) {
                Some(next) => token = next,
                None => return Err(no_such_company(SYSTEM)),
            }
        }
        Err(endless(SYSTEM, OPERATION))
    }

    fn request(&self, method: Method, segments: &[&str], query: &[(&str, &str)]) -> RequestBuilder {
        self.http.request(method, endpoint(&self.base, segments, query))
    }

    async fn call(&self, operation: &'static str, request: RequestBuilder) -> Result<Reply, StepError> {
        let request = request.bearer_auth(self.access_token.expose_secret());
        send_to_fixed_vendor(SYSTEM, operation, request).await
    }
}

/// Finds the order with the mark, whatever its result, because a second one would be a second purchase.
fn ours(orders: &Orders, marker: &str) -> Result<Option<String>, StepError> {
    let found = orders
        .orders
        .iter()
        .find(|order| order.reference_id.as_deref() == Some(marker));
    match found {
        // Looking for an order without a number finds nothing, so the quantity shows the result.
        Some(order) => Ok(Some(order.id().unwrap_or(marker).to_owned())),
        None if orders.goes_on => Err(StepError::NeedsAttention(format!(
            "{SYSTEM} does not list all of the company's orders, so that one of Gangway's may be among them; buy by hand"
        ))),
        None => Ok(None),
    }
}

fn busy(operation: &str) -> StepError {
    StepError::Transient(format!(
        "another change of the {SYSTEM} subscription is on its way ({operation})"
    ))
}
