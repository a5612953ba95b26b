//! OAuth 2 client credentials.

use domain::step_error::StepError;
use reqwest::RequestBuilder;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::json;
use url::Url;

use crate::reply::{Reply, send};
use crate::tokens::{Owner, Token, send_with_token_up_to};

const OPERATION: &str = "get a token";

/// The format in which the vendor expects the token request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Grant {
    /// A form with a scope, for Entra.
    Form { scope: String },
    /// JSON with an audience, for Pax8.
    Json { audience: String },
}

#[derive(Debug, Clone)]
pub struct ClientCredentials {
    pub system: &'static str,
    pub token_url: Url,
    pub client_id: String,
    pub client_secret: SecretString,
    pub grant: Grant,
    /// The longest response in bytes: [`crate::GIVEN_HOST_ANSWER`] or [`crate::FIXED_VENDOR_ANSWER`].
    pub longest_answer: usize,
}

impl ClientCredentials {
    /// Sends the request with a token. A token that the vendor no longer accepts is replaced once.
    pub async fn send(
        &self,
        http: &reqwest::Client,
        operation: &'static str,
        request: RequestBuilder,
    ) -> Result<Reply, StepError> {
        let secret = self.client_secret.expose_secret();
        let grant = match &self.grant {
            Grant::Form { scope } => scope,
            Grant::Json { audience } => audience,
        };
        let owner = Owner::new(&[self.system, self.token_url.as_str(), &self.client_id, grant, secret]);
        send_with_token_up_to(self.longest_answer, self.system, operation, request, &owner, || {
            self.fetch(http)
        })
        .await
    }

    async fn fetch(&self, http: &reqwest::Client) -> Result<Token, StepError> {
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
        let answer: TokenAnswer = reply.json()?;
        Ok(Token {
            value: answer.access_token,
            seconds: answer.expires_in,
        })
    }

    /// Entra responds 400 for an unknown tenant or application and 401 for a wrong secret. In both cases the
    /// credentials are wrong.
    fn not_accepted(&self, reply: &Reply) -> StepError {
        let body: TokenError = reply.error_body().unwrap_or_default();
        let mut codes: Vec<String> = Vec::new();
        codes.extend(
            body.error
                .filter(|error| error.len() <= 40 && error.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')),
        );
        codes.extend(body.error_codes.first().map(|code| format!("AADSTS{code}")));
        StepError::NeedsAttention(format!(
            "{} does not accept the client id and secret (status {}{}{}); renew them in Gangway",
            self.system,
            reply.status(),
            if codes.is_empty() { "" } else { ", " },
            codes.join(", ")
        ))
    }
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
