//! Service tickets and their notes.

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Map, Value, json};

use super::{error, id_of, invalid, not_found, only_query, page, path_id, records, ticket_fields};
use crate::{
    call::{Answer, Call, Outcome},
    fields::{self, Problem, Table},
    render::Shown,
    world::{Note, Psa, Ticket, World},
};

fn date(date: DateTime<Utc>) -> String {
    date.to_rfc3339_opts(SecondsFormat::Secs, true)
}

pub fn view(ticket: &Ticket) -> Value {
    let mut view = ticket.properties.clone();
    view.insert("id".to_owned(), json!(ticket.id));
    view.insert("recordType".to_owned(), json!("ServiceTicket"));
    view.insert("_info".to_owned(), json!({
        "dateEntered": date(ticket.created), "enteredBy": "API", "lastUpdated": date(ticket.created), "updatedBy": "API",
    }));
    Value::Object(view)
}

fn note_view(ticket: i64, note: &Note) -> Value {
    json!({
        "id": note.id, "ticketId": ticket, "text": note.text, "detailDescriptionFlag": note.discussion,
        "internalAnalysisFlag": note.internal, "resolutionFlag": note.resolution, "issueFlag": false,
        "internalFlag": note.internal, "externalFlag": note.discussion || note.resolution,
        "dateCreated": date(note.created), "createdBy": "API",
        "_info": {"dateEntered": date(note.created), "enteredBy": "API"},
    })
}

fn json_body(call: &Call) -> Result<Value, Answer> {
    if call.content_type() != "application/json" {
        return Err(error(
            415,
            "UnsupportedMediaType",
            "The Content-Type must be application/json",
        ));
    }
    serde_json::from_slice(&call.body).map_err(|_| error(400, "InvalidObject", "The body is no valid JSON"))
}

fn object(call: &Call, resource: &str, table: Table) -> Result<Map<String, Value>, Answer> {
    let Value::Object(body) = json_body(call)? else {
        return Err(error(400, "InvalidObject", "The body must be an object"));
    };
    check(&body, resource, table)?;
    Ok(body)
}

fn check(body: &Map<String, Value>, resource: &str, table: Table) -> Result<(), Answer> {
    fields::check(body, table).map_err(|problem| match &problem {
        Problem::Unknown(field) => invalid(
            resource,
            "UnknownField",
            field,
            &format!("The field {field} is not known"),
        ),
        Problem::WrongType(field) => invalid(
            resource,
            "InvalidType",
            field,
            &format!("The value of {field} has the wrong type"),
        ),
    })
}

fn find<'a>(world: &'a mut World, call: &Call) -> Result<&'a mut Ticket, Answer> {
    let wanted = path_id(call)?;
    if world.is_hidden(&wanted.to_string()) {
        return Err(not_found("Ticket"));
    }
    world
        .psa
        .tickets
        .iter_mut()
        .find(|ticket| ticket.id == wanted)
        .ok_or_else(|| not_found("Ticket"))
}

pub fn list(world: &mut World, call: &Call) -> Outcome {
    let mut visible = Vec::new();
    for index in 0..world.psa.tickets.len() {
        let ticket = &world.psa.tickets[index];
        let (id, view) = (ticket.id.to_string(), view(ticket));
        if !world.is_hidden(&id) {
            visible.push(view);
        }
    }
    page(call, visible)
}

pub fn get(world: &mut World, call: &Call) -> Outcome {
    only_query(call, &["clientId", "fields"])?;
    Ok(Answer::json(200, view(find(world, call)?)))
}

