//! Google's discovery document and keys, cached for as long as Google says.

use std::collections::HashMap;
use std::pin::Pin;
use std::time::{Duration, Instant};

use domain::step_error::StepError;
use http::header::CONTENT_TYPE;
use openidconnect::{AsyncHttpClient, HttpRequest, HttpResponse};
use tokio::sync::Mutex;
use url::Url;

pub(super) struct Documents {
    local_origins: String,
    kept: Mutex<HashMap<String, (Instant, Vec<u8>)>>,
}

impl Documents {
    pub(super) fn new(local_origins: String) -> Self {
        Self {
            local_origins,
            kept: Mutex::default(),
        }
    }

    /// Checks that Gangway may call an address that a document names.
    pub(super) fn allowed(&self, address: &Url) -> Result<Url, StepError> {
        outbound::given_address("Google", address.as_str(), &self.local_origins)
    }

    pub(super) async fn forget(&self, address: &str) {
        self.kept.lock().await.remove(address);
    }

    async fn read(&self, address: &str) -> Result<Vec<u8>, StepError> {
        if let Some((until, body)) = self.kept.lock().await.get(address)
            && Instant::now() < *until
        {
            return Ok(body.clone());
        }
        let url = Url::parse(address).map_err(|_| super::wrong("an address of Google's"))?;
        let request = outbound::http_client().get(self.allowed(&url)?);
        let reply = outbound::send("Google", "read its keys", request).await?;
        let body = reply.json::<serde_json::Value>()?.to_string().into_bytes();
        let seconds = reply.header("cache-control").map_or(0, max_age);
        let age = reply.header("age").and_then(|age| age.trim().parse().ok()).unwrap_or(0);
        let fresh = Duration::from_secs(seconds.saturating_sub(age));
        if let Some(until) = Instant::now().checked_add(fresh) {
            self.kept.lock().await.insert(address.to_owned(), (until, body.clone()));
        }
        Ok(body)
    }
}

/// How many seconds a response may be cached; 0 if it does not say.
fn max_age(cache_control: &str) -> u64 {
    let mut directives = cache_control.split(',').map(str::trim);
    let forbids = |directive: &str| matches!(directive, "no-store" | "no-cache");
    if directives.clone().any(forbids) {
        return 0;
    }
    directives
        .find_map(|directive| directive.strip_prefix("max-age="))
        .and_then(|seconds| seconds.parse().ok())
        .unwrap_or(0)
}

/// The client for discovery, which only reads.
impl<'c> AsyncHttpClient<'c> for Documents {
    type Error = StepError;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, StepError>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(async move {
            let mut response = HttpResponse::new(self.read(&request.uri().to_string()).await?);
            let json = http::HeaderValue::from_static("application/json");
            response.headers_mut().insert(CONTENT_TYPE, json);
            Ok(response)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_are_cached_only_as_google_says() {
        assert_eq!(max_age("public, max-age=22463, must-revalidate, no-transform"), 22463);
        for nothing in [
            "",
            "public",
            "no-store, max-age=60",
            "max-age=60, no-cache",
            "max-age=soon",
        ] {
            assert_eq!(max_age(nothing), 0, "{nothing}");
        }
    }
}
