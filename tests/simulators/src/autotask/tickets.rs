//! Tickets and their notes.

use chrono::{SecondsFormat, Utc};
use serde_json::{Map, Value, json};

use super::{
    Autotask, COMPLETE, RESOURCE, ROLE, Ticket, error, only_query, path_id, query as queries, refused, tables,
};
use crate::{
    call::{Answer, Call, Outcome},
    fields::{self, Problem, Table},
    render::Shown,
    world::{Hand, World},
};

fn now() -> Value {
    json!(Utc::now().to_rfc3339_opts(SecondsFormat::Millis, true))
}

pub fn view(ticket: &Ticket) -> Value {
    let mut view = ticket.properties.clone();
    view.insert("id".to_owned(), json!(ticket.id));
    view.insert("ticketNumber".to_owned(), json!(number(ticket.id)));
    Value::Object(view)
}

/// What people call the ticket.
pub fn number(id: i64) -> String {
    format!("T20260101.{id:04}")
}

fn body(call: &Call, table: Table) -> Result<Map<String, Value>, Answer> {
    if call.content_type() != "application/json" {
        return Err(error(415, "The Content-Type must be application/json."));
    }
    let body = call.json_object().ok_or_else(|| refused("The body is no object."))?;
    fields::check(&body, table).map_err(|problem| match problem {
        Problem::Unknown(field) => refused(&format!("Error converting the body: {field} is not known.")),
        Problem::WrongType(field) => refused(&format!("Error converting value to the type of field {field}.")),
    })?;
    Ok(body)
}

fn required(body: &Map<String, Value>, names: &[&str]) -> Result<(), Answer> {
    let is_missing = |name: &&&str| {
        let value = body.get(**name);
        value.is_none_or(|value| value.as_str().is_some_and(|text| text.trim().is_empty()))
    };
    match names.iter().find(is_missing) {
        Some(name) => Err(refused(&format!("Value does not exist for the required field {name}."))),
        None => Ok(()),
    }
}

fn length(body: &Map<String, Value>, field: &str, most: usize) -> Result<(), Answer> {
    let text = body.get(field).and_then(Value::as_str).unwrap_or_default();
    if text.encode_utf16().count() > most {
        return Err(refused(&format!(
            "Data violation: Field: {field} can have a maximum of {most} characters."
        )));
    }
    Ok(())
}

fn chosen(fields: &[Value], body: &Map<String, Value>, field: &str) -> Result<(), Answer> {
    let Some(value) = body.get(field) else { return Ok(()) };
    let wanted = value.to_string();
    let mut values = tables::picklist(fields, field).iter();
    if values.any(|entry| entry["value"] == wanted && entry["isActive"] == true) {
        Ok(())
    } else {
        Err(refused(&format!("Invalid value for picklist field: {field}.")))
    }
}

/// Everything that a ticket must fulfil, new or changed.
fn settle(world: &World, properties: &Map<String, Value>) -> Result<(), Answer> {
    let desk = &world.vendors.autotask;
    required(properties, &["companyID", "title", "status", "priority"])?;
    for (field, most) in tables::LIMITS {
        length(properties, field, *most)?;
    }
    length(properties, "description", tables::TICKET_DESCRIPTION)?;
    for field in ["status", "priority", "queueID"] {
        chosen(&desk.ticket_fields, properties, field)?;
    }
    let of = |field: &str| properties.get(field);
    let company = of("companyID");
    if !desk.companies.iter().any(|record| Some(&record["id"]) == company) {
        return Err(refused(
            "Reference value on field: companyID of type: Company does not exist or is invalid.",
        ));
    }
    let mut contacts = desk.contacts.iter();
    let fits = |record: &Value, id: &Value| record["id"] == *id && Some(&record["companyID"]) == company;
    if of("contactID").is_some_and(|id| !contacts.any(|record| fits(record, id))) {
        return Err(refused(
            "Reference value on field: contactID of type: Contact does not exist or is invalid.",
        ));
    }
    match (of("assignedResourceID"), of("assignedResourceRoleID")) {
        (None, None) if of("queueID").is_none() => Err(refused(
            "A ticket must have a queueID or an assignedResourceID and assignedResourceRoleID.",
        )),
        (None, None) => Ok(()),
        (Some(resource), Some(role)) if *resource == RESOURCE && *role == ROLE => Ok(()),
        _ => Err(refused(
            "The specified AssignedResourceID and AssignedRoleID combination is not currently defined.",
        )),
    }
}

fn close_or_open(properties: &mut Map<String, Value>) {
    if properties.get("status") == Some(&json!(COMPLETE)) {
        properties.entry("completedDate").or_insert_with(now);
    } else {
        properties.remove("completedDate");
    }
}

pub fn create(world: &mut World, call: &Call) -> Outcome {
    only_query(call, &[])?;
    let mut properties = body(call, tables::ticket)?;
    judge(world, &properties);
    properties.remove("id");
    settle(world, &properties)?;
    properties.insert("createDate".to_owned(), now());
    properties.insert("creatorResourceID".to_owned(), json!(API_USER));
    properties.insert("apiVendorID".to_owned(), json!(API_VENDOR));
    close_or_open(&mut properties);
    let desk = &mut world.vendors.autotask;
    let id = desk.next_id();
    desk.tickets.push(Ticket {
        id,
        properties,
        notes: Vec::new(),
    });
    world.count("tickets_created");
    Ok(Answer::json(200, json!({ "itemId": id })))
}

