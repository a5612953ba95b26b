//! Kaseya BMS: look-ups, and the envelope that every response comes in. Refusals of what was asked for come with status
//! 200; only the sign-in's token is refused with 401.

pub mod fields;
pub mod query;
pub mod sign_in;
pub mod tickets;

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};

use self::query::page;
use crate::{
    records::Records,
    request::{Operation, Refusal, Reply, Request, Response},
    vendors::{ByHand, Organisation, Vendor, Vendors},
    world::{Token, World, id, secret},
};

pub const VENDOR: Vendor = Vendor {
    name: "kaseya_bms",
    bases: &["/kaseya_bms"],
    operations: OPERATIONS,
    error: |status, _, message| failed(status, status, message),
    refuse,
    world: sign_in::world,
    keys,
    state: tickets::state,
    by_hand: Some(ByHand {
        open: tickets::open,
        write: tickets::write,
        add_location: |vendors: &mut Vendors, name| {
            let queue = json!({"Name": name, "IsActive": true});
            vendors.kaseya_bms.records.add("queues", crate::records::fields(queue));
        },
    }),
};

const OPERATIONS: &[Operation] = &[
    ("POST", sign_in::AUTHENTICATE, sign_in::authenticate),
    ("POST", "/v2/servicedesk/tickets/search", tickets::search),
    ("POST", "/v2/servicedesk/tickets", tickets::create),
    ("GET", "/v2/servicedesk/tickets/{id}", tickets::get),
    ("PATCH", "/v2/servicedesk/tickets/{id}", tickets::update),
    ("GET", "/v2/servicedesk/tickets/{id}/notes", tickets::list_notes),
    ("POST", "/v2/servicedesk/tickets/{id}/notes", tickets::create_note),
    ("GET", "/v2/crm/accounts/lookup", accounts),
    ("GET", "/v2/crm/accounts/{id}/locations/lookup", locations),
    ("GET", "/v2/crm/accounts/{id}/contacts/lookup", contacts),
    ("GET", "/v2/system/queues/lookup", |world, request| {
        look_up(world, request, &[], "queues")
    }),
    ("GET", "/v2/system/statuses/lookup", |world, request| {
        look_up(world, request, &[], "statuses")
    }),
    ("GET", "/v2/system/priorities/lookup", |world, request| {
        look_up(world, request, &[], "priorities")
    }),
    ("GET", "/v2/system/issuetypes/lookup", |world, request| {
        look_up(world, request, &["Filter.Name"], "issue types")
    }),
];

const COMPLETED: i64 = 49961;
const NEW: i64 = 49958;
const HIGH: i64 = 40481;
const ONBOARDING: i64 = 38402;
const TICKET_TYPE: i64 = 7;
const SOURCE: i64 = 3;
const NOTE_TYPE: i64 = 12;
const EMPLOYEE: i64 = 88;

/// What one MSP has at Kaseya BMS: accounts 120 (the organisation) and 121.
pub struct KaseyaBms {
    tenant: String,
    user_name: String,
    password: String,
    tokens: Vec<Token>,
    pub records: Records,
}

impl KaseyaBms {
    pub fn new(organisation: &Organisation<'_>) -> Self {
        let contact = |id, name, local: &str, account, location| {
            json!({
                "Id": id, "Name": name, "EmailAddress": format!("{local}@{}", organisation.domain), "AccountId": account,
                "LocationId": location,
            })
        };
        let contacts = vec![
            contact(501, "Morgan Manager", "mmanager", 120, 1202),
            contact(502, "Alex Approver", "aapprover", 120, 1201),
            contact(503, "Morgan Elsewhere", "xmmanager", 121, 1211),
        ];
        // The last one comes first in the vendor's own order.
        let status = |id, name: &str, order| json!({"Id": id, "Name": name, "StatusOrder": order, "TypeId": 1, "IsSystemStatus": 0, "IsActive": true});
        let statuses = vec![
            status(COMPLETED, "Completed", 4),
            status(49960, "Waiting", 3),
            status(49959, "In Progress", 2),
            status(NEW, "New", 1),
        ];
        let priority =
            |id, name: &str| json!({"Id": id, "Name": name, "Color": "#00ff00", "IsDefault": name == "Medium"});
        let priorities = vec![
            priority(HIGH, "High"),
            priority(40483, "Medium"),
            priority(40482, "Low"),
        ];
        let named = |id: i64, name: &str| json!({"Id": id, "Name": name, "IsActive": true});
        let lists = vec![
            (
                "accounts",
                vec![named(120, organisation.company), named(121, "Somebody Else")],
            ),
            ("contacts", contacts),
            (
                "queues",
                vec![named(ONBOARDING, "Onboarding"), named(38403, "Help Desk")],
            ),
            ("statuses", statuses),
            ("priorities", priorities),
            (
                "issue types",
                vec![named(701, "User administration"), named(702, "Hardware")],
            ),
        ];
        Self {
            tenant: format!("MSP of {}", organisation.name),
            user_name: format!("gangway-{}", id()),
            password: format!("ä\"{}--{}", secret(), id()),
            tokens: Vec::new(),
            records: Records::new("Id", 13_287_000, lists),
        }
    }
}

