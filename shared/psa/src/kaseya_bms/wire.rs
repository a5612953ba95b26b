//! Kaseya BMS's responses. Its API file spells names `AccountId`; the servers spell them `accountId`.

use domain::step_error::StepError;
use outbound::Reply;
use secrecy::SecretString;
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};

use super::SYSTEM;
use crate::names::Named;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Envelope<T> {
    #[serde(alias = "success")]
    success: bool,
    #[serde(alias = "error")]
    error: Option<ErrorInfo>,
    #[serde(alias = "result")]
    pub(super) result: Option<T>,
    #[serde(alias = "totalRecords")]
    pub(super) total_records: Option<usize>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ErrorInfo {
    #[serde(alias = "code")]
    code: Option<i64>,
}

/// An error in a response whose status is a success.
pub(super) struct Refusal {
    code: Option<i64>,
}

impl Refusal {
    pub(super) fn of(reply: &Reply) -> Option<Self> {
        let envelope: Envelope<IgnoredAny> = reply.error_body().filter(|_| reply.is_success())?;
        let code = envelope.error.and_then(|error| error.code);
        (!envelope.success).then_some(Self { code })
    }

    pub(super) fn is_not_found(&self) -> bool {
        self.code == Some(404)
    }

    /// The error for BMS's code. There is no list of codes; some are those of HTTP.
    pub(super) fn error(&self, operation: &str) -> StepError {
        let code = self.code.map(|code| format!(" (code {code})")).unwrap_or_default();
        match self.code {
            Some(401 | 403) => StepError::NeedsAttention(format!(
                "{SYSTEM} does not permit \"{operation}\"{code}; grant the permission to Gangway's user"
            )),
            Some(408 | 429 | 500..=599) => StepError::Transient(format!("{SYSTEM} is out of order: {operation}{code}")),
            _ => StepError::Permanent(format!("{SYSTEM} refused \"{operation}\"{code}")),
        }
    }
}

/// The envelope of a successful response, which the status alone does not show.
pub(super) fn opened<T: DeserializeOwned>(operation: &str, reply: &Reply) -> Result<Envelope<T>, StepError> {
    match Refusal::of(reply) {
        Some(refusal) => Err(refusal.error(operation)),
        None => reply.json(),
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct TokenBody {
    #[serde(alias = "accessToken")]
    pub(super) access_token: SecretString,
    #[serde(alias = "accessTokenExpireOn")]
    pub(super) access_token_expire_on: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct TicketBody {
    #[serde(alias = "id")]
    pub(super) id: u64,
    #[serde(alias = "ticketNumber")]
    ticket_number: Option<String>,
    #[serde(alias = "details")]
    details: Option<String>,
    #[serde(alias = "accountId")]
    account_id: Option<u64>,
    #[serde(alias = "statusId")]
    pub(super) status_id: Option<u64>,
}

impl TicketBody {
    pub(super) fn is_of(&self, account: u64) -> bool {
        self.account_id == Some(account)
    }

    pub(super) fn is_numbered(&self, number: &str) -> bool {
        self.ticket_number
            .as_deref()
            .is_some_and(|own| own.trim().eq_ignore_ascii_case(number))
    }

    pub(super) fn details(&self) -> &str {
        self.details.as_deref().unwrap_or_default()
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct NoteBody {
    #[serde(alias = "id")]
    pub(super) id: u64,
    #[serde(alias = "details")]
    pub(super) details: Option<String>,
    #[serde(default, alias = "isInternal")]
    pub(super) is_internal: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ContactBody {
    #[serde(alias = "id")]
    pub(super) id: u64,
    #[serde(alias = "emailAddress")]
    pub(super) email_address: Option<String>,
    #[serde(alias = "locationId")]
    pub(super) location_id: Option<u64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct LocationBody {
    #[serde(alias = "id")]
    pub(super) id: u64,
    #[serde(default, alias = "isMain")]
    pub(super) is_main: bool,
}

/// A record of a look-up, with some of these fields.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct NamedBody {
    #[serde(alias = "id")]
    pub(super) id: u64,
    #[serde(alias = "name")]
    name: Option<String>,
    #[serde(default, alias = "isDefault")]
    pub(super) is_default: bool,
    #[serde(default, alias = "statusOrder")]
    pub(super) status_order: i64,
}

impl NamedBody {
    pub(super) fn named(self) -> Named {
        Named::new(self.id, self.name.unwrap_or_default())
    }
}
