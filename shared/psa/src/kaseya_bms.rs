//! The client of Kaseya BMS.
//!
//! It is not documented whether titles and details are shown as text or as HTML. So tags are broken up, see
//! [`domain::text::untagged`], and the text reads the same in both.

mod calls;
mod names;
mod sign_in;
mod wire;

use chrono::{SecondsFormat, Utc};
use domain::finding::Finding;
use domain::request::TicketRef;
use domain::step_error::StepError;
use domain::text::{ends_with_line, untagged};
use outbound::{Reply, endpoint};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use url::Url;

use self::calls::{list, one};
use self::wire::{ContactBody, LocationBody, NoteBody, Refusal, TicketBody};
use crate::names::Listing;
use crate::texts::one_line;
use crate::{Names, NewTicket, Note, NoteText, note_marker, ticket_marker};

pub(crate) const SYSTEM_ID: &str = "kaseya_bms";
const SYSTEM: &str = "Kaseya BMS";
const TITLE_LIMIT: usize = 250;
const FOUND: &str = "read a ticket that was found";

/// The credentials as stored in the secret.
#[derive(Debug, Clone, Deserialize)]
pub struct Credentials {
    /// Such as `https://api.bms.kaseya.com`; other regions have other addresses.
    pub address: String,
    pub user_name: String,
    pub password: SecretString,
    /// The MSP's name for signing in.
    pub tenant: String,
    /// The ticket type, which tickets need. Its names can't be looked up; the same holds for the next two fields.
    pub ticket_type_id: String,
    /// The source of tickets.
    pub source_id: String,
    /// The type of notes.
    pub note_type_id: String,
}

/// The tickets of one customer.
#[derive(Debug, Clone)]
pub struct KaseyaBms {
    http: reqwest::Client,
    base: Url,
    credentials: Credentials,
    company: String,
    pub(crate) listing: Listing,
}