fn success(result: impl Into<Value>) -> Response {
    Response::json(200, json!({"Success": true, "Result": result.into()}))
}

fn failed(status: u16, code: u16, message: &str) -> Response {
    let error = json!({"Code": code, "Message": message, "Details": null, "SubErrors": []});
    Response::json(status, json!({"Success": false, "Error": error}))
}

/// A refusal with a successful status.
fn refused(code: u16, message: &str) -> Response {
    failed(200, code, message)
}

fn refuse(refusal: Refusal<'_>) -> Response {
    match refusal {
        Refusal::UnknownParameter(name) => failed(400, 400, &format!("The parameter {name} is not known")),
        Refusal::InvalidParameter(name) => failed(400, 400, &format!("The value of {name} is not valid")),
        Refusal::InvalidId => failed(400, 400, "The value of the id is not valid"),
        Refusal::NotFound(what) => refused(404, &format!("The {what} was not found")),
        Refusal::MediaType => failed(415, 415, "The media type is not supported"),
        Refusal::Body => failed(400, 400, "The body can't be read"),
        Refusal::UnknownField(field) | Refusal::InvalidField(field) => {
            failed(400, 400, &format!("The value of {field} can't be converted"))
        }
    }
}

fn date(date: DateTime<Utc>) -> String {
    date.to_rfc3339_opts(SecondsFormat::Millis, true)
}

fn keys(world: &World, base: &str) -> Value {
    let keys = &world.vendors.kaseya_bms;
    json!({
        "credentials": {
            "address": format!("{base}/kaseya_bms"), "user_name": keys.user_name, "password": keys.password,
            "tenant": keys.tenant, "ticket_type_id": TICKET_TYPE.to_string(), "source_id": SOURCE.to_string(),
            "note_type_id": NOTE_TYPE.to_string(),
        },
        "company": "120", "other_company": "121", "contact": format!("mmanager@{}", world.domain()),
        "location": "Onboarding", "status_new": "New", "status_working": "In Progress", "status_waiting": "Waiting",
        "status_complete": "Completed", "priority": "High", "work_role": "User administration",
        "tech_id": EMPLOYEE.to_string(),
    })
}

/// The id of the path, which is a 32-bit number at the vendor.
fn path_id(request: &Request) -> Result<Value, Response> {
    let id = request.param(0).parse::<i32>();
    id.map(|id| json!(id)).map_err(|_| request.refuse(Refusal::InvalidId))
}

fn look_up(world: &World, request: &Request, known: &[&str], list: &str) -> Reply {
    request.only_query(known)?;
    Ok(success(world.vendors.kaseya_bms.records.values(list)))
}

fn accounts(world: &mut World, request: &Request) -> Reply {
    request.only_query(&["Filter.Ids", "Filter.Name", "PageSize", "PageNumber"])?;
    let ids = request.query.iter().filter(|(name, _)| name == "Filter.Ids");
    let ids: Vec<&str> = ids.map(|(_, id)| id.as_str()).collect();
    let name = request.query("Filter.Name").unwrap_or_default().to_lowercase();
    let mut all = world.vendors.kaseya_bms.records.values("accounts");
    all.retain(|account| {
        let own_name = account["Name"].as_str().unwrap_or_default().to_lowercase();
        (ids.is_empty() || ids.contains(&account["Id"].to_string().as_str())) && own_name.contains(&name)
    });
    page(request, all)
}

/// The id of the account in the path, if it exists.
fn account(world: &World, request: &Request) -> Result<Value, Response> {
    let wanted = path_id(request)?;
    match world.vendors.kaseya_bms.records.find("accounts", &wanted) {
        Some(_) => Ok(wanted),
        None => Err(request.not_found("account")),
    }
}

/// The ids of an account's two locations. The second one is the main location.
fn location_ids(account: &Value) -> [i64; 2] {
    let account = account.as_i64().unwrap_or_default();
    [account * 10 + 2, account * 10 + 1]
}

fn locations(world: &mut World, request: &Request) -> Reply {
    request.only_query(&[])?;
    let account = account(world, request)?;
    let location =
        |id: i64| json!({"Id": id, "Name": format!("Site {}", id % 10), "AccountId": account, "IsMain": id % 10 == 1});
    Ok(success(location_ids(&account).map(location).to_vec()))
}

fn contacts(world: &mut World, request: &Request) -> Reply {
    request.only_query(&["Filter.Name", "Filter.LocationId", "PageSize", "PageNumber"])?;
    let account = account(world, request)?;
    let contacts = world.vendors.kaseya_bms.records.with("contacts", "AccountId", &account);
    let view = |contact: &crate::records::Record| json!({"Id": contact["Id"], "Name": contact["Name"], "LocationId": contact["LocationId"], "EmailAddress": contact["EmailAddress"]});
    page(request, contacts.map(view).collect())
}
