//! Service tickets and their notes.

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};

use super::{
    fields::{LIMITS, NOTE, REFERENCES, TICKET, means},
    invalid,
    query::page,
    required,
    setup::OWN_COMPANY,
};
use crate::{
    fields::kind_of,
    records::{self, Fields, Record, Records, fields, text},
    render::Shown,
    request::{Refusal, Reply, Request, Response},
    vendors::{NewTicket, Vendors},
    world::{Author, World},
};

/// A new ticket's texts, and the flag of the note that each one becomes.
const INITIAL: [(&str, &str); 3] = [
    ("initialDescription", "detailDescriptionFlag"),
    ("initialInternalAnalysis", "internalAnalysisFlag"),
    ("initialResolution", "resolutionFlag"),
];

const SHOWN: &[(&str, Shown)] = &[
    ("initialDescription", Shown::Markdown),
    ("initialInternalAnalysis", Shown::Markdown),
    ("initialResolution", Shown::Markdown),
    ("summary", Shown::PlainOrHtml),
    ("text", Shown::Markdown),
];

fn date(date: DateTime<Utc>) -> String {
    date.to_rfc3339_opts(SecondsFormat::Secs, true)
}

fn view(ticket: &Record) -> Value {
    let mut view = ticket.fields.clone();
    let at = date(ticket.created);
    view.insert("recordType".to_owned(), json!("ServiceTicket"));
    view.insert(
        "_info".to_owned(),
        json!({"dateEntered": at, "enteredBy": "API", "lastUpdated": at, "updatedBy": "API"}),
    );
    Value::Object(view)
}

fn find<'a>(world: &'a mut World, request: &Request) -> Result<&'a mut Record, Response> {
    let wanted = json!(request.id()?);
    let records = &mut world.vendors.connectwise.records;
    let found = records.visible("tickets", &wanted, &mut world.hidden);
    found.ok_or_else(|| request.not_found("Ticket"))
}

pub fn list(world: &mut World, request: &Request) -> Reply {
    let records = &world.vendors.connectwise.records;
    let all = records.all_visible("tickets", &mut world.hidden, |_| true);
    page(request, all.into_iter().map(view).collect())
}

pub fn get(world: &mut World, request: &Request) -> Reply {
    request.only_query(&["clientId", "fields"])?;
    Ok(Response::json(200, view(find(world, request)?)))
}

pub fn create(world: &mut World, request: &Request) -> Reply {
    request.only_query(&["clientId"])?;
    let mut ticket = request.object(TICKET)?;
    if let Some(field) = records::missing(&ticket, &["summary", "company", "board"]) {
        return Err(required("ticket", field));
    }
    world.shows_fields(request.vendor, &ticket, SHOWN);
    let initial = INITIAL.map(|(field, flag)| (ticket.remove(field), flag));
    let records = &mut world.vendors.connectwise.records;
    resolve(records, &mut ticket)?;
    for (field, list) in [
        ("status", "statuses"),
        ("priority", "priorities"),
        ("source", "sources"),
    ] {
        let default = records.with(list, "defaultFlag", &json!(true)).next().map(reference);
        if let (false, Some(default)) = (ticket.contains_key(field), default) {
            ticket.insert(field.to_owned(), default);
        }
    }
    close_or_open(records, &mut ticket);
    let ticket = records.add("tickets", ticket);
    let (id, response) = (ticket["id"].clone(), view(ticket));
    for (text, flag) in initial {
        let text = text.as_ref().and_then(Value::as_str).unwrap_or_default();
        if !text.is_empty() {
            add_note(records, &id, text, &[flag]);
        }
    }
    remember_status(world, &response);
    world.count("tickets_created");
    Ok(Response::json(201, response))
}

