//! Hudu.

use domain::fault::Fault;
use domain::finding::Finding;
use secrecy::SecretString;
use serde::Deserialize;
use url::Url;

use crate::Entry;

/// As the credentials secret holds it.
#[derive(Debug, Clone, Deserialize)]
pub struct Credentials {
    pub address: String,
    pub api_key: SecretString,
}

#[derive(Debug, Clone)]
pub struct Hudu {
    http: reqwest::Client,
    base: Url,
    credentials: Credentials,
    company: String,
}

impl Hudu {
    pub fn new(http: reqwest::Client, base: Url, credentials: Credentials, company: String) -> Result<Self, Fault> {
        Ok(Self {
            http,
            base,
            credentials,
            company,
        })
    }

    pub(crate) async fn has(&self, _marker: &str) -> Result<bool, Fault> {
        Err(missing())
    }

    pub(crate) async fn write(&self, _entry: &Entry) -> Result<(), Fault> {
        Err(missing())
    }

    pub(crate) async fn check(&self) -> Vec<Finding> {
        vec![Finding::new("sign-in", Err(missing()))]
    }
}

fn missing() -> Fault {
    Fault::NeedsAttention("this version of Gangway cannot write to Hudu yet".to_owned())
}
