//! Freshdesk: errors, authorisation, lists, and the records that tickets refer to.

pub mod search;
pub mod tickets;

use base64::{Engine, prelude::BASE64_STANDARD};
use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

use crate::{
    call::{Answer, Call, Operation, Outcome},
    state::State,
    vendor::{Newcomer, Vendor},
    world::{World, secret},
};

pub const VENDOR: Vendor = Vendor {
    name: "freshdesk",
    bases: &["/freshdesk/api/v2"],
    operations: OPERATIONS,
    error,
    world,
    keys,
    state,
};

const GET: &str = "GET";
const POST: &str = "POST";

const OPERATIONS: &[Operation] = &[
    (GET, "/tickets", tickets::list),
    (POST, "/tickets", tickets::create),
    (GET, "/tickets/{ticket_id}", tickets::get),
    ("PUT", "/tickets/{ticket_id}", tickets::update),
    (GET, "/tickets/{ticket_id}/conversations", tickets::conversations),
    (POST, "/tickets/{ticket_id}/notes", tickets::create_note),
    (GET, "/contacts", contacts),
    (GET, "/companies", |world, call| {
        page(call, &[], world.vendors.freshdesk.companies.clone())
    }),
    (GET, "/groups", |world, call| {
        page(call, &[], world.vendors.freshdesk.groups.clone())
    }),
    (GET, "/ticket_fields", ticket_fields),
    (GET, "/search/tickets", search::tickets),
];

/// What one organisation has there.
pub struct Freshdesk {
    api_key: String,
    companies: Vec<Value>,
    contacts: Vec<Value>,
    groups: Vec<Value>,
    pub tickets: Vec<Ticket>,
    pub last_id: i64,
}

pub struct Ticket {
    pub id: i64,
    pub properties: Map<String, Value>,
    pub notes: Vec<Map<String, Value>>,
    pub created: DateTime<Utc>,
    pub updated: DateTime<Utc>,
    /// The index for searches comes after: so many searches don't see the ticket yet.
    pub unseen_by_searches: u32,
}

const OWN_COMPANY: i64 = 1010;
const OTHER_COMPANY: i64 = 1011;
/// The only agent.
pub const AGENT: i64 = 5501;
pub const STATUSES: [(i64, &str); 4] = [(2, "Open"), (3, "Pending"), (4, "Resolved"), (5, "Closed")];
pub const PRIORITIES: [(i64, &str); 4] = [(1, "Low"), (2, "Medium"), (3, "High"), (4, "Urgent")];

impl Freshdesk {
    pub fn new(newcomer: &Newcomer<'_>) -> Self {
        let company = |id: i64, name: &str, domain: &str| json!({"id": id, "name": name, "domains": [domain]});
        let contact = |id: i64, company: i64, name: &str, email: String| json!({"id": id, "name": name, "email": email, "company_id": company, "active": true, "other_emails": []});
        let group = |id: i64, name: &str| json!({"id": id, "name": name, "description": "", "agent_ids": [AGENT]});
        Self {
            api_key: secret()[..20].to_owned(),
            companies: vec![
                company(OWN_COMPANY, newcomer.company, newcomer.domain),
                company(OTHER_COMPANY, "Somebody Else", "elsewhere.example"),
            ],
            contacts: vec![
                contact(
                    801,
                    OTHER_COMPANY,
                    "Mallory Else",
                    "mallory@elsewhere.example".to_owned(),
                ),
                contact(
                    802,
                    OWN_COMPANY,
                    "Alex Approver",
                    format!("aapprover@{}", newcomer.domain),
                ),
                contact(
                    803,
                    OWN_COMPANY,
                    "Morgan Manager",
                    format!("mmanager@{}", newcomer.domain),
                ),
            ],
            groups: vec![group(601, "Help Desk"), group(602, "Onboarding")],
            tickets: Vec::new(),
            last_id: 9000,
        }
    }

    fn next_id(&mut self) -> i64 {
        self.last_id += 1;
        self.last_id
    }

    pub fn add_group(&mut self, name: &str) {
        let id = self.next_id();
        self.groups
            .push(json!({"id": id, "name": name, "description": "", "agent_ids": []}));
    }

    fn named(records: &[Value], id: &Value) -> Option<Value> {
        let found = records.iter().find(|record| record["id"] == *id);
        found.map(|record| record["name"].clone())
    }
}

pub fn error(status: u16, code: &str, message: &str) -> Answer {
    Answer::json(
        status,
        json!({"description": message, "errors": [{"field": "", "message": message, "code": code}]}),
    )
}

/// A body that Freshdesk doesn't take, with the field that is wrong.
pub fn invalid(field: &str, code: &str, message: &str) -> Answer {
    let wrong = json!({"field": field, "message": message, "code": code});
    Answer::json(400, json!({"description": "Validation failed", "errors": [wrong]}))
}

