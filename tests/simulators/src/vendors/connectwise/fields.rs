//! Which fields a ticket and a note take, and which records their references point to.

use serde_json::Value;

use crate::{
    fields::{Kind, Table},
    records::Record,
};

/// References to other records: the field, and the list in which it is looked up.
pub const REFERENCES: &[(&str, &str)] = &[
    ("company", "companies"),
    ("board", "boards"),
    ("status", "statuses"),
    ("priority", "priorities"),
    ("type", "types"),
    ("source", "sources"),
    ("site", "sites"),
    ("contact", "contacts"),
    ("owner", "members"),
    ("workRole", "workRoles"),
];

pub const LIMITS: &[(&str, usize)] = &[
    ("summary", 100),
    ("siteName", 50),
    ("addressLine1", 50),
    ("addressLine2", 50),
    ("city", 50),
    ("stateIdentifier", 50),
    ("zip", 12),
    ("contactName", 62),
    ("contactPhoneNumber", 20),
    ("contactPhoneExtension", 15),
    ("contactEmailAddress", 250),
    ("externalXRef", 100),
    ("poNumber", 50),
    ("automaticEmailCc", 1000),
];

pub const TICKET: Table = &[
    (
        Kind::Object(REFERENCE),
        "board status workRole workType company site country contact type subType item team owner priority \
         serviceLocation source opportunity agreement location department sla currency mergedParentTicket",
    ),
    (
        Kind::Text,
        "summary siteName addressLine1 addressLine2 city stateIdentifier zip contactName contactPhoneNumber \
         contactPhoneExtension contactEmailAddress externalXRef poNumber automaticEmailCc initialDescription \
         initialInternalAnalysis initialResolution initialDescriptionFrom contactEmailLookup severity impact \
         recordType resources",
    ),
    (
        Kind::FlagOrNull,
        "allowAllClientsPortalView customerUpdatedFlag automaticEmailContactFlag automaticEmailResourceFlag \
         automaticEmailCcFlag processNotifications skipCallback approved closedFlag",
    ),
    (Kind::Date, "requiredDate estimatedStartDate"),
    (Kind::Number, "budgetHours billingAmount hourlyRate"),
    (
        Kind::IntegerOrNull,
        "knowledgeBaseCategoryId knowledgeBaseSubCategoryId parentTicketId duration",
    ),
    (Kind::Objects(CUSTOM_FIELD), "customFields"),
];

const REFERENCE: Table = &[
    (Kind::IntegerOrNull, "id sort"),
    (Kind::Text, "name identifier"),
    (Kind::Any, "_info"),
];

const CUSTOM_FIELD: Table = &[
    (Kind::Integer, "id numberOfDecimals"),
    (Kind::Text, "caption type entryMethod connectWiseId"),
    (Kind::Any, "value"),
];

pub const NOTE: Table = &[
    (Kind::Text, "text"),
    (Kind::IntegerOrNull, "ticketId"),
    (
        Kind::FlagOrNull,
        "detailDescriptionFlag internalAnalysisFlag resolutionFlag issueFlag customerUpdatedFlag \
         processNotifications internalFlag externalFlag",
    ),
    (Kind::Object(REFERENCE), "member contact"),
];

/// Whether a reference (by `id`, `name` or `identifier`, whichever are given) means this record.
pub fn means(reference: &Value, record: &Record) -> bool {
    let keys = ["id", "name", "identifier"].into_iter();
    let mut given = keys.filter(|key| !reference[key].is_null()).peekable();
    let same = |key: &str| match (&reference[key], &record[key]) {
        (Value::String(wanted), Value::String(value)) => wanted.eq_ignore_ascii_case(value),
        (wanted, value) => wanted == value,
    };
    given.peek().is_some() && given.all(same)
}
