//! No PSA: the ticket and its notes are mails to one address. `notify` makes texts from people harmless, as in all
//! mails.

use domain::finding::Finding;
use domain::request::TicketRef;
use domain::step_error::StepError;
use notify::{Mail, Mailer};

use crate::{Names, NewTicket, Note, NoteText, note_marker};

pub(crate) const SYSTEM_ID: &str = "email_only";
/// The length that fits a mail program's list of subjects.
const SUBJECT_FROM_NOTE: usize = 70;

#[derive(Debug, Clone)]
pub struct EmailOnly {
    mailer: Mailer,
    address: String,
    reply_to: Option<String>,
}

impl EmailOnly {
    pub fn new(mailer: Mailer, address: String, reply_to: Option<String>) -> Self {
        Self {
            mailer,
            address,
            reply_to,
        }
    }

    pub(crate) fn system(&self) -> &'static str {
        SYSTEM_ID
    }

    /// Does nothing, because there are no names.
    pub(crate) fn list_names(&mut self) {}

    /// Returns `None`, because sent mails cannot be read.
    pub(crate) async fn find_ticket(
        &self,
        _given: Option<&str>,
        _marker: &str,
        _mark: &str,
    ) -> Result<Option<TicketRef>, StepError> {
        Ok(None)
    }

    pub(crate) async fn find_matching(&self, _summary: &str) -> Result<Option<TicketRef>, StepError> {
        Ok(None)
    }

    /// Uses the request's id as the ticket's id; the subject of every later mail names it.
    pub(crate) async fn create_ticket(&self, ticket: &NewTicket) -> Result<TicketRef, StepError> {
        let id = ticket.marker.clone();
        self.send(format!("{} [{id}]", ticket.summary), &ticket.description)
            .await?;
        Ok(TicketRef {
            system: SYSTEM_ID.to_owned(),
            id,
        })
    }

    pub(crate) async fn add_note(&self, ticket: &TicketRef, note: &Note) -> Result<(), StepError> {
        let NoteText::Plain(text) = &note.text else {
            return Err(StepError::Permanent(
                "a password is not sent as a ticket note by mail".to_owned(),
            ));
        };
        let title: String = text
            .lines()
            .next()
            .unwrap_or_default()
            .chars()
            .take(SUBJECT_FROM_NOTE)
            .collect();
        self.send(
            format!("{title} [{}]", ticket.id),
            &format!("{text}\n\n{}", note_marker(&note.marker)),
        )
        .await
    }

    pub(crate) async fn has_note(&self, _ticket: &TicketRef, _marker: &str) -> Result<bool, StepError> {
        Ok(false)
    }

    pub(crate) async fn set_status(&self, _ticket: &TicketRef, _status: &str) -> Result<(), StepError> {
        Ok(())
    }

    pub(crate) async fn check(&self, _names: &Names) -> Vec<Finding> {
        Vec::new()
    }

    async fn send(&self, subject: String, text: &str) -> Result<(), StepError> {
        let mail = Mail {
            to: vec![self.address.clone()],
            reply_to: self.reply_to.clone(),
            subject,
            text: text.into(),
            links: Vec::new(),
        };
        self.mailer.send(&mail).await
    }
}
