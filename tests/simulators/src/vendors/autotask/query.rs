//! Queries: JSON filters, at most 500 records a page, in the order of their ids.

use serde_json::{Value, json};

use super::{refused, tickets};
use crate::{
    request::{Refusal, Reply, Request, Response},
    world::World,
};

const MOST: usize = 500;

/// Autotask's name for the records of a list, and the fields that a query may use. Any other field is an error.
fn entity(list: &str) -> (&'static str, &'static [&'static str]) {
    match list {
        "companies" => ("Company", &["id", "companyName", "isActive"]),
        "contacts" => ("Contact", &["id", "companyID", "emailAddress", "isActive"]),
        "tickets" => (
            "Ticket",
            &[
                "id",
                "companyID",
                "title",
                "status",
                "priority",
                "queueID",
                "externalID",
                "ticketNumber",
            ],
        ),
        _ => (
            "TicketNote",
            &["id", "ticketID", "title", "description", "publish", "noteType"],
        ),
    }
}

/// The records of a list that match the body's filter.
pub fn records(world: &mut World, request: &Request, list: &str) -> Reply {
    request.only_query(&[])?;
    let all = &world.vendors.autotask.records;
    let mut records = match list {
        "tickets" => all.list(list).iter().map(tickets::view).collect(),
        _ => all.values(list),
    };
    let body = request.json_object().ok_or_else(|| request.refuse(Refusal::Body))?;
    let mut keys = body.keys();
    if let Some(unknown) = keys.find(|key| !["filter", "includeFields", "maxRecords"].contains(&key.as_str())) {
        return Err(request.refuse(Refusal::UnknownField(unknown)));
    }
    let filters = body.get("filter").and_then(Value::as_array);
    let filters = filters
        .filter(|filters| !filters.is_empty())
        .ok_or_else(|| refused("Parameter name: filter is required."))?;
    let most = match body.get("maxRecords").map(Value::as_u64) {
        None => MOST,
        Some(Some(most)) if (1..=500).contains(&most) => usize::try_from(most).unwrap_or(MOST),
        Some(_) => return Err(refused("maxRecords must be between 1 and 500.")),
    };
    for filter in filters {
        check(list, filter)?;
    }
    records.retain(|record| filters.iter().all(|filter| accepts(record, filter)));
    records.sort_by_key(|record| record["id"].as_i64());
    let more = records.len() > most;
    records.truncate(most);
    let count = records.len();
    let next = more.then(|| {
        format!(
            "{}{}/next?paging=%7B%22pageSize%22%3A{most}%7D",
            request.base, request.path
        )
    });
    let selected = body.get("includeFields").and_then(Value::as_array);
    let items: Vec<Value> = records.into_iter().map(|record| project(record, selected)).collect();
    Ok(Response::json(
        200,
        json!({
            "items": items,
            "pageDetails": {"count": count, "requestCount": most, "prevPageUrl": null, "nextPageUrl": next},
        }),
    ))
}

fn project(mut record: Value, selected: Option<&Vec<Value>>) -> Value {
    let selected = selected.filter(|names| !names.is_empty());
    if let (Some(names), Some(fields)) = (selected, record.as_object_mut()) {
        fields.retain(|name, _| name == "id" || names.iter().any(|wanted| wanted == name));
    }
    record
}

fn check(list: &str, filter: &Value) -> Result<(), Response> {
    let text = |name: &str| filter.get(name).and_then(Value::as_str).unwrap_or_default();
    if !["eq", "noteq", "gt", "gte", "lt", "lte", "contains", "beginsWith"].contains(&text("op")) {
        return Err(refused("The operator is not supported."));
    }
    let (entity, known) = entity(list);
    if !known.contains(&text("field")) {
        return Err(refused(&format!(
            "Unable to find {} in the {entity} Entity.",
            text("field")
        )));
    }
    match filter.get("value") {
        None | Some(Value::Null | Value::Object(_) | Value::Array(_)) => Err(refused("A value is required.")),
        Some(_) => Ok(()),
    }
}

fn accepts(record: &Value, filter: &Value) -> bool {
    let name = filter["field"].as_str().unwrap_or_default();
    let (found, wanted) = (&record[name], &filter["value"]);
    let text = |value: &Value| value.as_str().unwrap_or_default().trim_end().to_lowercase();
    // The database's collation ignores case and trailing spaces.
    let same = match (found.is_string(), wanted.is_string()) {
        (true, true) => text(found) == text(wanted),
        _ => found == wanted,
    };
    let order = found
        .as_i64()
        .zip(wanted.as_i64())
        .map(|(found, wanted)| found.cmp(&wanted));
    match filter["op"].as_str().unwrap_or_default() {
        "eq" => same,
        "noteq" => !same,
        "gt" => order.is_some_and(std::cmp::Ordering::is_gt),
        "gte" => order.is_some_and(std::cmp::Ordering::is_ge),
        "lt" => order.is_some_and(std::cmp::Ordering::is_lt),
        "lte" => order.is_some_and(std::cmp::Ordering::is_le),
        "contains" => text(found).contains(&text(wanted)),
        _ => text(found).starts_with(&text(wanted)),
    }
}