/// How a ticket shows a record that it refers to.
fn reference(record: &Record) -> Value {
    let fields = record.fields.iter();
    let kept = fields.filter(|(name, _)| ["id", "name", "identifier"].contains(&name.as_str()));
    kept.map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// Checks lengths, and replaces references with their records.
fn resolve(records: &Records, ticket: &mut Fields) -> Result<(), Response> {
    for (field, limit) in LIMITS {
        if text(ticket, field).chars().count() > *limit {
            let message = format!("The field {field} must be a string with a maximum length of {limit}.");
            return Err(invalid("ticket", "InvalidLength", field, &message));
        }
    }
    for (field, list) in REFERENCES {
        let Some(wanted) = ticket.get(*field) else { continue };
        // A status or a type belongs to one board. Other boards may have one of the same name.
        let board = ticket.get("board").map(|board| &board["id"]);
        let on_board = |record: &&Record| record["board"].is_null() || Some(&record["board"]["id"]) == board;
        let mut all = records.list(list).iter().filter(on_board);
        let Some(found) = all.find(|record| means(wanted, record)) else {
            let message = format!("The {field} can not be found");
            return Err(invalid("ticket", "InvalidReference", field, &message));
        };
        ticket.insert((*field).to_owned(), reference(found));
    }
    Ok(())
}

fn close_or_open(records: &Records, ticket: &mut Fields) {
    let status = ticket.get("status").map(|status| status["id"].clone());
    let closed = records.look_up("statuses", &status.unwrap_or_default(), "closedStatus") == true;
    ticket.insert("closedFlag".to_owned(), json!(closed));
    if closed {
        ticket.entry("closedDate").or_insert_with(|| json!(date(Utc::now())));
        ticket.entry("closedBy").or_insert_with(|| json!("API"));
    } else {
        ticket.remove("closedDate");
        ticket.remove("closedBy");
    }
}

pub fn update(world: &mut World, request: &Request) -> Reply {
    request.only_query(&["clientId"])?;
    let operations = request.json()?;
    let operations = operations.as_array().filter(|all| !all.is_empty());
    let operations = operations.ok_or_else(|| request.refuse(Refusal::Body))?;
    let mut changed = find(world, request)?.fields.clone();
    for operation in operations {
        patch(&mut changed, operation)?;
    }
    let own = ["id", "closedDate", "closedBy"];
    let mut sent = changed.clone();
    sent.retain(|name, _| !own.contains(&name.as_str()));
    request.check(&sent, TICKET)?;
    if records::missing(&changed, &["summary"]).is_some() {
        return Err(required("ticket", "summary"));
    }
    let records = &world.vendors.connectwise.records;
    resolve(records, &mut changed)?;
    close_or_open(records, &mut changed);
    let ticket = find(world, request)?;
    ticket.fields = changed;
    let response = view(ticket);
    remember_status(world, &response);
    world.count("tickets_updated");
    Ok(Response::json(200, response))
}

fn remember_status(world: &mut World, ticket: &Value) {
    let name = ticket["status"]["name"].as_str().unwrap_or_default().to_owned();
    let id = ticket["id"].as_i64().unwrap_or_default();
    let statuses = world.vendors.connectwise.statuses.entry(id).or_default();
    if statuses.last() != Some(&name) {
        statuses.push(name);
    }
}

fn patch(ticket: &mut Fields, operation: &Value) -> Result<(), Response> {
    let wrong = |field: &str, message: &str| invalid("patchOperation", "InvalidField", field, message);
    let Value::Object(operation) = operation else {
        return Err(wrong("", "A patch operation must be an object"));
    };
    let mut keys = operation.keys();
    if let Some(unknown) = keys.find(|key| !["op", "path", "value"].contains(&key.as_str())) {
        return Err(wrong(unknown, "The field is not known"));
    }
    let op = text(operation, "op");
    if !["add", "replace", "remove"].contains(&op) {
        return Err(wrong("op", "add, replace or remove"));
    }
    let path = text(operation, "path").trim_start_matches('/');
    let (field, inner) = path
        .split_once('/')
        .map_or((path, None), |(field, inner)| (field, Some(inner)));
    if kind_of(TICKET, field).is_none() {
        return Err(wrong(path, "The path is not known"));
    }
    if op == "remove" {
        ticket.remove(field);
        return Ok(());
    }
    let value = operation.get("value").cloned();
    let value = value.ok_or_else(|| wrong("value", "A value is required"))?;
    // `status/id` replaces the whole reference, because the old name would contradict the new id.
    let value = inner.map_or_else(|| value.clone(), |inner| json!({ inner: value }));
    ticket.insert(field.to_owned(), value);
    Ok(())
}

pub fn list_notes(world: &mut World, request: &Request) -> Reply {
    let ticket = find(world, request)?["id"].clone();
    let mut notes = world.vendors.connectwise.records.values("notes");
    notes.retain(|note| note["ticketId"] == ticket);
    page(request, notes)
}

pub fn create_note(world: &mut World, request: &Request) -> Reply {
    request.only_query(&["clientId"])?;
    let ticket = find(world, request)?["id"].clone();
    let body = request.object(NOTE)?;
    if records::missing(&body, &["text"]).is_some() {
        return Err(required("note", "text"));
    }
    world.shows_fields(request.vendor, &body, SHOWN);
    let mut flags = INITIAL.map(|(_, flag)| flag).to_vec();
    flags.retain(|flag| body.get(*flag) == Some(&json!(true)));
    if flags.is_empty() {
        let message = "At least one of detailDescriptionFlag, internalAnalysisFlag and resolutionFlag must be true.";
        let field = "detailDescriptionFlag";
        return Err(invalid("note", "MissingRequiredField", field, message));
    }
    let records = &mut world.vendors.connectwise.records;
    let note = add_note(records, &ticket, text(&body, "text"), &flags);
    let response = Response::json(201, Value::Object(note.fields.clone()));
    world.count("notes_created");
    Ok(response)
}

fn add_note<'a>(records: &'a mut Records, ticket: &Value, text: &str, flags: &[&str]) -> &'a Record {
    let [discussion, internal, resolution] = INITIAL.map(|(_, flag)| flags.contains(&flag));
    let at = date(Utc::now());
    let note = json!({
        "ticketId": ticket, "text": text, "detailDescriptionFlag": discussion, "internalAnalysisFlag": internal,
        "resolutionFlag": resolution, "issueFlag": false, "internalFlag": internal,
        "externalFlag": discussion || resolution, "dateCreated": at, "createdBy": "API",
        "_info": {"dateEntered": at, "enteredBy": "API"},
    });
    records.add("notes", fields(note))
}

