//! The client of Autotask (Datto).
//!
//! According to its documentation, text from the API is never rich text, so texts are sent unchanged except for
//! invisible characters. Tags are broken up all the same, because Autotask also sends the texts in mails.
//!
//! Calls are made one after another: Autotask allows three at once per API user, and 10,000 per hour and customer.

mod calls;
mod names;
mod wire;
mod zone;

use std::sync::Arc;

use domain::finding::Finding;
use domain::request::TicketRef;
use domain::step_error::StepError;
use domain::text::{ends_with_line, untagged};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use tokio::sync::OnceCell;
use url::Url;

use self::calls::{NOTES, done, is};
use self::wire::{Company, Contact, Field, Item, Made, NoteBody, TicketBody};
use crate::names::Listing;
use crate::texts::{cut_with_mark, one_line};
use crate::{Names, NewTicket, Note, NoteText, note_marker};

pub(crate) const SYSTEM_ID: &str = "autotask";
const SYSTEM: &str = "Autotask";
const TITLE_LIMIT: usize = 255;
const DESCRIPTION_LIMIT: usize = 8_000;
const NOTE_LIMIT: usize = 32_000;
/// The required title of a note. Mails and lists show it, so it is never the note's own text.
const NOTE_TITLE: &str = "Gangway";
/// The built-in value for public notes; the status that closes a ticket is built in too.
const FOR_EVERYBODY: u64 = 1;
const INTERNAL: u64 = 2;
const COMPLETE: u64 = 5;

/// The credentials as stored in the secret.
#[derive(Debug, Clone, Deserialize)]
pub struct Credentials {
    pub user_name: String,
    pub secret: SecretString,
    pub integration_code: SecretString,
}

/// The tickets of one customer.
#[derive(Debug, Clone)]
pub struct Autotask {
    http: reqwest::Client,
    /// The server that knows which server hosts the user.
    base: Url,
    credentials: Credentials,
    company: u64,
    pub(crate) listing: Listing,
    ticket_fields: Arc<OnceCell<Vec<Field>>>,
    note_fields: Arc<OnceCell<Vec<Field>>>,
}

impl Autotask {
    /// `base` is the address that knows the zones; `company` is the organisation's id in Autotask.
    pub fn new(http: reqwest::Client, base: Url, credentials: Credentials, company: String) -> Result<Self, StepError> {
        let company = company.trim().parse().map_err(|_| {
            StepError::NeedsAttention(format!(
                "the organisation's company in {SYSTEM} is no id of {SYSTEM}: it is a number"
            ))
        })?;
        Ok(Self {
            http,
            base,
            credentials,
            company,
            listing: Listing::default(),
            ticket_fields: Arc::default(),
            note_fields: Arc::default(),
        })
    }

