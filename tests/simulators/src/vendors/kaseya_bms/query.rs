//! Pages of lists.

use serde_json::Value;

use super::success;
use crate::request::{self, Reply, Request};

/// The largest page of the server, whatever the client asks for.
const LARGEST_PAGE: usize = 100;

/// One page, counted from 1. The server limits its size.
pub fn page_of(all: Vec<Value>, size: Option<i64>, number: Option<i64>) -> Vec<Value> {
    let size = usize::try_from(size.unwrap_or(10)).unwrap_or_default();
    let number = usize::try_from(number.unwrap_or(1)).unwrap_or_default();
    request::page(all, number.max(1), size.clamp(1, LARGEST_PAGE))
}

/// The page that the query asks for.
pub fn page(request: &Request, all: Vec<Value>) -> Reply {
    let (size, number) = (request.value("PageSize")?, request.value("PageNumber")?);
    Ok(success(page_of(all, size, number)))
}
