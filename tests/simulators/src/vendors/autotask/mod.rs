//! Autotask: the zone, authorization, and the records that tickets refer to.

pub mod fields;
pub mod query;
pub mod tickets;

use serde_json::{Value, json};

use crate::{
    records::Records,
    request::{Operation, Refusal, Reply, Request, Response},
    state::State,
    vendors::{ByHand, Organisation, Vendor},
    world::{World, secret},
};

pub const VENDOR: Vendor = Vendor {
    name: "autotask",
    bases: &["/autotask"],
    operations: OPERATIONS,
    error: |status, _, message| error(status, message),
    refuse,
    world,
    keys,
    state: tickets::state,
    by_hand: Some(ByHand {
        open: tickets::open,
        write: tickets::write,
        add_location: fields::add_queue,
    }),
};

const ZONE: &str = "/V1.0/ZoneInformation";

const OPERATIONS: &[Operation] = &[
    ("GET", ZONE, zone),
    ("GET", "/V1.0/ThresholdInformation", thresholds),
    ("GET", "/V1.0/Companies/{id}", company),
    ("POST", "/V1.0/Companies/query", |world, request| {
        query::records(world, request, "companies")
    }),
    ("POST", "/V1.0/Contacts/query", |world, request| {
        query::records(world, request, "contacts")
    }),
    ("GET", "/V1.0/Tickets/entityInformation/fields", |world, request| {
        field_list(world, request, "ticket fields")
    }),
    ("GET", "/V1.0/TicketNotes/entityInformation/fields", |world, request| {
        field_list(world, request, "note fields")
    }),
    ("POST", "/V1.0/Tickets/query", |world, request| {
        query::records(world, request, "tickets")
    }),
    ("GET", "/V1.0/Tickets/{id}", tickets::get),
    ("POST", "/V1.0/Tickets", tickets::create),
    ("PATCH", "/V1.0/Tickets", tickets::update),
    ("POST", "/V1.0/TicketNotes/query", |world, request| {
        query::records(world, request, "notes")
    }),
    ("POST", "/V1.0/Tickets/{id}/Notes", tickets::create_note),
];

/// What one organisation has at Autotask. The lists `ticket fields` and `note fields` contain the picklists, as
/// entityInformation shows them.
pub struct Autotask {
    user_name: String,
    secret: String,
    integration_code: String,
    records: Records,
}

const OWN_COMPANY: i64 = 175;
const OTHER_COMPANY: i64 = 176;
/// The built-in status that closes a ticket.
const COMPLETE: i64 = 5;
/// The only technician, and their only role.
const RESOURCE: i64 = 29_682_885;
const ROLE: i64 = 29_683_395;

impl Autotask {
    pub fn new(organisation: &Organisation<'_>) -> Self {
        let contact = |id: i64, company: i64, first: &str, active: i64| {
            json!({
                "id": id, "companyID": company, "firstName": first, "lastName": "Manager", "isActive": active,
                "emailAddress": format!("mmanager@{}", organisation.domain),
            })
        };
        let company = |id: i64, name: &str| json!({"id": id, "companyName": name, "companyType": 1, "isActive": true});
        let companies = vec![
            company(OWN_COMPANY, organisation.company),
            company(OTHER_COMPANY, "Somebody Else"),
        ];
        let contacts = vec![
            contact(301, OTHER_COMPANY, "Mallory", 1),
            contact(302, OWN_COMPANY, "Monty", 0),
            contact(303, OWN_COMPANY, "Morgan", 1),
        ];
        let lists = vec![
            ("companies", companies),
            ("contacts", contacts),
            ("ticket fields", fields::ticket_fields()),
            ("note fields", fields::note_fields()),
        ];
        Self {
            user_name: format!("api{}@{}", &secret()[..8], organisation.domain),
            secret: secret(),
            integration_code: secret().to_uppercase(),
            records: Records::new("id", 7000, lists),
        }
    }
}

fn error(status: u16, message: &str) -> Response {
    // Wrong credentials get an empty answer.
    if status == 401 {
        return Response::empty(401);
    }
    Response::json(status, json!({ "errors": [message] }))
}

/// A request that Autotask refuses, which it does with status 500.
fn refused(message: &str) -> Response {
    error(500, message)
}

fn refuse(refusal: Refusal<'_>) -> Response {
    match refusal {
        Refusal::UnknownParameter(name) => refused(&format!("The parameter {name} is not supported.")),
        Refusal::InvalidParameter(name) => refused(&format!("The value of {name} is not valid.")),
        Refusal::InvalidId => error(404, "The id must be a number."),
        Refusal::NotFound(_) => error(404, "No matching records found"),
        Refusal::MediaType => error(415, "The Content-Type must be application/json."),
        Refusal::Body => refused("The body is no object."),
        Refusal::UnknownField(field) => refused(&format!("Error converting the body: {field} is not known.")),
        Refusal::InvalidField(field) => refused(&format!("Error converting value to the type of field {field}.")),
    }
}

fn world(state: &State, request: &Request, template: &str) -> Result<String, Response> {
    let header = |name: &str| request.header(name).unwrap_or_default();
    let user = match template {
        ZONE => request.query("user").unwrap_or_default(),
        _ => header("username"),
    };
    let known = state.world(|world| world.vendors.autotask.user_name.eq_ignore_ascii_case(user));
    if template == ZONE {
        let known = known.ok_or_else(|| refused("Zone information could not be determined"))?;
        return Ok(known.name.clone());
    }
    let fits = |world: &&World| {
        let keys = &world.vendors.autotask;
        header("secret") == keys.secret && header("apiintegrationcode") == keys.integration_code
    };
    let found = known.filter(fits).ok_or_else(|| error(401, ""))?;
    Ok(found.name.clone())
}

fn keys(world: &World, _base: &str) -> Value {
    let keys = &world.vendors.autotask;
    json!({
        "credentials": {
            "user_name": keys.user_name, "secret": keys.secret, "integration_code": keys.integration_code,
        },
        "company": OWN_COMPANY.to_string(), "other_company": OTHER_COMPANY.to_string(),
        "contact": format!("mmanager@{}", world.domain()), "location": "Onboarding", "status_new": "New",
        "status_working": "In Progress", "status_waiting": "Waiting Customer", "status_complete": "Complete",
        "priority": "High", "work_role": ROLE.to_string(), "tech_id": RESOURCE.to_string(),
    })
}

fn zone(_: &mut World, request: &Request) -> Reply {
    request.only_query(&["user"])?;
    Ok(Response::json(
        200,
        json!({"zoneName": "America East", "url": format!("{}/", request.base), "webUrl": "https://ww3.autotask.net/", "ci": 1}),
    ))
}

fn thresholds(_: &mut World, request: &Request) -> Reply {
    request.only_query(&[])?;
    Ok(Response::json(
        200,
        json!({"externalRequestThreshold": 10_000, "requestThresholdTimeframe": 60, "currentTimeframeRequestCount": 12}),
    ))
}

fn company(world: &mut World, request: &Request) -> Reply {
    request.only_query(&[])?;
    let wanted = json!(request.id()?);
    let found = world.vendors.autotask.records.find("companies", &wanted);
    let found = found.ok_or_else(|| request.not_found("company"))?;
    Ok(Response::json(200, json!({ "item": found.fields })))
}

fn field_list(world: &World, request: &Request, list: &str) -> Reply {
    request.only_query(&[])?;
    let fields = world.vendors.autotask.records.values(list);
    Ok(Response::json(200, json!({ "fields": fields })))
}
