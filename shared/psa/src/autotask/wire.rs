//! Autotask's responses.

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::INTERNAL;

/// A record in the result of a query.
pub(super) trait Record: DeserializeOwned {
    fn id(&self) -> u64;
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", bound = "T: DeserializeOwned")]
pub(super) struct Page<T> {
    pub(super) items: Vec<T>,
    pub(super) page_details: PageDetails,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PageDetails {
    pub(super) next_page_url: Option<String>,
}

/// One record by its id, or nothing, which Autotask expresses in two ways.
#[derive(Deserialize)]
#[serde(bound = "T: DeserializeOwned")]
pub(super) struct Item<T> {
    #[serde(deserialize_with = "Option::deserialize")]
    pub(super) item: Option<T>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Made {
    pub(super) item_id: u64,
}

#[derive(Deserialize)]
pub(super) struct TicketBody {
    pub(super) id: u64,
    #[serde(rename = "companyID")]
    pub(super) company_id: Option<u64>,
    #[serde(rename = "externalID")]
    pub(super) external_id: Option<String>,
    pub(super) title: Option<String>,
    pub(super) status: Option<u64>,
    pub(super) source: Option<i64>,
    #[serde(rename = "creatorResourceID")]
    creator_resource_id: Option<u64>,
    #[serde(rename = "createdByContactID")]
    created_by_contact_id: Option<u64>,
    #[serde(rename = "apiVendorID")]
    api_vendor_id: Option<u64>,
}

impl TicketBody {
    pub(super) const MATCHED_BY: &[&str] = &[
        "companyID",
        "title",
        "status",
        "externalID",
        "source",
        "creatorResourceID",
        "createdByContactID",
        "apiVendorID",
    ];

    /// Whether a technician wrote it, as opposed to a contact of the customer or another program.
    pub(super) fn is_made_by_resource(&self) -> bool {
        self.creator_resource_id.is_some() && self.created_by_contact_id.is_none() && self.api_vendor_id.is_none()
    }
}

impl Record for TicketBody {
    fn id(&self) -> u64 {
        self.id
    }
}

#[derive(Deserialize)]
pub(super) struct NoteBody {
    id: u64,
    #[serde(rename = "ticketID")]
    pub(super) ticket_id: Option<u64>,
    pub(super) description: Option<String>,
    publish: Option<u64>,
    #[serde(rename = "createdByContactID")]
    created_by_contact_id: Option<u64>,
}

impl NoteBody {
    pub(super) const FIELDS: &[&str] = &["ticketID", "description", "publish", "createdByContactID"];

    pub(super) fn is_internal(&self) -> bool {
        self.publish == Some(INTERNAL) && self.created_by_contact_id.is_none()
    }
}

impl Record for NoteBody {
    fn id(&self) -> u64 {
        self.id
    }
}

#[derive(Deserialize)]
pub(super) struct Contact {
    pub(super) id: u64,
    #[serde(rename = "companyID")]
    pub(super) company_id: Option<u64>,
    #[serde(rename = "emailAddress")]
    pub(super) email_address: Option<String>,
    #[serde(rename = "isActive")]
    pub(super) is_active: Option<u8>,
}

impl Record for Contact {
    fn id(&self) -> u64 {
        self.id
    }
}

#[derive(Deserialize)]
pub(super) struct Company {
    #[serde(rename = "companyName")]
    pub(super) company_name: String,
}

#[derive(Deserialize)]
pub(super) struct Fields {
    pub(super) fields: Vec<Field>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Field {
    pub(super) name: Option<String>,
    pub(super) picklist_values: Option<Vec<Choice>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[derive(Default)]
pub(super) struct Choice {
    pub(super) value: String,
    pub(super) label: String,
    pub(super) is_active: bool,
    pub(super) is_default_value: bool,
}

#[derive(Deserialize)]
pub(super) struct Errors {
    errors: Vec<String>,
}

/// The fields that a refusal may name.
const FIELDS: [&str; 16] = [
    "assignedResourceRoleID",
    "assignedResourceID",
    "assignedRoleID",
    "companyID",
    "contactID",
    "dueDateTime",
    "description",
    "externalID",
    "noteType",
    "publish",
    "priority",
    "queueID",
    "status",
    "ticketCategory",
    "ticketID",
    "title",
];

impl Errors {
    /// The invalid field; the messages themselves quote what was sent. Some field names are words that a failing server
    /// may also use.
    pub(super) fn field(&self) -> Option<&'static str> {
        let errors = self.errors.join(" ").to_lowercase();
        if !errors.contains("field") && !errors.contains("combination") {
            return None;
        }
        let is_named = |field: &&&str| {
            let mut words = errors.split(|c: char| !c.is_ascii_alphanumeric());
            words.any(|word| word == field.to_lowercase())
        };
        FIELDS.iter().find(is_named).copied()
    }

    /// Whether the error says that no zone knows the user.
    pub(super) fn is_unknown_user(&self) -> bool {
        let mut errors = self.errors.iter();
        errors.any(|error| error.contains("Zone information could not be determined"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrong_field_is_reported() {
        let field = |error: &str| {
            Errors {
                errors: vec![error.to_owned()],
            }
            .field()
        };
        for (error, expected) in [
            ("Value does not exist for the required field title.", Some("title")),
            (
                "The specified AssignedResourceID and AssignedRoleID combination is not currently defined.",
                Some("assignedResourceID"),
            ),
            ("Invalid value for picklist field: queueID.", Some("queueID")),
            ("The field subtitle has statuses", None),
            ("An error has occurred, see the status page", None),
            ("SQL timeout", None),
        ] {
            assert_eq!(field(error), expected, "{error}");
        }
    }

    #[test]
    fn only_a_missing_item_is_none() {
        let item = |text: &str| serde_json::from_str::<Item<TicketBody>>(text).map(|item| item.item.is_some());
        assert!(!item(r#"{"item": null}"#).unwrap());
        assert!(item(r#"{"item": {"id": 5}}"#).unwrap());
        assert!(item(r#"{"unexpected": true}"#).is_err());
    }
}
