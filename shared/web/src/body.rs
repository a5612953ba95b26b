//! Request bodies: JSON or a form, of limited size.

use std::convert::Infallible;

use axum::body::Bytes;
use axum::extract::FromRequestParts;
use http::HeaderMap;
use http::header::CONTENT_TYPE;
use http::request::Parts;
use serde_json::{Map, Value};

use crate::problem_details::ProblemDetails;

/// The largest body is that of an onboarding.
const MAX_BODY: usize = domain::submission::MAX_BODY_BYTES;

/// The form field that carries the token of [`crate::OrgScope::csrf`].
const CSRF_FIELD: &str = "csrf";

/// A body as it was sent, not yet parsed, so that handlers can do other checks first.
#[derive(Debug, Clone)]
pub struct RequestBody {
    content: Content,
    bytes: Bytes,
}

impl Default for RequestBody {
    fn default() -> Self {
        Self::new(Content::Json, Bytes::new())
    }
}

impl RequestBody {
    pub fn new(content: Content, bytes: impl Into<Bytes>) -> Self {
        Self {
            content,
            bytes: bytes.into(),
        }
    }

    pub fn content(&self) -> Content {
        self.content
    }

    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The body as a JSON object. Returns 422 if it is none or is too large.
    pub fn json_object(&self) -> Result<Map<String, Value>, ProblemDetails> {
        json_object(self.content, &self.bytes)
    }

    /// The body as a form, without the CSRF token, which was checked before. Returns 422 if it is no form or is too
    /// large.
    pub fn form(&self) -> Result<Form, ProblemDetails> {
        Ok(form(self.content, &self.bytes)?.without(CSRF_FIELD))
    }

    /// The body's fields by name, from a form or from a JSON object, for routes that accept both.
    pub fn fields(&self) -> Result<Map<String, Value>, ProblemDetails> {
        if self.content != Content::Form {
            return self.json_object();
        }
        let form = self.form()?;
        let pairs = form.pairs().iter();
        Ok(pairs
            .map(|(name, text)| (name.clone(), Value::from(text.as_str())))
            .collect())
    }

    /// The CSRF token from the form, or from the header that scripts send.
    pub(crate) fn csrf(&self, headers: &HeaderMap) -> String {
        let form = form(self.content, &self.bytes).unwrap_or_default();
        let header = headers.get("x-csrf-token").and_then(|value| value.to_str().ok());
        form.get(CSRF_FIELD).or(header).unwrap_or_default().to_owned()
    }
}

impl<S: Send + Sync> FromRequestParts<S> for RequestBody {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        Ok(parts.extensions.get::<Self>().cloned().unwrap_or_default())
    }
}

/// The format that the body is declared to have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    /// Also used if no format is declared.
    Json,
    Form,
    Other,
}

impl Content {
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let Some(value) = headers.get(CONTENT_TYPE) else {
            return Self::Json;
        };
        let name = value
            .to_str()
            .unwrap_or_default()
            .split(';')
            .next()
            .unwrap_or_default()
            .trim();
        match name.to_ascii_lowercase().as_str() {
            "application/json" => Self::Json,
            "application/x-www-form-urlencoded" => Self::Form,
            _ => Self::Other,
        }
    }
}

/// Names and values in the order of the form; a name may occur more than once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Form(Vec<(String, String)>);

impl Form {
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    pub fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0
            .iter()
            .filter(move |(n, _)| n == name)
            .map(|(_, value)| value.as_str())
    }

    pub fn pairs(&self) -> &[(String, String)] {
        &self.0
    }

    fn without(mut self, name: &str) -> Self {
        self.0.retain(|(n, _)| n != name);
        self
    }
}

fn bounded(body: &[u8]) -> Result<&[u8], ProblemDetails> {
    if body.len() > MAX_BODY {
        return Err(ProblemDetails::wrong_body(&format!(
            "is larger than {} KiB",
            MAX_BODY / 1024
        )));
    }
    Ok(body)
}

