//! Incidents, and the journal that their notes are kept in.

use serde_json::{Map, Value, json};

use super::{Fields, Record, ServiceNow, bad, error, fields_of, find, only_query, record, view};
use crate::{
    call::{Answer, Call, Outcome},
    render::Shown,
    world::{Hand, World},
};

pub const FIELDS: Fields = &[
    ("sys_id", None),
    ("number", None),
    ("short_description", None),
    ("description", None),
    ("state", None),
    ("active", None),
    ("impact", None),
    ("urgency", None),
    ("priority", None),
    ("correlation_id", None),
    ("correlation_display", None),
    ("close_code", None),
    ("close_notes", None),
    ("hold_reason", None),
    ("company", Some("core_company")),
    ("assignment_group", Some("sys_user_group")),
    ("assigned_to", Some("sys_user")),
    ("caller_id", Some("sys_user")),
    ("opened_by", Some("sys_user")),
    ("contact_type", None),
    ("sys_created_on", None),
    ("work_notes", None),
    ("comments", None),
];

/// What the server writes.
const OWN: [&str; 6] = ["sys_id", "number", "active", "priority", "sys_created_on", "opened_by"];
/// Written into the journal; the incident itself shows nothing of them.
const JOURNALS: [&str; 2] = ["work_notes", "comments"];
const SUMMARY_LIMIT: usize = 160;

impl ServiceNow {
    /// An incident that somebody opened by hand.
    /// A technician's is a call that was taken; a customer's came by the portal.
    pub fn open(&mut self, company: &str, summary: &str, closed: bool, by: Hand) -> String {
        let (who, contact_type) = match by {
            Hand::Technician => ("terry.technician", "phone"),
            Hand::Customer => ("morgan.manager", "self-service"),
        };
        let mut users = self.table("sys_user").iter();
        let user = users
            .find(|user| user["user_name"] == who)
            .map(|user| user["sys_id"].clone());
        let opened_by = user.unwrap_or_default();
        let state = if closed { "7" } else { "1" };
        let fields = [
            ("company", company),
            ("short_description", summary),
            ("state", state),
            ("impact", "3"),
            ("urgency", "3"),
            ("opened_by", &opened_by),
            ("contact_type", contact_type),
        ];
        self.keep(
            fields
                .map(|(name, value)| (name, value.to_owned()))
                .into_iter()
                .collect(),
        )
    }

    /// A note that somebody wrote by hand.
    /// A customer's is an additional comment.
    pub fn write(&mut self, incident: &str, text: &str, by: Hand) {
        let (element, who) = match by {
            Hand::Technician => ("work_notes", "terry.technician"),
            Hand::Customer => ("comments", "morgan.manager"),
        };
        self.journal(incident, element, text, who);
    }

    fn journal(&mut self, incident: &str, element: &str, text: &str, who: &str) {
        let at = format!("{:08}", self.table("sys_journal_field").len());
        let entry = record([
            ("name", "incident"),
            ("element", element),
            ("element_id", incident),
            ("value", text),
            ("sys_created_on", &at),
            ("sys_created_by", who),
        ]);
        self.push("sys_journal_field", entry);
    }

    fn keep(&mut self, mut incident: Record) -> String {
        self.last_number += 1;
        let new = record([("number", &format!("INC{:07}", self.last_number))]);
        incident.extend(new);
        incident.insert("sys_created_on", format!("{:08}", self.last_number));
        settle(&mut incident);
        let id = incident["sys_id"].clone();
        self.push("incident", incident);
        id
    }
}

/// What follows from other fields.
fn settle(incident: &mut Record) {
    let number = |field: &str| {
        incident
            .get(field)
            .and_then(|value| value.parse::<u8>().ok())
            .unwrap_or(3)
    };
    let priority = number("impact") + number("urgency") - 1;
    let active = !["7", "8"].contains(&incident["state"].as_str());
    incident.insert("priority", priority.to_string());
    incident.insert("active", active.to_string());
}

pub fn state(now: &ServiceNow, incident: &Record) -> Value {
    let text = |field: &str| incident.get(field).filter(|value| !value.is_empty());
    let of = |field: &str, table: &str, shown: &str| text(field).and_then(|id| now.look_up(table, id, shown));
    let label = |table: &str, field: &str| {
        let mut all = now.table("sys_choice").iter();
        let fits = |choice: &&Record| {
            choice["name"] == table && choice["element"] == field && Some(&choice["value"]) == text(field)
        };
        all.find(fits).map(|choice| &choice["label"])
    };
    let notes = now
        .table("sys_journal_field")
        .iter()
        .filter(|entry| entry["element_id"] == incident["sys_id"]);
    let notes = notes.map(
        |entry| json!({"id": entry["sys_id"], "text": entry["value"], "internal": entry["element"] == "work_notes"}),
    );
    let closed = ["6", "7", "8"].contains(&incident["state"].as_str());
    json!({
        "id": incident["sys_id"],
        "number": incident["number"],
        "summary": text("short_description"),
        "description": text("description"),
        "status": label("incident", "state"),
        "location": of("assignment_group", "sys_user_group", "name"),
        "priority": label("task", "priority"),
        "company": of("company", "core_company", "name"),
        "owner": of("assigned_to", "sys_user", "user_name"),
        "contact": of("caller_id", "sys_user", "email"),
        "contact_name": of("caller_id", "sys_user", "user_name"),
        "marker": text("correlation_id"),
        "closed": closed,
        "close_code": text("close_code"),
        "notes": notes.collect::<Vec<_>>(),
    })
}

