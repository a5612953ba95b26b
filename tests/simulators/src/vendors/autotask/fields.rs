//! Which fields a ticket and a note take, and the picklists of some of them.

use serde_json::{Value, json};

use crate::{
    fields::{Kind, Table},
    records::Records,
    vendors::Vendors,
};

pub const TICKET: Table = &[
    (
        Kind::Integer,
        "id companyID status priority queueID source ticketType ticketCategory issueType subIssueType contactID \
         companyLocationID assignedResourceID assignedResourceRoleID billingCodeID configurationItemID contractID",
    ),
    (
        Kind::Text,
        "title description externalID purchaseOrderNumber resolution",
    ),
    (Kind::Date, "dueDateTime"),
    (Kind::Number, "estimatedHours"),
    (Kind::Objects(USER_DEFINED), "userDefinedFields"),
];

const USER_DEFINED: Table = &[(Kind::Text, "name value")];

pub const NOTE: Table = &[
    (Kind::Integer, "id ticketID noteType publish"),
    (Kind::Text, "title description"),
];

/// The largest length of a text, in the UTF-16 units that the database counts.
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

fn entry(value: i64, label: &str, default: bool) -> Value {
    json!({
        "value": value.to_string(), "label": label, "isDefaultValue": default, "sortOrder": 1, "parentValue": "",
        "isActive": true, "isSystem": false,
    })
}

/// A value of old tickets, which can no longer be chosen.
fn gone(value: i64, label: &str) -> Value {
    let mut entry = entry(value, label, false);
    entry["isActive"] = json!(false);
    entry
}

fn picklist<'a>(records: &'a Records, list: &str, field: &str) -> &'a [Value] {
    let mut fields = records.list(list).iter();
    let found = fields.find(|record| record["name"] == field);
    let values = found.and_then(|field| field["picklistValues"].as_array());
    values.map(Vec::as_slice).unwrap_or_default()
}

/// The entry with this value in a field's picklist; `list` is the list of the fields.
pub fn entry_of<'a>(records: &'a Records, list: &str, field: &str, value: &Value) -> Option<&'a Value> {
    let wanted = value.to_string();
    let mut values = picklist(records, list, field).iter();
    values.find(|entry| entry["value"] == wanted)
}

pub fn add_queue(vendors: &mut Vendors, name: &str) {
    let records = &mut vendors.autotask.records;
    let mut queues = picklist(records, "ticket fields", "queueID").to_vec();
    queues.push(entry(records.next_id(), name, false));
    if let Some(field) = records.find_by("ticket fields", "name", &json!("queueID")) {
        field.fields.insert("picklistValues".to_owned(), json!(queues));
    }
}
