//! Freshdesk's responses.

use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
pub(super) struct Ticket {
    pub(super) id: u64,
    pub(super) subject: Option<String>,
    pub(super) status: u64,
    pub(super) company_id: Option<u64>,
    #[serde(default)]
    tags: Vec<String>,
    source: Option<u64>,
}

/// The sources of tickets that agents open: a phone call and an outbound mail. All others can be used by customers
/// (mail, portal, chat, widget) or by programs.
const AGENTS_SOURCES: [u64; 2] = [3, 10];

impl Ticket {
    pub(super) fn is_opened_by_agent(&self) -> bool {
        self.source.is_some_and(|source| AGENTS_SOURCES.contains(&source))
    }

    pub(super) fn has_tag(&self, tag: &str) -> bool {
        self.tags.iter().any(|own| own.eq_ignore_ascii_case(tag))
    }
}

#[derive(Deserialize)]
pub(super) struct SearchResults {
    pub(super) results: Vec<Ticket>,
}

#[derive(Deserialize)]
pub(super) struct Conversation {
    pub(super) body_text: Option<String>,
    #[serde(default)]
    private: bool,
    /// Whether a customer wrote it.
    #[serde(default)]
    incoming: bool,
}

impl Conversation {
    pub(super) fn is_internal(&self) -> bool {
        self.private && !self.incoming
    }
}

#[derive(Deserialize)]
pub(super) struct Contact {
    pub(super) id: u64,
    pub(super) company_id: Option<u64>,
    email: Option<String>,
    #[serde(default)]
    other_emails: Vec<String>,
}

impl Contact {
    pub(super) fn has(&self, email: &str) -> bool {
        let mut all = self.email.iter().chain(&self.other_emails);
        all.any(|own| own.eq_ignore_ascii_case(email))
    }
}

#[derive(Deserialize)]
pub(super) struct Company {
    pub(super) id: u64,
    pub(super) name: String,
}

#[derive(Deserialize)]
pub(super) struct Group {
    pub(super) id: u64,
    pub(super) name: String,
}

#[derive(Deserialize)]
pub(super) struct Field {
    pub(super) name: String,
    #[serde(default)]
    pub(super) choices: Value,
}

#[derive(Deserialize)]
pub(super) struct ApiError {
    #[serde(default)]
    errors: Vec<FieldError>,
    code: Option<String>,
}

#[derive(Deserialize)]
struct FieldError {
    field: Option<String>,
    code: Option<String>,
}

impl ApiError {
    /// The invalid field, if one is named.
    pub(super) fn code(&self) -> Option<&str> {
        let first = self.errors.first();
        let field = first.and_then(|error| error.field.as_deref());
        let field = field.filter(|field| !field.is_empty());
        field
            .or(first.and_then(|error| error.code.as_deref()))
            .or(self.code.as_deref())
    }
}
