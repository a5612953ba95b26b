//! ServiceNow: one API for all tables. Every value is a text, as in the Table API.

pub mod fields;
pub mod query;
pub mod setup;
pub mod tickets;

use serde_json::{Map, Value, json};

use self::{
    fields::{TABLES, Table},
    query::Query,
};
use crate::{
    records::{Record, Records},
    request::{Operation, Refusal, Reply, Request, Response},
    state::State,
    vendors::{ByHand, Organisation, Vendor, Vendors},
    world::{World, secret},
};

pub const VENDOR: Vendor = Vendor {
    name: "servicenow",
    bases: &["/servicenow/api/now"],
    operations: OPERATIONS,
    error: |status, _, message| error(status, message, ""),
    refuse,
    world,
    keys,
    state: tickets::state,
    by_hand: Some(ByHand {
        open: tickets::open,
        write: tickets::write,
        add_location: |vendors: &mut Vendors, name| {
            let group = setup::record(&[("name", name), ("active", "true")]);
            let records = &mut vendors.servicenow.records;
            records.add("sys_user_group", crate::records::fields(group));
        },
    }),
};

const OPERATIONS: &[Operation] = &[
    ("GET", "/table/{tableName}", list),
    ("POST", "/table/{tableName}", tickets::create),
    ("GET", "/table/{tableName}/{sys_id}", get),
    ("PATCH", "/table/{tableName}/{sys_id}", tickets::update),
];

/// What one MSP has at ServiceNow: its records are in lists with the names of the tables.
pub struct ServiceNow {
    user_name: String,
    password: String,
    company: String,
    other_company: String,
    records: Records,
}

impl ServiceNow {
    pub fn new(organisation: &Organisation<'_>) -> Self {
        let (company, other_company) = (secret(), secret());
        let lists = setup::lists(organisation, &company, &other_company);
        Self {
            user_name: format!("gangway.{}", secret()),
            password: secret(),
            company,
            other_company,
            records: Records::new("sys_id", 10_000, lists),
        }
    }
}

fn error(status: u16, message: &str, detail: &str) -> Response {
    Response::json(
        status,
        json!({"error": {"message": message, "detail": detail}, "status": "failure"}),
    )
}

fn bad(detail: &str) -> Response {
    error(400, "Invalid request", detail)
}

fn refuse(refusal: Refusal<'_>) -> Response {
    match refusal {
        Refusal::UnknownParameter(name) => bad(&format!("{name} is not known")),
        Refusal::InvalidParameter(name) => bad(name),
        Refusal::InvalidId | Refusal::NotFound(_) => error(
            404,
            "No Record found",
            "Record doesn't exist or ACL restricts the record retrieval",
        ),
        Refusal::MediaType => error(415, "Unsupported media type", ""),
        Refusal::Body => bad("The body can't be read"),
        Refusal::UnknownField(field) | Refusal::InvalidField(field) => {
            bad(&format!("The value of {field} is not taken"))
        }
    }
}

fn world(state: &State, request: &Request, _template: &str) -> Result<String, Response> {
    let given = request.basic();
    let found = state.world(|world| {
        let keys = &world.vendors.servicenow;
        given == Some(format!("{}:{}", keys.user_name, keys.password))
    });
    let refused = || error(401, "User Not Authenticated", "Required to provide Auth information");
    found.map(|world| world.name.clone()).ok_or_else(refused)
}

fn keys(world: &World, base: &str) -> Value {
    let keys = &world.vendors.servicenow;
    json!({
        "credentials": {
            "address": format!("{base}/servicenow"), "user_name": keys.user_name, "password": keys.password,
        },
        "company": keys.company, "other_company": keys.other_company, "contact": format!("mmanager@{}", world.domain()),
        "location": "Onboarding", "status_new": "New", "status_working": "In Progress", "status_waiting": "On Hold",
        "status_complete": "Resolved", "priority": "3 - Moderate", "tech_id": "terry.technician",
    })
}

/// The table of the path.
fn table(request: &Request) -> Result<&'static Table, Response> {
    let found = TABLES.iter().find(|table| table.name == request.param(0));
    found.ok_or_else(|| error(400, &format!("Invalid table {}", request.param(0)), ""))
}

const SHAPE: [&str; 2] = ["sysparm_fields", "sysparm_exclude_reference_link"];

/// The record as `sysparm_fields` selects it. A reference is an object unless that is switched off.
fn view(request: &Request, table: &Table, record: &Record) -> Result<Value, Response> {
    let plain = request.query("sysparm_exclude_reference_link") == Some("true");
    let all = table.fields().collect::<Vec<_>>().join(",");
    let mut view = Map::new();
    for name in request.query("sysparm_fields").unwrap_or(&all).split(',') {
        if !table.fields().any(|field| field == name) {
            return Err(bad(&format!("There is no field {name}")));
        }
        let value = record.text(name);
        let shown = match table.refers_to(name) {
            Some(table) if !plain && !value.is_empty() => {
                json!({"link": format!("{}/table/{table}/{value}", request.base), "value": value})
            }
            _ => json!(value),
        };
        view.insert(name.to_owned(), shown);
    }
    Ok(Value::Object(view))
}

fn list(world: &mut World, request: &Request) -> Reply {
    request.only_query(&[&SHAPE[..], &["sysparm_query", "sysparm_limit", "sysparm_offset"]].concat())?;
    let table = table(request)?;
    let fields: Vec<&str> = table.fields().collect();
    let query = request.query("sysparm_query").unwrap_or_default();
    let query = Query::parse(query, &fields).map_err(|why| bad(&why))?;
    let limit = request.value("sysparm_limit")?.unwrap_or(10_000);
    let offset = request.value("sysparm_offset")?.unwrap_or(0);
    let records = &world.vendors.servicenow.records;
    let mut found = records.all_visible(table.name, &mut world.hidden, |record| query.accepts(record));
    query.sort(&mut found);
    let shown = found.iter().skip(offset).take(limit);
    let shown = shown
        .map(|record| view(request, table, record))
        .collect::<Result<Vec<_>, _>>()?;
    let response = Response::json(200, json!({ "result": shown }));
    Ok(response.with_header("x-total-count", found.len().to_string()))
}

/// The record of the path.
fn find<'a>(world: &'a mut World, request: &Request, table: &Table) -> Result<&'a mut Record, Response> {
    let records = &mut world.vendors.servicenow.records;
    let found = records.visible(table.name, &json!(request.param(1)), &mut world.hidden);
    found.ok_or_else(|| request.not_found("record"))
}

fn get(world: &mut World, request: &Request) -> Reply {
    request.only_query(&SHAPE)?;
    let table = table(request)?;
    let record = find(world, request, table)?;
    Ok(Response::json(200, json!({ "result": view(request, table, record)? })))
}