fn find(world: &mut World, id: i64) -> Result<&mut Ticket, Answer> {
    let absent = || error(404, "No matching records found");
    if world.is_hidden(&id.to_string()) {
        return Err(absent());
    }
    let mut tickets = world.vendors.autotask.tickets.iter_mut();
    tickets.find(|ticket| ticket.id == id).ok_or_else(absent)
}

pub fn get(world: &mut World, call: &Call) -> Outcome {
    only_query(call, &[])?;
    let ticket = find(world, path_id(call)?)?;
    Ok(Answer::json(200, json!({ "item": view(ticket) })))
}

pub fn query(world: &mut World, call: &Call) -> Outcome {
    let tickets = world.vendors.autotask.tickets.iter().map(view).collect();
    queries::answer(call, "Ticket", tickets)
}

pub fn update(world: &mut World, call: &Call) -> Outcome {
    only_query(call, &[])?;
    let changes = body(call, tables::ticket)?;
    judge(world, &changes);
    required(&changes, &["id"])?;
    let id = changes.get("id").and_then(Value::as_i64).unwrap_or_default();
    let mut properties = find(world, id)?.properties.clone();
    properties.extend(changes);
    properties.remove("id");
    settle(world, &properties)?;
    close_or_open(&mut properties);
    find(world, id)?.properties = properties;
    world.count("tickets_updated");
    Ok(Answer::json(200, json!({ "itemId": id })))
}

pub fn query_notes(world: &mut World, call: &Call) -> Outcome {
    let tickets = world.vendors.autotask.tickets.iter();
    let notes = tickets.flat_map(|ticket| ticket.notes.iter().cloned().map(Value::Object));
    queries::answer(call, "TicketNote", notes.collect())
}

pub fn create_note(world: &mut World, call: &Call) -> Outcome {
    only_query(call, &[])?;
    let mut note = body(call, tables::note)?;
    judge(world, &note);
    let ticket = path_id(call)?;
    find(world, ticket)?;
    required(&note, &["title", "description", "noteType", "publish"])?;
    length(&note, "title", tables::NOTE_TITLE)?;
    length(&note, "description", tables::NOTE_DESCRIPTION)?;
    for field in ["noteType", "publish"] {
        chosen(&world.vendors.autotask.note_fields, &note, field)?;
    }
    let id = world.vendors.autotask.next_id();
    note.insert("id".to_owned(), json!(id));
    note.insert("ticketID".to_owned(), json!(ticket));
    note.insert("creatorResourceID".to_owned(), json!(API_USER));
    note.insert("createDateTime".to_owned(), now());
    find(world, ticket)?.notes.push(note);
    world.count("notes_created");
    Ok(Answer::json(200, json!({ "itemId": id })))
}

/// By its documentation, what comes by the API is never rich text.
fn judge(world: &mut World, record: &Map<String, Value>) {
    for field in ["title", "description"] {
        let text = record.get(field).and_then(Value::as_str).unwrap_or_default();
        world.shows("autotask", field, text, Shown::Plain);
    }
}

/// Who a client of the API is, and what its tracking identifier belongs to.
const API_USER: i64 = 29_682_890;
const API_VENDOR: i64 = 11;
/// A contact of the customer's.
const CUSTOMER: i64 = 303;
const PHONE: i64 = 2;
const PORTAL: i64 = 11;

/// What people do by hand: no effect of Gangway's.
impl Autotask {
    /// A customer's came by the client portal.
    pub fn open(&mut self, company: i64, title: &str, closed: bool, by: Hand) -> i64 {
        let id = self.next_id();
        let (resource, contact, source) = match by {
            Hand::Technician => (Some(RESOURCE), None, PHONE),
            Hand::Customer => (None, Some(CUSTOMER), PORTAL),
        };
        let properties = json!({
            "creatorResourceID": resource, "createdByContactID": contact, "source": source,
            "companyID": company, "title": title, "status": if closed { COMPLETE } else { 1 }, "priority": 2,
            "queueID": 29_682_834, "createDate": now(),
        });
        let mut properties = properties.as_object().cloned().unwrap_or_default();
        properties.retain(|_, value| !value.is_null());
        close_or_open(&mut properties);
        self.tickets.push(Ticket {
            id,
            properties,
            notes: Vec::new(),
        });
        id
    }

    /// A customer's is for everybody.
    pub fn write(&mut self, ticket: i64, text: &str, by: Hand) {
        let id = self.next_id();
        let (resource, contact, publish) = match by {
            Hand::Technician => (Some(RESOURCE), None, 2),
            Hand::Customer => (None, Some(CUSTOMER), 1),
        };
        let note = json!({
            "id": id, "ticketID": ticket, "title": "By hand", "description": text, "noteType": 3, "publish": publish,
            "creatorResourceID": resource, "createdByContactID": contact,
            "createDateTime": now(),
        });
        let mut tickets = self.tickets.iter_mut();
        if let (Some(ticket), Value::Object(mut note)) = (tickets.find(|other| other.id == ticket), note) {
            note.retain(|_, value| !value.is_null());
            ticket.notes.push(note);
        }
    }

    pub fn add_queue(&mut self, name: &str) {
        let id = self.next_id();
        let queues = self.ticket_fields.iter_mut().find(|field| field["name"] == "queueID");
        if let Some(queues) = queues.and_then(|field| field["picklistValues"].as_array_mut()) {
            queues.push(tables::entry(id, name, false));
        }
    }
}
