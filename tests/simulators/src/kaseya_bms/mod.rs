//! Kaseya BMS: signing in, look-ups, and the envelope that every answer comes in. Refusals of what was asked for come with
//! status 200; only the door answers 401.

mod sign_in;
pub mod tickets;

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Map, Value, json};

use self::{
    sign_in::{authenticate, form, not_accepted},
    tickets::Ticket,
};
use crate::{
    call::{Answer, Call, Operation, Outcome},
    fields::{self, Table},
    state::State,
    vendor::{Newcomer, Vendor},
    world::{Token, World, id, secret},
};

pub const VENDOR: Vendor = Vendor {
    name: "kaseya_bms",
    bases: &["/kaseya_bms"],
    operations: OPERATIONS,
    error: |status, _, message| failed(status, status, message),
    world,
    keys,
    state: |world| {
        let bms = &world.vendors.kaseya_bms;
        json!({"tickets": bms.tickets.iter().map(|ticket| tickets::state(bms, ticket)).collect::<Vec<_>>()})
    },
};

const GET: &str = "GET";
const OPERATIONS: &[Operation] = &[
    ("POST", AUTHENTICATE, authenticate),
    ("POST", "/v2/servicedesk/tickets/search", tickets::search),
    ("POST", "/v2/servicedesk/tickets", tickets::create),
    (GET, "/v2/servicedesk/tickets/{id}", tickets::get),
    ("PATCH", "/v2/servicedesk/tickets/{id}", tickets::patch),
    (GET, "/v2/servicedesk/tickets/{id}/notes", tickets::list_notes),
    ("POST", "/v2/servicedesk/tickets/{id}/notes", tickets::create_note),
    (GET, "/v2/crm/accounts/lookup", accounts),
    (GET, "/v2/crm/accounts/{id}/locations/lookup", locations),
    (GET, "/v2/crm/accounts/{id}/contacts/lookup", contacts),
    (GET, "/v2/system/queues/lookup", |world, call| {
        only_query(call, &[])?;
        let all = world.vendors.kaseya_bms.queues.iter();
        Ok(success(
            all.map(|(id, name)| json!({"Id": id, "Name": name, "IsActive": true}))
                .collect::<Vec<_>>(),
        ))
    }),
    (GET, "/v2/system/statuses/lookup", |_, call| {
        only_query(call, &[])?;
        let of = |(order, (id, name)): (usize, &(i64, &str))| json!({"Id": id, "Name": name, "StatusOrder": STATUSES.len() - order, "TypeId": 1, "IsSystemStatus": 0, "IsActive": true});
        Ok(success(STATUSES.iter().enumerate().map(of).collect::<Vec<_>>()))
    }),
    (GET, "/v2/system/priorities/lookup", |_, call| {
        only_query(call, &[])?;
        let of = |(id, name): &(i64, &str)| json!({"Id": id, "Name": name, "Color": "#00ff00", "IsDefault": *name == "Medium"});
        Ok(success(PRIORITIES.iter().map(of).collect::<Vec<_>>()))
    }),
    (GET, "/v2/system/issuetypes/lookup", |_, call| {
        only_query(call, &["Filter.Name"])?;
        let of = |(id, name): &(i64, &str)| json!({"Id": id, "Name": name, "IsActive": true});
        Ok(success(ISSUE_TYPES.iter().map(of).collect::<Vec<_>>()))
    }),
];

const AUTHENTICATE: &str = "/v2/security/authenticate";
/// What the server gives at most, whatever is asked for.
const LARGEST_PAGE: usize = 100;

pub type Record = (i64, String);

/// The last comes first in their own order.
pub const STATUSES: &[(i64, &str)] = &[
    (49961, "Completed"),
    (49960, "Waiting"),
    (49959, "In Progress"),
    (49958, "New"),
];
pub const COMPLETED: i64 = 49961;
pub const NEW: i64 = 49958;
pub const PRIORITIES: &[(i64, &str)] = &[(40481, "High"), (40483, "Medium"), (40482, "Low")];
pub const ISSUE_TYPES: &[(i64, &str)] = &[(701, "User administration"), (702, "Hardware")];
pub const TICKET_TYPE: i64 = 7;
pub const SOURCE: i64 = 3;
pub const NOTE_TYPE: i64 = 12;
pub const EMPLOYEE: i64 = 88;