fn world(state: &State, call: &Call, _template: &str) -> Result<String, Answer> {
    let encoded = call
        .header("authorization")
        .and_then(|value| value.strip_prefix("Basic "));
    let decoded = encoded
        .and_then(|encoded| BASE64_STANDARD.decode(encoded).ok())
        .and_then(|bytes| String::from_utf8(bytes).ok());
    let mut worlds = state.worlds.values();
    let known = worlds.find(|world| decoded == Some(format!("{}:X", world.vendors.freshdesk.api_key)));
    known.map(|world| world.name.clone()).ok_or_else(|| {
        error(
            401,
            "invalid_credentials",
            "You have to be logged in to perform this action.",
        )
    })
}

fn keys(world: &World, base: &str) -> Value {
    json!({
        "credentials": {"address": format!("{base}/freshdesk"), "api_key": world.vendors.freshdesk.api_key},
        "company": OWN_COMPANY.to_string(), "other_company": OTHER_COMPANY.to_string(),
        "contact": format!("mmanager@{}", world.domain()), "location": "Onboarding", "status_new": "Open",
        "status_working": "Open", "status_waiting": "Pending", "status_complete": "Closed", "priority": "High",
        "tech_id": AGENT.to_string(),
    })
}

fn state(world: &World) -> Value {
    let desk = &world.vendors.freshdesk;
    json!({ "tickets": desk.tickets.iter().map(|ticket| ticket_state(desk, ticket)).collect::<Vec<_>>() })
}

fn ticket_state(desk: &Freshdesk, ticket: &Ticket) -> Value {
    let of = |field: &str| ticket.properties.get(field).cloned().unwrap_or_default();
    let label = |names: &[(i64, &str)], field: &str| {
        let mut names = names.iter();
        let found = names.find(|(id, _)| of(field) == json!(id));
        found.map(|(_, name)| (*name).to_owned())
    };
    let notes = ticket.notes.iter().map(
        |note| json!({"id": note["id"], "text": note["body_text"], "internal": note["private"], "html": note["body"]}),
    );
    let tags = ticket.properties.get("tags").and_then(Value::as_array);
    let ours = tags.filter(|tags| tags.iter().any(|tag| tag == "gangway"));
    let marker = ours.into_iter().flatten().find(|tag| *tag != "gangway");
    json!({
        "id": ticket.id, "summary": of("subject"), "status": label(&STATUSES, "status"),
        "location": Freshdesk::named(&desk.groups, &of("group_id")), "priority": label(&PRIORITIES, "priority"),
        "company": Freshdesk::named(&desk.companies, &of("company_id")), "owner": of("responder_id"),
        "contact": Freshdesk::named(&desk.contacts, &of("requester_id")), "marker": marker,
        "description": of("description_text"), "closed": of("status").as_i64() >= Some(4),
        "notes": notes.collect::<Vec<_>>(),
    })
}

fn only_query(call: &Call, known: &[&str]) -> Result<(), Answer> {
    match call.unknown_query(known) {
        Some(option) => Err(invalid(option, "invalid_field", "Unexpected/invalid field in request")),
        None => Ok(()),
    }
}

/// A page of a list; Link leads to the next.
fn page(call: &Call, more: &[&str], records: Vec<Value>) -> Outcome {
    only_query(call, &[more, &["page", "per_page"]].concat())?;
    let number = |name: &str, default: usize, most: usize| match call.query(name).map(str::parse::<usize>) {
        None => Ok(default),
        Some(Ok(number)) if (1..=most).contains(&number) => Ok(number),
        Some(_) => Err(invalid(
            name,
            "invalid_value",
            "It should be a positive integer in the range",
        )),
    };
    let (page, size) = (number("page", 1, 300)?, number("per_page", 30, 100)?);
    let is_more = records.len() > page * size;
    let shown: Vec<Value> = records.into_iter().skip((page - 1) * size).take(size).collect();
    let answer = Answer::json(200, Value::Array(shown));
    if is_more {
        let link = format!(
            "<{}{}?per_page={size}&page={}>; rel=\"next\"",
            call.base,
            call.path(),
            page + 1
        );
        return Ok(answer.with_header("link", link));
    }
    Ok(answer)
}

fn contacts(world: &mut World, call: &Call) -> Outcome {
    let mut contacts = world.vendors.freshdesk.contacts.clone();
    if let Some(email) = call.query("email") {
        contacts.retain(|contact| {
            contact["email"]
                .as_str()
                .is_some_and(|own| own.eq_ignore_ascii_case(email))
        });
    }
    if let Some(company) = call.query("company_id") {
        contacts.retain(|contact| company.parse::<i64>().is_ok_and(|id| contact["company_id"] == id));
    }
    page(call, &["email", "company_id"], contacts)
}

fn ticket_fields(_: &mut World, call: &Call) -> Outcome {
    only_query(call, &[])?;
    let field = |id: i64, name: &str, label: &str, choices: &[(i64, &str)]| {
        let choices: Vec<&str> = choices.iter().map(|(_, name)| *name).collect();
        json!({
            "id": id, "name": name, "label": label, "type": format!("default_{name}"), "default": true,
            "required_for_closure": false, "required_for_agents": true, "required_for_customers": false,
            "choices": choices,
        })
    };
    Ok(Answer::json(
        200,
        json!([
            field(1, "subject", "Subject", &[]),
            field(2, "status", "Status", &STATUSES),
            field(3, "priority", "Priority", &PRIORITIES),
        ]),
    ))
}
