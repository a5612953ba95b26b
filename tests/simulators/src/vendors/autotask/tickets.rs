//! Tickets and their notes.

use chrono::{SecondsFormat, Utc};
use serde_json::{Value, json};

use super::{
    COMPLETE, RESOURCE, ROLE,
    fields::{LIMITS, NOTE, NOTE_DESCRIPTION, NOTE_TITLE, TICKET, TICKET_DESCRIPTION, entry_of},
    refused,
};
use crate::{
    records::{self, Fields, Record, Records, fields, text},
    render::Shown,
    request::{Reply, Request, Response},
    vendors::{NewTicket, Vendors},
    world::{Author, World},
};

/// According to its documentation, texts from the API are never rich text.
const SHOWN: &[(&str, Shown)] = &[("title", Shown::Plain), ("description", Shown::Plain)];

/// The user of API clients, to whom their tracking identifier belongs.
const API_USER: i64 = 29_682_890;
const API_VENDOR: i64 = 11;
/// A contact of the customer.
const CUSTOMER: i64 = 303;
const PHONE: i64 = 2;
const PORTAL: i64 = 11;

fn now() -> Value {
    json!(Utc::now().to_rfc3339_opts(SecondsFormat::Millis, true))
}

pub fn view(ticket: &Record) -> Value {
    let mut view = ticket.fields.clone();
    let id = ticket["id"].as_i64().unwrap_or_default();
    view.insert("ticketNumber".to_owned(), json!(format!("T20260101.{id:04}")));
    Value::Object(view)
}

fn required(body: &Fields, names: &[&str]) -> Result<(), Response> {
    match records::missing(body, names) {
        Some(name) => Err(refused(&format!("Value does not exist for the required field {name}."))),
        None => Ok(()),
    }
}

fn length(body: &Fields, field: &str, most: usize) -> Result<(), Response> {
    if text(body, field).encode_utf16().count() > most {
        return Err(refused(&format!(
            "Data violation: Field: {field} can have a maximum of {most} characters."
        )));
    }
    Ok(())
}

/// Checks that a field's value is in its picklist and can still be chosen.
fn chosen(records: &Records, list: &str, body: &Fields, field: &str) -> Result<(), Response> {
    let Some(value) = body.get(field) else { return Ok(()) };
    match entry_of(records, list, field, value) {
        Some(entry) if entry["isActive"] == true => Ok(()),
        _ => Err(refused(&format!("Invalid value for picklist field: {field}."))),
    }
}

/// Checks a ticket, whether new or changed.
fn check(records: &Records, ticket: &Fields) -> Result<(), Response> {
    required(ticket, &["companyID", "title", "status", "priority"])?;
    for (field, most) in LIMITS {
        length(ticket, field, *most)?;
    }
    length(ticket, "description", TICKET_DESCRIPTION)?;
    for field in ["status", "priority", "queueID"] {
        chosen(records, "ticket fields", ticket, field)?;
    }
    let of = |field: &str| ticket.get(field);
    let company = of("companyID").cloned().unwrap_or_default();
    if records.find("companies", &company).is_none() {
        return Err(refused(
            "Reference value on field: companyID of type: Company does not exist or is invalid.",
        ));
    }
    if of("contactID").is_some_and(|id| records.look_up("contacts", id, "companyID") != company) {
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

fn close_or_open(ticket: &mut Fields) {
    if ticket.get("status") == Some(&json!(COMPLETE)) {
        ticket.entry("completedDate").or_insert_with(now);
    } else {
        ticket.remove("completedDate");
    }
}

fn find<'a>(world: &'a mut World, request: &Request, id: &Value) -> Result<&'a mut Record, Response> {
    let records = &mut world.vendors.autotask.records;
    let found = records.visible("tickets", id, &mut world.hidden);
    found.ok_or_else(|| request.not_found("ticket"))
}

pub fn get(world: &mut World, request: &Request) -> Reply {
    request.only_query(&[])?;
    let ticket = find(world, request, &json!(request.id()?))?;
    Ok(Response::json(200, json!({ "item": view(ticket) })))
}

pub fn create(world: &mut World, request: &Request) -> Reply {
    request.only_query(&[])?;
    let mut ticket = request.object(TICKET)?;
    world.shows_fields(request.vendor, &ticket, SHOWN);
    ticket.remove("id");
    let records = &mut world.vendors.autotask.records;
    check(records, &ticket)?;
    ticket.extend(fields(json!({
        "createDate": now(), "creatorResourceID": API_USER, "apiVendorID": API_VENDOR,
    })));
    close_or_open(&mut ticket);
    let id = records.add("tickets", ticket)["id"].clone();
    world.count("tickets_created");
    Ok(Response::json(200, json!({ "itemId": id })))
}