/// What one MSP has there: accounts 120 (the organisation) and 121.
pub struct KaseyaBms {
    tenant: String,
    user_name: String,
    password: String,
    tokens: Vec<Token>,
    pub accounts: Vec<Record>,
    pub contacts: Vec<Contact>,
    pub queues: Vec<Record>,
    pub tickets: Vec<Ticket>,
    last_id: i64,
}

pub struct Contact {
    pub id: i64,
    pub name: &'static str,
    pub mail: String,
    pub account: i64,
    pub location: i64,
}

impl KaseyaBms {
    pub fn new(newcomer: &Newcomer<'_>) -> Self {
        let contact = |id, name, local: &str, account, location| Contact {
            id,
            name,
            mail: format!("{local}@{}", newcomer.domain),
            account,
            location,
        };
        Self {
            tenant: format!("MSP of {}", newcomer.name),
            user_name: format!("gangway-{}", id()),
            password: format!("ä\"{}--{}", secret(), id()),
            tokens: Vec::new(),
            accounts: vec![(120, newcomer.company.to_owned()), (121, "Somebody Else".to_owned())],
            contacts: vec![
                contact(501, "Morgan Manager", "mmanager", 120, 1202),
                contact(502, "Alex Approver", "aapprover", 120, 1201),
                contact(503, "Morgan Elsewhere", "xmmanager", 121, 1211),
            ],
            queues: vec![(38402, "Onboarding".to_owned()), (38403, "Help Desk".to_owned())],
            tickets: Vec::new(),
            last_id: 13_287_000,
        }
    }

    pub fn next_id(&mut self) -> i64 {
        self.last_id += 1;
        self.last_id
    }

    pub fn add_queue(&mut self, name: &str) {
        let id = self.next_id();
        self.queues.push((id, name.to_owned()));
    }
}

fn success(result: impl Into<Value>) -> Answer {
    Answer::json(200, json!({"Success": true, "Result": result.into()}))
}

fn failed(status: u16, code: u16, message: &str) -> Answer {
    let error = json!({"Code": code, "Message": message, "Details": null, "SubErrors": []});
    Answer::json(status, json!({"Success": false, "Error": error}))
}

/// A refusal that comes as a success.
fn refused(code: u16, message: &str) -> Answer {
    failed(200, code, message)
}

fn only_query(call: &Call, known: &[&str]) -> Result<(), Answer> {
    call.unknown_query(known).map_or(Ok(()), |option| {
        Err(failed(400, 400, &format!("The parameter {option} is not known")))
    })
}

fn world(state: &State, call: &Call, template: &str) -> Result<String, Answer> {
    if template == AUTHENTICATE {
        let form = form(call)?;
        let given = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
        let of = |world: &&World| {
            let bms = &world.vendors.kaseya_bms;
            bms.tenant == given("Tenant") && bms.user_name == given("UserName")
        };
        let found = state.worlds.values().find(of);
        return found.map(|world| world.name.clone()).ok_or_else(not_accepted);
    }
    let token = call.bearer().unwrap_or_default();
    let of = |world: &&World| world.vendors.kaseya_bms.tokens.iter().any(|known| known.is(token));
    let found = state.worlds.values().find(of);
    found.map(|world| world.name.clone()).ok_or_else(|| Answer::empty(401))
}

fn date(date: DateTime<Utc>) -> String {
    date.to_rfc3339_opts(SecondsFormat::Millis, true)
}

fn keys(world: &World, base: &str) -> Value {
    let bms = &world.vendors.kaseya_bms;
    json!({
        "credentials": {
            "address": format!("{base}/kaseya_bms"), "user_name": bms.user_name, "password": bms.password,
            "tenant": bms.tenant, "ticket_type_id": TICKET_TYPE.to_string(), "source_id": SOURCE.to_string(),
            "note_type_id": NOTE_TYPE.to_string(),
        },
        "company": "120", "other_company": "121", "contact": format!("mmanager@{}", world.domain()),
        "location": "Onboarding", "status_new": "New", "status_working": "In Progress", "status_waiting": "Waiting",
        "status_complete": "Completed", "priority": "High", "work_role": "User administration",
        "tech_id": EMPLOYEE.to_string(),
    })
}

