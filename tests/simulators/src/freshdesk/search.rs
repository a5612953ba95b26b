//! Searches: their index lags behind the tickets.

use serde_json::{Value, json};

use super::{invalid, only_query, tickets::view};
use crate::{
    call::{Answer, Call, Outcome},
    world::World,
};

/// Results that one answer holds.
const MOST: usize = 30;

pub fn tickets(world: &mut World, call: &Call) -> Outcome {
    only_query(call, &["query"])?;
    let tag = call
        .query("query")
        .and_then(|query| query.strip_prefix("\"tag:'")?.strip_suffix("'\""));
    let tag = tag.filter(|tag| !tag.contains(['\'', '"']));
    let tag = tag.ok_or_else(|| invalid("query", "invalid_value", "It should be in the \"tag:'...'\" format"))?;
    let mut found: Vec<Value> = Vec::new();
    for ticket in &mut world.vendors.freshdesk.tickets {
        let tags = ticket.properties.get("tags").and_then(Value::as_array);
        let fits = tags.is_some_and(|tags| {
            let mut tags = tags.iter().filter_map(Value::as_str);
            tags.any(|own| own.eq_ignore_ascii_case(tag))
        });
        if ticket.unseen_by_searches > 0 {
            ticket.unseen_by_searches -= 1;
        } else if fits {
            found.push(view(ticket));
        }
    }
    let total = found.len();
    found.truncate(MOST);
    Ok(Answer::json(200, json!({ "results": found, "total": total })))
}
