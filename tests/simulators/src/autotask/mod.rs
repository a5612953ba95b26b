//! Autotask: the zone, authorisation, and the records that tickets refer to.

pub mod query;
pub mod tables;
pub mod tickets;

use serde_json::{Map, Value, json};

use crate::{
    call::{Answer, Call, Operation, Outcome},
    state::State,
    vendor::{Newcomer, Vendor},
    world::{World, secret},
};

pub const VENDOR: Vendor = Vendor {
    name: "autotask",
    bases: &["/autotask"],
    operations: OPERATIONS,
    error: |status, _, message| error(status, message),
    world,
    keys,
    state,
};

const GET: &str = "GET";
const POST: &str = "POST";
const ZONE: &str = "/V1.0/ZoneInformation";

const OPERATIONS: &[Operation] = &[
    (GET, ZONE, zone),
    (GET, "/V1.0/ThresholdInformation", thresholds),
    (GET, "/V1.0/Companies/{id}", company),
    (POST, "/V1.0/Companies/query", |world, call| {
        query::answer(call, "Company", world.vendors.autotask.companies.clone())
    }),
    (POST, "/V1.0/Contacts/query", |world, call| {
        query::answer(call, "Contact", world.vendors.autotask.contacts.clone())
    }),
    (GET, "/V1.0/Tickets/entityInformation/fields", |world, call| {
        fields(call, &world.vendors.autotask.ticket_fields)
    }),
    (GET, "/V1.0/TicketNotes/entityInformation/fields", |world, call| {
        fields(call, &world.vendors.autotask.note_fields)
    }),
    (POST, "/V1.0/Tickets/query", tickets::query),
    (GET, "/V1.0/Tickets/{id}", tickets::get),
    (POST, "/V1.0/Tickets", tickets::create),
    ("PATCH", "/V1.0/Tickets", tickets::update),
    (POST, "/V1.0/TicketNotes/query", tickets::query_notes),
    (POST, "/V1.0/Tickets/{id}/Notes", tickets::create_note),
];

/// What one organisation has there.
pub struct Autotask {
    user_name: String,
    secret: String,
    integration_code: String,
    companies: Vec<Value>,
    contacts: Vec<Value>,
    /// As entityInformation shows them: the picklists are in there.
    ticket_fields: Vec<Value>,
    note_fields: Vec<Value>,
    tickets: Vec<Ticket>,
    last_id: i64,
}

pub struct Ticket {
    pub id: i64,
    pub properties: Map<String, Value>,
    pub notes: Vec<Map<String, Value>>,
}

pub const OWN_COMPANY: i64 = 175;
pub const OTHER_COMPANY: i64 = 176;
/// Built in: it closes a ticket.
pub const COMPLETE: i64 = 5;
/// The only technician, and the only role that he has.
pub const RESOURCE: i64 = 29_682_885;
pub const ROLE: i64 = 29_683_395;

impl Autotask {
    pub fn new(newcomer: &Newcomer<'_>) -> Self {
        let contact = |id: i64, company: i64, first: &str, active: i64| {
            json!({
                "id": id, "companyID": company, "firstName": first, "lastName": "Manager", "isActive": active,
                "emailAddress": format!("mmanager@{}", newcomer.domain),
            })
        };
        let company = |id: i64, name: &str| json!({"id": id, "companyName": name, "companyType": 1, "isActive": true});
        Self {
            user_name: format!("api{}@{}", &secret()[..8], newcomer.domain),
            secret: secret(),
            integration_code: secret().to_uppercase(),
            companies: vec![
                company(OWN_COMPANY, newcomer.company),
                company(OTHER_COMPANY, "Somebody Else"),
            ],
            contacts: vec![
                contact(301, OTHER_COMPANY, "Mallory", 1),
                contact(302, OWN_COMPANY, "Monty", 0),
                contact(303, OWN_COMPANY, "Morgan", 1),
            ],
            ticket_fields: tables::ticket_fields(),
            note_fields: tables::note_fields(),
            tickets: Vec::new(),
            last_id: 7000,
        }
    }

    fn next_id(&mut self) -> i64 {
        self.last_id += 1;
        self.last_id
    }

    /// The label of a picklist's value.
    fn label(&self, field: &str, value: &Value) -> Value {
        let wanted = value.to_string();
        let values = tables::picklist(&self.ticket_fields, field);
        let found = values.iter().find(|entry| entry["value"] == wanted);
        found.map_or(Value::Null, |entry| entry["label"].clone())
    }
}

pub fn error(status: u16, message: &str) -> Answer {
    // Wrong credentials are answered with nothing.
    if status == 401 {
        return Answer::empty(401);
    }
    Answer::json(status, json!({ "errors": [message] }))
}

