//! The client of Pax8.

use domain::step_error::StepError;
use outbound::{ClientCredentials, Grant, endpoint};
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::json;
use url::Url;

use crate::products::product;
use crate::{MOST_PAGES, Subscription, SubscriptionState, endless, no_such_company, the_one, uuid};

pub(crate) const SYSTEM: &str = "Pax8";
/// The audience of tokens, wherever the requests are sent.
const AUDIENCE: &str = "https://api.pax8.com";
/// The largest page that Pax8 allows.
const PAGE_SIZE: &str = "200";

/// The credentials as stored in the secret.
#[derive(Debug, Clone, Deserialize)]
pub struct Credentials {
    pub client_id: String,
    pub client_secret: SecretString,
}

#[derive(Debug, Clone)]
pub struct Pax8 {
    http: reqwest::Client,
    base: Url,
    credentials: ClientCredentials,
    pub(crate) company: String,
}

impl Pax8 {
    /// `base` includes the version, as in `https://api.pax8.com/v1`; `company` is the Pax8 id.
    pub fn new(http: reqwest::Client, base: Url, credentials: Credentials, company: String) -> Self {
        let credentials = ClientCredentials {
            system: SYSTEM,
            token_url: endpoint(&base, &["token"], &[]),
            client_id: credentials.client_id,
            client_secret: credentials.client_secret,
            grant: Grant::Json {
                audience: AUDIENCE.to_owned(),
            },
            longest_answer: outbound::FIXED_VENDOR_ANSWER,
        };
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
        let mut matching = Vec::new();
        for body in self.active_subscriptions().await? {
            if product.is(&[body.vendor_sku_id.as_deref()], &[body.product_name.as_deref()]) {
                matching.push(Subscription {
                    quantity: seats(body.quantity)?,
                    id: body.id,
                });
            }
        }
        the_one(SYSTEM, part_number, matching)
    }

    async fn active_subscriptions(&self) -> Result<Vec<Body>, StepError> {
        const OPERATION: &str = "list the company's subscriptions";
        let company = uuid(SYSTEM, &self.company)?;
        let mut all = Vec::new();
        for page in 0..MOST_PAGES {
            let page = page.to_string();
            let query = [
                ("companyId", company),
                ("status", "Active"),
                ("size", PAGE_SIZE),
                ("page", &page),
            ];
            let request = self.http.get(endpoint(&self.base, &["subscriptions"], &query));
            let found: PageOf = self.credentials.send(&self.http, OPERATION, request).await?.json()?;
            let last = found.content.is_empty() || found.page.is_last();
            // The filter is checked again, because a purchase for another company would be real.
            all.extend(
                found
                    .content
                    .into_iter()
                    .filter(|body| body.is_active_of(&self.company)),
            );
            if last {
                return Ok(all);
            }
        }
        Err(endless(SYSTEM, OPERATION))
    }

    /// Sets the total, so sending it twice buys nothing more.
    pub(crate) async fn order(
        &self,
        subscription: &Subscription,
        total: u32,
        _: &str,
    ) -> Result<Option<String>, StepError> {
        const OPERATION: &str = "order seats";
        let url = endpoint(&self.base, &["subscriptions", &subscription.id], &[]);
        let request = self.http.put(url).json(&json!({ "quantity": total }));
        let reply = self.credentials.send(&self.http, OPERATION, request).await?;
        match reply.status() {
            409 => Err(StepError::Transient(format!(
                "{SYSTEM} was changing the subscription just then ({OPERATION}: 409)"
            ))),
            _ => reply.done().map(|()| None),
        }
    }

    pub(crate) async fn state(&self, subscription_id: &str, _: Option<&str>) -> Result<SubscriptionState, StepError> {
        let request = self
            .http
            .get(endpoint(&self.base, &["subscriptions", subscription_id], &[]));
        let body: Body = self
            .credentials
            .send(&self.http, "read the subscription", request)
            .await?
            .json()?;
        let pending = body.status.as_deref().is_some_and(is_pending);
        let active = body.status.as_deref() == Some(ACTIVE);
        Ok(SubscriptionState {
            quantity: seats(body.quantity)?,
            settled: active,
            failed: !active && !pending,
        })
    }

    pub(crate) async fn company_name(&self) -> Result<String, StepError> {
        #[derive(Deserialize)]
        struct Company {
            name: String,
        }
        let company = uuid(SYSTEM, &self.company)?;
        let request = self.http.get(endpoint(&self.base, &["companies", company], &[]));
        let reply = self
            .credentials
            .send(&self.http, "look up the company", request)
            .await?;
        if reply.status() == 404 {
            return Err(no_such_company(SYSTEM));
        }
        reply.json().map(|company: Company| company.name)
    }
}

const ACTIVE: &str = "Active";

fn is_pending(status: &str) -> bool {
    matches!(
        status,
        "PendingManual" | "PendingAutomated" | "PendingActivation" | "WaitingForDetails" | "Activated"
    )
}

/// Pax8 sends numbers of any JSON kind.
fn seats(quantity: f64) -> Result<u32, StepError> {
    let whole = quantity.fract() == 0.0 && (0.0..=f64::from(u32::MAX)).contains(&quantity);
    let seats = quantity as u32;
    if whole {
        Ok(seats)
    } else {
        Err(StepError::Permanent(format!("{SYSTEM} does not count in whole seats")))
    }
}

#[derive(Deserialize)]
struct PageOf {
    content: Vec<Body>,
    #[serde(default)]
    page: PageInfo,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct PageInfo {
    #[serde(default)]
    number: f64,
    #[serde(default)]
    total_pages: f64,
}

impl PageInfo {
    fn is_last(&self) -> bool {
        self.number + 1.0 >= self.total_pages
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Body {
    id: String,
    company_id: Option<String>,
    product_name: Option<String>,
    vendor_sku_id: Option<String>,
    status: Option<String>,
    quantity: f64,
}

impl Body {
    fn is_active_of(&self, company: &str) -> bool {
        self.status.as_deref() == Some(ACTIVE)
            && self
                .company_id
                .as_deref()
                .is_some_and(|id| id.eq_ignore_ascii_case(company))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seats_are_whole_numbers() {
        assert_eq!(seats(12.0), Ok(12));
        for bad in [1.5, -1.0, 1e12, f64::NAN] {
            assert!(seats(bad).is_err(), "{bad}");
        }
    }
}
