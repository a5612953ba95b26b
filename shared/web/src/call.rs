//! One HTTP call, as API Gateway's payload 2.0 brings it.

use std::collections::BTreeMap;

use http::{HeaderMap, HeaderName, HeaderValue, Method};
use lambda_http::request::RequestContext;
use lambda_http::{Body, Request, RequestExt};
use serde_json::{Map, Value};

use crate::body::{self, Content, Form};
use crate::negotiate::Format;
use crate::problem_details::ProblemDetails;

const CSRF_FIELD: &str = "csrf";

#[derive(Clone)]
pub struct Call {
    method: Method,
    /// The path of the route key: `/orgs/{org}/requests`.
    route: String,
    params: BTreeMap<String, String>,
    query: Vec<(String, String)>,
    headers: HeaderMap,
    body: Vec<u8>,
    id: Option<String>,
}

impl Call {
    /// For tests; the runtime's come from [`Request`].
    pub fn new(method: Method, route: &str) -> Self {
        Self {
            method,
            route: route.to_owned(),
            params: BTreeMap::new(),
            query: Vec::new(),
            headers: HeaderMap::new(),
            body: Vec::new(),
            id: None,
        }
    }

    #[must_use]
    pub fn with_param(mut self, name: &str, value: &str) -> Self {
        self.params.insert(name.to_owned(), value.to_owned());
        self
    }

    #[must_use]
    pub fn with_query(mut self, name: &str, value: &str) -> Self {
        self.query.push((name.to_owned(), value.to_owned()));
        self
    }

    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.append(name, value);
        self
    }

    #[must_use]
    pub fn with_body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// What to dispatch on, with [`Call::route`]. HEAD is answered as GET without its body.
    pub fn verb(&self) -> &str {
        if self.is_head() { "GET" } else { self.method.as_str() }
    }

    pub fn route(&self) -> &str {
        &self.route
    }

    /// API Gateway's id of the call, as its access log has it.
    pub(crate) fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    pub(crate) fn is_head(&self) -> bool {
        self.method == Method::HEAD
    }

    /// GET and HEAD change nothing.
    pub(crate) fn is_safe(&self) -> bool {
        matches!(self.method, Method::GET | Method::HEAD)
    }

    /// A parameter of the path; empty if the route has none of the name.
    pub fn param(&self, name: &str) -> &str {
        self.params.get(name).map_or("", String::as_str)
    }

    /// A route's path with the parameters of this call.
    pub(crate) fn filled(&self, path: &str) -> String {
        let filled = path.split('/').map(|part| {
            let name = part.strip_prefix('{').and_then(|part| part.strip_suffix('}'));
            name.map_or(part, |name| self.param(name))
        });
        filled.collect::<Vec<_>>().join("/")
    }

    pub fn query(&self, name: &str) -> Option<&str> {
        self.query
            .iter()
            .find(|(n, _)| n == name)
            .map(|(_, value)| value.as_str())
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// Whether the caller prefers JSON or a page.
    pub fn format(&self) -> Format {
        Format::of(&self.headers)
    }

    pub fn wants_page(&self) -> bool {
        self.format() == Format::Html
    }

    pub fn content(&self) -> Content {
        Content::of(&self.headers)
    }

    /// The body as it came, base64 undone.
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// The body as a JSON object; 422 if it is none, or too large.
    pub fn json_object(&self) -> Result<Map<String, Value>, ProblemDetails> {
        body::json_object(self.content(), &self.body)
    }

    /// The body as a form; 422 if it is none, or too large. The CSRF token, checked before, is left out.
    pub fn form(&self) -> Result<Form, ProblemDetails> {
        Ok(body::form(self.content(), &self.body)?.without(CSRF_FIELD))
    }

    /// The body's fields by name, of a form or of a JSON object: for what both send alike.
    pub fn fields(&self) -> Result<Map<String, Value>, ProblemDetails> {
        if self.content() != Content::Form {
            return self.json_object();
        }
        let form = self.form()?;
        let pairs = form.pairs().iter();
        Ok(pairs
            .map(|(name, text)| (name.clone(), Value::from(text.as_str())))
            .collect())
    }

    /// The CSRF token of the form, or of the script's header.
    pub(crate) fn csrf(&self) -> String {
        let form = body::form(self.content(), &self.body).unwrap_or_default();
        let field = form.get(CSRF_FIELD).or_else(|| self.header("x-csrf-token"));
        field.unwrap_or_default().to_owned()
    }
}

