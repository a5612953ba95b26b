//! Incidents, and the journal that contains their notes.

use serde_json::{Value, json};

use super::{
    SHAPE, bad, error,
    fields::{INCIDENT, JOURNALS, OWN},
    find, setup, table, view,
};
use crate::{
    records::{Fields, Record, Records, fields, text},
    render::Shown,
    request::{Refusal, Reply, Request, Response},
    vendors::{NewTicket, Vendors},
    world::{Author, World},
};

const SUMMARY_LIMIT: usize = 160;

/// Journal fields render the content of `[code]` tags. For the other texts nobody documents that they do not.
const SHOWN: &[(&str, Shown)] = &[
    ("short_description", Shown::CodeTags),
    ("description", Shown::CodeTags),
    ("work_notes", Shown::CodeTags),
    ("comments", Shown::CodeTags),
    ("close_notes", Shown::CodeTags),
];

/// Computes the fields that depend on others.
fn derive(incident: &mut Fields) {
    let number = |field: &str| text(incident, field).parse::<u8>().unwrap_or(3);
    let priority = number("impact") + number("urgency") - 1;
    let active = !["7", "8"].contains(&text(incident, "state"));
    incident.insert("priority".to_owned(), json!(priority.to_string()));
    incident.insert("active".to_owned(), json!(active.to_string()));
}

fn add_incident(records: &mut Records, mut incident: Fields) -> &Record {
    let number = records.next_id();
    let (shown, at) = (format!("INC{number:07}"), format!("{number:08}"));
    incident.extend(fields(setup::record(&[("number", &shown), ("sys_created_on", &at)])));
    derive(&mut incident);
    records.add("incident", incident)
}

fn add_journal(records: &mut Records, incident: &str, element: &str, text: &str, who: &str) {
    let at = format!("{:08}", records.list("sys_journal_field").len());
    let entry = setup::record(&[
        ("name", "incident"),
        ("element", element),
        ("element_id", incident),
        ("value", text),
        ("sys_created_on", &at),
        ("sys_created_by", who),
    ]);
    records.add("sys_journal_field", fields(entry));
}

/// Parses the body, which contains texts of an incident only.
fn body(request: &Request) -> Result<Fields, Response> {
    if request.param(0) != INCIDENT.name {
        return Err(error(403, "Operation Failed", "ACL restricts the record"));
    }
    match request.json()? {
        Value::Object(body) => Ok(body),
        _ => Err(request.refuse(Refusal::Body)),
    }
}

/// Changes the incident. Returns the entries for the journal: element and text.
fn apply(incident: &mut Fields, body: Fields) -> Result<Vec<(String, String)>, Response> {
    let mut journal = Vec::new();
    for (name, value) in body {
        let known = INCIDENT.fields().any(|field| field == name) && !OWN.contains(&name.as_str());
        let Value::String(value) = value else {
            return Err(bad(&format!("The value of {name} is not taken")));
        };
        if !known {
            return Err(bad(&format!("The value of {name} is not taken")));
        }
        if JOURNALS.contains(&name.as_str()) {
            journal.push((name, value));
        } else {
            incident.insert(name, json!(value));
        }
    }
    Ok(journal)
}

fn check(records: &Records, incident: &Fields) -> Result<(), Response> {
    let text = |field: &str| text(incident, field);
    let summary = text("short_description");
    if summary.trim().is_empty() || summary.contains('\n') || summary.encode_utf16().count() > SUMMARY_LIMIT {
        return Err(bad("short_description"));
    }
    for (field, table) in INCIDENT.references {
        if !text(field).is_empty() && records.find(table, &json!(text(field))).is_none() {
            return Err(bad(&format!("{field} refers to nothing")));
        }
    }
    let is_choice = |field: &str| label(records, "incident", field, text(field)).is_some();
    let level = |field: &str| ["1", "2", "3"].contains(&text(field));
    if !is_choice("state") || !level("impact") || !level("urgency") {
        return Err(bad("state, impact or urgency"));
    }
    let mandatory = |fields: &str| {
        let detail = format!("Data Policy Exception: The following fields are mandatory: {fields}");
        Err(error(403, "Operation Failed", &detail))
    };
    match text("state") {
        "3" if text("hold_reason").is_empty() => mandatory("On hold reason"),
        "6" | "7" if !is_choice("close_code") || text("close_notes").is_empty() => {
            mandatory("Resolution notes, Resolution code")
        }
        _ => Ok(()),
    }
}