pub fn create(world: &mut World, call: &Call) -> Outcome {
    only_query(call, &["clientId"])?;
    let mut body = object(call, "ticket", ticket_fields::ticket)?;
    for name in ["summary", "company", "board"] {
        if body
            .get(name)
            .is_none_or(|value| value.is_null() || value.as_str().is_some_and(|text| text.trim().is_empty()))
        {
            return Err(invalid(
                "ticket",
                "MissingRequiredField",
                name,
                &format!("The {name} field is required."),
            ));
        }
    }
    let initial = ["initialDescription", "initialInternalAnalysis", "initialResolution"].map(|name| body.remove(name));
    for (name, text) in ["initialDescription", "initialInternalAnalysis", "initialResolution"]
        .iter()
        .zip(&initial)
    {
        let text = text.as_ref().and_then(Value::as_str).unwrap_or_default();
        world.shows("connectwise", name, text, Shown::Markdown);
    }
    let summary = body.get("summary").and_then(Value::as_str).unwrap_or_default();
    world.shows("connectwise", "summary", summary, Shown::PlainOrHtml);
    let mut properties = Map::new();
    for (name, value) in body {
        properties.insert(name, value);
    }
    settle(world, &mut properties)?;
    let defaults = [
        ("status", "statuses"),
        ("priority", "priorities"),
        ("source", "sources"),
    ];
    for (field, list) in defaults {
        if !properties.contains_key(field) {
            let default = records(world, list)
                .iter()
                .find(|record| record.get("defaultFlag") == Some(&json!(true)));
            if let Some(default) = default {
                properties.insert(field.to_owned(), reference(default));
            }
        }
    }
    close_or_open(world, &mut properties);
    let id = world.psa.next_id();
    let mut ticket = Ticket {
        id,
        properties,
        notes: Vec::new(),
        statuses: Vec::new(),
        created: Utc::now(),
    };
    remember_status(&mut ticket);
    for (index, text) in initial.iter().enumerate() {
        if let Some(text) = text.as_ref().and_then(Value::as_str).filter(|text| !text.is_empty()) {
            let id = world.psa.next_id();
            ticket.notes.push(Note {
                id,
                text: text.to_owned(),
                discussion: index == 0,
                internal: index == 1,
                resolution: index == 2,
                created: Utc::now(),
            });
        }
    }
    let answer = view(&ticket);
    world.psa.tickets.push(ticket);
    world.count("tickets_created");
    Ok(Answer::json(201, answer))
}

/// What a ticket shows of a record that it refers to.
fn reference(record: &Value) -> Value {
    let keys = ["id", "name", "identifier"].into_iter();
    let kept: Map<String, Value> = keys
        .filter_map(|key| Some((key.to_owned(), record.get(key)?.clone())))
        .collect();
    Value::Object(kept)
}

/// Checks lengths, and puts the records in the place of what refers to them.
fn settle(world: &World, properties: &mut Map<String, Value>) -> Result<(), Answer> {
    for (field, limit) in ticket_fields::LIMITS {
        if properties
            .get(*field)
            .and_then(Value::as_str)
            .is_some_and(|text| text.chars().count() > *limit)
        {
            let message = format!("The field {field} must be a string with a maximum length of {limit}.");
            return Err(invalid("ticket", "InvalidLength", field, &message));
        }
    }
    for (field, list) in ticket_fields::REFERENCES {
        let Some(wanted) = properties.get(*field) else { continue };
        let board = properties.get("board").map(id_of);
        let found = records(world, list).iter().find(|record| {
            // A status and a type belong to one board; their names may repeat on others.
            let on_board = record
                .get("board")
                .is_none_or(|of| Some(id_of(of)) == board || *field == "board");
            on_board && ticket_fields::means(wanted, record)
        });
        let Some(found) = found else {
            return Err(invalid(
                "ticket",
                "InvalidReference",
                field,
                &format!("The {field} can not be found"),
            ));
        };
        properties.insert((*field).to_owned(), reference(found));
    }
    Ok(())
}

fn close_or_open(world: &World, properties: &mut Map<String, Value>) {
    let status = properties.get("status").map(id_of);
    let record = records(world, "statuses")
        .iter()
        .find(|record| Some(id_of(record)) == status);
    let closed = record
        .and_then(|record| record.get("closedStatus"))
        .and_then(Value::as_bool)
        .unwrap_or_default();
    properties.insert("closedFlag".to_owned(), json!(closed));
    if closed {
        properties
            .entry("closedDate")
            .or_insert_with(|| json!(date(Utc::now())));
        properties.entry("closedBy").or_insert_with(|| json!("API"));
    } else {
        properties.remove("closedDate");
        properties.remove("closedBy");
    }
}

