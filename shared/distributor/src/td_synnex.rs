//! TD SYNNEX.

use domain::fault::Fault;
use domain::finding::Finding;
use secrecy::SecretString;
use serde::Deserialize;
use url::Url;

use crate::{Subscription, SubscriptionState};

pub(crate) const SYSTEM: &str = "TD SYNNEX";

/// As the credentials secret holds it.
#[derive(Debug, Clone, Deserialize)]
pub struct Credentials {
    pub account_id: String,
    pub refresh_token: SecretString,
}

#[derive(Debug, Clone)]
pub struct TdSynnex {
    http: reqwest::Client,
    base: Url,
    credentials: Credentials,
    company: String,
}

impl TdSynnex {
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
    Fault::NeedsAttention("this version of Gangway cannot buy at TD SYNNEX yet".to_owned())
}
