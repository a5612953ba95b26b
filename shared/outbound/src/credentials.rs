//! OAuth 2 client credentials, with one token store for the whole process.

use std::time::{Duration, SystemTime};

use domain::fault::Fault;
use reqwest::RequestBuilder;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::json;
use tokio::sync::Mutex;
use url::Url;

use crate::reply::{Reply, send};

/// A token is not used in its last minutes: it must outlive the call, and clocks differ.
const MARGIN: Duration = Duration::from_secs(300);
const OPERATION: &str = "get a token";

/// Clients of one tenant come and go with each invocation; the tokens stay.
static TOKENS: Mutex<Vec<Kept>> = Mutex::const_new(Vec::new());

struct Kept {
    owner: ClientCredentials,
    token: SecretString,
    until: SystemTime,
}

/// How the vendor wants to be asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Grant {
    /// A form with a scope (Entra).
    Form { scope: String },
    /// JSON with an audience (Pax8).
    Json { audience: String },
}

#[derive(Debug, Clone)]
pub struct ClientCredentials {
    pub system: &'static str,
    pub token_url: Url,
    pub client_id: String,
    pub client_secret: SecretString,
    pub grant: Grant,
}

impl ClientCredentials {
    /// Sends the request with a token; a token that the vendor doesn't accept any more is replaced once.
    pub async fn send(
        &self,
        http: &reqwest::Client,
        operation: &'static str,
        request: RequestBuilder,
    ) -> Result<Reply, Fault> {
        let again = request.try_clone();
        let token = self.token(http, None).await?;
        let reply = send(self.system, operation, request.bearer_auth(token.expose_secret())).await?;
        match again {
            Some(again) if reply.status() == 401 => {
                let token = self.token(http, Some(&token)).await?;
                send(self.system, operation, again.bearer_auth(token.expose_secret())).await
            }
            _ => Ok(reply),
        }
    }

    /// A kept token unless it is the refused one, else a new one. The lock is held meanwhile, so that one is fetched.
    async fn token(&self, http: &reqwest::Client, refused: Option<&SecretString>) -> Result<SecretString, Fault> {
        let mut tokens = TOKENS.lock().await;
        let now = SystemTime::now();
        tokens.retain(|kept| {
            let is_refused = refused.is_some_and(|token| kept.owner.same(self) && same_secret(token, &kept.token));
            kept.until > now && !is_refused
        });
        if let Some(kept) = tokens.iter().find(|kept| kept.owner.same(self)) {
            return Ok(kept.token.clone());
        }
        let answer = self.fetch(http).await?;
        let until = now + Duration::from_secs(answer.expires_in).saturating_sub(MARGIN);
        tokens.push(Kept {
            owner: self.clone(),
            token: answer.access_token.clone(),
            until,
        });
        Ok(answer.access_token)
    }

    async fn fetch(&self, http: &reqwest::Client) -> Result<TokenAnswer, Fault> {
        let request = http.post(self.token_url.clone());
        let request = match &self.grant {
            Grant::Form { scope } => request.form(&[
                ("grant_type", "client_credentials"),
                ("client_id", &self.client_id),
                ("client_secret", self.client_secret.expose_secret()),
                ("scope", scope),
            ]),
            Grant::Json { audience } => request.json(&json!({
                "grant_type": "client_credentials",
                "client_id": self.client_id,
                "client_secret": self.client_secret.expose_secret(),
                "audience": audience,
            })),
        };
        let reply = send(self.system, OPERATION, request).await?;
        if matches!(reply.status(), 400..=403) {
            return Err(self.not_accepted(&reply));
        }
        reply.json()
    }

    /// Entra says 400 for an unknown tenant or application and 401 for a wrong secret: either way the credentials.
    fn not_accepted(&self, reply: &Reply) -> Fault {
        let body: TokenError = reply.error_body().unwrap_or_default();
        let mut codes: Vec<String> = Vec::new();
        codes.extend(
            body.error
                .filter(|error| error.len() <= 40 && error.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')),
        );
        codes.extend(body.error_codes.first().map(|code| format!("AADSTS{code}")));
        Fault::NeedsAttention(format!(
            "{} does not accept the client id and secret (status {}{}{}); renew them in Gangway",
            self.system,
            reply.status(),
            if codes.is_empty() { "" } else { ", " },
            codes.join(", ")
        ))
    }

    /// With the secret: who only knows another's client id gets no token of theirs.
    fn same(&self, other: &Self) -> bool {
        self.token_url == other.token_url
            && self.client_id == other.client_id
            && self.grant == other.grant
            && same_secret(&self.client_secret, &other.client_secret)
    }
}

fn same_secret(one: &SecretString, other: &SecretString) -> bool {
    one.expose_secret() == other.expose_secret()
}

#[derive(Deserialize)]
struct TokenAnswer {
    access_token: SecretString,
    #[serde(default)]
    expires_in: u64,
}

#[derive(Default, Deserialize)]
struct TokenError {
    error: Option<String>,
    #[serde(default)]
    error_codes: Vec<u32>,
}