impl From<Request> for Call {
    fn from(request: Request) -> Self {
        let (route_key, id) = match request.request_context_ref() {
            Some(RequestContext::ApiGatewayV2(context)) => (context.route_key.clone(), context.request_id.clone()),
            _ => (None, None),
        };
        let route_key = route_key.unwrap_or_default();
        let route = route_key.split_once(' ').map_or("", |(_, path)| path).to_owned();
        let params = request.path_parameters_ref();
        let params = params.map(|map| {
            map.iter()
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect()
        });
        let query = request.query_string_parameters_ref();
        let query = query.map(|map| {
            map.iter()
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect()
        });
        let (parts, body) = request.into_parts();
        let body = match body {
            Body::Text(text) => text.into_bytes(),
            Body::Binary(bytes) => bytes,
            _ => Vec::new(),
        };
        Self {
            method: parts.method,
            route,
            params: params.unwrap_or_default(),
            query: query.unwrap_or_default(),
            headers: parts.headers,
            body,
            id,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(more: Value) -> Call {
        let mut event = serde_json::json!({
            "version": "2.0", "routeKey": "POST /orgs/{org}/requests/{id}/cancel",
            "rawPath": "/orgs/acme/requests/r1/cancel", "rawQueryString": "c=a%2Bb&c=second&empty=",
            "headers": {"host": "127.0.0.1", "cookie": "gangway_session=from-header"},
            "pathParameters": {"org": "acme", "id": "r1"},
            "requestContext": {"accountId": "0", "apiId": "a", "domainName": "d", "requestId": "q",
                "routeKey": "POST /orgs/{org}/requests/{id}/cancel", "stage": "$default", "time": "t", "timeEpoch": 1,
                "http": {"method": "POST", "path": "/orgs/acme/requests/r1/cancel", "protocol": "HTTP/1.1",
                    "sourceIp": "127.0.0.1", "userAgent": "test"}},
            "body": "eyJhIjoxfQ==", "isBase64Encoded": true
        });
        event.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        Call::from(lambda_http::request::from_str(&event.to_string()).unwrap())
    }

    #[test]
    fn a_payload_is_read() {
        let call = event(serde_json::json!({}));
        assert_eq!(
            (call.verb(), call.route()),
            ("POST", "/orgs/{org}/requests/{id}/cancel")
        );
        assert_eq!(
            (call.param("org"), call.param("id"), call.param("no")),
            ("acme", "r1", "")
        );
        assert_eq!(call.filled(call.route()), "/orgs/acme/requests/r1/cancel");
        assert_eq!(call.query("c"), Some("a+b"));
        assert_eq!((call.query("empty"), call.query("no")), (Some(""), None));
        assert_eq!(call.json_object().unwrap()["a"], 1);
        assert_eq!(call.header("cookie"), Some("gangway_session=from-header"));
        assert_eq!(call.id(), Some("q"));
        assert!(!call.is_safe());
    }

    #[test]
    fn cookies_come_in_a_list_too() {
        let call = event(serde_json::json!({"cookies": ["a=1", "gangway_session=from-list"]}));
        assert_eq!(call.header("cookie"), Some("a=1; gangway_session=from-list"));
    }

    #[test]
    fn head_is_answered_as_get() {
        let call = Call::new(Method::HEAD, "/decide");
        assert_eq!(call.verb(), "GET");
        assert!(call.is_head() && call.is_safe());
    }

    #[test]
    fn the_csrf_token_comes_in_the_form_or_a_header() {
        let post = Call::new(Method::POST, "/x");
        let form = HeaderValue::from_static("application/x-www-form-urlencoded");
        let sent = post
            .clone()
            .with_header(http::header::CONTENT_TYPE, form)
            .with_body("a=1&csrf=tok");
        assert_eq!(sent.csrf(), "tok");
        assert_eq!(sent.form().unwrap().pairs(), [("a".to_owned(), "1".to_owned())]);
        let header = HeaderName::from_static("x-csrf-token");
        assert_eq!(
            post.clone().with_header(header, HeaderValue::from_static("tok")).csrf(),
            "tok"
        );
        assert_eq!(post.with_body("csrf=tok").csrf(), "");
    }
}
