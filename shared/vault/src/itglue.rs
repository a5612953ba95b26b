//! The client of IT Glue, which uses JSON:API.

use domain::finding::Finding;
use domain::step_error::StepError;
use domain::text::ends_with_line;
use outbound::{Pages, Reply, endpoint, send};
use reqwest::RequestBuilder;
use reqwest::header::CONTENT_TYPE;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::json;
use url::Url;

use crate::{Entry, company_number, key_refused, marker_line, no_company};

const SYSTEM: &str = "IT Glue";
const MEDIA_TYPE: &str = "application/vnd.api+json";
/// Entries per page. IT Glue allows 1000, but responses have a size limit.
const PAGE_SIZE: &str = "250";
/// The most pages of a list; a longer list is treated as a loop.
const MOST_PAGES: usize = 100;
/// IT Glue includes passwords in its responses unless this is set.
const HIDDEN: (&str, &str) = ("show_password", "false");

/// The credentials as stored in the secret.
#[derive(Debug, Clone, Deserialize)]
pub struct Credentials {
    /// `https://api.itglue.com`, or the address of the account's region.
    pub address: String,
    pub api_key: SecretString,
}

/// The passwords of one organization.
#[derive(Debug, Clone)]
pub struct ItGlue {
    http: reqwest::Client,
    base: Url,
    credentials: Credentials,
    company: u64,
}

impl ItGlue {
    /// `company` is the organization's id in IT Glue.
    pub fn new(http: reqwest::Client, base: Url, credentials: Credentials, company: String) -> Result<Self, StepError> {
        Ok(Self {
            http,
            base,
            credentials,
            company: company_number(SYSTEM, &company)?,
        })
    }

    pub(crate) async fn has(&self, entry: &Entry) -> Result<bool, StepError> {
        let marker = marker_line(&entry.marker);
        let passwords: Vec<Password> = self
            .list("look for the password", &self.passwords_path(), &[HIDDEN])
            .await?;
        Ok(passwords.iter().any(|password| {
            let notes = password.attributes.notes.as_deref().unwrap_or_default();
            let ours = password.attributes.organization_id.is_none_or(|id| id == self.company);
            ours && ends_with_line(notes, &marker)
        }))
    }

    pub(crate) async fn write(&self, entry: &Entry) -> Result<(), StepError> {
        let attributes = json!({
            "name": entry.short_name(),
            "username": entry.username,
            "password": entry.password.expose_secret(),
            "notes": entry.notes(),
        });
        let body = json!({ "data": { "type": "passwords", "attributes": attributes } });
        let url = self.url(&self.passwords_path(), &[HIDDEN]);
        let request = self.http.post(url).header(CONTENT_TYPE, MEDIA_TYPE).json(&body);
        self.call("write the password", request).await?.done()
    }

    pub(crate) async fn check(&self) -> Vec<Finding> {
        let passwords = async {
            let query = [("page[size]", "1"), ("page[number]", "1"), HIDDEN];
            let request = self.http.get(self.url(&self.passwords_path(), &query));
            let page: Page<Password> = self.call("read the passwords", request).await?.json()?;
            let found = page.meta.and_then(|meta| meta.total_count);
            Ok(found.map_or_else(|| "may be read".to_owned(), |count| format!("{count} are there")))
        };
        let company = self.company_name().await;
        vec![
            Finding::new(format!("company {}", self.company), company),
            Finding::new("passwords", passwords.await),
        ]
    }

    /// The organization's name, found in the list, because not every key may read the address of a single organization.
    async fn company_name(&self) -> Result<String, StepError> {
        let all: Vec<Organization> = self.list("list the organizations", &["organizations"], &[]).await?;
        let id = self.company.to_string();
        let found = all.into_iter().find(|organization| organization.id == id);
        let found = found.ok_or_else(|| no_company(SYSTEM, self.company))?;
        Ok(found.attributes.name.unwrap_or(id))
    }

    fn passwords_path(&self) -> [String; 4] {
        let company = self.company.to_string();
        ["organizations", &company, "relationships", "passwords"].map(str::to_owned)
    }

    fn url(&self, path: &[impl AsRef<str>], query: &[(&str, &str)]) -> Url {
        let segments: Vec<&str> = path.iter().map(AsRef::as_ref).collect();
        endpoint(&self.base, &segments, query)
    }

    /// Reads all pages of a list.
    async fn list<T: DeserializeOwned>(
        &self,
        operation: &'static str,
        path: &[impl AsRef<str>],
        query: &[(&str, &str)],
    ) -> Result<Vec<T>, StepError> {
        let mut all = Vec::new();
        let mut pages = Pages::new(SYSTEM, operation, MOST_PAGES);
        loop {
            let number = pages.turn()?.to_string();
            let query = [&[("page[size]", PAGE_SIZE), ("page[number]", &number)], query].concat();
            let request = self.http.get(self.url(path, &query));
            let page: Page<T> = pages.read(self.call(operation, request)).await?.json()?;
            let more = match &page.meta {
                Some(meta) => meta.next_page.is_some(),
                None => !page.data.is_empty(),
            };
            all.extend(page.data);
            if !more {
                return Ok(all);
            }
        }
    }

    async fn call(&self, operation: &'static str, request: RequestBuilder) -> Result<Reply, StepError> {
        let request = request.header("x-api-key", self.credentials.api_key.expose_secret());
        let reply = send(SYSTEM, operation, request).await?;
        match key_refused(SYSTEM, &reply) {
            Some(error) => Err(error),
            None if reply.status() == 404 => Err(no_company(SYSTEM, self.company)),
            None => Ok(reply),
        }
    }
}

#[derive(Deserialize)]
struct Page<T> {
    data: Vec<T>,
    meta: Option<Meta>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Meta {
    next_page: Option<u64>,
    total_count: Option<u64>,
}

#[derive(Deserialize)]
struct Password {
    attributes: PasswordAttributes,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct PasswordAttributes {
    organization_id: Option<u64>,
    notes: Option<String>,
}

#[derive(Deserialize)]
struct Organization {
    id: String,
    attributes: OrganizationAttributes,
}

#[derive(Deserialize)]
struct OrganizationAttributes {
    name: Option<String>,
}
