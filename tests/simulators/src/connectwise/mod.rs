//! ConnectWise PSA: errors, authorisation, and what all lists share (conditions, order, fields, paging).

pub mod conditions;
pub mod ticket_fields;
pub mod tickets;

use base64::{Engine, prelude::BASE64_STANDARD};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value, json};

use crate::{
    call::{Answer, Call, Operation, Outcome},
    report::ticket_state,
    state::State,
    vendor::Vendor,
    world::World,
};

pub const VENDOR: Vendor = Vendor {
    name: "connectwise",
    bases: &["/connectwise/v4_6_release/apis/3.0", "/connectwise"],
    operations: OPERATIONS,
    error,
    world,
    keys,
    state: |world| json!({"tickets": world.psa.tickets.iter().map(ticket_state).collect::<Vec<_>>()}),
};

const OPERATIONS: &[Operation] = &[
    (GET, COMPANY_INFO, company_info),
    (GET, "/system/info", system_info),
    (GET, "/service/tickets", tickets::list),
    ("POST", "/service/tickets", tickets::create),
    (GET, "/service/tickets/{id}", tickets::get),
    ("PATCH", "/service/tickets/{id}", tickets::update),
    (GET, "/service/tickets/{id}/notes", tickets::list_notes),
    ("POST", "/service/tickets/{id}/notes", tickets::create_note),
    (GET, "/service/boards", |world, call| {
        list_records(world, call, "boards")
    }),
    (GET, "/service/boards/{id}/statuses", |world, call| {
        list_of_board(world, call, "statuses")
    }),
    (GET, "/service/boards/{id}/types", |world, call| {
        list_of_board(world, call, "types")
    }),
    (GET, "/service/priorities", |world, call| {
        list_records(world, call, "priorities")
    }),
    (GET, "/service/sources", |world, call| {
        list_records(world, call, "sources")
    }),
    (GET, "/company/companies", |world, call| {
        list_records(world, call, "companies")
    }),
    (GET, "/company/companies/{id}", company),
    (GET, "/company/companies/{id}/sites", sites),
    (GET, "/company/contacts", |world, call| {
        list_records(world, call, "contacts")
    }),
];

const GET: &str = "GET";
const COMPANY_INFO: &str = "/login/companyinfo/{company}";

pub fn error(status: u16, code: &str, message: &str) -> Answer {
    Answer::json(status, json!({"code": code, "message": message, "errors": []}))
}

/// A body that the PSA doesn't take, with the field that is wrong.
pub fn invalid(resource: &str, code: &str, field: &str, message: &str) -> Answer {
    Answer::json(
        400,
        json!({
            "code": "InvalidObject",
            "message": format!("{resource} object is invalid"),
            "errors": [{"code": code, "message": message, "resource": resource, "field": field}],
        }),
    )
}

fn not_found(what: &str) -> Answer {
    error(404, "NotFound", &format!("{what} not found"))
}

fn world(state: &State, call: &Call, template: &str) -> Result<String, Answer> {
    if template == COMPANY_INFO {
        let found = state
            .worlds
            .values()
            .find(|world| world.psa.company_login.eq_ignore_ascii_case(call.param(0)));
        return found
            .map(|world| world.name.clone())
            .ok_or_else(|| not_found("Company"));
    }
    let unauthorized = |message: &str| error(401, "Unauthorized", message);
    let encoded = call
        .header("authorization")
        .and_then(|value| value.strip_prefix("Basic "));
    let encoded = encoded.ok_or_else(|| unauthorized("Provided company not found or not authenticated."))?;
    let decoded = BASE64_STANDARD
        .decode(encoded)
        .ok()
        .and_then(|bytes| String::from_utf8(bytes).ok());
    let decoded = decoded.ok_or_else(|| unauthorized("The Authorization header can't be read."))?;
    let found = state.worlds.values().find(|world| {
        let psa = &world.psa;
        decoded == format!("{}+{}:{}", psa.company_login, psa.public_key, psa.private_key)
    });
    let found = found.ok_or_else(|| unauthorized("Username or password is incorrect."))?;
    match call.header("clientid").or_else(|| call.query("clientId")) {
        Some(client) if client == found.psa.client_id => Ok(found.name.clone()),
        _ => Err(unauthorized(
            "Cannot route. The clientId header is missing or not known.",
        )),
    }
}

