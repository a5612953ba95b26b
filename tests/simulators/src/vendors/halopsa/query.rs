//! Lists, with pages if the client asks for them.

use serde_json::{Value, json};

use super::error;
use crate::request::{self, Reply, Request, Response};

pub const PAGING: [&str; 5] = ["pageinate", "page_size", "page_no", "order", "orderdesc"];

pub fn flag(request: &Request, name: &str) -> Result<bool, Response> {
    Ok(request.value(name)?.unwrap_or_default())
}

/// A list under its key. It is complete unless the client asks for pages.
pub fn page(request: &Request, key: &str, all: Vec<Value>) -> Reply {
    let count = all.len();
    if !flag(request, "pageinate")? {
        return Ok(Response::json(200, json!({"record_count": count, key: all})));
    }
    let size: i64 = request.value("page_size")?.unwrap_or(50);
    let page: i64 = request.value("page_no")?.unwrap_or(1);
    if !(1..=100).contains(&size) || page < 1 {
        return Err(error(400, "The page is not valid"));
    }
    let number = |number: i64| usize::try_from(number).unwrap_or_default();
    let shown = request::page(all, number(page), number(size));
    Ok(Response::json(
        200,
        json!({"page_no": page, "page_size": size, "record_count": count, key: shown}),
    ))
}
