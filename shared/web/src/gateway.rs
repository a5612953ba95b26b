//! Converts API Gateway's request into the one that axum routes.
//!
//! The path that the client sent may begin with the stage or with a base path of the domain. So the address is built
//! from the route that API Gateway matched and from its parameters, and the sent path is ignored.

use axum::body::{Body, Bytes};
use axum::extract::Request;
use http::{Method, Uri};
use lambda_http::RequestExt;
use lambda_http::request::RequestContext;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::body::{Content, RequestBody};
use crate::routes::{Route, fill};

/// The route that API Gateway matched, and its id of the request.
#[derive(Debug, Clone)]
pub(crate) struct Matched {
    method: Method,
    /// The path of the route key, such as `/orgs/{org}/requests`. Empty if there is none.
    path: String,
    params: Vec<(String, String)>,
    /// The id as in API Gateway's access log.
    pub(crate) request_id: Option<String>,
}

impl Matched {
    pub(crate) fn of(request: &lambda_http::Request) -> Self {
        let (route_key, request_id) = match request.request_context_ref() {
            Some(RequestContext::ApiGatewayV2(context)) => (context.route_key.as_deref(), context.request_id.clone()),
            _ => (None, None),
        };
        let path = route_key
            .and_then(|key| key.split_once(' '))
            .map_or("", |(_, path)| path);
        let params = request.path_parameters_ref().into_iter().flat_map(|map| map.iter());
        Self {
            method: request.method().clone(),
            path: path.to_owned(),
            params: params
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
            request_id,
        }
    }

    /// The method to route by. HEAD is handled as GET, and its body is dropped.
    pub(crate) fn verb(&self) -> &str {
        if self.is_head() { "GET" } else { self.method.as_str() }
    }

    pub(crate) fn is_head(&self) -> bool {
        self.method == Method::HEAD
    }

    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    pub(crate) fn param(&self, name: &str) -> &str {
        let found = self.params.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value)
    }

    pub(crate) fn is(&self, route: &Route) -> bool {
        route.verb.as_str() == self.verb() && route.path == self.path
    }

    /// A path with the same parameters filled in, for links.
    pub(crate) fn filled(&self, path: &str) -> String {
        fill(path, |name| self.param(name).to_owned())
    }

    /// The address to route by. `None` if API Gateway matched no route.
    fn address(&self, query: Option<&str>) -> Option<Uri> {
        let encoded = |name: &str| utf8_percent_encode(self.param(name), NON_ALPHANUMERIC).to_string();
        let path = fill(&self.path, encoded);
        let address = match query {
            Some(query) => format!("{path}?{query}"),
            None => path,
        };
        if address.starts_with('/') {
            address.parse().ok()
        } else {
            None
        }
    }

    /// The request at its own address. The body is already in memory and is attached as an extension, so that its CSRF
    /// token can be checked before the handler reads it. `None` if API Gateway matched no route.
    pub(crate) fn routed(&self, request: lambda_http::Request) -> Option<Request> {
        let address = self.address(request.uri().query())?;
        let (mut parts, body) = request.into_parts();
        let bytes = match body {
            lambda_http::Body::Text(text) => Bytes::from(text),
            lambda_http::Body::Binary(bytes) => Bytes::from(bytes),
            _ => Bytes::new(),
        };
        parts.uri = address;
        let body = RequestBody::new(Content::of(&parts.headers), bytes);
        parts.extensions.insert(body);
        Some(Request::from_parts(parts, Body::empty()))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// A request as API Gateway sends it, for `route` with `params`, below the stage `test`.
    pub(crate) fn event(route: &str, params: &Value, more: Value) -> lambda_http::Request {
        let (method, path) = route.split_once(' ').unwrap();
        let raw = format!("/test{path}");
        let mut event = json!({
            "version": "2.0", "routeKey": route, "rawPath": raw, "rawQueryString": "",
            "headers": {"host": "127.0.0.1"}, "pathParameters": params,
            "requestContext": {"accountId": "0", "apiId": "a", "domainName": "d", "requestId": "q",
                "routeKey": route, "stage": "test", "time": "t", "timeEpoch": 1,
                "http": {"method": method, "path": raw, "protocol": "HTTP/1.1",
                    "sourceIp": "127.0.0.1", "userAgent": "test"}},
            "isBase64Encoded": false
        });
        event.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        lambda_http::request::from_str(&event.to_string()).unwrap()
    }

    const CANCEL: &str = "POST /orgs/{org}/requests/{id}/cancel";

    fn cancel(more: Value) -> (Matched, Request) {
        let event = event(CANCEL, &json!({"org": "acme", "id": "r1"}), more);
        let matched = Matched::of(&event);
        let request = matched.routed(event).unwrap();
        (matched, request)
    }

    #[test]
    fn request_follows_the_route_matched_by_api_gateway() {
        let more = json!({"rawQueryString": "c=a%2Bb&empty=", "body": "eyJhIjoxfQ==", "isBase64Encoded": true,
            "headers": {"host": "127.0.0.1", "x-forwarded-prefix": "/admin", "x-original-url": "/decide"}});
        let (matched, request) = cancel(more);
        assert_eq!(
            (matched.verb(), matched.path()),
            ("POST", "/orgs/{org}/requests/{id}/cancel")
        );
        assert_eq!((matched.param("org"), matched.param("no")), ("acme", ""));
        assert_eq!(matched.request_id.as_deref(), Some("q"));
        assert_eq!(request.uri(), "/orgs/acme/requests/r1/cancel?c=a%2Bb&empty=");
        let body = request.extensions().get::<RequestBody>().unwrap();
        assert_eq!(body.json_object().unwrap()["a"], 1);
    }

    #[test]
    fn parameter_stays_one_path_segment() {
        let event = event(CANCEL, &json!({"org": "acme/../../decide?", "id": "a b"}), json!({}));
        let request = Matched::of(&event).routed(event).unwrap();
        assert_eq!(
            request.uri(),
            "/orgs/acme%2F%2E%2E%2F%2E%2E%2Fdecide%3F/requests/a%20b/cancel"
        );
    }

    #[test]
    fn without_a_matched_route_there_is_no_address() {
        let mut event = event("GET /health", &json!({}), json!({}));
        event.extensions_mut().remove::<RequestContext>();
        assert!(Matched::of(&event).routed(event).is_none());
    }

    #[test]
    fn cookies_come_in_a_list_too() {
        let (_, request) = cancel(json!({"cookies": ["a=1", "gangway_session=from-list"]}));
        assert_eq!(request.headers()["cookie"], "a=1; gangway_session=from-list");
    }
}
