//! One call to a vendor: distinguishes errors to retry, errors that a person must fix, and refusals that the caller
//! handles.

use std::time::Duration;

use domain::step_error::StepError;
use reqwest::RequestBuilder;
use reqwest::header::{HeaderMap, RETRY_AFTER};
use serde::de::DeserializeOwned;

/// The longest response, in bytes, from a server whose address an organisation set. One function serves many
/// organisations, and none of them may fill its memory.
pub const GIVEN_HOST_ANSWER: usize = 1024 * 1024;
/// The longest response, in bytes, from a vendor with an address fixed in the code and the template. A page of a
/// thousand users is about one megabyte, and some vendors have no pages.
pub const FIXED_VENDOR_ANSWER: usize = 8 * 1024 * 1024;
/// The longest wait within one call if the vendor asks for it. The state machine handles longer waits.
const PATIENCE: Duration = Duration::from_secs(5);
const MOST_REPEATS: usize = 2;

/// A vendor's response with a status below 500 (or below 501, see [`send_and_read_500`]) other than 408 and 429, which
/// become errors.
///
/// [`Reply::json`] and [`Reply::done`] accept only a success. A caller that handles a certain refusal looks at
/// [`Reply::status`] first, and no other caller can mistake a refusal for a result.
#[derive(Debug)]
pub struct Reply {
    system: &'static str,
    operation: &'static str,
    status: u16,
    headers: HeaderMap,
    body: Body,
}

/// Vendors' bodies contain personal data, so debug output hides them.
struct Body(Vec<u8>);

impl std::fmt::Debug for Body {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} bytes", self.0.len())
    }
}

impl Reply {
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The size of the body in bytes.
    pub fn size(&self) -> usize {
        self.body.0.len()
    }

    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// Parses the body of a success.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, StepError> {
        self.done()?;
        serde_json::from_slice(&self.body.0).map_err(|error| {
            // serde_json's message repeats values; the position is enough to find the cause.
            StepError::Transient(format!(
                "{} answered {} with something else than its documentation says (line {}, column {})",
                self.system,
                self.operation,
                error.line(),
                error.column()
            ))
        })
    }

    /// Accepts a success whose body does not matter.
    pub fn done(&self) -> Result<(), StepError> {
        if self.is_success() {
            Ok(())
        } else {
            Err(self.refused(None))
        }
    }

    /// The vendor's description of an error, if it has the form of `T`.
    pub fn error_body<T: DeserializeOwned>(&self) -> Option<T> {
        serde_json::from_slice(&self.body.0).ok()
    }

    /// The error for a refusal that the caller does not handle. `code` is the vendor's short error code. Anything
    /// longer is left out, because messages quote personal data.
    pub fn refused(&self, code: Option<&str>) -> StepError {
        let code = code
            .filter(|code| is_code(code))
            .map(|code| format!(", {code}"))
            .unwrap_or_default();
        let Self {
            system,
            operation,
            status,
            ..
        } = self;
        match status {
            401 => StepError::NeedsAttention(format!(
                "{system} does not accept the credentials ({operation}: 401{code}); renew them in Gangway"
            )),
            403 => StepError::NeedsAttention(format!(
                "{system} does not permit \"{operation}\" (403{code}); grant the permission to Gangway's credentials"
            )),
            500.. => out_of_order(system, operation, *status),
            _ => StepError::Permanent(format!("{system} refused \"{operation}\" ({status}{code})")),
        }
    }
}

fn is_code(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.-".contains(&b))
}

/// Sends the request; error texts name `system` and `operation`.
///
/// After a 429 the request is repeated if the vendor gives a number of seconds that is short enough. Nothing else is
/// repeated here: only the step knows whether a call whose response was lost may be sent again.
pub async fn send(system: &'static str, operation: &'static str, request: RequestBuilder) -> Result<Reply, StepError> {
    exchange(system, operation, request, 500, GIVEN_HOST_ANSWER).await
}

/// Like [`send`], for a vendor with a fixed address, whose responses may be longer.
pub async fn send_to_fixed_vendor(
    system: &'static str,
    operation: &'static str,
    request: RequestBuilder,
) -> Result<Reply, StepError> {
    send_up_to(FIXED_VENDOR_ANSWER, system, operation, request).await
}