pub fn create(world: &mut World, request: &Request) -> Reply {
    request.only_query(&SHAPE)?;
    let table = table(request)?;
    let body = body(request)?;
    world.shows_fields(request.vendor, &body, SHOWN);
    let mut incident = fields(json!({"state": "1", "impact": "3", "urgency": "3"}));
    let journal = apply(&mut incident, body)?;
    let records = &mut world.vendors.servicenow.records;
    check(records, &incident)?;
    if !journal.is_empty() {
        return Err(bad("A new incident has no notes here"));
    }
    let shown = view(request, table, add_incident(records, incident));
    world.count("tickets_created");
    Ok(Response::json(201, json!({ "result": shown? })))
}

pub fn update(world: &mut World, request: &Request) -> Reply {
    request.only_query(&SHAPE)?;
    let table = table(request)?;
    let body = body(request)?;
    world.shows_fields(request.vendor, &body, SHOWN);
    let before = find(world, request, table)?.clone();
    let mut incident = before.fields.clone();
    let journal = apply(&mut incident, body)?;
    let servicenow = &mut world.vendors.servicenow;
    check(&servicenow.records, &incident)?;
    derive(&mut incident);
    let changed = Record {
        fields: incident,
        ..before.clone()
    };
    let shown = view(request, table, &changed)?;
    for (element, text) in &journal {
        let user = &servicenow.user_name;
        add_journal(&mut servicenow.records, before.text("sys_id"), element, text, user);
    }
    let is_changed = changed.fields != before.fields;
    if let Some(kept) = servicenow.records.find_mut(table.name, &before["sys_id"]) {
        *kept = changed;
    }
    if is_changed {
        world.count("tickets_updated");
    }
    for _ in journal {
        world.count("notes_created");
    }
    Ok(Response::json(200, json!({ "result": shown })))
}

/// The label of a choice.
fn label(records: &Records, table: &str, field: &str, value: &str) -> Option<Value> {
    let mut all = records.list("sys_choice").iter();
    let found = all.find(|choice| choice["name"] == table && choice["element"] == field && choice["value"] == value)?;
    Some(found["label"].clone())
}

pub fn state(world: &World) -> Value {
    let records = &world.vendors.servicenow.records;
    let incidents = records.list("incident").iter();
    json!({ "tickets": incidents.map(|incident| incident_state(records, incident)).collect::<Vec<_>>() })
}

fn incident_state(records: &Records, incident: &Record) -> Value {
    let text = |field: &str| Some(incident.text(field)).filter(|text| !text.is_empty());
    let of = |field: &str, table: &str, shown: &str| records.look_up(table, &incident[field], shown);
    let notes = records.with("sys_journal_field", "element_id", &incident["sys_id"]).map(
        |entry| json!({"id": entry["sys_id"], "text": entry["value"], "internal": entry["element"] == "work_notes"}),
    );
    let closed = ["6", "7", "8"].contains(&incident.text("state"));
    json!({
        "id": incident["sys_id"], "number": incident["number"], "summary": text("short_description"),
        "description": text("description"), "status": label(records, "incident", "state", incident.text("state")),
        "location": of("assignment_group", "sys_user_group", "name"),
        "priority": label(records, "task", "priority", incident.text("priority")),
        "company": of("company", "core_company", "name"), "owner": of("assigned_to", "sys_user", "user_name"),
        "contact": of("caller_id", "sys_user", "email"), "contact_name": of("caller_id", "sys_user", "user_name"),
        "marker": text("correlation_id"), "closed": closed,
        "close_code": text("close_code"), "notes": notes.collect::<Vec<_>>(),
    })
}

/// The login of somebody who writes by hand.
fn login(by: Author) -> &'static str {
    match by {
        Author::Technician => "terry.technician",
        Author::Customer => "morgan.manager",
    }
}

/// A technician's incident came by phone; a customer's came from the portal.
pub fn open(vendors: &mut Vendors, new: &NewTicket<'_>) -> Value {
    let records = &mut vendors.servicenow.records;
    let user = json!(login(new.by));
    let opened_by = records.with("sys_user", "user_name", &user).next();
    let opened_by = opened_by.map(|user| user["sys_id"].clone());
    let contact_type = match new.by {
        Author::Technician => "phone",
        Author::Customer => "self-service",
    };
    let incident = json!({
        "company": new.company, "short_description": new.summary, "description": new.description,
        "state": if new.closed { "7" } else { "1" }, "impact": "3", "urgency": "3", "opened_by": opened_by,
        "contact_type": contact_type,
    });
    add_incident(records, fields(incident))["sys_id"].clone()
}

/// A customer's note is an additional comment.
pub fn write(vendors: &mut Vendors, incident: &Value, text: &str, by: Author) {
    let element = match by {
        Author::Technician => "work_notes",
        Author::Customer => "comments",
    };
    let incident = incident.as_str().unwrap_or_default();
    add_journal(&mut vendors.servicenow.records, incident, element, text, login(by));
}
