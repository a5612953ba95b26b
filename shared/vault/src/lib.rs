//! Where temporary passwords are documented: one file a system behind one enum, chosen from the organisation's variables.
//!
//! None of the vaults says whether it shows names and notes as text or as HTML. So [`Entry`] hands out none with a tag in it:
//! as text and as HTML they read the same.

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

/// What a column for a name usually holds; none of the vendors says its own.
const NAME_LIMIT: usize = 255;

/// One company's passwords.
#[derive(Debug, Clone)]
pub enum Vault {
    Hudu(Hudu),
    ItGlue(ItGlue),
    Passportal(Passportal),
}

/// A password to document.
pub struct Entry {
    /// By which the entry is found again: the request's id, and what nobody can guess beforehand.
    pub marker: String,
    /// As "Temporary password of Jo Doe".
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

/// The same call on whichever system it is.
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
    /// Whether the entry is there, by its marker in the last line; none where nobody can say.
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

/// Companies are numbers in all of them; anything else would be put into an address.
fn company_number(system: &str, company: &str) -> Result<u64, StepError> {
    company.trim().parse().map_err(|_| {
        StepError::NeedsAttention(format!(
            "the organisation's company in {system} must be the number that {system} gives it"
        ))
    })
}

/// A key may be right, and yet not be allowed to see passwords: neither vendor tells these two apart for certain.
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