    /// The name in [`TicketRef::system`].
    pub(crate) fn system(&self) -> &'static str {
        SYSTEM_ID
    }

    /// Lets errors list the existing names.
    pub(crate) fn list_names(&mut self) {
        self.listing = Listing::Shown;
    }

    pub(crate) async fn find_ticket(
        &self,
        given: Option<&str>,
        marker: &str,
        _mark: &str,
    ) -> Result<Option<TicketRef>, StepError> {
        let ours: Vec<TicketBody> = self
            .list(
                "look for the request's ticket",
                "Tickets",
                &[is("externalID", marker)],
                &["externalID"],
            )
            .await?;
        let found = ours
            .iter()
            .find(|ticket| !marker.is_empty() && ticket.external_id.as_deref() == Some(marker));
        match (found, given) {
            (Some(ticket), _) => Ok(Some(ticket_ref(ticket.id))),
            (None, Some(given)) => self.given_ticket(given.trim().trim_start_matches('#')).await,
            (None, None) => Ok(None),
        }
    }

    /// Another company's ticket counts as not found, because its customer could read what is written on it.
    async fn given_ticket(&self, given: &str) -> Result<Option<TicketRef>, StepError> {
        const OPERATION: &str = "look up the given ticket";
        let ticket = if let Ok(id) = given.parse::<u32>() {
            self.ticket(OPERATION, &id.to_string()).await?
        } else if given.starts_with('T') && given[1..].bytes().all(|b| b.is_ascii_digit() || b == b'.') {
            // The number for people, such as T20260131.0042.
            let filter = [is("companyID", self.company), is("ticketNumber", given)];
            let found = self.list(OPERATION, "Tickets", &filter, &["companyID"]).await?;
            found.into_iter().next()
        } else {
            None
        };
        let ours = ticket.filter(|ticket: &TicketBody| ticket.company_id == Some(self.company));
        Ok(ours.map(|ticket| ticket_ref(ticket.id)))
    }

    async fn ticket(&self, operation: &'static str, id: &str) -> Result<Option<TicketBody>, StepError> {
        let url = self.url(&["Tickets", id]).await?;
        let reply = self.call(operation, self.http.get(url)).await?;
        if reply.status() == 404 {
            return Ok(None);
        }
        done(operation, &reply)?;
        Ok(reply.json::<Item<TicketBody>>()?.item)
    }

    pub(crate) async fn find_matching(&self, summary: &str) -> Result<Option<TicketRef>, StepError> {
        let summary = one_line(summary, TITLE_LIMIT);
        let filter = [
            is("companyID", self.company),
            is("title", summary.as_str()),
            json!({"field": "status", "op": "noteq", "value": COMPLETE}),
        ];
        let fields = TicketBody::MATCHED_BY;
        let open: Vec<TicketBody> = self.list("look for an open ticket", "Tickets", &filter, fields).await?;
        // The database also finds similar texts, and Autotask ignores operators that it does not know.
        let fits = |ticket: &&TicketBody| {
            ticket.company_id == Some(self.company)
                && ticket.status != Some(COMPLETE)
                && ticket.external_id.as_deref().unwrap_or_default().is_empty()
                && ticket.title.as_deref().is_some_and(|title| title.trim() == summary)
        };
        for ticket in open.iter().filter(fits) {
            if ticket.is_made_by_resource() && !self.is_from_customer(ticket.source).await? {
                return Ok(Some(ticket_ref(ticket.id)));
            }
        }
        Ok(None)
    }

    pub(crate) async fn create_ticket(&self, ticket: &NewTicket) -> Result<TicketRef, StepError> {
        const OPERATION: &str = "create a ticket";
        let mut body = Map::new();
        let mut set = |name: &str, value: Value| body.insert(name.to_owned(), value);
        set("companyID", self.company.into());
        set("externalID", ticket.marker.clone().into());
        set("title", one_line(&untagged(&ticket.summary), TITLE_LIMIT).into());
        set(
            "description",
            cut_with_mark(&untagged(&ticket.description), DESCRIPTION_LIMIT, SYSTEM).into(),
        );
        set("queueID", self.queue(ticket.location.as_deref()).await?.into());
        set("status", self.choice("status", ticket.status.as_deref()).await?.into());
        set(
            "priority",
            self.choice("priority", ticket.priority.as_deref()).await?.into(),
        );
        if let Some((resource, role)) = names::technician(ticket.tech_id.as_deref(), ticket.work_role.as_deref())? {
            set("assignedResourceID", resource.into());
            set("assignedResourceRoleID", role.into());
        }
        if let Some(email) = &ticket.contact_email
            && let Some(contact) = self.contact(email).await?
        {
            set("contactID", contact.into());
        }
        let request = self.http.post(self.url(&["Tickets"]).await?).json(&body);
        let reply = self.call(OPERATION, request).await?;
        done(OPERATION, &reply)?;
        let made: Made = reply.json()?;
        Ok(ticket_ref(made.item_id))
    }

    /// The company's contact with this mail address.
    async fn contact(&self, email: &str) -> Result<Option<u64>, StepError> {
        let filter = [
            is("companyID", self.company),
            is("emailAddress", email),
            is("isActive", 1),
        ];
        let fields = ["companyID", "emailAddress", "isActive"];
        let found: Vec<Contact> = self.list("look up the contact", "Contacts", &filter, &fields).await?;
        let fits = |contact: &&Contact| {
            contact.company_id == Some(self.company)
                && contact.is_active == Some(1)
                && contact
                    .email_address
                    .as_deref()
                    .is_some_and(|theirs| theirs.trim().eq_ignore_ascii_case(email))
        };
        Ok(found.iter().find(fits).map(|contact| contact.id))
    }

    pub(crate) async fn has_note(&self, ticket: &TicketRef, marker: &str) -> Result<bool, StepError> {
        let marker = note_marker(marker);
        let id = ticket_id(ticket)?;
        // All notes are read, because it is not documented how a search treats brackets.
        let notes: Vec<NoteBody> = self
            .list(
                "read the ticket's notes",
                NOTES,
                &[is("ticketID", id)],
                NoteBody::FIELDS,
            )
            .await?;
        Ok(notes.iter().any(|note| {
            let text = note.description.as_deref().unwrap_or_default();
            note.ticket_id == Some(id) && note.is_internal() && ends_with_line(text, &marker)
        }))
    }

    pub(crate) async fn add_note(&self, ticket: &TicketRef, note: &Note) -> Result<(), StepError> {
        const OPERATION: &str = "write a note";
        let text = match &note.text {
            NoteText::Plain(text) => text.as_str(),
            NoteText::Secret(text) => text.expose_secret(),
        };
        let end = format!("\n\n{}", note_marker(&note.marker));
        let text = cut_with_mark(&untagged(text), NOTE_LIMIT - end.encode_utf16().count(), SYSTEM);
        let body = json!({
            "title": NOTE_TITLE,
            "description": format!("{text}{end}"),
            "noteType": self.note_type().await?,
            "publish": if note.internal { INTERNAL } else { FOR_EVERYBODY },
        });
        let url = self.url(&["Tickets", &ticket.id, "Notes"]).await?;
        let reply = self.call(OPERATION, self.http.post(url).json(&body)).await?;
        done(OPERATION, &reply)
    }

    pub(crate) async fn set_status(&self, ticket: &TicketRef, status: &str) -> Result<(), StepError> {
        const OPERATION: &str = "set the ticket's status";
        let id = ticket_id(ticket)?;
        let now = self.ticket("read the ticket", &ticket.id).await?;
        let now = now.ok_or_else(|| StepError::Permanent(format!("{SYSTEM} has no ticket {id} any more")))?;
        let wanted = self.choice("status", Some(status)).await?;
        if now.status == Some(wanted) {
            return Ok(());
        }
        let request = self.http.patch(self.url(&["Tickets"]).await?);
        let reply = self
            .call(OPERATION, request.json(&json!({ "id": id, "status": wanted })))
            .await?;
        done(OPERATION, &reply)
    }

    pub(crate) async fn check(&self, names: &Names) -> Vec<Finding> {
        let mut findings = vec![Finding::new(
            format!("company {}", self.company),
            self.company_name().await,
        )];
        let shown = |id: Result<u64, StepError>| id.map(|id| id.to_string());
        let location = names.location.as_deref();
        findings.push(Finding::new(
            format!("queue {}", location.unwrap_or("not set")),
            shown(self.queue(location).await),
        ));
        for status in &names.statuses {
            let found = self.choice("status", Some(status)).await;
            findings.push(Finding::new(format!("status {status}"), shown(found)));
        }
        if let Some(priority) = &names.priority {
            let found = self.choice("priority", Some(priority)).await;
            findings.push(Finding::new(format!("priority {priority}"), shown(found)));
        }
        let technician = names::technician(names.tech_id.as_deref(), names.work_role.as_deref());
        if let Some(result) = technician.transpose() {
            let result = result.map(|(resource, role)| format!("{resource} in role {role}, not looked up"));
            findings.push(Finding::new("technician", result));
        }
        findings.push(Finding::new(
            "notes",
            self.note_type().await.map(|kind| kind.to_string()),
        ));
        findings
    }

    async fn company_name(&self) -> Result<String, StepError> {
        const OPERATION: &str = "look up the company";
        let url = self.url(&["Companies", &self.company.to_string()]).await?;
        let reply = self.call(OPERATION, self.http.get(url)).await?;
        let company = match reply.status() {
            404 => None,
            _ => {
                done(OPERATION, &reply)?;
                reply.json::<Item<Company>>()?.item
            }
        };
        company.map(|company| company.company_name).ok_or_else(|| {
            StepError::NeedsAttention(format!(
                "{SYSTEM} shows no such company: the operator sets the right one with --company {SYSTEM_ID}=ID"
            ))
        })
    }
}

fn ticket_ref(id: u64) -> TicketRef {
    TicketRef {
        system: SYSTEM_ID.to_owned(),
        id: id.to_string(),
    }
}

fn ticket_id(ticket: &TicketRef) -> Result<u64, StepError> {
    let id = ticket.id.parse();
    id.map_err(|_| StepError::Permanent(format!("the ticket's id is none of {SYSTEM}")))
}
