//! An HTTP client for this machine's own servers.

use std::time::Duration;

use serde_json::Value;
use ureq::Agent;

use crate::Result;

pub(crate) fn agent() -> Agent {
    let config = Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(Duration::from_secs(60)));
    config.max_redirects(0).build().into()
}

pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Result<Value> {
        serde_json::from_str(&self.text).map_err(|_| format!("no JSON ({}): {}", self.status, self.text).into())
    }

    pub(crate) fn expect(self, status: u16, what: &str) -> Result<Self> {
        if self.status == status {
            return Ok(self);
        }
        Err(format!("{what}: {} came instead of {status}: {}", self.status, self.text).into())
    }
}

pub(crate) fn get(url: &str, token: Option<&str>) -> Result<Answer> {
    let mut request = agent().get(url).header("Accept", "application/json");
    if let Some(token) = token {
        request = request.header("Authorization", format!("Bearer {token}"));
    }
    read(request.call(), url)
}

pub(crate) fn post(url: &str, token: Option<&str>, body: &Value) -> Result<Answer> {
    let mut request = agent().post(url).header("Accept", "application/json");
    if let Some(token) = token {
        request = request.header("Authorization", format!("Bearer {token}"));
    }
    read(request.send_json(body), url)
}

/// Calls AWS on an emulator that does not verify signatures.
pub(crate) fn aws(endpoint: &str, service: &str, target: &str, body: &Value) -> Result<Answer> {
    let scope = format!("AWS4-HMAC-SHA256 Credential=ak/20260101/us-east-1/{service}/aws4_request");
    let request = agent()
        .post(endpoint)
        .header("X-Amz-Target", target)
        .header("Authorization", scope);
    read(
        request
            .content_type("application/x-amz-json-1.0")
            .send(body.to_string()),
        endpoint,
    )
}

/// Sends a form that has only a button, as a browser does.
pub(crate) fn press(url: &str) -> Result<Answer> {
    let request = agent()
        .post(url)
        .header("Accept", "text/html")
        .content_type("application/x-www-form-urlencoded");
    read(request.send(""), url)
}

fn read(response: Result<ureq::http::Response<ureq::Body>, ureq::Error>, url: &str) -> Result<Answer> {
    let mut response = response.map_err(|error| format!("{url}: {error}"))?;
    let text = response
        .body_mut()
        .read_to_string()
        .map_err(|error| format!("{url}: {error}"))?;
    Ok(Answer {
        status: response.status().as_u16(),
        text,
    })
}
