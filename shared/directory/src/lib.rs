//! A client of Microsoft Entra ID through Microsoft Graph.

mod groups;
mod licenses;
mod mfa;
mod odata;
mod offboarding;
mod users;

use domain::step_error::StepError;
use outbound::{ClientCredentials, Grant, Reply, endpoint};
use reqwest::RequestBuilder;
use secrecy::SecretString;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use url::Url;

use crate::odata::{GraphError, Page};

pub use groups::{Added, Group, GroupKind, GroupMatch};
pub use licenses::{Assignment, AssignmentState, LicenseGroup, LicenseOfUser, Licensing, SubscribedSku};
pub use offboarding::Change;
pub use users::{Created, NewUser, TakenBy, User};

const SYSTEM: &str = "Microsoft Graph";
const PUBLIC_CLOUD: &str = "https://graph.microsoft.com";
const NATIONAL_CLOUDS: [&str; 3] = [
    "https://graph.microsoft.us",
    "https://dod-graph.microsoft.us",
    "https://microsoftgraph.chinacloudapi.cn",
];
/// The most pages of a list; a longer list is treated as a loop.
const MOST_PAGES: usize = 200;

/// The addresses of Graph and of its token endpoint.
#[derive(Debug, Clone)]
pub struct Endpoints {
    /// Includes the version, as in `https://graph.microsoft.com/v1.0`.
    pub graph: Url,
    pub login: Url,
}

#[derive(Debug, Clone)]
pub struct Credentials {
    pub tenant_id: String,
    pub client_id: String,
    pub client_secret: SecretString,
}

/// The directory of one tenant.
#[derive(Debug, Clone)]
pub struct Graph {
    http: reqwest::Client,
    base: Url,
    /// The cloud's own name, used in tokens and references wherever the requests are sent.
    cloud: &'static str,
    credentials: ClientCredentials,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Domain {
    #[serde(rename = "id")]
    pub name: String,
    pub is_default: bool,
    pub is_verified: bool,
}

/// How current a response has to be.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reading {
    Plain,
    /// The response may come from the search index, which is behind; some filters exist only there.
    Index,
}

impl Graph {
    pub fn new(http: reqwest::Client, endpoints: Endpoints, credentials: Credentials) -> Self {
        let origin = endpoints.graph.origin().ascii_serialization();
        let cloud = NATIONAL_CLOUDS
            .into_iter()
            .find(|cloud| *cloud == origin)
            .unwrap_or(PUBLIC_CLOUD);
        let credentials = ClientCredentials {
            system: SYSTEM,
            token_url: endpoint(
                &endpoints.login,
                &[&credentials.tenant_id, "oauth2", "v2.0", "token"],
                &[],
            ),
            client_id: credentials.client_id,
            client_secret: credentials.client_secret,
            grant: Grant::Form {
                scope: format!("{cloud}/.default"),
            },
            longest_answer: outbound::FIXED_VENDOR_ANSWER,
        };
        Self {
            http,
            base: endpoints.graph,
            cloud,
            credentials,
        }
    }

    pub async fn domains(&self) -> Result<Vec<Domain>, StepError> {
        self.list("list the domains", self.url(&["domains"], &[]), Reading::Plain)
            .await
    }

    fn url(&self, segments: &[&str], query: &[(&str, &str)]) -> Url {
        endpoint(&self.base, segments, query)
    }

    /// The body of a `$ref` request.
    fn reference(&self, id: &str) -> serde_json::Value {
        serde_json::json!({ "@odata.id": format!("{}/v1.0/directoryObjects/{id}", self.cloud) })
    }

    async fn send(&self, operation: &'static str, request: RequestBuilder) -> Result<Reply, StepError> {
        self.credentials.send(&self.http, operation, request).await
    }

    async fn get(&self, operation: &'static str, url: Url) -> Result<Reply, StepError> {
        self.send(operation, self.http.get(url)).await
    }

    /// Reads all pages of a list.
    async fn list<T: DeserializeOwned>(
        &self,
        operation: &'static str,
        url: Url,
        reading: Reading,
    ) -> Result<Vec<T>, StepError> {
        self.pages(operation, url, reading)
            .await?
            .map_err(|reply| reply.refused(None))
    }

    /// Reads all pages of a list, or returns Graph's refusal.
    async fn pages<T: DeserializeOwned>(
        &self,
        operation: &'static str,
        url: Url,
        reading: Reading,
    ) -> Result<Result<Vec<T>, Reply>, StepError> {
        let mut all = Vec::new();
        let mut next = Some(url);
        for _ in 0..MOST_PAGES {
            let Some(url) = next else { return Ok(Ok(all)) };
            let mut request = self.http.get(url);
            if reading == Reading::Index {
                request = request.header("ConsistencyLevel", "eventual");
            }
            let reply = self.send(operation, request).await?;
            if !reply.is_success() {
                return Ok(Err(reply));
            }
            let page: Page<T> = reply.json()?;
            all.extend(page.value);
            next = page.next.map(|next| self.next_page(operation, &next)).transpose()?;
        }
        Err(StepError::Permanent(format!(
            "{SYSTEM} did not come to an end ({operation})"
        )))
    }

    /// The token is sent along, so the next page must have the same origin as the first.
    fn next_page(&self, operation: &str, next: &str) -> Result<Url, StepError> {
        Url::parse(next)
            .ok()
            .filter(|url| url.origin() == self.base.origin())
            .ok_or_else(|| StepError::Permanent(format!("{SYSTEM} names a next page somewhere else ({operation})")))
    }
}

/// The error for an unexpected refusal, with Microsoft's error name.
fn refused(reply: &Reply) -> StepError {
    let error: Option<GraphError> = reply.error_body();
    reply.refused(error.as_ref().map(GraphError::code))
}

/// Whether Graph does not know a new object yet. For minutes it may respond that the object doesn't exist or can't be
/// referenced.
fn still_spreading(reply: &Reply) -> bool {
    let unknown_yet = |error: GraphError| error.says("not a valid reference") || error.says("does not exist");
    match reply.status() {
        404 => true,
        400 => reply.error_body().is_some_and(unknown_yet),
        _ => false,
    }
}

fn not_there_yet(operation: &str) -> StepError {
    StepError::Transient(format!(
        "{SYSTEM} does not know the new account everywhere yet ({operation})"
    ))
}