pub fn state(world: &World) -> Value {
    let tickets = world.vendors.connectwise.records.list("tickets").iter();
    json!({ "tickets": tickets.map(|ticket| ticket_state(world, ticket)).collect::<Vec<_>>() })
}

fn ticket_state(world: &World, ticket: &Record) -> Value {
    let connectwise = &world.vendors.connectwise;
    let name = |field: &str| ticket[field]["name"].clone();
    let contact = match name("contact") {
        Value::Null => ticket["contactEmailAddress"].clone(),
        contact => contact,
    };
    let notes = connectwise.records.with("notes", "ticketId", &ticket["id"]).map(|note| {
        json!({
            "id": note["id"], "text": note["text"], "internal": note["internalAnalysisFlag"],
            "discussion": note["detailDescriptionFlag"], "resolution": note["resolutionFlag"], "created": note.created,
        })
    });
    let id = ticket["id"].as_i64().unwrap_or_default();
    json!({
        "id": ticket["id"], "summary": ticket["summary"], "status": name("status"),
        "statuses": connectwise.statuses.get(&id).cloned().unwrap_or_default(), "board": name("board"),
        "location": name("board"), "priority": name("priority"), "company": name("company"), "owner": name("owner"),
        "work_role": name("workRole"), "external_xref": ticket["externalXRef"], "marker": ticket["externalXRef"],
        "contact": contact, "site": name("site"), "type": name("type"), "closed": ticket["closedFlag"],
        "notes": notes.collect::<Vec<_>>(), "created": ticket.created,
    })
}

/// The ticket is on the board Onboarding.
pub fn open(vendors: &mut Vendors, new: &NewTicket<'_>) -> Value {
    let records = &mut vendors.connectwise.records;
    let company = json!(new.company.parse::<i64>().unwrap_or(OWN_COMPANY));
    let status = if new.closed { "Closed" } else { "New" };
    let status = new.status.unwrap_or(status);
    let statuses = records.list("statuses").iter();
    let mut statuses = statuses.filter(|known| known["board"]["id"] == 10);
    let Some(status) = statuses.find(|known| known["name"] == status) else {
        return Value::Null;
    };
    let ticket = json!({
        "summary": new.summary, "board": {"id": 10, "name": "Onboarding"},
        "company": records.find("companies", &company).map(reference),
        "status": {"id": status["id"], "name": status["name"]}, "closedFlag": status["closedStatus"],
        "priority": {"id": 133, "name": "Priority 3 - Medium"},
    });
    records.add("tickets", fields(ticket))["id"].clone()
}

pub fn write(vendors: &mut Vendors, ticket: &Value, text: &str, by: Author) {
    let flag = match by {
        Author::Technician => "internalAnalysisFlag",
        Author::Customer => "detailDescriptionFlag",
    };
    add_note(&mut vendors.connectwise.records, ticket, text, &[flag]);
}
