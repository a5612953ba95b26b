//! The client of Freshdesk.
//!
//! According to its documentation, descriptions and notes are HTML, so every text is escaped. The subject is plain text
//! and has its tags broken up.

mod names;
mod requester;
mod wire;

use chrono::{SecondsFormat, TimeDelta, Utc};
use domain::finding::Finding;
use domain::request::TicketRef;
use domain::step_error::StepError;
use domain::text::{ends_with_line, untagged};
use outbound::{Pages, Reply, endpoint, send};
use reqwest::RequestBuilder;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use url::Url;

use self::requester::Requester;
use self::wire::{ApiError, Company, Conversation, SearchResults, Ticket};
use crate::names::Listing;
use crate::texts::one_line;
use crate::{Names, NewTicket, Note, NoteText, html, note_marker};

pub(crate) const SYSTEM_ID: &str = "freshdesk";
const SYSTEM: &str = "Freshdesk";
const SUBJECT_LIMIT: usize = 255;
const TAG_LIMIT: usize = 32;
/// The tag of every ticket that Gangway opens.
const OUR_TAG: &str = "gangway";
const OPEN: u64 = 2;
/// Resolved and Closed. A customer's own statuses have higher numbers and count as open.
const ENDED: [u64; 2] = [4, 5];
const LOW: u64 = 1;
/// How far the search index may be behind; usually it is minutes.
const INDEX_LAG: TimeDelta = TimeDelta::days(1);
/// How far back to look for a ticket that a technician opened for the new user. Freshdesk lists by time only and not by
/// company, so each day costs calls.
const MATCHING: TimeDelta = TimeDelta::days(14);
/// The largest page that Freshdesk allows.
const PAGE_SIZE: usize = 100;
/// Conversations quote whole mails, and responses have a size limit.
const CONVERSATIONS_PAGE_SIZE: usize = 30;
/// The most pages of a list; a longer list is treated as a loop.
const MOST_PAGES: usize = 100;

/// The credentials as stored in the secret.
#[derive(Debug, Clone, Deserialize)]
pub struct Credentials {
    pub address: String,
    pub api_key: SecretString,
}

/// The tickets of one customer.
#[derive(Debug, Clone)]
pub struct Freshdesk {
    http: reqwest::Client,
    base: Url,
    api_key: SecretString,
    company: u64,
    pub(crate) listing: Listing,
}

