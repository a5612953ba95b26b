//! Microsoft Entra ID through Microsoft Graph.

mod groups;
mod licenses;
mod users;

use domain::fault::Fault;
use secrecy::SecretString;
use url::Url;

pub use groups::{Added, Group, GroupKind, GroupMatch};
pub use licenses::{Assignment, AssignmentState, LicenseOfUser, SubscribedSku};
pub use users::{Created, NewUser, TakenBy, User};

/// Where Graph and its tokens are.
#[derive(Debug, Clone)]
pub struct Endpoints {
    /// With the version, as `https://graph.microsoft.com/v1.0`.
    pub graph: Url,
    pub login: Url,
}

#[derive(Debug, Clone)]
pub struct Credentials {
    pub tenant_id: String,
    pub client_id: String,
    pub client_secret: SecretString,
}

#[derive(Debug, Clone)]
pub struct Graph {
    http: reqwest::Client,
    endpoints: Endpoints,
    credentials: Credentials,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Domain {
    pub name: String,
    pub is_default: bool,
    pub is_verified: bool,
}

pub(crate) fn unwritten<T>() -> Result<T, Fault> {
    Err(Fault::Permanent("being written".to_owned()))
}

impl Graph {
    pub fn new(http: reqwest::Client, endpoints: Endpoints, credentials: Credentials) -> Self {
        Self {
            http,
            endpoints,
            credentials,
        }
    }

    pub async fn domains(&self) -> Result<Vec<Domain>, Fault> {
        let _ = (&self.http, &self.endpoints, &self.credentials);
        unwritten()
    }
}
