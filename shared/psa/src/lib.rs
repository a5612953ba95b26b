//! Ticket systems: one file per system behind one enum, chosen by the organisation's variables.

pub mod autotask;
pub mod connectwise;
mod email_only;
pub mod freshdesk;
pub mod halopsa;
mod html;
pub mod kaseya_bms;
mod names;
pub mod servicenow;
mod texts;

use domain::finding::Finding;
use domain::request::TicketRef;
use domain::step_error::StepError;
use secrecy::SecretString;

pub use autotask::Autotask;
pub use connectwise::ConnectWise;
pub use email_only::EmailOnly;
pub use freshdesk::Freshdesk;
pub use halopsa::HaloPsa;
pub use kaseya_bms::KaseyaBms;
pub use servicenow::ServiceNow;

#[derive(Debug, Clone)]
pub enum Psa {
    Autotask(Autotask),
    ConnectWise(ConnectWise),
    EmailOnly(EmailOnly),
    Freshdesk(Freshdesk),
    HaloPsa(HaloPsa),
    KaseyaBms(KaseyaBms),
    ServiceNow(ServiceNow),
}

/// A ticket to open. Names are the PSA's own, or its ids.
#[derive(Debug, Clone, Default)]
pub struct NewTicket {
    /// The request's id, by which the ticket is found again.
    pub marker: String,
    /// A random text, which is added to the mark if customers can write to the same field.
    pub mark: String,
    pub summary: String,
    pub description: String,
    /// The board, queue or team.
    pub location: Option<String>,
    pub status: Option<String>,
    pub priority: Option<String>,
    pub work_role: Option<String>,
    pub tech_id: Option<String>,
    pub contact_email: Option<String>,
}

pub struct Note {
    /// Unique to the note and impossible to guess. The note's last line has it, by which the note is found again.
    pub marker: String,
    pub text: NoteText,
    /// Whether only technicians see the note.
    pub internal: bool,
    /// The time that the work took, for a PSA that records time with a note.
    pub minutes: Option<u32>,
}

/// The names that an organisation's variables use.
#[derive(Debug, Clone, Default)]
pub struct Names {
    pub location: Option<String>,
    pub statuses: Vec<String>,
    pub priority: Option<String>,
    pub work_role: Option<String>,
    pub tech_id: Option<String>,
}

pub enum NoteText {
    Plain(String),
    /// Contains a password. It is refused if [`Psa::carries_secrets`] is false.
    Secret(SecretString),
}

const MARKER_BEGINS: &str = "[gangway ";

/// The last line of a note, and of a ticket's text if the ticket has no better field for the mark.
pub fn note_marker(marker: &str) -> String {
    format!("{MARKER_BEGINS}{marker}]")
}

/// The mark of a ticket, for a field that customers can also write. It includes a text that nobody can know in advance.
fn ticket_marker(marker: &str, mark: &str) -> String {
    note_marker(&format!("{marker} {mark}"))
}

/// Calls the same method of whichever system it is.
macro_rules! each {
    ($self:expr, $psa:ident => $call:expr) => {
        match $self {
            Self::Autotask($psa) => $call,
            Self::ConnectWise($psa) => $call,
            Self::EmailOnly($psa) => $call,
            Self::Freshdesk($psa) => $call,
            Self::HaloPsa($psa) => $call,
            Self::KaseyaBms($psa) => $call,
            Self::ServiceNow($psa) => $call,
        }
    };
}

impl Psa {
    /// Returns a client whose errors list the existing names, for an organisation that owns the key.
    #[must_use]
    pub fn listing_names(mut self) -> Self {
        each!(&mut self, psa => psa.list_names());
        self
    }

    /// The name in [`TicketRef::system`].
    pub fn system(&self) -> &'static str {
        each!(self, psa => psa.system())
    }

    /// Whether a note may contain a password. A mail must not.
    pub fn carries_secrets(&self) -> bool {
        !matches!(self, Self::EmailOnly(_))
    }

    /// Whether the system can be asked what was written. If not, a repeated step may repeat a note.
    pub fn can_be_asked(&self) -> bool {
        !matches!(self, Self::EmailOnly(_))
    }

    /// The ticket with our mark, or else the given one if it belongs to this organisation.
    pub async fn find_ticket(
        &self,
        given: Option<&str>,
        marker: &str,
        mark: &str,
    ) -> Result<Option<TicketRef>, StepError> {
        // Both go into all kinds of queries and must not need escaping.
        if !texts::is_plain(marker) || !texts::is_plain(mark) {
            return Err(StepError::Permanent(
                "a ticket's marker has letters, digits, - and _ only".to_owned(),
            ));
        }
        each!(self, psa => psa.find_ticket(given, marker, mark).await)
    }

    /// An open ticket of this organisation with the same summary, opened by a technician and not by a request of
    /// Gangway.
    ///
    /// A customer could guess the summary, and Gangway must not write to a customer's ticket. If a PSA does not say who
    /// opened a ticket, none is found by its summary.
    pub async fn find_matching(&self, summary: &str) -> Result<Option<TicketRef>, StepError> {
        each!(self, psa => psa.find_matching(summary).await)
    }

    pub async fn create_ticket(&self, ticket: &NewTicket) -> Result<TicketRef, StepError> {
        each!(self, psa => psa.create_ticket(ticket).await)
    }

    /// Whether the ticket has an internal note whose last line is this mark. Notes that customers can write are
    /// ignored.
    pub async fn has_note(&self, ticket: &TicketRef, marker: &str) -> Result<bool, StepError> {
        self.must_have(ticket)?;
        each!(self, psa => psa.has_note(ticket, marker).await)
    }

    pub async fn add_note(&self, ticket: &TicketRef, note: &Note) -> Result<(), StepError> {
        self.must_have(ticket)?;
        each!(self, psa => psa.add_note(ticket, note).await)
    }

    pub async fn set_status(&self, ticket: &TicketRef, status: &str) -> Result<(), StepError> {
        self.must_have(ticket)?;
        each!(self, psa => psa.set_status(ticket, status).await)
    }

    /// Refuses a ticket of another system, from before `default_psa` was changed. In this system, its id may belong to
    /// another customer's ticket.
    fn must_have(&self, ticket: &TicketRef) -> Result<(), StepError> {
        if ticket.system == self.system() {
            return Ok(());
        }
        Err(StepError::NeedsAttention(format!(
            "the ticket is one of {}, and the organisation uses {} now",
            ticket.system,
            self.system()
        )))
    }

    /// Signs in and looks up every name; changes nothing.
    pub async fn check(&self, names: &Names) -> Vec<Finding> {
        each!(self, psa => psa.check(names).await)
    }
}