impl Freshdesk {
    /// `base` is the help desk's address; `company` is the organisation's id in Freshdesk.
    pub fn new(http: reqwest::Client, base: Url, credentials: Credentials, company: String) -> Result<Self, StepError> {
        let company = company.trim().parse().map_err(|_| {
            StepError::NeedsAttention(format!(
                "the organisation's company in {SYSTEM} is no id of {SYSTEM}: it is a number"
            ))
        })?;
        Ok(Self {
            http,
            base: endpoint(&base, &["api", "v2"], &[]),
            api_key: credentials.api_key,
            company,
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
        _mark: &str,
    ) -> Result<Option<TicketRef>, StepError> {
        const OPERATION: &str = "look for the request's ticket";
        let tag = tag(marker);
        let is_ours = |ticket: &&Ticket| ticket.has_tag(OUR_TAG) && ticket.has_tag(tag);
        let query = format!("\"tag:'{tag}'\"");
        let url = self.url(&["search", "tickets"], &[("query", &query)]);
        let indexed: SearchResults = answer(&self.call(OPERATION, self.http.get(url)).await?)?;
        if let Some(ticket) = indexed.results.iter().find(is_ours) {
            return Ok(Some(ticket_ref(ticket.id)));
        }
        let recent = self.touched_in(OPERATION, INDEX_LAG).await?;
        if let Some(ticket) = recent.iter().find(is_ours) {
            return Ok(Some(ticket_ref(ticket.id)));
        }
        match given.and_then(|given| given.trim().trim_start_matches('#').parse::<u64>().ok()) {
            Some(id) => self.given_ticket(&id.to_string()).await,
            None => Ok(None),
        }
    }

    /// Another company's ticket counts as not found, because its customer could read what is written on it.
    async fn given_ticket(&self, id: &str) -> Result<Option<TicketRef>, StepError> {
        let url = self.url(&["tickets", id], &[]);
        let reply = self.call("look up the given ticket", self.http.get(url)).await?;
        if reply.status() == 404 {
            return Ok(None);
        }
        let ticket: Ticket = answer(&reply)?;
        let ours = ticket.company_id == Some(self.company);
        Ok(ours.then(|| ticket_ref(ticket.id)))
    }

    pub(crate) async fn find_matching(&self, summary: &str) -> Result<Option<TicketRef>, StepError> {
        let summary = one_line(summary, SUBJECT_LIMIT);
        let touched = self.touched_in("list the tickets", MATCHING).await?;
        let fits = |ticket: &&Ticket| {
            ticket.company_id == Some(self.company)
                && !ENDED.contains(&ticket.status)
                && !ticket.has_tag(OUR_TAG)
                && ticket.is_opened_by_agent()
                && ticket
                    .subject
                    .as_deref()
                    .is_some_and(|subject| subject.trim() == summary)
        };
        Ok(touched.iter().find(fits).map(|ticket| ticket_ref(ticket.id)))
    }

    /// Tickets changed in this time, in the order of creation, so that none moves to a page that was already read.
    async fn touched_in(&self, operation: &'static str, time: TimeDelta) -> Result<Vec<Ticket>, StepError> {
        let since = (Utc::now() - time).to_rfc3339_opts(SecondsFormat::Secs, true);
        let query = [
            ("updated_since", since.as_str()),
            ("order_by", "created_at"),
            ("order_type", "asc"),
        ];
        self.list(operation, &["tickets"], &query).await
    }

    pub(crate) async fn create_ticket(&self, ticket: &NewTicket) -> Result<TicketRef, StepError> {
        let mut body = Map::new();
        let mut set = |name: &str, value: Value| body.insert(name.to_owned(), value);
        set("subject", one_line(&untagged(&ticket.summary), SUBJECT_LIMIT).into());
        set("description", html::from_text(&ticket.description).into());
        set("tags", json!([OUR_TAG, tag(&ticket.marker)]));
        let status = match &ticket.status {
            Some(status) => self.status(status).await?,
            None => OPEN,
        };
        set("status", status.into());
        let priority = match &ticket.priority {
            Some(priority) => self.priority(priority).await?,
            None => LOW,
        };
        set("priority", priority.into());
        if let Some(group) = &ticket.location {
            set("group_id", self.group(group).await?.into());
        }
        if let Some(tech) = &ticket.tech_id {
            set("responder_id", self.agent(tech).await?.into());
        }
        match self.requester(ticket.contact_email.as_deref()).await? {
            Requester::Contact(id) => set("requester_id", id.into()),
            Requester::Stranger(email) => set("email", email.into()),
        };
        let request = self.http.post(self.url(&["tickets"], &[])).json(&body);
        let made: Ticket = answer(&self.call("create a ticket", request).await?)?;
        Ok(ticket_ref(made.id))
    }

    pub(crate) async fn has_note(&self, ticket: &TicketRef, marker: &str) -> Result<bool, StepError> {
        let marker = note_marker(marker);
        let path = ["tickets", &ticket.id, "conversations"];
        let notes: Vec<Conversation> = self
            .list_by(CONVERSATIONS_PAGE_SIZE, "read the ticket's notes", &path, &[])
            .await?;
        Ok(notes.iter().any(|note| {
            let text = note.body_text.as_deref().unwrap_or_default();
            note.is_internal() && ends_with_line(text, &marker)
        }))
    }

    pub(crate) async fn add_note(&self, ticket: &TicketRef, note: &Note) -> Result<(), StepError> {
        let text = match &note.text {
            NoteText::Plain(text) => text.as_str(),
            NoteText::Secret(text) => text.expose_secret(),
        };
        let text = html::from_text(&format!("{text}\n\n{}", note_marker(&note.marker)));
        // A public note and not a reply, because a reply would be sent by mail.
        let body = json!({ "body": text, "private": note.internal });
        let url = self.url(&["tickets", &ticket.id, "notes"], &[]);
        done(&self.call("write a note", self.http.post(url).json(&body)).await?)
    }

    pub(crate) async fn set_status(&self, ticket: &TicketRef, status: &str) -> Result<(), StepError> {
        let url = self.url(&["tickets", &ticket.id], &[]);
        let now: Ticket = answer(&self.call("read the ticket", self.http.get(url.clone())).await?)?;
        let wanted = self.status(status).await?;
        if now.status == wanted {
            return Ok(());
        }
        let request = self.http.put(url).json(&json!({ "status": wanted }));
        done(&self.call("set the ticket's status", request).await?)
    }

    pub(crate) async fn check(&self, names: &Names) -> Vec<Finding> {
        let mut findings = vec![Finding::new(
            format!("company {}", self.company),
            self.company_name().await,
        )];
        let shown = |id: Result<u64, StepError>| id.map(|id| id.to_string());
        if let Some(group) = &names.location {
            findings.push(Finding::new(format!("group {group}"), shown(self.group(group).await)));
        }
        for status in &names.statuses {
            let found = self.status(status).await;
            findings.push(Finding::new(format!("status {status}"), shown(found)));
        }
        if let Some(priority) = &names.priority {
            let found = self.priority(priority).await;
            findings.push(Finding::new(format!("priority {priority}"), shown(found)));
        }
        if let Some(tech) = &names.tech_id {
            findings.push(Finding::new(format!("agent {tech}"), shown(self.agent(tech).await)));
        }
        findings
    }

    async fn company_name(&self) -> Result<String, StepError> {
        let companies: Vec<Company> = self.list("list the companies", &["companies"], &[]).await?;
        let own = companies.into_iter().find(|company| company.id == self.company);
        own.map(|company| company.name).ok_or_else(|| {
            StepError::NeedsAttention(format!(
                "{SYSTEM} shows no such company: the operator sets the right one with --company {SYSTEM_ID}=ID"
            ))
        })
    }

    fn url(&self, segments: &[&str], query: &[(&str, &str)]) -> Url {
        endpoint(&self.base, segments, query)
    }

    async fn call(&self, operation: &'static str, request: RequestBuilder) -> Result<Reply, StepError> {
        let request = request.basic_auth(self.api_key.expose_secret(), Some("X"));
        send(SYSTEM, operation, request).await
    }

    /// Reads all pages of a list.
    async fn list<T: DeserializeOwned>(
        &self,
        operation: &'static str,
        segments: &[&str],
        query: &[(&str, &str)],
    ) -> Result<Vec<T>, StepError> {
        self.list_by(PAGE_SIZE, operation, segments, query).await
    }

    async fn list_by<T: DeserializeOwned>(
        &self,
        size: usize,
        operation: &'static str,
        segments: &[&str],
        query: &[(&str, &str)],
    ) -> Result<Vec<T>, StepError> {
        let page_size = size.to_string();
        let mut all = Vec::new();
        let mut pages = Pages::new(SYSTEM, operation, MOST_PAGES);
        loop {
            let page = pages.turn()?.to_string();
            let paged = [query, &[("per_page", &page_size), ("page", &page)]].concat();
            let request = self.http.get(self.url(segments, &paged));
            let reply = pages.read(self.call(operation, request)).await?;
            let found: Vec<T> = answer(&reply)?;
            let more = found.len() >= size || reply.header("link").is_some_and(|link| link.contains("next"));
            let empty = found.is_empty();
            all.extend(found);
            if empty || !more {
                return Ok(all);
            }
        }
    }
}

fn answer<T: DeserializeOwned>(reply: &Reply) -> Result<T, StepError> {
    done(reply)?;
    reply.json()
}

fn done(reply: &Reply) -> Result<(), StepError> {
    if reply.is_success() {
        return Ok(());
    }
    let error: Option<ApiError> = reply.error_body();
    Err(reply.refused(error.as_ref().and_then(ApiError::code)))
}

/// The end of a mark. A tag can hold no more, and all requests' ids begin alike.
fn tag(marker: &str) -> &str {
    marker.get(marker.len().saturating_sub(TAG_LIMIT)..).unwrap_or(marker)
}

fn ticket_ref(id: u64) -> TicketRef {
    TicketRef {
        system: SYSTEM_ID.to_owned(),
        id: id.to_string(),
    }
}
