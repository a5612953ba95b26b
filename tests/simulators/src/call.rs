//! One request to a vendor, and what is answered: plain values, so that a vendor's operations are plain functions.

use axum::http::{HeaderMap, header};
use hyper::body::Bytes;
use serde_json::{Map, Value};

use crate::world::World;

/// A request that has been matched to an operation.
#[derive(Debug)]
pub struct Call {
    pub method: String,
    /// The path below the vendor's base, decoded segment by segment.
    pub segments: Vec<String>,
    /// What stood in the place of the template's `{...}`.
    pub params: Vec<String>,
    pub query: Vec<(String, String)>,
    pub headers: HeaderMap,
    pub body: Bytes,
    /// The vendor's base address as the client wrote it, for links to further pages.
    pub base: String,
}

impl Call {
    pub fn param(&self, index: usize) -> &str {
        self.params.get(index).map_or("", String::as_str)
    }

    pub fn query(&self, name: &str) -> Option<&str> {
        self.query
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    pub fn path(&self) -> String {
        format!("/{}", self.segments.join("/"))
    }

    /// The media type without its parameters, in lower case.
    pub fn content_type(&self) -> String {
        let value = self
            .headers
            .get(header::CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
    }

    pub fn bearer(&self) -> Option<&str> {
        self.header("authorization")?.strip_prefix("Bearer ")
    }

    /// The first query option that is not among the `known` ones.
    pub fn unknown_query(&self, known: &[&str]) -> Option<&str> {
        self.query
            .iter()
            .map(|(key, _)| key.as_str())
            .find(|key| !known.contains(key))
    }

    pub fn json_object(&self) -> Option<Map<String, Value>> {
        serde_json::from_slice(&self.body).ok()
    }
}

#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: Option<Value>,
}

impl Answer {
    pub fn json(status: u16, body: Value) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: Some(body),
        }
    }

    pub fn empty(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: None,
        }
    }

    pub fn with_header(mut self, name: &'static str, value: String) -> Self {
        self.headers.push((name, value));
        self
    }
}

/// Refusals are answers too: `?` ends an operation with one.
pub type Outcome = Result<Answer, Answer>;
pub type Handler = fn(&mut World, &Call) -> Outcome;

/// An operation of a vendor: method, path template, and what it does.
pub type Operation = (&'static str, &'static str, Handler);

pub enum Match {
    Found {
        template: &'static str,
        params: Vec<String>,
        handler: Handler,
    },
    OtherMethod,
    Nothing,
}

/// Finds the first operation whose template fits. Literal paths stand before templates in the tables.
pub fn find(operations: &[Operation], method: &str, segments: &[String]) -> Match {
    let mut other_method = false;
    for &(operation_method, template, handler) in operations {
        if let Some(params) = fit(template, segments) {
            if operation_method == method {
                return Match::Found {
                    template,
                    params,
                    handler,
                };
            }
            other_method = true;
        }
    }
    if other_method {
        Match::OtherMethod
    } else {
        Match::Nothing
    }
}

fn fit(template: &str, segments: &[String]) -> Option<Vec<String>> {
    let parts: Vec<&str> = template.split('/').skip(1).collect();
    if parts.len() != segments.len() {
        return None;
    }
    let mut params = Vec::new();
    for (part, segment) in parts.iter().zip(segments) {
        if part.starts_with('{') {
            if segment.is_empty() {
                return None;
            }
            params.push(segment.clone());
        } else if part != segment {
            return None;
        }
    }
    Some(params)
}