pub fn credentials(world: &World, base: &str) -> Value {
    json!({
        "site": format!("{base}/connectwise"), "company_id": world.psa.company_login,
        "public_key": world.psa.public_key, "private_key": world.psa.private_key,
        "client_id": world.psa.client_id, "codebase": "v4_6_release",
    })
}

fn keys(world: &World, base: &str) -> Value {
    json!({
        "credentials": credentials(world, base), "company": "20", "other_company": "21",
        "contact": format!("mmanager@{}", world.domain()), "location": "Onboarding", "status_new": "New",
        "status_working": "In Progress", "status_waiting": "Waiting", "status_complete": "Closed",
        "priority": "Priority 2 - High", "work_role": "Engineer", "tech_id": "ttech",
    })
}

fn company_info(world: &mut World, call: &Call) -> Outcome {
    let site = call
        .base
        .strip_prefix("http://")
        .and_then(|rest| rest.split('/').next())
        .unwrap_or_default();
    Ok(Answer::json(
        200,
        json!({
            "CompanyName": world.psa.company_login, "Codebase": "v4_6_release/", "VersionCode": "v2025.16",
            "VersionNumber": "v4.6.90000", "CompanyID": world.psa.company_login, "IsCloud": true, "SiteUrl": site,
        }),
    ))
}

fn system_info(_: &mut World, call: &Call) -> Outcome {
    only_query(call, &["clientId", "fields"])?;
    Ok(Answer::json(
        200,
        json!({"version": "v2025.16.90000", "isCloud": true, "serverTimeZone": "Eastern Standard Time", "cloudRegion": "NA", "licenseBits": []}),
    ))
}

const LIST_QUERY: &[&str] = &[
    "conditions",
    "childConditions",
    "orderBy",
    "fields",
    "page",
    "pageSize",
    "pageId",
    "clientId",
];

fn only_query(call: &Call, known: &[&str]) -> Result<(), Answer> {
    match call.unknown_query(known) {
        Some(option) => Err(error(
            400,
            "InvalidParameter",
            &format!("The parameter {option} is not supported"),
        )),
        None => Ok(()),
    }
}

fn id_of(record: &Value) -> i64 {
    record.get("id").and_then(Value::as_i64).unwrap_or_default()
}

/// The number in the path.
fn path_id(call: &Call) -> Result<i64, Answer> {
    call.param(0)
        .parse()
        .map_err(|_| error(400, "InvalidParameter", "The id must be a number"))
}

fn records<'a>(world: &'a World, list: &str) -> &'a [Value] {
    world.psa.records.get(list).map(Vec::as_slice).unwrap_or_default()
}

fn list_records(world: &mut World, call: &Call, list: &str) -> Outcome {
    page(call, records(world, list).to_vec())
}

fn list_of_board(world: &mut World, call: &Call, list: &str) -> Outcome {
    let board = path_id(call)?;
    if !records(world, "boards").iter().any(|record| id_of(record) == board) {
        return Err(not_found("Board"));
    }
    let of_board = records(world, list)
        .iter()
        .filter(|record| record.get("board").is_some_and(|of| id_of(of) == board));
    page(call, of_board.cloned().collect())
}

fn company(world: &mut World, call: &Call) -> Outcome {
    only_query(call, &["clientId", "fields"])?;
    let wanted = path_id(call)?;
    let company = records(world, "companies")
        .iter()
        .find(|record| id_of(record) == wanted);
    Ok(Answer::json(200, company.cloned().ok_or_else(|| not_found("Company"))?))
}

fn sites(world: &mut World, call: &Call) -> Outcome {
    let wanted = path_id(call)?;
    if !records(world, "companies").iter().any(|record| id_of(record) == wanted) {
        return Err(not_found("Company"));
    }
    page(call, records(world, "sites").to_vec())
}

