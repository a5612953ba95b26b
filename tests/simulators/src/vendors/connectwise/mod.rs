//! ConnectWise PSA: authorization, errors, and the lists that tickets refer to.

pub mod fields;
pub mod query;
pub mod setup;
pub mod tickets;

use std::collections::BTreeMap;

use serde_json::{Value, json};

use self::query::page;
use crate::{
    records::Records,
    request::{Operation, Refusal, Reply, Request, Response},
    state::State,
    vendors::{ByHand, Organisation, Vendor},
    world::{World, id, secret},
};

pub const VENDOR: Vendor = Vendor {
    name: "connectwise",
    bases: &["/connectwise/v4_6_release/apis/3.0", "/connectwise"],
    operations: OPERATIONS,
    error,
    refuse,
    world,
    keys,
    state: tickets::state,
    by_hand: Some(ByHand {
        open: tickets::open,
        write: tickets::write,
        add_location: setup::add_board,
    }),
};

const OPERATIONS: &[Operation] = &[
    ("GET", COMPANY_INFO, company_info),
    ("GET", "/system/info", system_info),
    ("GET", "/service/tickets", tickets::list),
    ("POST", "/service/tickets", tickets::create),
    ("GET", "/service/tickets/{id}", tickets::get),
    ("PATCH", "/service/tickets/{id}", tickets::update),
    ("GET", "/service/tickets/{id}/notes", tickets::list_notes),
    ("POST", "/service/tickets/{id}/notes", tickets::create_note),
    ("GET", "/service/boards", |world, request| {
        list(world, request, "boards")
    }),
    ("GET", "/service/boards/{id}/statuses", |world, request| {
        list_of(world, request, "statuses", "board")
    }),
    ("GET", "/service/boards/{id}/types", |world, request| {
        list_of(world, request, "types", "board")
    }),
    ("GET", "/service/priorities", |world, request| {
        list(world, request, "priorities")
    }),
    ("GET", "/service/sources", |world, request| {
        list(world, request, "sources")
    }),
    ("GET", "/company/companies", |world, request| {
        list(world, request, "companies")
    }),
    ("GET", "/company/companies/{id}", company),
    ("GET", "/company/companies/{id}/sites", |world, request| {
        list_of(world, request, "sites", "company")
    }),
    ("GET", "/company/contacts", |world, request| {
        list(world, request, "contacts")
    }),
];

const COMPANY_INFO: &str = "/login/companyinfo/{company}";

/// What one organisation has at ConnectWise: boards, statuses and so on are lists of records.
pub struct ConnectWise {
    company_login: String,
    public_key: String,
    private_key: String,
    client_id: String,
    pub records: Records,
    /// By ticket, the names of the statuses that the API has set, one for each change.
    statuses: BTreeMap<i64, Vec<String>>,
}

impl ConnectWise {
    pub fn new(organisation: &Organisation<'_>) -> Self {
        Self {
            company_login: format!("msp-{}", organisation.name),
            public_key: secret()[..16].to_owned(),
            private_key: secret()[..16].to_owned(),
            client_id: id(),
            records: Records::new("id", 1000, setup::lists(organisation)),
            statuses: BTreeMap::new(),
        }
    }
}

fn error(status: u16, code: &str, message: &str) -> Response {
    Response::json(status, json!({"code": code, "message": message, "errors": []}))
}

/// The answer to a body that ConnectWise refuses, with the wrong field.
fn invalid(resource: &str, code: &str, field: &str, message: &str) -> Response {
    Response::json(
        400,
        json!({
            "code": "InvalidObject",
            "message": format!("{resource} object is invalid"),
            "errors": [{"code": code, "message": message, "resource": resource, "field": field}],
        }),
    )
}

fn required(resource: &str, field: &str) -> Response {
    let message = format!("The {field} field is required.");
    invalid(resource, "MissingRequiredField", field, &message)
}

