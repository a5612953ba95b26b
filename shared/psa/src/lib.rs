//! Tickets: one file a system behind one enum, chosen from the organisation's variables.

mod connectwise;
mod email_only;

use domain::fault::Fault;
use domain::request::TicketRef;
use secrecy::SecretString;

pub use connectwise::{ConnectWise, Credentials as ConnectWiseCredentials};
pub use email_only::EmailOnly;

#[derive(Debug, Clone)]
pub enum Psa {
    ConnectWise(ConnectWise),
    EmailOnly(EmailOnly),
}

/// A ticket to open. Names are the PSA's own, or its ids.
#[derive(Debug, Clone, Default)]
pub struct NewTicket {
    /// The request's id, by which the ticket is found again.
    pub marker: String,
    pub summary: String,
    pub description: String,
    /// Board, queue or team.
    pub location: Option<String>,
    pub status: Option<String>,
    pub priority: Option<String>,
    pub work_role: Option<String>,
    pub tech_id: Option<String>,
    pub contact_email: Option<String>,
}

pub struct Note {
    /// Unique to the note; goes into its last line, by which the note is found again.
    pub marker: String,
    pub text: NoteText,
    /// Seen by technicians only.
    pub internal: bool,
}

pub enum NoteText {
    Plain(String),
    /// Holds a password: refused where [`Psa::carries_secrets`] is false.
    Secret(SecretString),
}

/// The last line of a note.
pub fn note_marker(marker: &str) -> String {
    format!("[gangway {marker}]")
}

impl Psa {
    /// The name in [`TicketRef::system`].
    pub fn system(&self) -> &'static str {
        match self {
            Self::ConnectWise(_) => connectwise::SYSTEM_ID,
            Self::EmailOnly(_) => email_only::SYSTEM_ID,
        }
    }

    /// Whether a password may go into a note; a mail is no place for one.
    pub fn carries_secrets(&self) -> bool {
        matches!(self, Self::ConnectWise(_))
    }

    /// Whether it can say what was written before; else a repeated step may repeat a note.
    pub fn can_be_asked(&self) -> bool {
        matches!(self, Self::ConnectWise(_))
    }

    /// The ticket that carries our marker, else the given one if it is this organisation's.
    pub async fn find_ticket(&self, given: Option<&str>, marker: &str) -> Result<Option<TicketRef>, Fault> {
        match self {
            Self::ConnectWise(psa) => psa.find_ticket(given, marker).await,
            Self::EmailOnly(_) => Ok(None),
        }
    }

    /// An open ticket of this organisation with the same summary that no request of Gangway's made.
    pub async fn find_matching(&self, summary: &str) -> Result<Option<TicketRef>, Fault> {
        match self {
            Self::ConnectWise(psa) => psa.find_matching(summary).await,
            Self::EmailOnly(_) => Ok(None),
        }
    }

    pub async fn create_ticket(&self, ticket: &NewTicket) -> Result<TicketRef, Fault> {
        match self {
            Self::ConnectWise(psa) => psa.create_ticket(ticket).await,
            Self::EmailOnly(psa) => psa.create_ticket(ticket).await,
        }
    }

    pub async fn has_note(&self, ticket: &TicketRef, marker: &str) -> Result<bool, Fault> {
        match self {
            Self::ConnectWise(psa) => psa.has_note(ticket, marker).await,
            Self::EmailOnly(_) => Ok(false),
        }
    }

    pub async fn add_note(&self, ticket: &TicketRef, note: &Note) -> Result<(), Fault> {
        match self {
            Self::ConnectWise(psa) => psa.add_note(ticket, note).await,
            Self::EmailOnly(psa) => psa.add_note(ticket, note).await,
        }
    }

    pub async fn set_status(&self, ticket: &TicketRef, status: &str) -> Result<(), Fault> {
        match self {
            Self::ConnectWise(psa) => psa.set_status(ticket, status).await,
            Self::EmailOnly(_) => Ok(()),
        }
    }
}
