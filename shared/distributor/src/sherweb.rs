//! The client of Sherweb.

use domain::step_error::StepError;
use outbound::{ClientCredentials, Grant, Reply, endpoint};
use reqwest::{Method, RequestBuilder};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::json;
use url::Url;

use crate::products::product;
use crate::{Subscription, SubscriptionState, no_such_company, the_one, uuid};

pub(crate) const SYSTEM: &str = "Sherweb";
/// The part of Sherweb's API for purchases; the other part only shows what is to be paid.
const SCOPE: &str = "service-provider";
const SUBSCRIPTION_KEY: &str = "Ocp-Apim-Subscription-Key";

/// The credentials as stored in the secret.
#[derive(Debug, Clone, Deserialize)]
pub struct Credentials {
    pub client_id: String,
    pub client_secret: SecretString,
    /// The key of the API's gateway.
    pub subscription_key: SecretString,
}

#[derive(Debug, Clone)]
pub struct Sherweb {
    http: reqwest::Client,
    base: Url,
    credentials: ClientCredentials,
    subscription_key: SecretString,
    pub(crate) company: String,
}

impl Sherweb {
    /// `base` is such as `https://api.sherweb.com`; `company` is the Sherweb id.
    pub fn new(http: reqwest::Client, base: Url, credentials: Credentials, company: String) -> Self {
        Self {
            credentials: ClientCredentials {
                system: SYSTEM,
                token_url: endpoint(&base, &["auth", "oidc", "connect", "token"], &[]),
                client_id: credentials.client_id,
                client_secret: credentials.client_secret,
                grant: Grant::Form {
                    scope: SCOPE.to_owned(),
                },
                longest_answer: outbound::FIXED_VENDOR_ANSWER,
            },
            http,
            base: endpoint(&base, &["service-provider", "v1"], &[]),
            subscription_key: credentials.subscription_key,
            company,
        }
    }

    /// The name for notes and errors.
    pub(crate) fn name(&self) -> &'static str {
        SYSTEM
    }

    /// Returns true, because an order sets a total.
    pub(crate) fn may_repeat(&self) -> bool {
        true
    }

    /// Returns `None`, because orders carry no reference.
    pub(crate) async fn find_order(&self, _marker: &str) -> Result<Option<String>, StepError> {
        Ok(None)
    }

    pub(crate) async fn find_subscription(&self, part_number: &str) -> Result<Option<Subscription>, StepError> {
        let product = product(SYSTEM, part_number)?;
        let matching = self.subscriptions().await?.into_iter().filter(|item| {
            let names = [item.product_name.as_deref(), item.sku.as_deref()];
            product.is(&[item.sku.as_deref()], &names)
        });
        let matching = matching.map(|item| Subscription {
            id: item.id,
            quantity: item.quantity,
        });
        the_one(SYSTEM, part_number, matching.collect())
    }

    /// Sets the total, so sending it twice buys nothing more. Sherweb processes it later and returns an id to ask for.
    pub(crate) async fn order(
        &self,
        subscription: &Subscription,
        total: u32,
        _: &str,
    ) -> Result<Option<String>, StepError> {
        const OPERATION: &str = "order seats";
        let query = [("customerId", uuid(SYSTEM, &self.company)?)];
        let url = endpoint(&self.base, &["billing", "subscriptions", "amendments"], &query);
        let body = json!({
            "subscriptionAmendmentParameters": [{"subscriptionId": subscription.id, "newQuantity": total}],
        });
        let reply = self
            .send(OPERATION, self.request(Method::POST, url).json(&body))
            .await?;
        if reply.status() == 409 {
            return Err(StepError::Transient(format!(
                "{SYSTEM} was changing the subscription just then ({OPERATION}: 409)"
            )));
        }
        // Any success means that it is ordered. Without an id to ask for, the quantity shows the result.
        reply.done()?;
        let tracking = reply.json().ok().and_then(|body: Amended| body.tracking_id);
        Ok(tracking.map(|tracking| tracking.request_tracking_id))
    }

    pub(crate) async fn state(
        &self,
        subscription_id: &str,
        order: Option<&str>,
    ) -> Result<SubscriptionState, StepError> {
        let progress = match order {
            Some(tracking_id) => self.progress(tracking_id).await?,
            None => Progress::Success,
        };
        let found = self.subscriptions().await?;
        let found = found.into_iter().find(|item| item.id == subscription_id);
        Ok(SubscriptionState {
            quantity: found.as_ref().map_or(0, |item| item.quantity),
            settled: progress == Progress::Success,
            // Ended subscriptions are no longer listed.
            failed: progress == Progress::Failure || found.is_none(),
        })
    }

    /// The progress of an order. If Sherweb no longer knows it, it is settled, and the quantity shows the result.
    async fn progress(&self, tracking_id: &str) -> Result<Progress, StepError> {
        let url = endpoint(&self.base, &["tracking", tracking_id], &[]);
        let reply = self
            .send("ask how the order goes", self.request(Method::GET, url))
            .await?;
        match reply.status() {
            404 => Ok(Progress::Success),
            _ => reply.json(),
        }
    }

    /// All subscriptions, which come on one page. They do not name their customer, so the filter is trusted.
    async fn subscriptions(&self) -> Result<Vec<Item>, StepError> {
        let query = [("customerId", uuid(SYSTEM, &self.company)?)];
        let url = endpoint(&self.base, &["billing", "subscriptions", "details"], &query);
        let request = self.request(Method::GET, url);
        let list: List<Item> = self.send("list the company's subscriptions", request).await?.json()?;
        Ok(list.items)
    }

    pub(crate) async fn company_name(&self) -> Result<String, StepError> {
        let company = uuid(SYSTEM, &self.company)?;
        let request = self.request(Method::GET, endpoint(&self.base, &["customers"], &[]));
        let list: List<Customer> = self.send("list the companies", request).await?.json()?;
        let found = list
            .items
            .into_iter()
            .find(|customer| customer.id.eq_ignore_ascii_case(company));
        found
            .map(|customer| customer.display_name)
            .ok_or_else(|| no_such_company(SYSTEM))
    }

    fn request(&self, method: Method, url: Url) -> RequestBuilder {
        let key = self.subscription_key.expose_secret();
        self.http.request(method, url).header(SUBSCRIPTION_KEY, key)
    }

    async fn send(&self, operation: &'static str, request: RequestBuilder) -> Result<Reply, StepError> {
        self.credentials.send(&self.http, operation, request).await
    }
}

#[derive(Deserialize)]
struct List<T> {
    items: Vec<T>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Item {
    id: String,
    product_name: Option<String>,
    sku: Option<String>,
    quantity: u32,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Customer {
    id: String,
    display_name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Amended {
    tracking_id: Option<Tracking>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Tracking {
    request_tracking_id: String,
}

/// The status of an order, a bare string. An unknown one belongs to a later version.
#[derive(Debug, PartialEq, Eq, Deserialize)]
enum Progress {
    Success,
    Failure,
    #[serde(other)]
    OnItsWay,
}
