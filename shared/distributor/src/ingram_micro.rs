//! The client of Ingram Micro's cloud marketplace, which uses CloudBlue's Simple API 1.15.
//!
//! Seats are changed by an order of type `change`. Its quantity should be the new total: integrations of other
//! customers send it so, and a change may also lower it. CloudBlue does not document it, so Gangway does not rely on
//! it. The estimate of an order says how many seats it would add, and a wrong number stops the order. An order carries
//! our reference (`poNumber`), by which Gangway looks for it before it sends another. The step that waits for the seat
//! compares the final quantity with the ordered one.

mod wire;

use domain::step_error::StepError;
use outbound::{Owner, Pages, Reply, Token, endpoint, send, send_with_token};
use reqwest::{Method, RequestBuilder};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use url::Url;

use self::wire::{Customer, Line, Order, OrderStatus, Page, Placed, Subscribed, TokenBody};
use crate::products::product;
use crate::{MOST_PAGES, Subscription, SubscriptionState, no_such_company, the_one};

pub(crate) const SYSTEM: &str = "Ingram Micro";
const SUBSCRIPTION_KEY: &str = "X-Subscription-Key";
const CHANGE: &str = "change";
const PAGE_SIZE: usize = 100;

/// The credentials as stored in the secret.
#[derive(Debug, Clone, Deserialize)]
pub struct Credentials {
    /// The address of the marketplace's API, such as `https://api.cloud.im/marketplace/eu`.
    pub address: String,
    pub user_name: String,
    pub password: SecretString,
    /// The key of the API's gateway.
    pub subscription_key: SecretString,
    /// The marketplace's code, such as `us`.
    pub marketplace: String,
}

#[derive(Debug, Clone)]
pub struct IngramMicro {
    http: reqwest::Client,
    base: Url,
    credentials: Credentials,
    pub(crate) company: String,
}

