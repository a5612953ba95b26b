//! Lists with pages, and searches, whose index lags behind the tickets.

use serde_json::{Value, json};

use super::{invalid, tickets::view};
use crate::{
    request::{self, Reply, Request, Response},
    world::World,
};

/// The largest number of results of a search.
const MOST: usize = 30;

/// A page of a list, with the Link header to the next page.
pub fn page(request: &Request, more: &[&str], records: Vec<Value>) -> Reply {
    request.only_query(&[more, &["page", "per_page"]].concat())?;
    let (page, size) = (
        request.number("page", 1, 1, 300)?,
        request.number("per_page", 30, 1, 100)?,
    );
    let is_more = records.len() > page * size;
    let response = Response::json(200, Value::Array(request::page(records, page, size)));
    if !is_more {
        return Ok(response);
    }
    let address = format!("{}{}", request.base, request.path);
    let link = format!("<{address}?per_page={size}&page={}>; rel=\"next\"", page + 1);
    Ok(response.with_header("link", link))
}

pub fn search(world: &mut World, request: &Request) -> Reply {
    request.only_query(&["query"])?;
    let tag = request
        .query("query")
        .and_then(|query| query.strip_prefix("\"tag:'")?.strip_suffix("'\""));
    let tag = tag.filter(|tag| !tag.contains(['\'', '"']));
    let tag = tag.ok_or_else(|| invalid("query", "invalid_value", "It should be in the \"tag:'...'\" format"))?;
    let freshdesk = &mut world.vendors.freshdesk;
    let mut found: Vec<Value> = Vec::new();
    for ticket in freshdesk.records.list("tickets") {
        let tags = ticket["tags"].as_array().into_iter().flatten();
        let mut tags = tags.filter_map(Value::as_str);
        let id = ticket["id"].as_i64().unwrap_or_default();
        match freshdesk.unseen.get_mut(&id).filter(|searches| **searches > 0) {
            Some(searches) => *searches -= 1,
            None if tags.any(|own| own.eq_ignore_ascii_case(tag)) => found.push(view(ticket)),
            None => {}
        }
    }
    let total = found.len();
    found.truncate(MOST);
    Ok(Response::json(200, json!({ "results": found, "total": total })))
}