pub fn update(world: &mut World, call: &Call) -> Outcome {
    only_query(call, &["clientId"])?;
    let Value::Array(operations) = json_body(call)? else {
        return Err(error(
            400,
            "InvalidObject",
            "The body must be an array of patch operations",
        ));
    };
    if operations.is_empty() {
        return Err(error(400, "InvalidObject", "There is no patch operation"));
    }
    let mut properties = find(world, call)?.properties.clone();
    for operation in &operations {
        patch(&mut properties, operation)?;
    }
    check(&properties, "ticket", |name| match name {
        "closedDate" | "closedBy" => Some(fields::Kind::Text),
        _ => ticket_fields::ticket(name),
    })?;
    if properties
        .get("summary")
        .and_then(Value::as_str)
        .is_none_or(|text| text.trim().is_empty())
    {
        return Err(invalid(
            "ticket",
            "MissingRequiredField",
            "summary",
            "The summary field is required.",
        ));
    }
    settle(world, &mut properties)?;
    close_or_open(world, &mut properties);
    let ticket = find(world, call)?;
    ticket.properties = properties;
    remember_status(ticket);
    let answer = view(ticket);
    world.count("tickets_updated");
    Ok(Answer::json(200, answer))
}

fn remember_status(ticket: &mut Ticket) {
    let status = ticket.properties.get("status").and_then(|status| status.get("name"));
    let name = status.and_then(Value::as_str).unwrap_or_default().to_owned();
    if ticket.statuses.last() != Some(&name) {
        ticket.statuses.push(name);
    }
}

fn patch(properties: &mut Map<String, Value>, operation: &Value) -> Result<(), Answer> {
    let wrong = |field: &str, message: &str| invalid("patchOperation", "InvalidField", field, message);
    let Value::Object(operation) = operation else {
        return Err(wrong("", "A patch operation must be an object"));
    };
    if let Some(unknown) = operation
        .keys()
        .find(|key| !["op", "path", "value"].contains(&key.as_str()))
    {
        return Err(wrong(unknown, "The field is not known"));
    }
    let text = |name: &str| operation.get(name).and_then(Value::as_str);
    let op = text("op")
        .filter(|op| ["add", "replace", "remove"].contains(op))
        .ok_or_else(|| wrong("op", "add, replace or remove"))?;
    let path = text("path")
        .map(|path| path.trim_start_matches('/'))
        .filter(|path| !path.is_empty());
    let path = path.ok_or_else(|| wrong("path", "A path is required"))?;
    let (field, inner) = path
        .split_once('/')
        .map_or((path, None), |(field, inner)| (field, Some(inner)));
    if ticket_fields::ticket(field).is_none() {
        return Err(wrong(path, "The path is not known"));
    }
    if op == "remove" {
        properties.remove(field);
        return Ok(());
    }
    let value = operation
        .get("value")
        .cloned()
        .ok_or_else(|| wrong("value", "A value is required"))?;
    // `status/id` replaces the whole reference: the old name would contradict it.
    let value = inner.map_or_else(|| value.clone(), |inner| json!({ inner: value }));
    properties.insert(field.to_owned(), value);
    Ok(())
}

pub fn list_notes(world: &mut World, call: &Call) -> Outcome {
    let ticket = find(world, call)?;
    let notes = ticket.notes.iter().map(|note| note_view(ticket.id, note)).collect();
    page(call, notes)
}

pub fn create_note(world: &mut World, call: &Call) -> Outcome {
    only_query(call, &["clientId"])?;
    find(world, call)?;
    let body = object(call, "note", ticket_fields::note)?;
    let flag = |name: &str| body.get(name).and_then(Value::as_bool).unwrap_or_default();
    let text = body
        .get("text")
        .and_then(Value::as_str)
        .filter(|text| !text.trim().is_empty());
    let text = text.ok_or_else(|| invalid("note", "MissingRequiredField", "text", "The text field is required."))?;
    world.shows("connectwise", "note", text, Shown::Markdown);
    let (discussion, internal, resolution) = (
        flag("detailDescriptionFlag"),
        flag("internalAnalysisFlag"),
        flag("resolutionFlag"),
    );
    if !(discussion || internal || resolution) {
        let message = "At least one of detailDescriptionFlag, internalAnalysisFlag and resolutionFlag must be true.";
        return Err(invalid(
            "note",
            "MissingRequiredField",
            "detailDescriptionFlag",
            message,
        ));
    }
    let id = Psa::next_id(&mut world.psa);
    let ticket = find(world, call)?;
    let note = Note {
        id,
        text: text.to_owned(),
        discussion,
        internal,
        resolution,
        created: Utc::now(),
    };
    let answer = note_view(ticket.id, &note);
    ticket.notes.push(note);
    world.count("notes_created");
    Ok(Answer::json(201, answer))
}