impl KaseyaBms {
    /// `base` is the API's address; `company` is the id or the name of the organisation's account in BMS.
    pub fn new(http: reqwest::Client, base: Url, credentials: Credentials, company: String) -> Result<Self, StepError> {
        Ok(Self {
            http,
            base,
            credentials,
            company: company.trim().to_owned(),
            listing: Listing::default(),
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
        mark: &str,
    ) -> Result<Option<TicketRef>, StepError> {
        let account = self.account().await?;
        let filter = json!({ "AccountIds": account.to_string(), "Details": marker });
        let found = self.search("look for the request's ticket", &filter).await?;
        let ours = ticket_marker(marker, mark);
        for hit in found {
            let ticket: TicketBody = one(FOUND, &self.ticket(FOUND, hit.id).await?)?;
            if ticket.is_of(account) && ends_with_line(ticket.details(), &ours) {
                return Ok(Some(ticket_ref(hit.id)));
            }
        }
        match given.map(|given| given.trim().trim_start_matches('#')) {
            Some(given) if !given.is_empty() => self.given_ticket(given, account).await,
            _ => Ok(None),
        }
    }

    /// Finds a ticket by the number for people, or else by the id. Another account's ticket counts as not found,
    /// because its customer could read what is written on it.
    async fn given_ticket(&self, given: &str, account: u64) -> Result<Option<TicketRef>, StepError> {
        const OPERATION: &str = "look up the given ticket";
        let filter = json!({ "AccountIds": account.to_string(), "TicketNumber": given });
        let found = self.search(OPERATION, &filter).await?;
        let by_number = found
            .iter()
            .find(|ticket| ticket.is_of(account) && ticket.is_numbered(given));
        if let Some(ticket) = by_number {
            return Ok(Some(ticket_ref(ticket.id)));
        }
        // No id is longer than this.
        let Ok(id) = given.parse::<u32>() else {
            return Ok(None);
        };
        let reply = self.ticket(OPERATION, id.into()).await?;
        if reply.status() == 404 || Refusal::of(&reply).is_some_and(|refusal| refusal.is_not_found()) {
            return Ok(None);
        }
        let ticket: TicketBody = one(OPERATION, &reply)?;
        Ok(ticket.is_of(account).then(|| ticket_ref(ticket.id)))
    }

    /// Returns `None`, because Kaseya BMS does not say who opened a ticket. The form may name a ticket by its number.
    pub(crate) async fn find_matching(&self, _summary: &str) -> Result<Option<TicketRef>, StepError> {
        Ok(None)
    }

    pub(crate) async fn create_ticket(&self, ticket: &NewTicket) -> Result<TicketRef, StepError> {
        const OPERATION: &str = "create a ticket";
        let account = self.account().await?;
        let mut body = Map::new();
        let ours = ticket_marker(&ticket.marker, &ticket.mark);
        let details = format!("{}\n\n{ours}", untagged(&ticket.description));
        let title = one_line(&untagged(&ticket.summary), TITLE_LIMIT);
        body.insert("Title".to_owned(), title.into());
        body.insert("Details".to_owned(), details.into());
        body.insert("AccountId".to_owned(), account.into());
        body.insert("OpenDate".to_owned(), now().into());
        let kinds = [
            ("TypeId", "ticket_type_id", &self.credentials.ticket_type_id),
            ("SourceId", "source_id", &self.credentials.source_id),
        ];
        for (field, name, id) in kinds {
            body.insert(field.to_owned(), kind(name, id)?.into());
        }
        let employee = ticket.tech_id.as_deref().map(employee).transpose()?;
        if let Some(employee) = employee {
            body.insert("AssigneeId".to_owned(), employee.into());
        }
        if let Some(queue) = self.queue(ticket.location.as_deref(), employee.is_some()).await? {
            body.insert("QueueId".to_owned(), queue.into());
        }
        let status = self.status(ticket.status.as_deref()).await?;
        body.insert("StatusId".to_owned(), status.into());
        let priority = self.priority(ticket.priority.as_deref()).await?;
        body.insert("PriorityId".to_owned(), priority.into());
        if let Some(issue) = &ticket.work_role {
            body.insert("IssueTypeId".to_owned(), self.issue_type(issue).await?.into());
        }
        let contact = match &ticket.contact_email {
            Some(email) => self.contact(account, email).await?,
            None => None,
        };
        if let Some(contact) = &contact {
            body.insert("ContactId".to_owned(), contact.id.into());
        }
        let location = match contact.and_then(|contact| contact.location_id).filter(|id| *id > 0) {
            Some(location) => location,
            None => self.main_location(account).await?,
        };
        body.insert("LocationId".to_owned(), location.into());
        let url = endpoint(&self.base, &["v2", "servicedesk", "tickets"], &[]);
        let reply = self
            .call(OPERATION, self.http.post(url).json(&Value::Object(body)))
            .await?;
        Ok(ticket_ref(one::<TicketBody>(OPERATION, &reply)?.id))
    }

    /// The account's contact with this mail address.
    async fn contact(&self, account: u64, email: &str) -> Result<Option<ContactBody>, StepError> {
        let account = account.to_string();
        let path = ["v2", "crm", "accounts", &account, "contacts", "lookup"];
        let all = self
            .pages("look up the contact", &path, &[], |contact: &ContactBody| contact.id)
            .await?;
        let mut all = all.into_iter();
        Ok(all.find(|contact| {
            let mail = contact.email_address.as_deref().unwrap_or_default();
            mail.trim().eq_ignore_ascii_case(email)
        }))
    }

    /// The account's main location, which a ticket needs.
    async fn main_location(&self, account: u64) -> Result<u64, StepError> {
        const OPERATION: &str = "look up the account's locations";
        let account = account.to_string();
        let path = ["v2", "crm", "accounts", &account, "locations", "lookup"];
        let all: Vec<LocationBody> = list(OPERATION, &self.get(OPERATION, &path, &[]).await?)?;
        let main = all.iter().find(|location| location.is_main).or(all.first());
        main.map(|location| location.id).ok_or_else(|| {
            StepError::NeedsAttention(format!(
                "the organisation's account has no location in {SYSTEM}, and a ticket needs one"
            ))
        })
    }

    pub(crate) async fn has_note(&self, ticket: &TicketRef, marker: &str) -> Result<bool, StepError> {
        let marker = note_marker(marker);
        let path = ["v2", "servicedesk", "tickets", &ticket.id, "notes"];
        let notes = self
            .pages("read the ticket's notes", &path, &[], |note: &NoteBody| note.id)
            .await?;
        Ok(notes.iter().any(|note| {
            let text = note.details.as_deref().unwrap_or_default();
            note.is_internal && ends_with_line(text, &marker)
        }))
    }

    pub(crate) async fn add_note(&self, ticket: &TicketRef, note: &Note) -> Result<(), StepError> {
        const OPERATION: &str = "write a note";
        let text = match &note.text {
            NoteText::Plain(text) => text.as_str(),
            NoteText::Secret(text) => text.expose_secret(),
        };
        let body = json!({
            "Details": format!("{}\n\n{}", untagged(text), note_marker(&note.marker)), "IsInternal": note.internal, "NoteDate": now(),
            "TypeId": kind("note_type_id", &self.credentials.note_type_id)?,
        });
        let path = ["v2", "servicedesk", "tickets", &ticket.id, "notes"];
        let request = self.http.post(endpoint(&self.base, &path, &[])).json(&body);
        one::<NoteBody>(OPERATION, &self.call(OPERATION, request).await?).map(drop)
    }

    pub(crate) async fn set_status(&self, ticket: &TicketRef, status: &str) -> Result<(), StepError> {
        const OPERATION: &str = "set the ticket's status";
        let path = ["v2", "servicedesk", "tickets", &ticket.id];
        let now: TicketBody = one("read the ticket", &self.get("read the ticket", &path, &[]).await?)?;
        let wanted = self.status(Some(status)).await?;
        if now.status_id == Some(wanted) {
            return Ok(());
        }
        let patch = json!([{ "op": "replace", "path": "/StatusId", "value": wanted }]);
        let request = self.http.patch(endpoint(&self.base, &path, &[])).json(&patch);
        one::<TicketBody>(OPERATION, &self.call(OPERATION, request).await?).map(drop)
    }

    pub(crate) async fn check(&self, names: &Names) -> Vec<Finding> {
        let shown = |id: Result<u64, StepError>| id.map(|id| id.to_string());
        let mut findings = vec![Finding::new(
            format!("account {}", self.company),
            self.account_name().await,
        )];
        let queue = self.queue(names.location.as_deref(), names.tech_id.is_some()).await;
        findings.push(Finding::new(
            format!("queue {}", names.location.as_deref().unwrap_or("not set")),
            queue.map(|id| id.map_or_else(|| "not needed".to_owned(), |id| id.to_string())),
        ));
        for status in &names.statuses {
            let found = shown(self.status(Some(status)).await);
            findings.push(Finding::new(format!("status {status}"), found));
        }
        if let Some(priority) = &names.priority {
            let found = shown(self.priority(Some(priority)).await);
            findings.push(Finding::new(format!("priority {priority}"), found));
        }
        if let Some(issue) = &names.work_role {
            let found = shown(self.issue_type(issue).await);
            findings.push(Finding::new(format!("issue type {issue}"), found));
        }
        if let Some(tech) = &names.tech_id {
            findings.push(Finding::new(format!("employee {tech}"), shown(employee(tech))));
        }
        let Credentials {
            ticket_type_id,
            source_id,
            note_type_id,
            ..
        } = &self.credentials;
        for (name, id) in [
            ("ticket_type_id", ticket_type_id),
            ("source_id", source_id),
            ("note_type_id", note_type_id),
        ] {
            findings.push(Finding::new(name, shown(kind(name, id))));
        }
        findings
    }

    async fn ticket(&self, operation: &'static str, id: u64) -> Result<Reply, StepError> {
        let id = id.to_string();
        self.get(operation, &["v2", "servicedesk", "tickets", &id], &[]).await
    }
}

fn now() -> String {
    Utc::now().to_rfc3339_opts(SecondsFormat::Secs, true)
}

fn ticket_ref(id: u64) -> TicketRef {
    TicketRef {
        system: SYSTEM_ID.to_owned(),
        id: id.to_string(),
    }
}

fn kind(name: &str, id: &str) -> Result<u64, StepError> {
    id.trim().parse().map_err(|_| {
        StepError::NeedsAttention(format!(
            "{name} in the credentials for {SYSTEM} must be a number of {SYSTEM}'s"
        ))
    })
}

/// Parses an employee's id. The API that Gangway may use has no list of employees.
fn employee(tech: &str) -> Result<u64, StepError> {
    tech.trim().parse().map_err(|_| {
        StepError::NeedsAttention(format!(
            "default_tech_id must be the number of an employee of {SYSTEM}, and \"{}\" is none",
            tech.trim()
        ))
    })
}