fn conditions(call: &Call, name: &str) -> Result<Option<conditions::Conditions>, Answer> {
    let text = call.query(name).filter(|text| !text.trim().is_empty());
    let wrong = |problem| error(400, "InvalidParameter", &format!("The {name} are invalid: {problem}"));
    text.map(|text| conditions::parse(text).map_err(wrong)).transpose()
}

/// The record once for each of its children, of which it has one kind only.
fn one_by_one(record: &Value) -> impl Iterator<Item = Value> {
    let children = record.get("communicationItems").and_then(Value::as_array);
    let children = children.cloned().unwrap_or_default();
    children.into_iter().map(|child| json!({ "communicationItems": child }))
}

/// A page of a list, with the Link header that leads to the others.
fn page(call: &Call, mut records: Vec<Value>) -> Outcome {
    only_query(call, LIST_QUERY)?;
    if let Some(conditions) = conditions(call, "conditions")? {
        records.retain(|record| conditions.accept(record));
    }
    if let Some(conditions) = conditions(call, "childConditions")? {
        records.retain(|record| one_by_one(record).any(|record| conditions.accept(&record)));
    }
    if let Some(order) = call.query("orderBy") {
        let (field, direction) = order.trim().split_once(' ').unwrap_or((order.trim(), "asc"));
        if field != "id" || !["asc", "desc"].contains(&direction.trim()) {
            return Err(error(
                400,
                "InvalidParameter",
                "The orderBy is invalid: 'id asc' or 'id desc' is supported",
            ));
        }
        records.sort_by_key(id_of);
        if direction.trim() == "desc" {
            records.reverse();
        }
    }
    let number = |name: &str, default: usize, most: usize| match call.query(name).map(str::parse::<usize>) {
        None => Ok(default),
        Some(Ok(number)) if (1..=most).contains(&number) => Ok(number),
        Some(_) => Err(error(
            400,
            "InvalidParameter",
            &format!("{name} must be between 1 and {most}"),
        )),
    };
    let size = number("pageSize", 25, 1000)?;
    let forward_only = call
        .header("pagination-type")
        .is_some_and(|kind| kind == "forward-only");
    let name = if forward_only { "pageId" } else { "page" };
    let page = number(name, 1, usize::MAX)?;
    let pages = records.len().div_ceil(size).max(1);
    let selected: Option<Vec<&str>> = call
        .query("fields")
        .map(|fields| fields.split(',').map(str::trim).collect());
    let shown = records.into_iter().skip((page - 1).saturating_mul(size)).take(size);
    let shown: Vec<Value> = shown.map(|record| project(record, selected.as_deref())).collect();
    let mut answer = Answer::json(200, Value::Array(shown));
    let kept: Vec<String> = call
        .query
        .iter()
        .filter(|(key, _)| key != name && key != "pageSize")
        .map(|(key, value)| format!("{key}={}&", utf8_percent_encode(value, NON_ALPHANUMERIC)))
        .collect();
    let link = |page: usize, relation: &str| {
        format!(
            "<{}{}?{}pageSize={size}&{name}={page}>; rel=\"{relation}\"",
            call.base,
            call.path(),
            kept.concat()
        )
    };
    if page < pages {
        let mut links = link(page + 1, "next");
        if !forward_only {
            links = format!("{links}, {}", link(pages, "last"));
        }
        answer = answer.with_header("link", links);
    }
    Ok(answer)
}

fn project(record: Value, selected: Option<&[&str]>) -> Value {
    match (record, selected) {
        (Value::Object(record), Some(names)) => {
            let top: Vec<&str> = names
                .iter()
                .map(|name| name.split('/').next().unwrap_or_default())
                .collect();
            let kept: Map<String, Value> = record
                .into_iter()
                .filter(|(key, _)| top.contains(&key.as_str()))
                .collect();
            Value::Object(kept)
        }
        (record, _) => record,
    }
}