/// serde_json's messages repeat values, so the error says only that the body is no valid JSON object.
fn json_object(content: Content, body: &[u8]) -> Result<Map<String, Value>, ProblemDetails> {
    let wrong = || ProblemDetails::wrong_body("must be a JSON object");
    let body = bounded(body)?;
    if content != Content::Json {
        return Err(wrong());
    }
    match serde_json::from_slice(body) {
        Ok(Value::Object(object)) => Ok(object),
        _ => Err(wrong()),
    }
}

fn form(content: Content, body: &[u8]) -> Result<Form, ProblemDetails> {
    let body = bounded(body)?;
    if content != Content::Form {
        return Err(ProblemDetails::wrong_body("must be a form"));
    }
    serde_urlencoded::from_bytes(body)
        .map(Form)
        .map_err(|_| ProblemDetails::wrong_body("must be a form"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(result: Result<Map<String, Value>, ProblemDetails>) -> String {
        let problem = result.unwrap_err();
        assert_eq!(problem.status.as_u16(), 422);
        problem.detail
    }

    #[test]
    fn json_bodies_are_objects_of_limited_size() {
        assert_eq!(json_object(Content::Json, b"{\"a\":1}").unwrap()["a"], 1);
        for bad in [
            &b""[..],
            b"[]",
            b"1",
            b"{",
            b"{\"secret\": sesame}",
            b"\xff\xfe",
            b"{} {}",
        ] {
            assert_eq!(
                refused(json_object(Content::Json, bad)),
                "The body must be a JSON object."
            );
        }
        assert_eq!(
            refused(json_object(Content::Other, b"{}")),
            "The body must be a JSON object."
        );
        assert_eq!(
            refused(json_object(Content::Form, b"a=b")),
            "The body must be a JSON object."
        );
        let large = format!("{{\"a\":\"{}\"}}", "x".repeat(MAX_BODY));
        assert_eq!(
            refused(json_object(Content::Json, large.as_bytes())),
            "The body is larger than 64 KiB."
        );
    }

    #[test]
    fn nesting_does_not_exhaust_the_stack() {
        let deep = "[".repeat(MAX_BODY - 10);
        refused(json_object(Content::Json, deep.as_bytes()));
    }

    #[test]
    fn forms_keep_repeated_names() {
        let form = form(Content::Form, b"groups=Sales&first_name=J%C3%B6rg+A&groups=Support").unwrap();
        assert_eq!(form.get("first_name"), Some("Jörg A"));
        assert_eq!(form.all("groups").collect::<Vec<_>>(), ["Sales", "Support"]);
        assert_eq!(form.get("more"), None);
        assert_eq!(form.pairs().len(), 3);
    }

    #[test]
    fn content_type_selects_the_format() {
        let of = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(CONTENT_TYPE, text.parse().unwrap());
            Content::of(&headers)
        };
        assert_eq!(Content::of(&HeaderMap::new()), Content::Json);
        assert_eq!(of("Application/JSON; charset=utf-8"), Content::Json);
        assert_eq!(of("application/x-www-form-urlencoded"), Content::Form);
        assert_eq!(of("text/plain"), Content::Other);
    }

    #[test]
    fn csrf_token_is_read_from_form_or_header() {
        let sent = RequestBody::new(Content::Form, "a=1&csrf=tok");
        let none = HeaderMap::new();
        assert_eq!(sent.csrf(&none), "tok");
        assert_eq!(sent.form().unwrap().pairs(), [("a".to_owned(), "1".to_owned())]);
        let mut headers = HeaderMap::new();
        headers.insert("x-csrf-token", "tok".parse().unwrap());
        assert_eq!(RequestBody::default().csrf(&headers), "tok");
        assert_eq!(RequestBody::new(Content::Json, "csrf=tok").csrf(&none), "");
    }
}
