//! The client of HaloPSA.
//!
//! A note and a ticket's details have two texts each: `note` and `details`, for which it is not documented whether they
//! are shown as HTML, and `note_html` and `details_html`, which are. Gangway writes only the latter, with every text
//! escaped, and HaloPSA derives the plain ones. The summary is plain text and has its tags broken up.

mod names;
mod wire;

use domain::finding::Finding;
use domain::request::TicketRef;
use domain::step_error::StepError;
use domain::text::{ends_with_line, untagged};
use outbound::{ClientCredentials, Grant, Pages, Reply, endpoint};
use reqwest::RequestBuilder;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use url::Url;

use self::wire::{ActionBody, Actions, CreatedBody, Records, TicketBody, UserBody};
use crate::names::Listing;
use crate::texts::one_line;
use crate::{MARKER_BEGINS, Names, NewTicket, Note, NoteText, html, note_marker, ticket_marker};

pub(crate) const SYSTEM_ID: &str = "halopsa";
const SYSTEM: &str = "HaloPSA";
const SUMMARY_LIMIT: usize = 255;
/// The largest page that HaloPSA allows.
const PAGE_SIZE: usize = 100;
/// The most pages of a list; a longer list is treated as a loop.
const MOST_PAGES: usize = 500;
/// The most actions of a ticket, which come in one response.
const MOST_ACTIONS: usize = 5000;
/// The built-in outcome "Private Note", which sends no mail.
const NOTE_OUTCOME: u64 = 7;
const FOUND: &str = "read a ticket that was found";

/// The credentials as stored in the secret.
#[derive(Debug, Clone, Deserialize)]
pub struct Credentials {
    /// Such as `https://acme.halopsa.com`.
    pub address: String,
    pub client_id: String,
    pub client_secret: SecretString,
    /// The tenant, if several share a server.
    pub tenant: Option<String>,
}

/// The tickets of one customer.
#[derive(Debug, Clone)]
pub struct HaloPsa {
    http: reqwest::Client,
    /// The address of the API.
    base: Url,
    credentials: ClientCredentials,
    client: u64,
    pub(crate) listing: Listing,
}