pub fn update(world: &mut World, request: &Request) -> Reply {
    request.only_query(&[])?;
    let changes = request.object(TICKET)?;
    world.shows_fields(request.vendor, &changes, SHOWN);
    required(&changes, &["id"])?;
    let id = changes.get("id").cloned().unwrap_or_default();
    let mut changed = find(world, request, &id)?.fields.clone();
    changed.extend(changes);
    check(&world.vendors.autotask.records, &changed)?;
    close_or_open(&mut changed);
    find(world, request, &id)?.fields = changed;
    world.count("tickets_updated");
    Ok(Response::json(200, json!({ "itemId": id })))
}

pub fn create_note(world: &mut World, request: &Request) -> Reply {
    request.only_query(&[])?;
    let mut note = request.object(NOTE)?;
    world.shows_fields(request.vendor, &note, SHOWN);
    let ticket = find(world, request, &json!(request.id()?))?["id"].clone();
    required(&note, &["title", "description", "noteType", "publish"])?;
    length(&note, "title", NOTE_TITLE)?;
    length(&note, "description", NOTE_DESCRIPTION)?;
    let records = &mut world.vendors.autotask.records;
    for field in ["noteType", "publish"] {
        chosen(records, "note fields", &note, field)?;
    }
    note.remove("id");
    note.extend(fields(json!({
        "ticketID": ticket, "creatorResourceID": API_USER, "createDateTime": now(),
    })));
    let id = records.add("notes", note)["id"].clone();
    world.count("notes_created");
    Ok(Response::json(200, json!({ "itemId": id })))
}

pub fn state(world: &World) -> Value {
    let records = &world.vendors.autotask.records;
    let tickets = records.list("tickets").iter();
    json!({ "tickets": tickets.map(|ticket| ticket_state(records, ticket)).collect::<Vec<_>>() })
}

fn ticket_state(records: &Records, ticket: &Record) -> Value {
    let label = |field: &str| {
        let entry = entry_of(records, "ticket fields", field, &ticket[field]);
        entry.map(|entry| entry["label"].clone())
    };
    let notes = records.with("notes", "ticketID", &ticket["id"]).map(
        |note| json!({"id": note["id"], "text": note["description"], "title": note["title"], "internal": note["publish"] == 2}),
    );
    json!({
        "id": ticket["id"], "summary": ticket["title"], "status": label("status"), "location": label("queueID"),
        "priority": label("priority"), "company": records.look_up("companies", &ticket["companyID"], "companyName"),
        "owner": ticket["assignedResourceID"], "work_role": ticket["assignedResourceRoleID"],
        "contact": records.look_up("contacts", &ticket["contactID"], "firstName"), "marker": ticket["externalID"],
        "description": ticket["description"], "closed": ticket["status"] == COMPLETE,
        "notes": notes.collect::<Vec<_>>(),
    })
}

/// A customer's ticket comes from the client portal.
pub fn open(vendors: &mut Vendors, new: &NewTicket<'_>) -> Value {
    let (resource, contact, source) = match new.by {
        Author::Technician => (Some(RESOURCE), None, PHONE),
        Author::Customer => (None, Some(CUSTOMER), PORTAL),
    };
    let mut ticket = fields(json!({
        "creatorResourceID": resource, "createdByContactID": contact, "source": source,
        "companyID": new.company.parse::<i64>().ok(), "title": new.summary, "description": new.description,
        "status": if new.closed { COMPLETE } else { 1 }, "priority": 2, "queueID": 29_682_834, "createDate": now(),
    }));
    close_or_open(&mut ticket);
    vendors.autotask.records.add("tickets", ticket)["id"].clone()
}

pub fn write(vendors: &mut Vendors, ticket: &Value, text: &str, by: Author) {
    let (resource, contact, publish) = match by {
        Author::Technician => (Some(RESOURCE), None, 2),
        Author::Customer => (None, Some(CUSTOMER), 1),
    };
    let note = json!({
        "ticketID": ticket, "title": "By hand", "description": text, "noteType": 3, "publish": publish,
        "creatorResourceID": resource, "createdByContactID": contact, "createDateTime": now(),
    });
    vendors.autotask.records.add("notes", fields(note));
}
