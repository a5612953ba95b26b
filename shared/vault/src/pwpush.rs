//! The client of Password Pusher: a secret behind a link that opens a few times. Uses API v2, and v1 for older servers.
//!
//! A push contains nothing that people wrote, only the password and a fixed note.

use domain::finding::Finding;
use domain::step_error::StepError;
use outbound::{Pages, Reply, endpoint, send};
use reqwest::RequestBuilder;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::{Value, json};
use url::Url;

use crate::marker_line;

const SYSTEM: &str = "PWPush";
const EXPIRES_AFTER_DAYS: u32 = 7;
/// More than one view, in case the page is lost before the password is typed.
const EXPIRES_AFTER_VIEWS: u32 = 5;
/// The last page that the server accepts.
const MOST_PAGES: usize = 200;

/// The credentials as stored in the secret. A server that accepts anonymous pushes needs none.
#[derive(Debug, Clone, Deserialize)]
pub struct Credentials {
    /// The server that the token is for, such as `https://pwpush.example.com`. Pushes go to the address in
    /// `pwpush_url`.
    pub address: String,
    pub api_token: SecretString,
}

#[derive(Debug, Clone)]
pub struct PwPush {
    http: reqwest::Client,
    base: Url,
    token: Token,
}

/// A token, and the server it was stored with.
#[derive(Debug, Clone)]
pub struct Key {
    /// The address from the credentials, after its check.
    pub server: Url,
    pub token: SecretString,
    /// Whether the organisation owns the token, as opposed to its parent.
    pub own: bool,
}

#[derive(Debug, Clone)]
enum Token {
    Ours(SecretString),
    /// There is a token for another server, and it is not sent to this one.
    OfAnotherServer {
        own: bool,
    },
    None,
}

/// The result of searching for an earlier push.
#[derive(Debug)]
pub enum Found {
    Link(SecretString),
    Nothing,
    /// Pushes without a token belong to nobody, and old servers cannot list any.
    CannotSay,
}

impl PwPush {
    /// `base` is the address for pushes. The token is sent only if its server has the same origin, because the address
    /// and the token may have been set by different people.
    pub fn new(http: reqwest::Client, base: Url, key: Option<Key>) -> Self {
        let token = match key {
            Some(key) if key.server.origin() == base.origin() => Token::Ours(key.token),
            Some(key) => Token::OfAnotherServer { own: key.own },
            None => Token::None,
        };
        Self { http, base, token }
    }

    /// Creates a push and returns its link. The reader has to click once more, so that a mail scanner uses up no view.
    pub async fn push(&self, marker: &str, secret: &SecretString) -> Result<SecretString, StepError> {
        let push = json!({
            "payload": secret.expose_secret(),
            "expire_after_days": EXPIRES_AFTER_DAYS,
            "expire_after_views": EXPIRES_AFTER_VIEWS,
            "retrieval_step": true,
            "deletable_by_viewer": true,
            "note": marker_line(marker),
        });
        let reply = self.post(&["api", "v2", "pushes"], &json!({ "push": push })).await?;
        let reply = match is_older(&reply) {
            true => self.post(&["p.json"], &json!({ "password": push })).await?,
            false => reply,
        };
        let made: Push = reply.json()?;
        self.link(&made.url_token)
    }

    /// The link of the push with this mark, as long as it can be opened.
    pub async fn find(&self, marker: &str) -> Result<Found, StepError> {
        const OPERATION: &str = "list the pushes";
        if !matches!(self.token, Token::Ours(_)) {
            return Ok(Found::CannotSay);
        }
        let marker = marker_line(marker);
        let mut pages = Pages::new(SYSTEM, OPERATION, MOST_PAGES);
        loop {
            let number = pages.turn()?;
            let reply = pages.read(self.active(OPERATION, number)).await?;
            if is_older(&reply) {
                return Ok(Found::CannotSay);
            }
            let pushes: Vec<Push> = reply.json()?;
            if pushes.is_empty() {
                return Ok(Found::Nothing);
            }
            if let Some(ours) = pushes.iter().find(|push| push.is_open(&marker)) {
                return self.link(&ours.url_token).map(Found::Link);
            }
        }
    }