fn body(call: &Call) -> Result<Map<String, Value>, Answer> {
    if call.param(0) != "incident" {
        return Err(error(403, "Operation Failed", "ACL restricts the record"));
    }
    if call.content_type() != "application/json" {
        return Err(error(415, "Unsupported media type", ""));
    }
    call.json_object().ok_or_else(|| bad("The body can't be read"))
}

/// Journal fields render what stands in `[code]` tags; of the other texts nobody says that they don't.
fn judge(world: &mut World, body: &Map<String, Value>) {
    for field in [
        "short_description",
        "description",
        "work_notes",
        "comments",
        "close_notes",
    ] {
        let text = body.get(field).and_then(Value::as_str).unwrap_or_default();
        world.shows("servicenow", field, text, Shown::CodeTags);
    }
}

/// The incident with the body's fields, and what goes into the journal.
fn with(incident: &Record, body: Map<String, Value>) -> Result<(Record, Vec<(String, String)>), Answer> {
    let mut changed = incident.clone();
    let mut journal = Vec::new();
    for (name, value) in body {
        let known = FIELDS.iter().find(|field| field.0 == name && !OWN.contains(&field.0));
        let (Some((field, _)), Value::String(value)) = (known, value) else {
            return Err(bad(&format!("The value of {name} is not taken")));
        };
        if JOURNALS.contains(field) {
            journal.push((name, value));
        } else {
            changed.insert(field, value);
        }
    }
    Ok((changed, journal))
}

fn check(now: &ServiceNow, incident: &Record) -> Result<(), Answer> {
    let text = |field: &str| incident.get(field).map(String::as_str).unwrap_or_default();
    let summary = text("short_description");
    if summary.trim().is_empty() || summary.contains('\n') || summary.encode_utf16().count() > SUMMARY_LIMIT {
        return Err(bad("short_description"));
    }
    for (field, of) in FIELDS {
        let (Some(table), value) = (of, text(field)) else {
            continue;
        };
        if !value.is_empty() && now.look_up(table, value, "sys_id").is_none() {
            return Err(bad(&format!("{field} refers to nothing")));
        }
    }
    let is_choice = |field: &str| {
        let mut all = now.table("sys_choice").iter();
        all.any(|choice| choice["name"] == "incident" && choice["element"] == field && choice["value"] == text(field))
    };
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

pub fn create(world: &mut World, call: &Call) -> Outcome {
    only_query(call, &[])?;
    let (_, fields) = fields_of(call)?;
    let usual = [("state", "1"), ("impact", "3"), ("urgency", "3")];
    let usual = usual
        .map(|(name, value)| (name, value.to_owned()))
        .into_iter()
        .collect();
    let body = body(call)?;
    judge(world, &body);
    let (incident, journal) = with(&usual, body)?;
    check(&world.vendors.servicenow, &incident)?;
    if !journal.is_empty() {
        return Err(bad("A new incident has no notes here"));
    }
    world.vendors.servicenow.keep(incident);
    world.count("tickets_created");
    let all = world.vendors.servicenow.table("incident");
    let shown = view(call, fields, &all[all.len() - 1])?;
    Ok(Answer::json(201, json!({ "result": shown })))
}

pub fn patch(world: &mut World, call: &Call) -> Outcome {
    only_query(call, &[])?;
    let (table, fields) = fields_of(call)?;
    let body = body(call)?;
    judge(world, &body);
    let index = find(world, call)?;
    let before = world.vendors.servicenow.table(table)[index].clone();
    let (mut incident, journal) = with(&before, body)?;
    check(&world.vendors.servicenow, &incident)?;
    settle(&mut incident);
    let shown = view(call, fields, &incident)?;
    if incident != before {
        world.count("tickets_updated");
    }
    let now = &mut world.vendors.servicenow;
    let user = now.user_name.clone();
    for (element, text) in &journal {
        now.journal(&before["sys_id"], element, text, &user);
    }
    if let Some(kept) = now.tables.get_mut(table).and_then(|all| all.get_mut(index)) {
        *kept = incident;
    }
    for _ in journal {
        world.count("notes_created");
    }
    Ok(Answer::json(200, json!({ "result": shown })))
}