pub(crate) async fn send_up_to(
    most_bytes: usize,
    system: &'static str,
    operation: &'static str,
    request: RequestBuilder,
) -> Result<Reply, StepError> {
    exchange(system, operation, request, 500, most_bytes).await
}

/// Like [`send`], but a 500 is returned as a reply, for a vendor that uses it for invalid requests. [`Reply::refused`]
/// still treats it as a server error.
pub async fn send_and_read_500(
    system: &'static str,
    operation: &'static str,
    request: RequestBuilder,
) -> Result<Reply, StepError> {
    exchange(system, operation, request, 501, GIVEN_HOST_ANSWER).await
}

async fn exchange(
    system: &'static str,
    operation: &'static str,
    request: RequestBuilder,
    broken_from: u16,
    most_bytes: usize,
) -> Result<Reply, StepError> {
    let mut patience = PATIENCE;
    let mut request = request;
    for _ in 0..MOST_REPEATS {
        let again = request.try_clone();
        match attempt(system, operation, request, broken_from, most_bytes).await? {
            Attempt::Answered(reply) => return Ok(reply),
            Attempt::Throttled(wait) => match (wait, again) {
                (Some(wait), Some(next)) if wait <= patience => {
                    patience -= wait;
                    request = next;
                    pause(wait).await;
                }
                _ => return Err(throttled(system, operation)),
            },
        }
    }
    match attempt(system, operation, request, broken_from, most_bytes).await? {
        Attempt::Answered(reply) => Ok(reply),
        Attempt::Throttled(_) => Err(throttled(system, operation)),
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the vendor's own instruction, within this call's time"
)]
async fn pause(wait: Duration) {
    tokio::time::sleep(wait).await;
}

fn throttled(system: &str, operation: &str) -> StepError {
    StepError::Transient(format!("{system} asks for fewer calls ({operation}: 429)"))
}

fn out_of_order(system: &str, operation: &str, status: u16) -> StepError {
    StepError::Transient(format!("{system} is out of order ({operation}: {status})"))
}

enum Attempt {
    Answered(Reply),
    /// Contains the number of seconds that the vendor named.
    Throttled(Option<Duration>),
}

async fn attempt(
    system: &'static str,
    operation: &'static str,
    request: RequestBuilder,
    broken_from: u16,
    most_bytes: usize,
) -> Result<Attempt, StepError> {
    let error = |error: reqwest::Error| transport_fault(system, operation, &error);
    let mut response = request.send().await.map_err(error)?;
    let status = response.status().as_u16();
    // 404 is the usual response to a look-up that finds nothing.
    if status >= 400 && status != 404 {
        tracing::warn!(system, operation, status, "vendor error");
    }
    if status == 429 {
        return Ok(Attempt::Throttled(retry_after(response.headers())));
    }
    if status == 408 || status >= broken_from {
        return Err(out_of_order(system, operation, status));
    }
    let too_long = || {
        StepError::Permanent(format!(
            "{system} answered {operation} with more than {most_bytes} bytes"
        ))
    };
    if response
        .content_length()
        .is_some_and(|length| length > most_bytes as u64)
    {
        return Err(too_long());
    }
    let mut body = Vec::new();
    while let Some(part) = response.chunk().await.map_err(error)? {
        if body.len() + part.len() > most_bytes {
            return Err(too_long());
        }
        body.extend_from_slice(&part);
    }
    let headers = std::mem::take(response.headers_mut());
    Ok(Attempt::Answered(Reply {
        system,
        operation,
        status,
        headers,
        body: Body(body),
    }))
}

/// Accepts only whole seconds, because no vendor here sends an HTTP date.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    headers
        .get(RETRY_AFTER)?
        .to_str()
        .ok()?
        .trim()
        .parse()
        .ok()
        .map(Duration::from_secs)
}

/// Leaves out the error's own text: it quotes the address, which may contain personal data.
fn transport_fault(system: &str, operation: &str, error: &reqwest::Error) -> StepError {
    if error.is_builder() {
        return StepError::Permanent(format!("the request to {system} ({operation}) could not be built"));
    }
    let what = if error.is_timeout() {
        "did not answer in time"
    } else if error.is_connect() {
        "could not be reached"
    } else {
        "broke the connection"
    };
    tracing::warn!(system, operation, what, "vendor error");
    StepError::Transient(format!("{system} {what} ({operation})"))
}