    pub async fn check(&self) -> Vec<Finding> {
        let version = async {
            let url = endpoint(&self.base, &["api", "v2", "version"], &[]);
            let reply = self.call("read the version", self.http.get(url)).await?;
            if is_older(&reply) {
                return Ok("has API v1 only".to_owned());
            }
            reply.json::<Value>().map(|_| "has API v2".to_owned())
        };
        let mut findings = vec![Finding::new("server", version.await)];
        let token = match self.token {
            Token::Ours(_) => self.check_token().await,
            Token::OfAnotherServer { own: false } => Ok(
                "none is sent: the parent organisation's is for another server than pwpush_url names, and pushes go \
                 without one"
                    .to_owned(),
            ),
            Token::OfAnotherServer { own: true } => Err(StepError::NeedsAttention(
                "is for another server than pwpush_url names, so it is not sent there and pushes go without one: set \
                 credentials for the server of pwpush_url, or pwpush_url to the server of the credentials"
                    .to_owned(),
            )),
            Token::None => return findings,
        };
        findings.push(Finding::new("API token", token));
        findings
    }

    async fn check_token(&self) -> Result<String, StepError> {
        let reply = self.active("list the pushes", 1).await?;
        if is_older(&reply) {
            return Ok("cannot be tried with API v1".to_owned());
        }
        reply.json::<Vec<Push>>().map(|_| "is accepted".to_owned())
    }

    async fn active(&self, operation: &'static str, number: usize) -> Result<Reply, StepError> {
        let number = number.to_string();
        let url = endpoint(&self.base, &["api", "v2", "pushes", "active"], &[("page", &number)]);
        self.call(operation, self.http.get(url)).await
    }

    async fn post(&self, path: &[&str], body: &Value) -> Result<Reply, StepError> {
        let request = self.http.post(endpoint(&self.base, path, &[])).json(body);
        self.call("push the password", request).await
    }

    async fn call(&self, operation: &'static str, request: RequestBuilder) -> Result<Reply, StepError> {
        let request = match &self.token {
            Token::Ours(token) => request.bearer_auth(token.expose_secret()),
            Token::OfAnotherServer { .. } | Token::None => request,
        };
        let reply = send(SYSTEM, operation, request).await?;
        if !matches!(reply.status(), 401 | 403) {
            return Ok(reply);
        }
        let what = match self.token {
            Token::Ours(_) => "does not accept the API token: renew it in Gangway",
            Token::OfAnotherServer { .. } => {
                "takes no pushes without an API token, and the one in the credentials of pwpush is for another server"
            }
            Token::None => "takes no pushes without an API token: set one as the credentials of pwpush",
        };
        Err(StepError::NeedsAttention(format!(
            "{SYSTEM} {what} ({})",
            reply.status()
        )))
    }

    /// The link is built from the configured address, because a server behind a proxy may report another one.
    fn link(&self, token: &SecretString) -> Result<SecretString, StepError> {
        let token = token.expose_secret();
        let plain = (1..=128).contains(&token.len())
            && token
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
        if !plain {
            return Err(StepError::Transient(format!(
                "{SYSTEM} answered with something else than its documentation says"
            )));
        }
        Ok(String::from(endpoint(&self.base, &["p", token, "r"], &[])).into())
    }
}

/// Whether the address is missing, because the server is older than API v2.
fn is_older(reply: &Reply) -> bool {
    matches!(reply.status(), 404 | 405)
}

#[derive(Deserialize)]
struct Push {
    /// The token that opens the push, so it is as secret as the password.
    url_token: SecretString,
    note: Option<String>,
    #[serde(default)]
    expired: bool,
    deleted: Option<bool>,
    views_remaining: Option<i64>,
}

impl Push {
    fn is_open(&self, marker: &str) -> bool {
        let opens =
            !self.expired && !self.deleted.unwrap_or_default() && self.views_remaining.is_none_or(|left| left > 0);
        opens && self.note.as_deref() == Some(marker)
    }
}
