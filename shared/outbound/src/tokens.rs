//! The process-wide cache of access tokens, because each invocation creates new clients.

use std::time::{Duration, SystemTime};

use domain::step_error::StepError;
use reqwest::RequestBuilder;
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Mutex;

use crate::reply::{GIVEN_HOST_ANSWER, Reply, send_up_to};

/// A token is not used in its last minutes, because it must outlive the call and clocks differ.
const MARGIN: Duration = Duration::from_secs(300);

static TOKENS: Mutex<Vec<Kept>> = Mutex::const_new(Vec::new());

struct Kept {
    owner: Owner,
    token: SecretString,
    until: SystemTime,
}

/// A token and its lifetime in seconds according to the vendor.
pub struct Token {
    pub value: SecretString,
    pub seconds: u64,
}

/// Everything from which a token was made, including the secret. So knowing another organisation's client id gives no
/// access to its token.
#[derive(Debug, Clone)]
pub struct Owner(SecretString);

impl Owner {
    /// `parts` are the system's name, the token's address, the user and the secret.
    pub fn new(parts: &[&str]) -> Self {
        let lengths: Vec<String> = parts.iter().map(|part| part.len().to_string()).collect();
        Self(format!("{}\n{}", lengths.join(","), parts.concat()).into())
    }

    fn is(&self, other: &Self) -> bool {
        self.0.expose_secret() == other.0.expose_secret()
    }
}

/// Sends the request with a bearer token. A token that the vendor no longer accepts (401) is replaced once.
pub async fn send_with_token<F>(
    system: &'static str,
    operation: &'static str,
    request: RequestBuilder,
    owner: &Owner,
    fetch: impl Fn() -> F,
) -> Result<Reply, StepError>
where
    F: Future<Output = Result<Token, StepError>>,
{
    send_with_token_up_to(GIVEN_HOST_ANSWER, system, operation, request, owner, fetch).await
}

pub(crate) async fn send_with_token_up_to<F>(
    most_bytes: usize,
    system: &'static str,
    operation: &'static str,
    request: RequestBuilder,
    owner: &Owner,
    fetch: impl Fn() -> F,
) -> Result<Reply, StepError>
where
    F: Future<Output = Result<Token, StepError>>,
{
    let sign = |request: RequestBuilder, token: &str| request.bearer_auth(token);
    signed(most_bytes, system, operation, request, owner, fetch, sign).await
}

/// Like [`send_with_token`], for a vendor that expects the token elsewhere: `sign` adds it to the request.
pub async fn send_signed<F>(
    system: &'static str,
    operation: &'static str,
    request: RequestBuilder,
    owner: &Owner,
    fetch: impl Fn() -> F,
    sign: fn(RequestBuilder, &str) -> RequestBuilder,
) -> Result<Reply, StepError>
where
    F: Future<Output = Result<Token, StepError>>,
{
    signed(GIVEN_HOST_ANSWER, system, operation, request, owner, fetch, sign).await
}

async fn signed<F>(
    most_bytes: usize,
    system: &'static str,
    operation: &'static str,
    request: RequestBuilder,
    owner: &Owner,
    fetch: impl Fn() -> F,
    sign: fn(RequestBuilder, &str) -> RequestBuilder,
) -> Result<Reply, StepError>
where
    F: Future<Output = Result<Token, StepError>>,
{
    let again = request.try_clone();
    let kept = token(owner, fetch(), None).await?;
    let reply = send_up_to(most_bytes, system, operation, sign(request, kept.expose_secret())).await?;
    match again {
        Some(again) if reply.status() == 401 => {
            let fresh = token(owner, fetch(), Some(&kept)).await?;
            send_up_to(most_bytes, system, operation, sign(again, fresh.expose_secret())).await
        }
        _ => Ok(reply),
    }
}

/// Returns the cached token unless it is the refused one, and fetches a new one otherwise. A lock ensures that only one
/// is fetched.
pub async fn token(
    owner: &Owner,
    fetch: impl Future<Output = Result<Token, StepError>>,
    refused: Option<&SecretString>,
) -> Result<SecretString, StepError> {
    let mut tokens = TOKENS.lock().await;
    let now = SystemTime::now();
    tokens.retain(|kept| {
        let is_refused =
            refused.is_some_and(|token| kept.owner.is(owner) && token.expose_secret() == kept.token.expose_secret());
        kept.until > now && !is_refused
    });
    if let Some(kept) = tokens.iter().find(|kept| kept.owner.is(owner)) {
        return Ok(kept.token.clone());
    }
    let token = fetch.await?;
    tokens.push(Kept {
        owner: owner.clone(),
        token: token.value.clone(),
        until: now + Duration::from_secs(token.seconds).saturating_sub(MARGIN),
    });
    Ok(token.value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn owners_differ_by_every_part() {
        let owner = Owner::new(&["Halo", "https://a", "id", "secret"]);
        assert!(owner.is(&Owner::new(&["Halo", "https://a", "id", "secret"])));
        for other in [
            ["Halo", "https://a", "id", "other"],
            ["Halo", "https://ai", "d", "secret"],
        ] {
            assert!(!owner.is(&Owner::new(&other)));
        }
    }
}
