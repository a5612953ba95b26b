//! The client of N-able Passportal. Its documents can be read, but it publishes no address for writing a password, so
//! the organisation sets one.

use std::fmt::Write;

use domain::finding::Finding;
use domain::step_error::StepError;
use hmac::{Hmac, KeyInit, Mac};
use outbound::{Owner, Reply, Token, endpoint, send, send_signed};
use reqwest::RequestBuilder;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::json;
use sha2::Sha256;
use url::Url;

use crate::{Entry, company_number};

const SYSTEM: &str = "Passportal";
/// The lifetime of a token, approximately. The response for an expired token is not documented.
const TOKEN_SECONDS: u64 = 55 * 60;
const CLIENT_ID: &str = "{client_id}";

/// The credentials as stored in the secret.
#[derive(Debug, Clone, Deserialize)]
pub struct Credentials {
    /// The address of the account, such as `https://us-clover.passportalmsp.com`.
    pub address: String,
    pub access_key: SecretString,
    pub secret_key: SecretString,
    /// The address to which passwords are posted; it contains `{client_id}`.
    pub write_address: Option<String>,
}

impl Credentials {
    /// The address for one client's passwords, which the caller still has to check. A template without the client is
    /// refused, because all clients' passwords would go to one address.
    pub fn write_address(&self, client: &str) -> Result<Option<String>, StepError> {
        let Some(template) = &self.write_address else {
            return Ok(None);
        };
        let client = company_number(SYSTEM, client)?.to_string();
        let address = template.replace(CLIENT_ID, &client);
        if address == *template || address.contains(['{', '}']) {
            return Err(StepError::NeedsAttention(format!(
                "write_address in {SYSTEM}'s credentials must have {CLIENT_ID} in it, and no other placeholder"
            )));
        }
        Ok(Some(address))
    }
}

/// The passwords of one client.
#[derive(Debug, Clone)]
pub struct Passportal {
    http: reqwest::Client,
    base: Url,
    credentials: Credentials,
    company: u64,
    write: Option<Url>,
}

impl Passportal {
    /// `company` is the client's id, `write` the checked address for its passwords.
    pub fn new(
        http: reqwest::Client,
        base: Url,
        credentials: Credentials,
        company: String,
        write: Option<Url>,
    ) -> Result<Self, StepError> {
        Ok(Self {
            http,
            base,
            credentials,
            company: company_number(SYSTEM, &company)?,
            write,
        })
    }

    pub(crate) async fn write(&self, entry: &Entry) -> Result<(), StepError> {
        let write = self.write_address()?;
        self.find_client().await?;
        let body = json!({
            "name": entry.short_name(),
            "username": entry.username,
            "password": entry.password.expose_secret(),
            "notes": entry.notes(),
        });
        let request = self.http.post(write.clone()).json(&body);
        self.call("write the password", request).await?.done()
    }

    pub(crate) async fn check(&self) -> Vec<Finding> {
        let client = self.find_client().await.map(|()| "has documents".to_owned());
        let write = self.write_address().map(|_| "is set".to_owned());
        vec![
            Finding::new(format!("client {}", self.company), client),
            Finding::new("write_address", write),
        ]
    }

    fn write_address(&self) -> Result<&Url, StepError> {
        self.write.as_ref().ok_or_else(|| {
            StepError::NeedsAttention(format!(
                "{SYSTEM} publishes no address for writing passwords: set write_address in its credentials"
            ))
        })
    }

    /// Checks that the client exists. It can be found only through its documents.
    async fn find_client(&self) -> Result<(), StepError> {
        let client = self.company.to_string();
        let query = [("clientId", client.as_str()), ("pageNum", "1"), ("resultsPerPage", "1")];
        let url = endpoint(&self.base, &["api", "v2", "documents"], &query);
        let found: Documents = self.call("find the client", self.http.get(url)).await?.json()?;
        if found
            .results
            .iter()
            .any(|document| document.client_id == Some(self.company))
        {
            return Ok(());
        }
        Err(StepError::NeedsAttention(format!(
            "{SYSTEM} shows no document of client {}, and knows clients only by them: check the organisation's company \
             there, or write a document for it",
            self.company
        )))
    }

