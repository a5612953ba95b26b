//! Which fields a ticket and a note take, and which records their references point to.

use serde_json::Value;

use crate::fields::Kind;

/// References to records that the PSA has: the field, and the list that it is looked up in.
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

pub fn ticket(name: &str) -> Option<Kind> {
    Some(match name {
        "board" | "status" | "workRole" | "workType" | "company" | "site" | "country" | "contact" | "type"
        | "subType" | "item" | "team" | "owner" | "priority" | "serviceLocation" | "source" | "opportunity"
        | "agreement" | "location" | "department" | "sla" | "currency" | "mergedParentTicket" => {
            Kind::Object(reference)
        }
        "summary"
        | "siteName"
        | "addressLine1"
        | "addressLine2"
        | "city"
        | "stateIdentifier"
        | "zip"
        | "contactName"
        | "contactPhoneNumber"
        | "contactPhoneExtension"
        | "contactEmailAddress"
        | "externalXRef"
        | "poNumber"
        | "automaticEmailCc"
        | "initialDescription"
        | "initialInternalAnalysis"
        | "initialResolution"
        | "initialDescriptionFrom"
        | "contactEmailLookup"
        | "severity"
        | "impact"
        | "recordType"
        | "resources" => Kind::Text,
        "allowAllClientsPortalView"
        | "customerUpdatedFlag"
        | "automaticEmailContactFlag"
        | "automaticEmailResourceFlag"
        | "automaticEmailCcFlag"
        | "processNotifications"
        | "skipCallback"
        | "approved"
        | "closedFlag" => Kind::FlagOrNull,
        "requiredDate" | "estimatedStartDate" => Kind::Date,
        "budgetHours" | "billingAmount" | "hourlyRate" => Kind::Number,
        "knowledgeBaseCategoryId" | "knowledgeBaseSubCategoryId" | "parentTicketId" | "duration" => Kind::IntegerOrNull,
        "customFields" => Kind::Objects(custom_field),
        _ => return None,
    })
}

fn reference(name: &str) -> Option<Kind> {
    match name {
        "id" => Some(Kind::IntegerOrNull),
        "name" | "identifier" => Some(Kind::Text),
        "sort" => Some(Kind::IntegerOrNull),
        "_info" => Some(Kind::Any),
        _ => None,
    }
}

fn custom_field(name: &str) -> Option<Kind> {
    match name {
        "id" => Some(Kind::Integer),
        "caption" | "type" | "entryMethod" | "connectWiseId" => Some(Kind::Text),
        "numberOfDecimals" => Some(Kind::Integer),
        "value" => Some(Kind::Any),
        _ => None,
    }
}

pub fn note(name: &str) -> Option<Kind> {
    match name {
        "text" => Some(Kind::Text),
        "ticketId" => Some(Kind::IntegerOrNull),
        "detailDescriptionFlag"
        | "internalAnalysisFlag"
        | "resolutionFlag"
        | "issueFlag"
        | "customerUpdatedFlag"
        | "processNotifications"
        | "internalFlag"
        | "externalFlag" => Some(Kind::FlagOrNull),
        "member" | "contact" => Some(Kind::Object(reference)),
        _ => None,
    }
}

/// Whether a reference (`id`, `name` or `identifier`, whichever are given) means this record.
pub fn means(reference: &Value, record: &Value) -> bool {
    let mut given = 0;
    let all =
        ["id", "name", "identifier"]
            .iter()
            .all(|key| match reference.get(key).filter(|value| !value.is_null()) {
                None => true,
                Some(wanted) => {
                    given += 1;
                    match (wanted, record.get(key)) {
                        (Value::String(wanted), Some(Value::String(value))) => wanted.eq_ignore_ascii_case(value),
                        (wanted, Some(value)) => wanted == value,
                        (_, None) => false,
                    }
                }
            });
    all && given > 0
}
