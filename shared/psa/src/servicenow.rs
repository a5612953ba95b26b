//! ServiceNow.

use domain::fault::Fault;
use domain::finding::Finding;
use domain::request::TicketRef;
use secrecy::SecretString;
use serde::Deserialize;
use url::Url;

use crate::{Names, NewTicket, Note};

pub(crate) const SYSTEM_ID: &str = "servicenow";

/// As the credentials secret holds it.
#[derive(Debug, Clone, Deserialize)]
pub struct Credentials {
    pub address: String,
    pub user_name: String,
    pub password: SecretString,
}

/// One customer's tickets.
#[derive(Debug, Clone)]
pub struct ServiceNow {
    http: reqwest::Client,
    base: Url,
    credentials: Credentials,
    company: String,
}

impl ServiceNow {
    pub fn new(http: reqwest::Client, base: Url, credentials: Credentials, company: String) -> Result<Self, Fault> {
        Ok(Self {
            http,
            base,
            credentials,
            company,
        })
    }

    pub(crate) async fn find_ticket(&self, _given: Option<&str>, _marker: &str) -> Result<Option<TicketRef>, Fault> {
        Err(missing())
    }

    pub(crate) async fn find_matching(&self, _summary: &str) -> Result<Option<TicketRef>, Fault> {
        Err(missing())
    }

    pub(crate) async fn create_ticket(&self, _ticket: &NewTicket) -> Result<TicketRef, Fault> {
        Err(missing())
    }

    pub(crate) async fn has_note(&self, _ticket: &TicketRef, _marker: &str) -> Result<bool, Fault> {
        Err(missing())
    }

    pub(crate) async fn add_note(&self, _ticket: &TicketRef, _note: &Note) -> Result<(), Fault> {
        Err(missing())
    }

    pub(crate) async fn set_status(&self, _ticket: &TicketRef, _status: &str) -> Result<(), Fault> {
        Err(missing())
    }

    pub(crate) async fn check(&self, _names: &Names) -> Vec<Finding> {
        vec![Finding::new("sign-in", Err(missing()))]
    }
}

fn missing() -> Fault {
    Fault::NeedsAttention("this version of Gangway cannot work with ServiceNow yet".to_owned())
}
