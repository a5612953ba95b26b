//! Requests to a vendor and responses to them. Both are plain values, so a vendor's operations are plain functions.
//!
//! This module finds what every vendor refuses (an unknown parameter, another media type, an unknown field). The
//! vendor words it, as a [`Refusal`].

use std::str::FromStr;

use axum::{
    body::Bytes,
    http::{HeaderMap, header},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::{Map, Value};

use crate::{
    fields::{self, FieldError, Table},
    vendors::Vendor,
    world::World,
};

/// A request that has been matched to an operation.
#[derive(Debug)]
pub struct Request {
    pub vendor: &'static Vendor,
    pub method: String,
    /// The path below the vendor's base, decoded segment by segment.
    pub path: String,
    /// The values of the `{...}` in the path template, in order.
    pub params: Vec<String>,
    pub query: Vec<(String, String)>,
    pub headers: HeaderMap,
    pub body: Bytes,
    /// The vendor's base address as the client wrote it, for links to further pages.
    pub base: String,
}

/// Why a request is refused, whatever the operation is. Each vendor has its own words and status for it.
#[derive(Debug, Clone, Copy)]
pub enum Refusal<'a> {
    /// The operation has no query parameter of this name.
    UnknownParameter(&'a str),
    /// The value of this query parameter cannot be parsed, or is out of range.
    InvalidParameter(&'a str),
    /// The id in the path has the wrong shape.
    InvalidId,
    /// No object of this kind was found, such as `ticket` or `company`.
    NotFound(&'a str),
    /// The body has another media type.
    MediaType,
    /// The body cannot be parsed, or has another shape than the operation's.
    Body,
    /// The body has a field that the operation does not take.
    UnknownField(&'a str),
    /// The value of this field has the wrong type.
    InvalidField(&'a str),
}

impl Request {
    pub fn param(&self, index: usize) -> &str {
        self.params.get(index).map_or("", String::as_str)
    }

    pub fn query(&self, name: &str) -> Option<&str> {
        let mut query = self.query.iter();
        query.find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The media type without its parameters, in lower case.
    pub fn content_type(&self) -> String {
        let value = self.header(header::CONTENT_TYPE.as_str()).unwrap_or_default();
        value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
    }

    pub fn bearer(&self) -> Option<&str> {
        self.header("authorization")?.strip_prefix("Bearer ")
    }

    /// The user name and password of basic authentication, as `name:password`.
    pub fn basic(&self) -> Option<String> {
        let encoded = self.header("authorization")?.strip_prefix("Basic ")?;
        String::from_utf8(BASE64_STANDARD.decode(encoded).ok()?).ok()
    }

    /// The vendor's answer to a request that it refuses.
    pub fn refuse(&self, refusal: Refusal<'_>) -> Response {
        (self.vendor.refuse)(refusal)
    }

    pub fn not_found(&self, what: &str) -> Response {
        self.refuse(Refusal::NotFound(what))
    }

    /// Refuses query parameters that are not among the `known` ones.
    pub fn only_query(&self, known: &[&str]) -> Result<(), Response> {
        let mut names = self.query.iter().map(|(name, _)| name.as_str());
        match names.find(|name| !known.contains(name)) {
            Some(unknown) => Err(self.refuse(Refusal::UnknownParameter(unknown))),
            None => Ok(()),
        }
    }

    /// Parses a query parameter; none if it is absent.
    pub fn value<T: FromStr>(&self, name: &str) -> Result<Option<T>, Response> {
        let parsed = self.query(name).map(str::parse).transpose();
        parsed.map_err(|_| self.refuse(Refusal::InvalidParameter(name)))
    }

    /// Parses a query parameter as a number within a range.
    pub fn number(&self, name: &str, default: usize, least: usize, most: usize) -> Result<usize, Response> {
        let number = self.value(name)?.unwrap_or(default);
        if (least..=most).contains(&number) {
            Ok(number)
        } else {
            Err(self.refuse(Refusal::InvalidParameter(name)))
        }
    }

    /// Parses the first variable part of the path as a number.
    pub fn id(&self) -> Result<i64, Response> {
        self.param(0).parse().map_err(|_| self.refuse(Refusal::InvalidId))
    }

    pub fn json(&self) -> Result<Value, Response> {
        self.json_of("application/json")
    }

    pub fn json_of(&self, media_type: &str) -> Result<Value, Response> {
        if self.content_type() != media_type {
            return Err(self.refuse(Refusal::MediaType));
        }
        serde_json::from_slice(&self.body).map_err(|_| self.refuse(Refusal::Body))
    }

    /// Parses the body as a JSON object, and refuses fields that are not in the table.
    pub fn object(&self, table: Table) -> Result<Map<String, Value>, Response> {
        let body = self.json()?;
        self.checked(body, table)
    }

    /// Checks a part of the body as [`Self::object`] checks the whole.
    pub fn checked(&self, value: Value, table: Table) -> Result<Map<String, Value>, Response> {
        let Value::Object(object) = value else {
            return Err(self.refuse(Refusal::Body));
        };
        self.check(&object, table)?;
        Ok(object)
    }

    pub fn check(&self, object: &Map<String, Value>, table: Table) -> Result<(), Response> {
        fields::check(object, table).map_err(|error| {
            self.refuse(match &error {
                FieldError::Unknown(field) => Refusal::UnknownField(field),
                FieldError::WrongType(field) => Refusal::InvalidField(field),
            })
        })
    }

    /// The body as a JSON object, whatever its media type. Used to find out whose request it is.
    pub fn json_object(&self) -> Option<Map<String, Value>> {
        serde_json::from_slice(&self.body).ok()
    }

    /// The fields of the body, if it is a form.
    pub fn form(&self) -> Option<Vec<(String, String)>> {
        let is_form = self.content_type() == "application/x-www-form-urlencoded";
        is_form.then(|| serde_urlencoded::from_bytes(&self.body).ok())?
    }
}

#[derive(Debug, Clone)]
pub struct Response {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: Option<Value>,
}

impl Response {
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

/// A refusal is also a response, so `?` ends an operation with one.
pub type Reply = Result<Response, Response>;
pub type Handler = fn(&mut World, &Request) -> Reply;

/// An operation of a vendor: method, path template and handler.
pub type Operation = (&'static str, &'static str, Handler);

/// One page of a list. Pages count from 1.
pub fn page<T>(all: Vec<T>, page: usize, size: usize) -> Vec<T> {
    let before = page.saturating_sub(1).saturating_mul(size);
    all.into_iter().skip(before).take(size).collect()
}
