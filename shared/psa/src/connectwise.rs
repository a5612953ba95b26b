//! ConnectWise PSA (Manage).

use domain::fault::Fault;
use domain::request::TicketRef;
use secrecy::SecretString;
use serde::Deserialize;
use url::Url;

use crate::{NewTicket, Note};

pub(crate) const SYSTEM_ID: &str = "connectwise";

/// As the credentials secret holds it.
#[derive(Debug, Clone, Deserialize)]
pub struct Credentials {
    /// Host name, as `api-na.myconnectwise.net`.
    pub site: String,
    pub company_id: String,
    pub public_key: SecretString,
    pub private_key: SecretString,
    pub client_id: String,
    /// As `v4_6_release/`.
    pub codebase: Option<String>,
}

#[derive(Debug, Clone)]
pub struct ConnectWise {
    http: reqwest::Client,
    base: Url,
    credentials: Credentials,
    company: String,
}

impl ConnectWise {
    /// `origin` stands in for `https://SITE`; `company` is the organisation's id or identifier in ConnectWise.
    pub fn new(
        http: reqwest::Client,
        origin: Option<&Url>,
        credentials: Credentials,
        company: String,
    ) -> Result<Self, Fault> {
        let base = origin
            .cloned()
            .ok_or_else(|| Fault::Permanent("being written".to_owned()))?;
        Ok(Self {
            http,
            base,
            credentials,
            company,
        })
    }

    pub(crate) async fn find_ticket(&self, _given: Option<&str>, _marker: &str) -> Result<Option<TicketRef>, Fault> {
        let _ = (&self.http, &self.base, &self.credentials, &self.company);
        Err(Fault::Permanent("being written".to_owned()))
    }

    pub(crate) async fn find_matching(&self, _summary: &str) -> Result<Option<TicketRef>, Fault> {
        Err(Fault::Permanent("being written".to_owned()))
    }

    pub(crate) async fn create_ticket(&self, _ticket: &NewTicket) -> Result<TicketRef, Fault> {
        Err(Fault::Permanent("being written".to_owned()))
    }

    pub(crate) async fn has_note(&self, _ticket: &TicketRef, _marker: &str) -> Result<bool, Fault> {
        Err(Fault::Permanent("being written".to_owned()))
    }

    pub(crate) async fn add_note(&self, _ticket: &TicketRef, _note: &Note) -> Result<(), Fault> {
        Err(Fault::Permanent("being written".to_owned()))
    }

    pub(crate) async fn set_status(&self, _ticket: &TicketRef, _status: &str) -> Result<(), Fault> {
        Err(Fault::Permanent("being written".to_owned()))
    }
}
