//! Sherweb.

use domain::fault::Fault;
use domain::finding::Finding;
use secrecy::SecretString;
use serde::Deserialize;
use url::Url;

use crate::{Subscription, SubscriptionState};

pub(crate) const SYSTEM: &str = "Sherweb";

/// As the credentials secret holds it.
#[derive(Debug, Clone, Deserialize)]
pub struct Credentials {
    pub client_id: String,
    pub client_secret: SecretString,
    pub subscription_key: SecretString,
}

#[derive(Debug, Clone)]
pub struct Sherweb {
    http: reqwest::Client,
    base: Url,
    credentials: Credentials,
    company: String,
}

impl Sherweb {
    pub fn new(http: reqwest::Client, base: Url, credentials: Credentials, company: String) -> Self {
        Self {
            http,
            base,
            credentials,
            company,
        }
    }

    pub(crate) async fn find_subscription(&self, _part_number: &str) -> Result<Option<Subscription>, Fault> {
        Err(missing())
    }

    pub(crate) async fn order(&self, _: &Subscription, _total: u32, _marker: &str) -> Result<Option<String>, Fault> {
        Err(missing())
    }

    pub(crate) async fn state(&self, _id: &str, _order: Option<&str>) -> Result<SubscriptionState, Fault> {
        Err(missing())
    }

    pub(crate) async fn check(&self, _part_numbers: &[&str]) -> Vec<Finding> {
        vec![Finding::new("sign-in", Err(missing()))]
    }
}

fn missing() -> Fault {
    Fault::NeedsAttention("this version of Gangway cannot buy at Sherweb yet".to_owned())
}
