//! A proxy between Gangway's functions and the local AWS engine. It forwards requests unchanged, so signatures stay
//! valid. By rule, it sends a request twice, loses an answer, or kills the caller before or after the call.

use std::{sync::Arc, time::Duration};

use axum::{
    Extension, Router,
    body::Body,
    extract::Request,
    http::{HeaderMap, HeaderValue, Response, StatusCode, Uri, header, request::Parts},
};
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use serde::{Deserialize, Serialize};

use crate::{
    kill,
    server::{App, Connection, Lost},
};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProxyTarget {
    pub port: u16,
    pub url: String,
}

pub fn parse_target(text: &str) -> Result<ProxyTarget, String> {
    let (port, url) = text
        .split_once('=')
        .ok_or("LISTEN=TARGET is wanted, such as 4567=http://127.0.0.1:4566")?;
    let port = port.parse().map_err(|_| format!("{port} is no port"))?;
    let url = url.trim_end_matches('/');
    let uri: Uri = url.parse().map_err(|_| format!("{url} is no address"))?;
    if uri.scheme_str() != Some("http") || uri.authority().is_none() {
        return Err(format!("{url} is no http address"));
    }
    Ok(ProxyTarget {
        port,
        url: url.to_owned(),
    })
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Action {
    #[serde(rename = "duplicate")]
    Duplicate,
    #[serde(rename = "lose_response")]
    LoseResponse,
    #[serde(rename = "kill_client_before")]
    KillBefore,
    #[serde(rename = "kill_client_after")]
    KillAfter,
    #[serde(rename = "delay")]
    Delay,
    #[serde(rename = "500")]
    Internal,
}

/// Which requests a rule applies to. Both parts must be found; an empty one matches every request.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Pattern {
    /// A part of the `X-Amz-Target` header, or of `METHOD /path?query`.
    pub target: String,
    /// A part of the request's body.
    pub body: String,
}

impl Pattern {
    fn fits(&self, target: &str, line: &str, body: &str) -> bool {
        (target.contains(&self.target) || line.contains(&self.target)) && body.contains(&self.body)
    }
}

fn once() -> u32 {
    1
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    #[serde(rename = "match", default)]
    pub pattern: Pattern,
    pub action: Action,
    #[serde(default = "once")]
    pub times: u32,
    #[serde(default)]
    pub skip: u32,
    /// The delay in milliseconds, for `delay`.
    #[serde(default)]
    pub ms: u64,
}

#[derive(Debug, Clone, Serialize)]
pub struct AwsRule {
    pub id: u64,
    #[serde(flatten)]
    pub rule: Rule,
    /// How many requests the rule applied to, including those for which it did not fire.
    pub matched: u32,
    pub fired: u32,
    pub killed: usize,
}

fn take(rules: &mut [AwsRule], target: &str, line: &str, body: &str) -> Option<AwsRule> {
    for rule in rules
        .iter_mut()
        .filter(|rule| rule.rule.pattern.fits(target, line, body))
    {
        rule.matched += 1;
        if rule.matched > rule.rule.skip && rule.fired < rule.rule.times {
            rule.fired += 1;
            return Some(rule.clone());
        }
    }
    None
}

type Upstream = Client<HttpConnector, Full<Bytes>>;

pub fn client() -> Upstream {
    // Each request gets a new connection, which `forward` asks the engine to close. If the engine closed an idle
    // connection at the wrong moment, it would look like a fault.
    Client::builder(TokioExecutor::new())
        .pool_max_idle_per_host(0)
        .build_http()
}

/// Forwards everything to `target`, an engine's address.
pub fn routes(app: Arc<App>, target: String) -> Router {
    let client = client();
    Router::new().fallback(
        async move |Extension(connection): Extension<Connection>, request: Request| {
            handle(&app, &client, &target, connection, request).await
        },
    )
}

async fn handle(
    app: &App,
    client: &Upstream,
    target: &str,
    connection: Connection,
    request: Request,
) -> Result<Response<Body>, Lost> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.map_err(|_| Lost)?.to_bytes();
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    let rule = {
        let operation = parts
            .headers
            .get("x-amz-target")
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        let line = format!("{} {path}", parts.method);
        take(
            &mut app.state.lock().aws_rules,
            operation,
            &line,
            &String::from_utf8_lossy(&body),
        )
    };
    let send = || forward(client, target, path, &parts, body.clone());
    let Some(rule) = rule else { return send().await };
    let kill_caller = async || {
        let killed = kill::peer(connection.peer, connection.own_port).await;
        if let Some(rule) = app.state.lock().aws_rules.iter_mut().find(|other| other.id == rule.id) {
            rule.killed += killed.len();
        }
        kill::wait_for(&killed).await;
        Err(Lost)
    };
    match rule.rule.action {
        Action::Duplicate => {
            finish(send().await?).await?;
            send().await
        }
        Action::LoseResponse => {
            finish(send().await?).await?;
            Err(Lost)
        }
        Action::KillBefore => kill_caller().await,
        Action::KillAfter => {
            finish(send().await?).await?;
            kill_caller().await
        }
        Action::Delay => {
            kill::pause(Duration::from_millis(rule.rule.ms)).await;
            send().await
        }
        Action::Internal => {
            let body = "{\"__type\":\"InternalServerError\",\"message\":\"The proxy was told to fail.\"}";
            let response = Response::builder()
                .status(StatusCode::INTERNAL_SERVER_ERROR)
                .header(header::CONTENT_TYPE, "application/x-amz-json-1.0");
            response.body(Body::from(body)).map_err(|_| Lost)
        }
    }
}

async fn forward(
    client: &Upstream,
    target: &str,
    path: &str,
    parts: &Parts,
    body: Bytes,
) -> Result<Response<Body>, Lost> {
    let mut request = axum::http::Request::builder()
        .method(parts.method.clone())
        .uri(format!("{target}{path}"));
    if let Some(headers) = request.headers_mut() {
        *headers = end_to_end(&parts.headers);
        // MiniStack does not notice that its client has closed the connection, and would run out of open files.
        headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    let request = request.body(Full::new(body)).map_err(|_| Lost)?;
    match client.request(request).await {
        Ok(response) => {
            let (mut parts, body) = response.into_parts();
            parts.headers = end_to_end(&parts.headers);
            // The answer is streamed, because it may be long or slow.
            Ok(Response::from_parts(parts, Body::new(body)))
        }
        Err(error) if error.is_connect() => {
            let response = Response::builder().status(StatusCode::BAD_GATEWAY);
            response
                .body(Body::from(format!("{target} is not reachable\n")))
                .map_err(|_| Lost)
        }
        Err(_) => Err(Lost),
    }
}

/// Removes the headers that belong to the connection. hyper writes its own.
fn end_to_end(headers: &HeaderMap) -> HeaderMap {
    let mut headers = headers.clone();
    for name in [
        header::CONNECTION,
        header::TRANSFER_ENCODING,
        header::EXPECT,
        header::UPGRADE,
        header::TE,
    ] {
        headers.remove(name);
    }
    headers.remove("keep-alive");
    headers
}

/// Reads the answer to its end, so that the effect is certainly over.
async fn finish(response: Response<Body>) -> Result<(), Lost> {
    response.into_body().collect().await.map(drop).map_err(|_| Lost)
}