    async fn call(&self, operation: &'static str, request: RequestBuilder) -> Result<Reply, StepError> {
        let keys = [&self.credentials.access_key, &self.credentials.secret_key].map(ExposeSecret::expose_secret);
        let owner = Owner::new(&[SYSTEM, self.base.as_str(), keys[0], keys[1]]);
        let sign = |request: RequestBuilder, token: &str| request.header("x-access-token", token);
        send_signed(SYSTEM, operation, request, &owner, || self.fetch_token(), sign).await
    }

    /// The keys are proved by signing a random text, which is different each time.
    async fn fetch_token(&self) -> Result<Token, StepError> {
        let content = format!("{:032x}", rand::random::<u128>());
        let url = endpoint(&self.base, &["api", "v2", "auth", "client_token"], &[]);
        let request = self
            .http
            .post(url)
            .header("x-key", self.credentials.access_key.expose_secret())
            .header("x-hash", signature(&self.credentials.secret_key, &content)?)
            .json(&json!({ "content": content, "scope": "docs_api" }));
        let reply = send(SYSTEM, "get a token", request).await?;
        let said_no = || {
            let answer: Option<Refused> = reply.error_body();
            answer.is_some_and(|answer| answer.success == Some(false))
        };
        if matches!(reply.status(), 400..=403) || (reply.is_success() && said_no()) {
            return Err(StepError::NeedsAttention(format!(
                "{SYSTEM} does not accept the access key and the secret key ({}); renew them in Gangway",
                reply.status()
            )));
        }
        let answer: TokenAnswer = reply.json()?;
        Ok(Token {
            value: answer.access_token,
            seconds: TOKEN_SECONDS,
        })
    }
}

/// HMAC-SHA256 in lower-case hexadecimal digits.
fn signature(key: &SecretString, content: &str) -> Result<String, StepError> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.expose_secret().as_bytes())
        .map_err(|_| StepError::Permanent("the secret key cannot sign".to_owned()))?;
    mac.update(content.as_bytes());
    let mut digits = String::with_capacity(64);
    for byte in mac.finalize().into_bytes() {
        // Writing to a String does not fail.
        let _ = write!(digits, "{byte:02x}");
    }
    Ok(digits)
}

#[derive(Deserialize)]
struct TokenAnswer {
    access_token: SecretString,
}

#[derive(Deserialize)]
struct Refused {
    success: Option<bool>,
}

#[derive(Deserialize)]
struct Documents {
    results: Vec<Document>,
}

#[derive(Deserialize)]
struct Document {
    client_id: Option<u64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures_match_rfc_4231() {
        assert_eq!(
            signature(&"Jefe".into(), "what do ya want for nothing?").unwrap(),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
    }

    #[test]
    fn the_write_address_names_the_client() {
        let address = |template: Option<&str>, client: &str| {
            let credentials = Credentials {
                address: String::new(),
                access_key: "a".into(),
                secret_key: "s".into(),
                write_address: template.map(str::to_owned),
            };
            credentials.write_address(client)
        };
        assert_eq!(address(None, "7"), Ok(None));
        assert_eq!(
            address(Some("https://x.example/clients/{client_id}/credentials"), "7"),
            Ok(Some("https://x.example/clients/7/credentials".to_owned()))
        );
        for (template, client) in [
            ("https://x.example/credentials", "7"),
            ("https://x.example/{client_id}/{folder}", "7"),
            ("https://x.example/{client_id}", "7/../8"),
        ] {
            assert!(
                matches!(address(Some(template), client), Err(StepError::NeedsAttention(_))),
                "{template}"
            );
        }
    }
}
