//! The client of Hudu.

use domain::finding::Finding;
use domain::step_error::StepError;
use domain::text::ends_with_line;
use outbound::{Pages, Reply, endpoint, send};
use reqwest::RequestBuilder;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::json;
use url::Url;

use crate::{Entry, company_number, key_refused, marker_line, no_company};

const SYSTEM: &str = "Hudu";
/// Entries per page. Hudu allows 1000, but responses have a size limit; its default is 25.
const PAGE_SIZE: &str = "250";
/// The most pages of a list; a longer list is treated as a loop.
const MOST_PAGES: usize = 100;

/// The credentials as stored in the secret.
#[derive(Debug, Clone, Deserialize)]
pub struct Credentials {
    /// The address of the instance, such as `https://acme.huducloud.com`.
    pub address: String,
    pub api_key: SecretString,
}

/// The passwords of one company.
#[derive(Debug, Clone)]
pub struct Hudu {
    http: reqwest::Client,
    base: Url,
    credentials: Credentials,
    company: u64,
}

impl Hudu {
    /// `base` is the instance's address, `company` the company's id.
    pub fn new(http: reqwest::Client, base: Url, credentials: Credentials, company: String) -> Result<Self, StepError> {
        Ok(Self {
            http,
            base: endpoint(&base, &["api", "v1"], &[]),
            credentials,
            company: company_number(SYSTEM, &company)?,
        })
    }

    /// Searches only passwords with the entry's name. Hudu's responses contain the passwords themselves, and Gangway
    /// should not read those of other systems.
    pub(crate) async fn has(&self, entry: &Entry) -> Result<bool, StepError> {
        const OPERATION: &str = "look for the password";
        let marker = marker_line(&entry.marker);
        let (company, name) = (self.company.to_string(), entry.short_name());
        let query = [("company_id", company.as_str()), ("name", name.as_str())];
        let of = |page: Passwords| page.asset_passwords;
        let passwords = self.list(OPERATION, "asset_passwords", &query, of).await?;
        Ok(passwords.iter().any(|password| {
            let description = password.description.as_deref().unwrap_or_default();
            password.company_id == self.company && ends_with_line(description, &marker)
        }))
    }

    pub(crate) async fn write(&self, entry: &Entry) -> Result<(), StepError> {
        let password = json!({
            "name": entry.short_name(),
            "company_id": self.company,
            "username": entry.username,
            "password": entry.password.expose_secret(),
            "description": entry.notes(),
        });
        let url = endpoint(&self.base, &["asset_passwords"], &[]);
        let request = self.http.post(url).json(&json!({ "asset_password": password }));
        self.call("write the password", request).await?.done()
    }

    pub(crate) async fn check(&self) -> Vec<Finding> {
        let passwords = async {
            let company = self.company.to_string();
            let query = [("company_id", company.as_str()), ("page", "1"), ("page_size", "1")];
            let url = endpoint(&self.base, &["asset_passwords"], &query);
            let reply = self.call("read the passwords", self.http.get(url)).await?;
            reply.json::<Passwords>().map(|_| "may be read".to_owned())
        };
        let company = self.company_name().await;
        vec![
            Finding::new(format!("company {}", self.company), company),
            Finding::new("passwords", passwords.await),
        ]
    }

    async fn company_name(&self) -> Result<String, StepError> {
        const OPERATION: &str = "list the companies";
        let of = |page: Companies| page.companies;
        let companies = self.list(OPERATION, "companies", &[], of).await?;
        let own = companies.into_iter().find(|company| company.id == self.company);
        own.map(|company| company.name)
            .ok_or_else(|| no_company(SYSTEM, self.company))
    }

    /// Reads all pages of a list, until an empty one.
    async fn list<P: DeserializeOwned, T>(
        &self,
        operation: &'static str,
        list: &str,
        query: &[(&str, &str)],
        of: fn(P) -> Vec<T>,
    ) -> Result<Vec<T>, StepError> {
        let mut all = Vec::new();
        let mut pages = Pages::new(SYSTEM, operation, MOST_PAGES);
        loop {
            let number = pages.turn()?.to_string();
            let query = [query, &[("page", number.as_str()), ("page_size", PAGE_SIZE)]].concat();
            let request = self.http.get(endpoint(&self.base, &[list], &query));
            let found = of(pages.read(self.call(operation, request)).await?.json()?);
            if found.is_empty() {
                return Ok(all);
            }
            all.extend(found);
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

/// Hudu's responses also contain the passwords, which are not parsed.
#[derive(Deserialize)]
struct Passwords {
    asset_passwords: Vec<Password>,
}

#[derive(Deserialize)]
struct Password {
    company_id: u64,
    description: Option<String>,
}

#[derive(Deserialize)]
struct Companies {
    companies: Vec<Company>,
}

#[derive(Deserialize)]
struct Company {
    id: u64,
    name: String,
}
