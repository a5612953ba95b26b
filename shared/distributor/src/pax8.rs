//! Pax8.

use domain::fault::Fault;
use secrecy::SecretString;
use serde::Deserialize;
use url::Url;

use crate::{Subscription, SubscriptionState};

pub(crate) const SYSTEM: &str = "Pax8";

/// As the credentials secret holds it.
#[derive(Debug, Clone, Deserialize)]
pub struct Credentials {
    pub client_id: String,
    pub client_secret: SecretString,
}

#[derive(Debug, Clone)]
pub struct Pax8 {
    http: reqwest::Client,
    base: Url,
    credentials: Credentials,
}

impl Pax8 {
    /// `base` with the version, as `https://api.pax8.com/v1`.
    pub fn new(http: reqwest::Client, base: Url, credentials: Credentials) -> Self {
        Self {
            http,
            base,
            credentials,
        }
    }

    pub(crate) async fn find_subscription(&self, _company: &str, _part: &str) -> Result<Option<Subscription>, Fault> {
        let _ = (&self.http, &self.base, &self.credentials);
        Err(Fault::Permanent("being written".to_owned()))
    }

    pub(crate) async fn set_quantity(&self, _subscription: &Subscription, _total: u32) -> Result<(), Fault> {
        Err(Fault::Permanent("being written".to_owned()))
    }

    pub(crate) async fn quantity(&self, _subscription_id: &str) -> Result<SubscriptionState, Fault> {
        Err(Fault::Permanent("being written".to_owned()))
    }
}