fn refuse(refusal: Refusal<'_>) -> Response {
    let parameter = |message: &str| error(400, "InvalidParameter", message);
    match refusal {
        Refusal::UnknownParameter(name) => parameter(&format!("The parameter {name} is not supported")),
        Refusal::InvalidParameter(name) => parameter(&format!("The value of {name} is not valid")),
        Refusal::InvalidId => parameter("The id must be a number"),
        Refusal::NotFound(what) => error(404, "NotFound", &format!("{what} not found")),
        Refusal::MediaType => error(415, "UnsupportedMediaType", "The Content-Type must be application/json"),
        Refusal::Body => error(400, "InvalidObject", "The body is no valid JSON object or array"),
        Refusal::UnknownField(field) => {
            let message = format!("The field {field} is not known");
            invalid("body", "UnknownField", field, &message)
        }
        Refusal::InvalidField(field) => {
            let message = format!("The value of {field} has the wrong type");
            invalid("body", "InvalidType", field, &message)
        }
    }
}

fn world(state: &State, request: &Request, template: &str) -> Result<String, Response> {
    if template == COMPANY_INFO {
        let login = request.param(0);
        let found = state.world(|world| world.vendors.connectwise.company_login.eq_ignore_ascii_case(login));
        let found = found.ok_or_else(|| request.not_found("Company"))?;
        return Ok(found.name.clone());
    }
    let unauthorized = |message: &str| error(401, "Unauthorized", message);
    let given = request.basic();
    let given = given.ok_or_else(|| unauthorized("Provided company not found or not authenticated."))?;
    let found = state.world(|world| {
        let keys = &world.vendors.connectwise;
        given == format!("{}+{}:{}", keys.company_login, keys.public_key, keys.private_key)
    });
    let found = found.ok_or_else(|| unauthorized("Username or password is incorrect."))?;
    match request.header("clientid").or_else(|| request.query("clientId")) {
        Some(client) if client == found.vendors.connectwise.client_id => Ok(found.name.clone()),
        _ => Err(unauthorized(
            "Cannot route. The clientId header is missing or not known.",
        )),
    }
}

fn keys(world: &World, base: &str) -> Value {
    let keys = &world.vendors.connectwise;
    json!({
        "credentials": {
            "site": format!("{base}/connectwise"), "company_id": keys.company_login, "public_key": keys.public_key,
            "private_key": keys.private_key, "client_id": keys.client_id, "codebase": "v4_6_release",
        },
        "company": "20", "other_company": "21",
        "contact": format!("mmanager@{}", world.domain()), "location": "Onboarding", "status_new": "New",
        "status_working": "In Progress", "status_waiting": "Waiting", "status_complete": "Closed",
        "priority": "Priority 2 - High", "work_role": "Engineer", "tech_id": "ttech",
    })
}

fn company_info(world: &mut World, request: &Request) -> Reply {
    let site = request.base.strip_prefix("http://").unwrap_or_default();
    let login = &world.vendors.connectwise.company_login;
    Ok(Response::json(
        200,
        json!({
            "CompanyName": login, "Codebase": "v4_6_release/", "VersionCode": "v2025.16", "VersionNumber": "v4.6.90000",
            "CompanyID": login, "IsCloud": true, "SiteUrl": site.split('/').next().unwrap_or_default(),
        }),
    ))
}

fn system_info(_: &mut World, request: &Request) -> Reply {
    request.only_query(&["clientId", "fields"])?;
    Ok(Response::json(
        200,
        json!({"version": "v2025.16.90000", "isCloud": true, "serverTimeZone": "Eastern Standard Time", "cloudRegion": "NA", "licenseBits": []}),
    ))
}

fn list(world: &World, request: &Request, list: &str) -> Reply {
    page(request, world.vendors.connectwise.records.values(list))
}

/// The records of a list that belong to the board or company of the path.
fn list_of(world: &World, request: &Request, list: &str, owner: &str) -> Reply {
    let records = &world.vendors.connectwise.records;
    let (owners, what) = match owner {
        "board" => ("boards", "Board"),
        _ => ("companies", "Company"),
    };
    let wanted = json!(request.id()?);
    if records.find(owners, &wanted).is_none() {
        return Err(request.not_found(what));
    }
    let mut all = records.values(list);
    all.retain(|record| record[owner]["id"] == wanted);
    page(request, all)
}

fn company(world: &mut World, request: &Request) -> Reply {
    request.only_query(&["clientId", "fields"])?;
    let wanted = json!(request.id()?);
    let found = world.vendors.connectwise.records.find("companies", &wanted);
    let company = found.ok_or_else(|| request.not_found("Company"))?;
    Ok(Response::json(200, Value::Object(company.fields.clone())))
}
