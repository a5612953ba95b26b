//! ConnectWise's responses, and the ways to name a company.

use std::fmt;

use domain::step_error::StepError;
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
pub(super) struct Named {
    pub(super) id: u64,
    #[serde(default)]
    pub(super) name: String,
}

#[derive(Deserialize)]
pub(super) struct CompanyBody {
    id: u64,
    identifier: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct TicketBody {
    pub(super) id: u64,
    pub(super) company: Option<CompanyBody>,
    pub(super) board: Option<Named>,
    pub(super) status: Option<Named>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct FoundTicket {
    pub(super) id: u64,
    pub(super) external_x_ref: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct NoteBody {
    pub(super) text: Option<String>,
    internal_analysis_flag: Option<bool>,
}

impl NoteBody {
    pub(super) const FIELDS: &str = "id,text,internalAnalysisFlag";

    pub(super) fn is_internal(&self) -> bool {
        self.internal_analysis_flag == Some(true)
    }
}

#[derive(Deserialize)]
pub(super) struct ApiError {
    code: Option<String>,
    #[serde(default)]
    errors: Vec<FieldError>,
}

#[derive(Deserialize)]
struct FieldError {
    code: Option<String>,
    field: Option<String>,
}

impl ApiError {
    /// The invalid field if one is named; the code then says only that something is invalid.
    pub(super) fn code(&self) -> Option<&str> {
        let first = self.errors.first();
        first
            .and_then(|error| error.field.as_deref().or(error.code.as_deref()))
            .filter(|code| !code.is_empty())
            .or(self.code.as_deref())
    }
}

/// A company as the organisation's ids name it.
#[derive(Debug, Clone)]
pub(super) enum CompanyKey {
    Id(u64),
    Identifier(String),
}

impl CompanyKey {
    pub(super) fn parse(text: &str) -> Result<Self, StepError> {
        let text = text.trim();
        if let Ok(id) = text.parse() {
            return Ok(Self::Id(id));
        }
        // The text goes into conditions, between quotes.
        if text.is_empty() || text.contains(['"', '\\']) || text.chars().any(char::is_control) {
            return Err(StepError::NeedsAttention(
                "the organisation's company in ConnectWise is neither an id nor an identifier".to_owned(),
            ));
        }
        Ok(Self::Identifier(text.to_owned()))
    }

    pub(super) fn condition(&self) -> String {
        match self {
            Self::Id(id) => format!("company/id={id}"),
            Self::Identifier(identifier) => format!("company/identifier=\"{identifier}\""),
        }
    }

    /// The condition for a list of companies.
    pub(super) fn own_condition(&self) -> String {
        self.condition().trim_start_matches("company/").to_owned()
    }

    pub(super) fn reference(&self) -> Value {
        match self {
            Self::Id(id) => json!({ "id": id }),
            Self::Identifier(identifier) => json!({ "identifier": identifier }),
        }
    }

    pub(super) fn is(&self, company: Option<&CompanyBody>) -> bool {
        company.is_some_and(|company| match self {
            Self::Id(id) => company.id == *id,
            Self::Identifier(ours) => company
                .identifier
                .as_deref()
                .is_some_and(|theirs| theirs.eq_ignore_ascii_case(ours)),
        })
    }
}

impl fmt::Display for CompanyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id(id) => id.fmt(f),
            Self::Identifier(identifier) => f.write_str(identifier),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn companies_by_id_or_identifier() {
        assert_eq!(CompanyKey::parse(" 19 ").unwrap().condition(), "company/id=19");
        assert_eq!(
            CompanyKey::parse("AcmeLtd").unwrap().condition(),
            "company/identifier=\"AcmeLtd\""
        );
        for bad in ["", "a\" or id=1", "a\\"] {
            assert!(
                matches!(CompanyKey::parse(bad), Err(StepError::NeedsAttention(_))),
                "{bad}"
            );
        }
    }

    #[test]
    fn wrong_field_is_reported() {
        let error: ApiError = serde_json::from_str(
            r#"{"code":"InvalidObject","message":"ticket object is invalid","errors":[{"code":"MaxLength","message":"m","resource":"ticket","field":"summary"}]}"#,
        )
        .unwrap();
        assert_eq!(error.code(), Some("summary"));
        let error: ApiError = serde_json::from_str(r#"{"code":"NotFound"}"#).unwrap();
        assert_eq!(error.code(), Some("NotFound"));
    }
}
