//! Freshdesk: errors, authorization, and the records that tickets refer to.

pub mod fields;
pub mod query;
pub mod tickets;

use std::collections::BTreeMap;

use serde_json::{Value, json};

use self::query::page;
use crate::{
    records::Records,
    request::{Operation, Refusal, Reply, Request, Response},
    state::State,
    vendors::{ByHand, Organisation, Vendor, Vendors},
    world::{World, secret},
};

pub const VENDOR: Vendor = Vendor {
    name: "freshdesk",
    bases: &["/freshdesk/api/v2"],
    operations: OPERATIONS,
    error,
    refuse,
    world,
    keys,
    state: tickets::state,
    by_hand: Some(ByHand {
        open: tickets::open,
        write: tickets::write,
        add_location: |vendors: &mut Vendors, name| {
            let group = json!({"name": name, "description": "", "agent_ids": []});
            vendors.freshdesk.records.add("groups", crate::records::fields(group));
        },
    }),
};

const OPERATIONS: &[Operation] = &[
    ("GET", "/tickets", tickets::list),
    ("POST", "/tickets", tickets::create),
    ("GET", "/tickets/{ticket_id}", tickets::get),
    ("PUT", "/tickets/{ticket_id}", tickets::update),
    ("GET", "/tickets/{ticket_id}/conversations", tickets::list_notes),
    ("POST", "/tickets/{ticket_id}/notes", tickets::create_note),
    ("GET", "/contacts", contacts),
    ("GET", "/companies", |world, request| {
        page(request, &[], world.vendors.freshdesk.records.values("companies"))
    }),
    ("GET", "/groups", |world, request| {
        page(request, &[], world.vendors.freshdesk.records.values("groups"))
    }),
    ("GET", "/ticket_fields", ticket_fields),
    ("GET", "/search/tickets", query::search),
];

/// What one organisation has at Freshdesk.
pub struct Freshdesk {
    api_key: String,
    pub records: Records,
    /// The search index lags behind: by ticket, how many searches do not find it yet.
    unseen: BTreeMap<i64, u32>,
}

const OWN_COMPANY: i64 = 1010;
const OTHER_COMPANY: i64 = 1011;
/// The only agent.
const AGENT: i64 = 5501;
const STATUSES: [(i64, &str); 4] = [(2, "Open"), (3, "Pending"), (4, "Resolved"), (5, "Closed")];
const PRIORITIES: [(i64, &str); 4] = [(1, "Low"), (2, "Medium"), (3, "High"), (4, "Urgent")];

impl Freshdesk {
    pub fn new(organisation: &Organisation<'_>) -> Self {
        let company = |id: i64, name: &str, domain: &str| json!({"id": id, "name": name, "domains": [domain]});
        let contact = |id: i64, company: i64, name: &str, email: &str| json!({"id": id, "name": name, "email": email, "company_id": company, "active": true, "other_emails": []});
        let group = |id: i64, name: &str| json!({"id": id, "name": name, "description": "", "agent_ids": [AGENT]});
        let address = |local: &str| format!("{local}@{}", organisation.domain);
        let companies = vec![
            company(OWN_COMPANY, organisation.company, organisation.domain),
            company(OTHER_COMPANY, "Somebody Else", "elsewhere.example"),
        ];
        let contacts = vec![
            contact(801, OTHER_COMPANY, "Mallory Else", "mallory@elsewhere.example"),
            contact(802, OWN_COMPANY, "Alex Approver", &address("aapprover")),
            contact(803, OWN_COMPANY, "Morgan Manager", &address("mmanager")),
        ];
        let lists = vec![
            ("companies", companies),
            ("contacts", contacts),
            ("groups", vec![group(601, "Help Desk"), group(602, "Onboarding")]),
        ];
        Self {
            api_key: secret()[..20].to_owned(),
            records: Records::new("id", 9000, lists),
            unseen: BTreeMap::new(),
        }
    }
}

fn error(status: u16, code: &str, message: &str) -> Response {
    Response::json(
        status,
        json!({"description": message, "errors": [{"field": "", "message": message, "code": code}]}),
    )
}

/// The answer to a request that Freshdesk refuses, with the wrong field.
fn invalid(field: &str, code: &str, message: &str) -> Response {
    let wrong = json!({"field": field, "message": message, "code": code});
    Response::json(400, json!({"description": "Validation failed", "errors": [wrong]}))
}

fn refuse(refusal: Refusal<'_>) -> Response {
    match refusal {
        Refusal::UnknownParameter(name) | Refusal::UnknownField(name) => {
            invalid(name, "invalid_field", "Unexpected/invalid field in request")
        }
        Refusal::InvalidParameter(name) => {
            invalid(name, "invalid_value", "It should be a positive integer in the range")
        }
        // A missing object gets an empty answer.
        Refusal::InvalidId | Refusal::NotFound(_) => Response::json(404, json!({})),
        Refusal::MediaType => error(
            415,
            "invalid_content_type",
            "Content-Type header is set to something else.",
        ),
        Refusal::Body => error(400, "invalid_json", "Request body has invalid json format"),
        Refusal::InvalidField(field) => invalid(field, "datatype_mismatch", "Value set is of another type."),
    }
}

fn world(state: &State, request: &Request, _template: &str) -> Result<String, Response> {
    let given = request.basic();
    let found = state.world(|world| given == Some(format!("{}:X", world.vendors.freshdesk.api_key)));
    found.map(|world| world.name.clone()).ok_or_else(|| {
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

fn contacts(world: &mut World, request: &Request) -> Reply {
    let mut contacts = world.vendors.freshdesk.records.values("contacts");
    if let Some(email) = request.query("email") {
        let own = |contact: &Value| contact["email"].as_str().unwrap_or_default().to_lowercase();
        contacts.retain(|contact| own(contact) == email.to_lowercase());
    }
    if let Some(company) = request.query("company_id") {
        contacts.retain(|contact| company.parse::<i64>().is_ok_and(|id| contact["company_id"] == id));
    }
    page(request, &["email", "company_id"], contacts)
}

fn ticket_fields(_: &mut World, request: &Request) -> Reply {
    request.only_query(&[])?;
    let field = |id: i64, name: &str, label: &str, choices: &[(i64, &str)]| {
        let choices: Vec<&str> = choices.iter().map(|(_, name)| *name).collect();
        json!({
            "id": id, "name": name, "label": label, "type": format!("default_{name}"), "default": true,
            "required_for_closure": false, "required_for_agents": true, "required_for_customers": false,
            "choices": choices,
        })
    };
    Ok(Response::json(
        200,
        json!([
            field(1, "subject", "Subject", &[]),
            field(2, "status", "Status", &STATUSES),
            field(3, "priority", "Priority", &PRIORITIES),
        ]),
    ))
}
