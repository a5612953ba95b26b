//! Vaults in which temporary passwords are documented: one file per system behind one enum, chosen by the
//! organisation's variables.
//!
//! None of the vaults documents whether it shows names and notes as text or as HTML. So [`Entry`] returns them without
//! tags, which reads the same in both.

pub mod hudu;
pub mod itglue;
pub mod passportal;
pub mod pwpush;

use domain::finding::Finding;
use domain::step_error::StepError;
use domain::text::{one_line, untagged};
use outbound::Reply;
use secrecy::SecretString;

pub use hudu::Hudu;
pub use itglue::ItGlue;
pub use passportal::Passportal;
pub use pwpush::PwPush;

/// The usual limit of a column for names; no vendor documents its own.
const NAME_LIMIT: usize = 255;

/// The passwords of one company.
#[derive(Debug, Clone)]
pub enum Vault {
    Hudu(Hudu),
    ItGlue(ItGlue),
    Passportal(Passportal),
}

/// A password to document.
pub struct Entry {
    /// Finds the entry again: the request's id, and random digits that nobody can guess in advance.
    pub marker: String,
    /// Such as "Temporary password of Jo Doe".
    pub name: String,
    pub username: String,
    pub password: SecretString,
}

impl Entry {
    fn short_name(&self) -> String {
        let name = untagged(&one_line(&self.name));
        if name.chars().count() <= NAME_LIMIT {
            return name;
        }
        name.chars().take(NAME_LIMIT - 1).chain(['…']).collect()
    }

    fn notes(&self) -> String {
        format!(
            "Written by Gangway when the user was created.\n\n{}",
            marker_line(&self.marker)
        )
    }
}

fn marker_line(marker: &str) -> String {
    format!("[gangway {marker}]")
}

/// Calls the same method of whichever system it is.
macro_rules! each {
    ($self:ident, $vault:ident => $call:expr) => {
        match $self {
            Self::Hudu($vault) => $call,
            Self::ItGlue($vault) => $call,
            Self::Passportal($vault) => $call,
        }
    };
}

impl Vault {
    /// Whether the entry exists, by the mark in its last line; `None` if the system cannot be asked.
    pub async fn has(&self, entry: &Entry) -> Result<Option<bool>, StepError> {
        match self {
            Self::Hudu(hudu) => hudu.has(entry).await.map(Some),
            Self::ItGlue(itglue) => itglue.has(entry).await.map(Some),
            Self::Passportal(_) => Ok(None),
        }
    }

    pub async fn write(&self, entry: &Entry) -> Result<(), StepError> {
        each!(self, vault => vault.write(entry).await)
    }

    /// Signs in and looks up the company; changes nothing.
    pub async fn check(&self) -> Vec<Finding> {
        each!(self, vault => vault.check().await)
    }
}

/// Parses the company's id, which is a number in every vault. Any other text would become part of an address.
fn company_number(system: &str, company: &str) -> Result<u64, StepError> {
    company.trim().parse().map_err(|_| {
        StepError::NeedsAttention(format!(
            "the organisation's company in {system} must be the number that {system} gives it"
        ))
    })
}

/// The error if a key is refused. A valid key may lack access to passwords; the vendors do not reliably distinguish the
/// two.
fn key_refused(system: &str, reply: &Reply) -> Option<StepError> {
    matches!(reply.status(), 401 | 403).then(|| {
        StepError::NeedsAttention(format!(
            "{system} does not accept the API key ({}): it must be valid and have password access; renew it in Gangway",
            reply.status()
        ))
    })
}

fn no_company(system: &str, id: u64) -> StepError {
    StepError::NeedsAttention(format!(
        "{system} has no company {id} at the address that it was given: check both in Gangway"
    ))
}