impl IngramMicro {
    /// `base` is the credentials' address; `company` is the customer's id in the marketplace.
    pub fn new(http: reqwest::Client, base: Url, credentials: Credentials, company: String) -> Self {
        Self {
            http,
            base,
            credentials,
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

    /// Finds the line of a product, named `SUBSCRIPTION/MPN`, because a subscription may contain several products.
    pub(crate) async fn find_subscription(&self, part_number: &str) -> Result<Option<Subscription>, StepError> {
        let product = product(SYSTEM, part_number)?;
        let query = [("customerId", self.company.as_str()), ("status", "active")];
        let listed: Vec<Subscribed> = self
            .list("list the company's subscriptions", "subscriptions", &query)
            .await?;
        let mut matching = Vec::new();
        // The list names no products, so each subscription is read.
        for subscription in listed.iter().filter(|listed| listed.is_active_of(&self.company)) {
            let subscription = self.subscription(&subscription.id).await?;
            let lines = subscription.products.iter().filter_map(|line| {
                let (mpn, quantity) = (line.mpn.as_deref()?, line.quantity?);
                product
                    .is(&[Some(mpn)], &[line.name.as_deref(), Some(mpn)])
                    .then(|| Subscription {
                        id: format!("{}/{mpn}", subscription.id),
                        quantity,
                    })
            });
            matching.extend(lines);
        }
        the_one(SYSTEM, part_number, matching)
    }

    pub(crate) async fn find_order(&self, marker: &str) -> Result<Option<String>, StepError> {
        Ok(ours(&self.change_orders().await?, marker))
    }

    pub(crate) async fn order(
        &self,
        subscription: &Subscription,
        total: u32,
        marker: &str,
    ) -> Result<Option<String>, StepError> {
        const OPERATION: &str = "order seats";
        let orders = self.change_orders().await?;
        if let Some(order) = ours(&orders, marker) {
            return Ok(Some(order));
        }
        let (id, mpn) = split(&subscription.id)?;
        self.must_be_at_rest(id, &orders).await?;
        let found = self.subscription(id).await?;
        let line = line(&found, mpn)?;
        let now = line.quantity.unwrap_or_default();
        if now >= total {
            return Ok(None);
        }
        let body = json!({
            "type": CHANGE,
            "customerId": self.company,
            "poNumber": marker,
            "products": [ordered(&found, line, total)],
        });
        self.must_add(total - now, total, mpn, &body).await?;
        let request = self.request(Method::POST, &["orders"], &[]).json(&body);
        let reply = self.call(OPERATION, request).await?;
        if reply.status() == 409 {
            return Err(busy(OPERATION));
        }
        reply.json().map(|order: Placed| Some(order.id))
    }

    pub(crate) async fn state(
        &self,
        subscription_id: &str,
        order: Option<&str>,
    ) -> Result<SubscriptionState, StepError> {
        let (id, mpn) = split(subscription_id)?;
        let order = match order {
            Some(order) => self.order_details(order).await?.map(|order| order.status),
            None => None,
        };
        let found = self.subscription(id).await?;
        let runs = found.status == "active";
        let waits = found.status == "pending" || matches!(order, Some(OrderStatus::OnItsWay));
        let refused = matches!(order, Some(OrderStatus::Failed));
        Ok(SubscriptionState {
            quantity: line(&found, mpn)?.quantity.unwrap_or_default(),
            settled: runs && !waits && !refused,
            failed: refused || !(runs || waits),
        })
    }

    /// Fails while another change is in progress, because the resulting quantity is unknown until then.
    async fn must_be_at_rest(&self, subscription: &str, orders: &[Order]) -> Result<(), StepError> {
        for order in orders.iter().filter(|order| order.status == OrderStatus::OnItsWay) {
            let details = self.order_details(&order.id).await?;
            if details.is_some_and(|details| details.changes(subscription)) {
                return Err(busy("look at the orders on their way"));
            }
        }
        Ok(())
    }

    /// Checks the order's estimate, if it lists the added seats: they must be the wanted ones.
    async fn must_add(&self, more: u32, total: u32, mpn: &str, body: &Value) -> Result<(), StepError> {
        let request = self.request(Method::POST, &["orders", "estimate"], &[]).json(body);
        let estimate: wire::Estimate = self.call("estimate the order", request).await?.json()?;
        match estimate.seats_added(mpn) {
            Some(seats) if seats != f64::from(more) => Err(StepError::NeedsAttention(format!(
                "{SYSTEM} would add {seats} seats for an order of {total} in all, where {more} is wanted, so nothing \
                 was ordered; buy it by hand"
            ))),
            _ => Ok(()),
        }
    }

    /// Every change ever ordered for the company.
    async fn change_orders(&self) -> Result<Vec<Order>, StepError> {
        let query = [("customerId", self.company.as_str())];
        let mut orders: Vec<Order> = self.list("list the company's orders", "orders", &query).await?;
        orders.retain(|order| order.kind == CHANGE && order.customer_id == self.company);
        Ok(orders)
    }

    async fn order_details(&self, id: &str) -> Result<Option<Order>, StepError> {
        let request = self.request(Method::GET, &["orders", id], &[]);
        let reply = self.call("read the order", request).await?;
        match reply.status() {
            404 => Ok(None),
            _ => reply.json().map(Some),
        }
    }

    async fn subscription(&self, id: &str) -> Result<Subscribed, StepError> {
        const OPERATION: &str = "read the subscription";
        let request = self.request(Method::GET, &["subscriptions", id], &[]);
        let found: Subscribed = self.call(OPERATION, request).await?.json()?;
        if found.customer_id == self.company {
            Ok(found)
        } else {
            Err(StepError::Permanent(format!(
                "{SYSTEM} shows another company's subscription ({OPERATION})"
            )))
        }
    }

    pub(crate) async fn company_name(&self) -> Result<String, StepError> {
        let request = self.request(Method::GET, &["customers", &self.company], &[]);
        let reply = self.call("look up the company", request).await?;
        match reply.status() {
            404 => Err(no_such_company(SYSTEM)),
            _ => reply.json().map(|customer: Customer| customer.name),
        }
    }

    async fn list<T: DeserializeOwned>(
        &self,
        operation: &'static str,
        what: &str,
        query: &[(&str, &str)],
    ) -> Result<Vec<T>, StepError> {
        let mut all = Vec::new();
        let mut pages = Pages::new(SYSTEM, operation, MOST_PAGES);
        loop {
            pages.turn()?;
            let (limit, offset) = (PAGE_SIZE.to_string(), all.len().to_string());
            let mut query = query.to_vec();
            query.extend([("limit", limit.as_str()), ("offset", offset.as_str())]);
            let request = self.request(Method::GET, &[what], &query);
            let page: Page<T> = pages.read(self.call(operation, request)).await?.json()?;
            let empty = page.data.is_empty();
            all.extend(page.data);
            if empty || all.len() >= page.pagination.total {
                return Ok(all);
            }
        }
    }

    fn request(&self, method: Method, segments: &[&str], query: &[(&str, &str)]) -> RequestBuilder {
        let key = self.credentials.subscription_key.expose_secret();
        let url = endpoint(&self.base, segments, query);
        self.http.request(method, url).header(SUBSCRIPTION_KEY, key)
    }

    async fn call(&self, operation: &'static str, request: RequestBuilder) -> Result<Reply, StepError> {
        let Credentials {
            user_name,
            password,
            marketplace,
            subscription_key,
            ..
        } = &self.credentials;
        let (password, key) = (password.expose_secret(), subscription_key.expose_secret());
        let owner = Owner::new(&[SYSTEM, self.base.as_str(), user_name, marketplace, password, key]);
        send_with_token(SYSTEM, operation, request, &owner, || self.token()).await
    }

    async fn token(&self) -> Result<Token, StepError> {
        let Credentials {
            user_name,
            password,
            marketplace,
            ..
        } = &self.credentials;
        let request = self.request(Method::POST, &["token"], &[]);
        let request = request.basic_auth(user_name, Some(password.expose_secret()));
        let request = request.json(&json!({ "marketplace": marketplace }));
        let reply = send(SYSTEM, "get a token", request).await?;
        if matches!(reply.status(), 400..=403) {
            return Err(StepError::NeedsAttention(format!(
                "{SYSTEM} does not accept the user, its password, the subscription key or the marketplace (status {}); \
                 renew them in Gangway",
                reply.status()
            )));
        }
        reply.json().map(|body: TokenBody| Token {
            value: body.token,
            seconds: body.expires_in_seconds,
        })
    }
}

/// Finds the order with the mark, whatever its result, because a second one would be a second purchase.
fn ours(orders: &[Order], marker: &str) -> Option<String> {
    let found = orders.iter().find(|order| order.po_number.as_deref() == Some(marker));
    found.map(|order| order.id.clone())
}

fn split(id: &str) -> Result<(&str, &str), StepError> {
    id.split_once('/')
        .ok_or_else(|| StepError::Permanent(format!("{SYSTEM}'s subscriptions are named with their product")))
}

fn line<'a>(subscription: &'a Subscribed, mpn: &str) -> Result<&'a Line, StepError> {
    let found = subscription
        .products
        .iter()
        .find(|line| line.mpn.as_deref() == Some(mpn));
    found.ok_or_else(|| {
        StepError::NeedsAttention(format!(
            "the {SYSTEM} subscription {} has no product {mpn} any more; buy it by hand",
            subscription.id
        ))
    })
}

/// The line of an order. The maker and the periods distinguish products with the same number.
fn ordered(subscription: &Subscribed, line: &Line, total: u32) -> Value {
    let mut ordered = json!({ "subscriptionId": subscription.id, "mpn": line.mpn, "quantity": total });
    let more = [
        ("vendor", line.vendor.clone().map(Value::from)),
        (
            "billingPeriod",
            subscription.billing_period.as_ref().map(wire::Period::as_json),
        ),
        (
            "subscriptionPeriod",
            subscription.subscription_period.as_ref().map(wire::Period::as_json),
        ),
    ];
    for (name, value) in more {
        if let Some(value) = value {
            ordered[name] = value;
        }
    }
    ordered
}

fn busy(operation: &str) -> StepError {
    StepError::Transient(format!(
        "another change of the {SYSTEM} subscription is on its way ({operation})"
    ))
}