impl HaloPsa {
    /// `base` is the server's address; `company` is the id of the organisation's client in HaloPSA.
    pub fn new(http: reqwest::Client, base: Url, credentials: Credentials, company: String) -> Result<Self, StepError> {
        let client = company.trim().parse().map_err(|_| {
            StepError::NeedsAttention("the organisation's company in HaloPSA is not the id of a client".to_owned())
        })?;
        let tenant: Vec<(&str, &str)> = credentials
            .tenant
            .iter()
            .map(|name| ("tenant", name.as_str()))
            .collect();
        Ok(Self {
            http,
            base: endpoint(&base, &["api"], &[]),
            credentials: ClientCredentials {
                system: SYSTEM,
                token_url: endpoint(&base, &["auth", "token"], &tenant),
                client_id: credentials.client_id,
                client_secret: credentials.client_secret,
                grant: Grant::Form {
                    scope: "all".to_owned(),
                },
                longest_answer: outbound::GIVEN_HOST_ANSWER,
            },
            client,
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
        // Searched without brackets, which have a meaning in SQL Server.
        let found = self
            .tickets("look for the request's ticket", &[("search_details", marker)])
            .await?;
        let ours = ticket_marker(marker, mark);
        for hit in found {
            let ticket: TicketBody = self.ticket(hit.id, FOUND).await?.json()?;
            if ticket.is_of(self.client) && ends_with_line(ticket.details(), &ours) {
                return Ok(Some(ticket_ref(hit.id)));
            }
        }
        match given.and_then(|given| given.trim().trim_start_matches('#').parse().ok()) {
            Some(id) => self.given_ticket(id).await,
            None => Ok(None),
        }
    }

    /// Another client's ticket counts as not found, because its customer could read what is written on it.
    async fn given_ticket(&self, id: u64) -> Result<Option<TicketRef>, StepError> {
        let reply = self.ticket(id, "look up the given ticket").await?;
        if reply.status() == 404 {
            return Ok(None);
        }
        let ticket: TicketBody = reply.json()?;
        Ok(ticket.is_of(self.client).then(|| ticket_ref(ticket.id)))
    }

    pub(crate) async fn find_matching(&self, summary: &str) -> Result<Option<TicketRef>, StepError> {
        let summary = one_line(summary, SUMMARY_LIMIT);
        let mut open = self.tickets("list the open tickets", &[("open_only", "true")]).await?;
        open.sort_by_key(|ticket| ticket.id);
        let same = |ticket: &&TicketBody| ticket.summary.as_deref().is_some_and(|text| text.trim() == summary);
        for hit in open.iter().filter(same) {
            // Lists may leave the details out.
            let ticket: TicketBody = self.ticket(hit.id, FOUND).await?.json()?;
            let fits = ticket.is_of(self.client) && !ticket.is_closed && !ticket.details().contains(MARKER_BEGINS);
            if fits && self.is_opened_by_agent(hit.id).await? {
                return Ok(Some(ticket_ref(hit.id)));
            }
        }
        Ok(None)
    }

    /// Whether a technician opened the ticket, by its first action: an agent did it, in the agents' own application and
    /// not by mail or through a program.
    async fn is_opened_by_agent(&self, id: u64) -> Result<bool, StepError> {
        let found = self.actions("read who opened the ticket", &id.to_string()).await?;
        let opening = found.actions.iter().min_by_key(|action| action.id);
        Ok(found.is_complete() && opening.is_some_and(ActionBody::is_opening_by_agent))
    }

    pub(crate) async fn create_ticket(&self, ticket: &NewTicket) -> Result<TicketRef, StepError> {
        let mut body = Map::new();
        let details = format!(
            "{}\n\n{}",
            ticket.description,
            ticket_marker(&ticket.marker, &ticket.mark)
        );
        let summary = one_line(&untagged(&ticket.summary), SUMMARY_LIMIT);
        body.insert("summary".to_owned(), summary.into());
        body.insert("details_html".to_owned(), html::from_text(&details).into());
        body.insert("client_id".to_owned(), self.client.into());
        let kind = self.ticket_type(ticket.work_role.as_deref()).await?;
        body.insert("tickettype_id".to_owned(), kind.into());
        if let Some(team) = &ticket.location {
            body.insert("team".to_owned(), self.team(team).await?.into());
        }
        if let Some(status) = &ticket.status {
            body.insert("status_id".to_owned(), self.status(status).await?.into());
        }
        if let Some(priority) = &ticket.priority {
            body.insert("priority_id".to_owned(), self.priority(priority).await?.into());
        }
        if let Some(tech) = &ticket.tech_id {
            body.insert("agent_id".to_owned(), agent(tech)?.into());
        }
        if let Some(email) = &ticket.contact_email
            && let Some(user) = self.user(email).await?
        {
            body.insert("user_id".to_owned(), user.id.into());
            // HaloPSA accepts a user only together with the site.
            body.insert("site_id".to_owned(), user.site_id.into());
        }
        let made = self.save("create a ticket", &Value::Object(body)).await?;
        Ok(ticket_ref(made.json::<CreatedBody>()?.id))
    }

    /// The client's user with this mail address.
    async fn user(&self, email: &str) -> Result<Option<UserBody>, StepError> {
        let client = self.client.to_string();
        let query = [("client_id", client.as_str()), ("search", email)];
        let found: Vec<UserBody> = self.pages("look up the contact", &["Users"], &query).await?;
        let is_contact = |user: &UserBody| {
            let mail = user.emailaddress.as_deref().unwrap_or_default();
            user.client_id == Some(self.client) && mail.eq_ignore_ascii_case(email)
        };
        Ok(found.into_iter().find(is_contact))
    }

    pub(crate) async fn has_note(&self, ticket: &TicketRef, marker: &str) -> Result<bool, StepError> {
        let marker = note_marker(marker);
        let found = self.actions("read the ticket's notes", &ticket.id).await?;
        let ours = found.actions.iter().any(|action| {
            let text = action.note.as_deref().unwrap_or_default();
            action.is_internal() && ends_with_line(text, &marker)
        });
        if !ours && !found.is_complete() {
            return Err(StepError::Permanent(format!(
                "the ticket has more notes than {SYSTEM} shows at once"
            )));
        }
        Ok(ours)
    }

    /// All actions of a ticket, which come in one response.
    async fn actions(&self, operation: &'static str, ticket: &str) -> Result<Actions, StepError> {
        let count = MOST_ACTIONS.to_string();
        let query = [("ticket_id", ticket), ("count", &count)];
        self.get(operation, &["Actions"], &query).await?.json()
    }

    pub(crate) async fn add_note(&self, ticket: &TicketRef, note: &Note) -> Result<(), StepError> {
        let text = match &note.text {
            NoteText::Plain(text) => text.as_str(),
            NoteText::Secret(text) => text.expose_secret(),
        };
        let mut body = json!({
            "ticket_id": number(&ticket.id)?, "outcome_id": NOTE_OUTCOME, "hiddenfromuser": note.internal,
            "note_html": html::from_text(&format!("{text}\n\n{}", note_marker(&note.marker))),
        });
        if let Some(minutes) = note.minutes {
            body["timetaken"] = json!(f64::from(minutes) / 60.0);
        }
        let url = endpoint(&self.base, &["Actions"], &[]);
        self.call("write a note", self.http.post(url).json(&[body]))
            .await?
            .done()
    }

    pub(crate) async fn set_status(&self, ticket: &TicketRef, status: &str) -> Result<(), StepError> {
        let id = number(&ticket.id)?;
        let now: TicketBody = self.ticket(id, "read the ticket").await?.json()?;
        let wanted = self.status(status).await?;
        if now.status_id == Some(wanted) {
            return Ok(());
        }
        let body = json!({ "id": id, "status_id": wanted });
        self.save("set the ticket's status", &body).await.map(drop)
    }

    pub(crate) async fn check(&self, names: &Names) -> Vec<Finding> {
        let mut findings = vec![Finding::new(
            format!("client {}", self.client),
            self.client_name().await,
        )];
        if let Some(team) = &names.location {
            findings.push(Finding::new(format!("team {team}"), self.team(team).await));
        }
        let shown = |id: Result<u64, StepError>| id.map(|id| id.to_string());
        for status in &names.statuses {
            findings.push(Finding::new(
                format!("status {status}"),
                shown(self.status(status).await),
            ));
        }
        if let Some(priority) = &names.priority {
            let found = shown(self.priority(priority).await);
            findings.push(Finding::new(format!("priority {priority}"), found));
        }
        let kind = names.work_role.as_deref();
        let found = shown(self.ticket_type(kind).await);
        findings.push(Finding::new(
            format!("ticket type {}", kind.unwrap_or(names::DEFAULT_TYPE)),
            found,
        ));
        if let Some(tech) = &names.tech_id {
            findings.push(Finding::new(format!("agent {tech}"), shown(agent(tech))));
        }
        findings
    }

    async fn ticket(&self, id: u64, operation: &'static str) -> Result<Reply, StepError> {
        let id = id.to_string();
        let query = [("includedetails", "true")];
        self.get(operation, &["Tickets", &id], &query).await
    }

    async fn save(&self, operation: &'static str, ticket: &Value) -> Result<Reply, StepError> {
        let url = endpoint(&self.base, &["Tickets"], &[]);
        let reply = self.call(operation, self.http.post(url).json(&[ticket])).await?;
        reply.done()?;
        Ok(reply)
    }

    async fn tickets(&self, operation: &'static str, query: &[(&str, &str)]) -> Result<Vec<TicketBody>, StepError> {
        let client = self.client.to_string();
        let query = [query, &[("client_id", client.as_str())]].concat();
        self.pages(operation, &["Tickets"], &query).await
    }

    /// Reads all pages of a list.
    async fn pages<T: DeserializeOwned>(
        &self,
        operation: &'static str,
        segments: &[&str],
        query: &[(&str, &str)],
    ) -> Result<Vec<T>, StepError> {
        let size = PAGE_SIZE.to_string();
        let mut all = Vec::new();
        let mut pages = Pages::new(SYSTEM, operation, MOST_PAGES);
        loop {
            let page = pages.turn()?.to_string();
            let paging = [("pageinate", "true"), ("page_size", &size), ("page_no", &page)];
            let query = [query, &paging].concat();
            let reply = pages.read(self.get(operation, segments, &query)).await?;
            let Records { record_count, items } = reply.json()?;
            let empty = items.is_empty();
            all.extend(items);
            if empty || all.len() >= record_count {
                return Ok(all);
            }
        }
    }

    async fn get(
        &self,
        operation: &'static str,
        segments: &[&str],
        query: &[(&str, &str)],
    ) -> Result<Reply, StepError> {
        let request = self.http.get(endpoint(&self.base, segments, query));
        self.call(operation, request).await
    }

    async fn call(&self, operation: &'static str, request: RequestBuilder) -> Result<Reply, StepError> {
        self.credentials.send(&self.http, operation, request).await
    }
}

fn ticket_ref(id: u64) -> TicketRef {
    TicketRef {
        system: SYSTEM_ID.to_owned(),
        id: id.to_string(),
    }
}

fn number(id: &str) -> Result<u64, StepError> {
    id.parse()
        .map_err(|_| StepError::Permanent(format!("the ticket's id is none of {SYSTEM}")))
}

/// Parses an agent's id. The API that Gangway may use has no list of agents.
fn agent(tech: &str) -> Result<u64, StepError> {
    tech.trim().parse().map_err(|_| {
        StepError::NeedsAttention(format!(
            "default_tech_id must be the number of an agent of {SYSTEM}, and \"{}\" is none",
            tech.trim()
        ))
    })
}
