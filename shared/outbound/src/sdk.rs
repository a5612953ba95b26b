//! Sends the AWS SDK's requests through the same client.

use std::time::Duration;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;

/// The `http_client` for `aws_config`, so that the SDK does not create its own TLS configuration, trust roots and pool.
pub fn sdk_http_client() -> SharedHttpClient {
    SharedHttpClient::new(Shared)
}

#[derive(Debug)]
struct Shared;

impl HttpClient for Shared {
    fn http_connector(&self, settings: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(Connector {
            http: crate::http_client(),
            read_timeout: settings.read_timeout(),
        })
    }
}

#[derive(Debug)]
struct Connector {
    http: reqwest::Client,
    read_timeout: Option<Duration>,
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let (http, read_timeout) = (self.http.clone(), self.read_timeout);
        HttpConnectorFuture::new(async move {
            let mut request = convert(request)?;
            if let Some(timeout) = read_timeout {
                *request.timeout_mut() = Some(timeout);
            }
            let mut response = http.execute(request).await.map_err(connector_error)?;
            let status = response
                .status()
                .as_u16()
                .try_into()
                .map_err(|error| user_error("status", error))?;
            let headers = std::mem::take(response.headers_mut());
            // The body is read here, so that a broken connection is a connector error, which the SDK retries.
            let body = response.bytes().await.map_err(connector_error)?;
            let mut answer = HttpResponse::new(status, SdkBody::from(body));
            for (name, value) in &headers {
                if let Ok(value) = value.to_str() {
                    answer.headers_mut().append(name.as_str().to_owned(), value.to_owned());
                }
            }
            Ok(answer)
        })
    }
}

/// Converts the SDK's request type. None of the operations used here streams a body.
fn convert(request: HttpRequest) -> Result<reqwest::Request, ConnectorError> {
    let request = request
        .try_into_http1x()
        .map_err(|error| user_error("request", error))?;
    let (parts, body) = request.into_parts();
    let Some(bytes) = body.bytes() else {
        return Err(user_error("body", "streamed bodies are not supported"));
    };
    reqwest::Request::try_from(http::Request::from_parts(parts, bytes.to_vec()))
        .map_err(|error| user_error("request", error.without_url()))
}

fn user_error(what: &str, error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> ConnectorError {
    tracing::debug!(what, "not a request that can be sent");
    ConnectorError::user(error.into())
}

/// Classifies an error, because the SDK retries what is marked as a timeout or as I/O.
fn connector_error(error: reqwest::Error) -> ConnectorError {
    let error = error.without_url();
    if error.is_timeout() {
        ConnectorError::timeout(error.into())
    } else if error.is_builder() {
        ConnectorError::user(error.into())
    } else {
        ConnectorError::io(error.into())
    }
}
