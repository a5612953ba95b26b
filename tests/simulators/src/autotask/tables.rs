//! Which fields a ticket and a note take, and the picklists of some of them.

use serde_json::{Value, json};

use crate::fields::Kind;

pub fn ticket(name: &str) -> Option<Kind> {
    Some(match name {
        "id"
        | "companyID"
        | "status"
        | "priority"
        | "queueID"
        | "source"
        | "ticketType"
        | "ticketCategory"
        | "issueType"
        | "subIssueType"
        | "contactID"
        | "companyLocationID"
        | "assignedResourceID"
        | "assignedResourceRoleID"
        | "billingCodeID"
        | "configurationItemID"
        | "contractID" => Kind::Integer,
        "title" | "description" | "externalID" | "purchaseOrderNumber" | "resolution" => Kind::Text,
        "dueDateTime" => Kind::Date,
        "estimatedHours" => Kind::Number,
        "userDefinedFields" => Kind::Objects(user_defined),
        _ => return None,
    })
}

fn user_defined(name: &str) -> Option<Kind> {
    matches!(name, "name" | "value").then_some(Kind::Text)
}

pub fn note(name: &str) -> Option<Kind> {
    Some(match name {
        "id" | "ticketID" | "noteType" | "publish" => Kind::Integer,
        "title" | "description" => Kind::Text,
        _ => return None,
    })
}

/// How long a text may be, in the UTF-16 that the database counts in.
pub const LIMITS: &[(&str, usize)] = &[("title", 255), ("externalID", 50)];
pub const TICKET_DESCRIPTION: usize = 8_000;
pub const NOTE_TITLE: usize = 250;
pub const NOTE_DESCRIPTION: usize = 32_000;

pub fn ticket_fields() -> Vec<Value> {
    vec![
        field("id", true, 0, json!(null)),
        field("title", true, 255, json!(null)),
        field("description", false, TICKET_DESCRIPTION, json!(null)),
        field("externalID", false, 50, json!(null)),
        field(
            "status",
            true,
            0,
            json!([
                entry(1, "New", true),
                entry(8, "In Progress", false),
                entry(7, "Waiting Customer", false),
                gone(12, "Waiting Vendor"),
                entry(super::COMPLETE, "Complete", false),
            ]),
        ),
        field(
            "priority",
            true,
            0,
            json!([
                entry(4, "Critical", false),
                entry(1, "High", false),
                entry(2, "Medium", true),
                entry(3, "Low", false),
            ]),
        ),
        field(
            "source",
            false,
            0,
            json!([
                entry(2, "Phone", false),
                entry(4, "Email", false),
                entry(11, "Client Portal", false),
            ]),
        ),
        field(
            "queueID",
            false,
            0,
            json!([
                gone(29_682_830, "Onboarding"),
                entry(29_682_833, "Onboarding", false),
                entry(29_682_834, "Help Desk", false),
            ]),
        ),
    ]
}

pub fn note_fields() -> Vec<Value> {
    vec![
        field("title", true, NOTE_TITLE, json!(null)),
        field("description", true, NOTE_DESCRIPTION, json!(null)),
        field(
            "noteType",
            true,
            0,
            json!([
                gone(1, "Task Summary"),
                entry(3, "Task Notes", false),
                entry(13, "Workflow Rule Note", false),
            ]),
        ),
        field(
            "publish",
            true,
            0,
            json!([
                entry(1, "All Autotask Users", false),
                entry(2, "Internal Project Team", false)
            ]),
        ),
    ]
}

fn field(name: &str, required: bool, length: usize, picklist: Value) -> Value {
    json!({
        "name": name, "dataType": if length > 0 { "string" } else { "integer" }, "length": length,
        "isRequired": required, "isReadOnly": name == "id", "isQueryable": true, "isReference": false,
        "isPickList": picklist.is_array(), "picklistValues": picklist,
    })
}

pub fn entry(value: i64, label: &str, default: bool) -> Value {
    json!({
        "value": value.to_string(), "label": label, "isDefaultValue": default, "sortOrder": 1, "parentValue": "",
        "isActive": true, "isSystem": false,
    })
}

/// Of old tickets: it can't be chosen any more.
fn gone(value: i64, label: &str) -> Value {
    let mut entry = entry(value, label, false);
    entry["isActive"] = json!(false);
    entry
}

pub fn picklist<'a>(fields: &'a [Value], name: &str) -> &'a [Value] {
    let found = fields.iter().find(|field| field["name"] == name);
    let values = found.and_then(|field| field["picklistValues"].as_array());
    values.map(Vec::as_slice).unwrap_or_default()
}