/// A request that Autotask doesn't take: it says 500 then.
fn refused(message: &str) -> Answer {
    error(500, message)
}

fn world(state: &State, call: &Call, template: &str) -> Result<String, Answer> {
    let header = |name: &str| call.header(name).unwrap_or_default();
    let user = if template == ZONE {
        call.query("user").unwrap_or_default()
    } else {
        header("username")
    };
    let mut worlds = state.worlds.values();
    let known = worlds.find(|world| world.vendors.autotask.user_name.eq_ignore_ascii_case(user));
    if template == ZONE {
        return known
            .map(|world| world.name.clone())
            .ok_or_else(|| refused("Zone information could not be determined"));
    }
    let fits = |world: &&World| {
        let keys = &world.vendors.autotask;
        header("secret") == keys.secret && header("apiintegrationcode") == keys.integration_code
    };
    known
        .filter(fits)
        .map(|world| world.name.clone())
        .ok_or_else(|| error(401, ""))
}

fn keys(world: &World, _base: &str) -> Value {
    let desk = &world.vendors.autotask;
    json!({
        "credentials": {
            "user_name": desk.user_name, "secret": desk.secret, "integration_code": desk.integration_code,
        },
        "company": OWN_COMPANY.to_string(), "other_company": OTHER_COMPANY.to_string(),
        "contact": format!("mmanager@{}", world.domain()), "location": "Onboarding", "status_new": "New",
        "status_working": "In Progress", "status_waiting": "Waiting Customer", "status_complete": "Complete",
        "priority": "High", "work_role": ROLE.to_string(), "tech_id": RESOURCE.to_string(),
    })
}

fn state(world: &World) -> Value {
    let tickets = world.vendors.autotask.tickets.iter();
    json!({ "tickets": tickets.map(|ticket| ticket_state(&world.vendors.autotask, ticket)).collect::<Vec<_>>() })
}

fn ticket_state(desk: &Autotask, ticket: &Ticket) -> Value {
    let of = |field: &str| ticket.properties.get(field).cloned().unwrap_or_default();
    let label = |field: &str| desk.label(field, &of(field));
    let named = |records: &[Value], field: &str, name: &str| {
        let mut records = records.iter();
        records
            .find(|record| record["id"] == of(field))
            .map(|record| record[name].clone())
    };
    let notes = ticket.notes.iter().map(
        |note| json!({"id": note["id"], "text": note["description"], "title": note["title"], "internal": note["publish"] == 2}),
    );
    json!({
        "id": ticket.id, "summary": of("title"), "status": label("status"), "location": label("queueID"),
        "priority": label("priority"), "company": named(&desk.companies, "companyID", "companyName"),
        "owner": of("assignedResourceID"), "work_role": of("assignedResourceRoleID"),
        "contact": named(&desk.contacts, "contactID", "firstName"), "marker": of("externalID"),
        "description": of("description"), "closed": of("status") == json!(COMPLETE), "notes": notes.collect::<Vec<_>>(),
    })
}

fn only_query(call: &Call, known: &[&str]) -> Result<(), Answer> {
    match call.unknown_query(known) {
        Some(option) => Err(refused(&format!("The parameter {option} is not supported."))),
        None => Ok(()),
    }
}

fn zone(_: &mut World, call: &Call) -> Outcome {
    only_query(call, &["user"])?;
    Ok(Answer::json(
        200,
        json!({"zoneName": "America East", "url": format!("{}/", call.base), "webUrl": "https://ww3.autotask.net/", "ci": 1}),
    ))
}

fn thresholds(_: &mut World, call: &Call) -> Outcome {
    only_query(call, &[])?;
    Ok(Answer::json(
        200,
        json!({"externalRequestThreshold": 10_000, "requestThresholdTimeframe": 60, "currentTimeframeRequestCount": 12}),
    ))
}

fn path_id(call: &Call) -> Result<i64, Answer> {
    call.param(0)
        .parse()
        .map_err(|_| error(404, "The id must be a number."))
}

fn company(world: &mut World, call: &Call) -> Outcome {
    only_query(call, &[])?;
    let wanted = path_id(call)?;
    let mut companies = world.vendors.autotask.companies.iter();
    let found = companies.find(|company| company["id"] == wanted);
    let found = found.ok_or_else(|| error(404, "No matching records found"))?;
    Ok(Answer::json(200, json!({ "item": found })))
}

fn fields(call: &Call, fields: &[Value]) -> Outcome {
    only_query(call, &[])?;
    Ok(Answer::json(200, json!({ "fields": fields })))
}
