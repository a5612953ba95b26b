//! Where temporary passwords are documented: one file a system behind one enum, chosen from the organisation's variables.

pub mod hudu;
pub mod itglue;
pub mod passportal;
pub mod pwpush;

use domain::fault::Fault;
use domain::finding::Finding;
use secrecy::SecretString;

pub use hudu::Hudu;
pub use itglue::ItGlue;
pub use passportal::Passportal;
pub use pwpush::PwPush;

/// One company's passwords.
#[derive(Debug, Clone)]
pub enum Vault {
    Hudu(Hudu),
    ItGlue(ItGlue),
    Passportal(Passportal),
}

/// A password to document.
pub struct Entry {
    /// The request's id, by which the entry is found again.
    pub marker: String,
    /// As "Temporary password of Jo Doe".
    pub name: String,
    pub username: String,
    pub password: SecretString,
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
    /// Whether it can say what was written before; else a repeated step may repeat an entry.
    pub fn can_be_asked(&self) -> bool {
        !matches!(self, Self::Passportal(_))
    }

    /// Whether the entry with this marker is there.
    pub async fn has(&self, marker: &str) -> Result<bool, Fault> {
        each!(self, vault => vault.has(marker).await)
    }

    pub async fn write(&self, entry: &Entry) -> Result<(), Fault> {
        each!(self, vault => vault.write(entry).await)
    }

    /// Signs in and looks up the company; changes nothing.
    pub async fn check(&self) -> Vec<Finding> {
        each!(self, vault => vault.check().await)
    }
}