/// The name of the record with this id.
fn name_of(records: &[Record], id: Option<i64>) -> Option<&str> {
    let found = records.iter().find(|record| Some(record.0) == id);
    found.map(|record| record.1.as_str())
}

fn constant(records: &[(i64, &'static str)], id: Option<i64>) -> Option<&'static str> {
    let found = records.iter().find(|record| Some(record.0) == id);
    found.map(|record| record.1)
}

fn path_id(call: &Call) -> Result<i64, Answer> {
    let id = call.param(0).parse::<i32>();
    id.map(i64::from)
        .map_err(|_| failed(400, 400, "The value of the id is not valid"))
}

/// One page, counted from 1; the server has its own idea of the largest.
fn page(all: &[Value], size: Option<i64>, number: Option<i64>) -> Vec<Value> {
    let size = usize::try_from(size.unwrap_or(10))
        .unwrap_or_default()
        .clamp(1, LARGEST_PAGE);
    let number = usize::try_from(number.unwrap_or(1)).unwrap_or_default().max(1);
    all.iter().skip((number - 1) * size).take(size).cloned().collect()
}

fn page_of_query(call: &Call, all: &[Value]) -> Outcome {
    let number = |name: &str| {
        let parsed = call.query(name).map(str::parse).transpose();
        parsed.map_err(|_| failed(400, 400, &format!("The value of {name} is not valid")))
    };
    Ok(success(page(all, number("PageSize")?, number("PageNumber")?)))
}

fn accounts(world: &mut World, call: &Call) -> Outcome {
    only_query(call, &["Filter.Ids", "Filter.Name", "PageSize", "PageNumber"])?;
    let ids: Vec<&str> = call
        .query
        .iter()
        .filter(|(name, _)| name == "Filter.Ids")
        .map(|(_, id)| id.as_str())
        .collect();
    let name = call.query("Filter.Name").unwrap_or_default().to_lowercase();
    let fits = |account: &&Record| {
        (ids.is_empty() || ids.contains(&account.0.to_string().as_str())) && account.1.to_lowercase().contains(&name)
    };
    let all: Vec<Value> = world
        .vendors
        .kaseya_bms
        .accounts
        .iter()
        .filter(fits)
        .map(|(id, name)| json!({"Id": id, "Name": name, "IsActive": true}))
        .collect();
    page_of_query(call, &all)
}

fn account(world: &World, call: &Call) -> Result<i64, Answer> {
    let wanted = path_id(call)?;
    name_of(&world.vendors.kaseya_bms.accounts, Some(wanted))
        .map(|_| wanted)
        .ok_or_else(|| refused(404, "The account was not found"))
}

/// Two of each account: the second one is the main one.
fn locations(world: &mut World, call: &Call) -> Outcome {
    only_query(call, &[])?;
    let account = account(world, call)?;
    let location = |number: i64| json!({"Id": account * 10 + number, "Name": format!("Site {number}"), "AccountId": account, "IsMain": number == 1});
    Ok(success(vec![location(2), location(1)]))
}

fn contacts(world: &mut World, call: &Call) -> Outcome {
    only_query(call, &["Filter.Name", "Filter.LocationId", "PageSize", "PageNumber"])?;
    let account = account(world, call)?;
    let view = |contact: &Contact| json!({"Id": contact.id, "Name": contact.name, "LocationId": contact.location, "EmailAddress": contact.mail});
    let of_account = world
        .vendors
        .kaseya_bms
        .contacts
        .iter()
        .filter(|contact| contact.account == account);
    let all: Vec<Value> = of_account.map(view).collect();
    page_of_query(call, &all)
}

fn json_body(call: &Call) -> Result<Value, Answer> {
    if call.content_type() != "application/json" {
        return Err(failed(415, 415, "The media type is not supported"));
    }
    serde_json::from_slice(&call.body).map_err(|_| failed(400, 400, "The body can't be read"))
}

fn object(call: &Call, table: Table) -> Result<Map<String, Value>, Answer> {
    let Value::Object(body) = json_body(call)? else {
        return Err(failed(400, 400, "The body must be an object"));
    };
    fields::check(&body, table).map_err(|problem| {
        let message = format!("The value of {} can't be converted", problem.field());
        failed(400, 400, &message)
    })?;
    Ok(body)
}
