//! The client of ConnectWise PSA (Manage).
//!
//! Notes render Markdown, so the marks of links, images and HTML are broken up in every text, see [`without_markdown`].
//! Bold words and lists do no harm. Gangway's own links are plain addresses, which need no mark.

mod company;
mod names;
mod wire;

use domain::finding::Finding;
use domain::request::TicketRef;
use domain::step_error::StepError;
use domain::text::{broken, ends_with_line, untagged};
use outbound::{Pages, Reply, endpoint, send};
use reqwest::RequestBuilder;
use reqwest::header::ACCEPT;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use url::Url;

use self::wire::{ApiError, CompanyKey, FoundTicket, Named, NoteBody, TicketBody};
use crate::names::Listing;
use crate::texts::one_line;
use crate::{Names, NewTicket, Note, NoteText, note_marker};

pub(crate) const SYSTEM_ID: &str = "connectwise";
const SYSTEM: &str = "ConnectWise";
/// Without a fixed version, responses change with the server's.
const VERSION: &str = "application/vnd.connectwise.com+json; version=2025.16";
/// The codebase that serves every version of the cloud.
const DEFAULT_CODEBASE: &str = "v4_6_release";
const SUMMARY_LIMIT: usize = 100;
const CONTACT_EMAIL_LIMIT: usize = 250;
/// The largest page that ConnectWise allows.
const PAGE_SIZE: usize = 1000;
/// Notes are long, and responses have a size limit.
const NOTES_PAGE_SIZE: usize = 100;
/// The most pages of a list; a longer list is treated as a loop.
const MOST_PAGES: usize = 100;

/// The credentials as stored in the secret.
#[derive(Debug, Clone, Deserialize)]
pub struct Credentials {
    /// A host name, such as `api-na.myconnectwise.net`, or an address.
    pub site: String,
    pub company_id: String,
    pub public_key: SecretString,
    pub private_key: SecretString,
    pub client_id: String,
    /// Such as `v4_6_release/`.
    pub codebase: Option<String>,
}

/// The tickets of one customer.
#[derive(Debug, Clone)]
pub struct ConnectWise {
    http: reqwest::Client,
    base: Url,
    credentials: Credentials,
    company: CompanyKey,
    pub(crate) listing: Listing,
}

impl ConnectWise {
    /// `base` is the site's address; `company` is the organisation's id or identifier in ConnectWise.
    pub fn new(http: reqwest::Client, base: Url, credentials: Credentials, company: String) -> Result<Self, StepError> {
        let company = CompanyKey::parse(&company)?;
        let codebase = credentials
            .codebase
            .as_deref()
            .unwrap_or(DEFAULT_CODEBASE)
            .trim_matches('/');
        // The cloud writes `v4_6_release/apis/3.0`; a codebase is one segment.
        let base = endpoint(&base, &[codebase, "apis", "3.0"], &[]);
        Ok(Self {
            http,
            base,
            credentials,
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
        let conditions = format!("externalXRef=\"{marker}\"");
        let query = [
            ("conditions", conditions.as_str()),
            ("fields", "id,summary,externalXRef"),
            ("orderBy", "id asc"),
        ];
        let ours: Vec<FoundTicket> = self
            .list("look for the request's ticket", &["service", "tickets"], &query)
            .await?;
        if let Some(ticket) = ours
            .iter()
            .find(|ticket| ticket.external_x_ref.as_deref() == Some(marker))
        {
            return Ok(Some(ticket_ref(ticket.id)));
        }
        match given.and_then(|given| given.trim().trim_start_matches('#').parse::<u64>().ok()) {
            Some(id) => self.given_ticket(&id.to_string()).await,
            None => Ok(None),
        }
    }

    /// Another company's ticket counts as not found, because its customer could read what is written on it.
    async fn given_ticket(&self, id: &str) -> Result<Option<TicketRef>, StepError> {
        let request = self
            .http
            .get(self.url(&["service", "tickets", id], &[("fields", "id,company")]));
        let reply = self.call("look up the given ticket", request).await?;
        match reply.status() {
            404 => Ok(None),
            _ => {
                let ticket: TicketBody = answer(&reply)?;
                Ok(self.company.is(ticket.company.as_ref()).then(|| ticket_ref(ticket.id)))
            }
        }
    }

    /// Returns `None`, because ConnectWise does not say who opened a ticket. The form may name a ticket by its number.
    pub(crate) async fn find_matching(&self, _summary: &str) -> Result<Option<TicketRef>, StepError> {
        Ok(None)
    }

    pub(crate) async fn create_ticket(&self, ticket: &NewTicket) -> Result<TicketRef, StepError> {
        let board = self.board(ticket.location.as_deref()).await?;
        let mut body = Map::new();
        let summary = one_line(&without_markdown(&ticket.summary), SUMMARY_LIMIT);
        body.insert("summary".to_owned(), summary.into());
        body.insert("company".to_owned(), self.company.reference());
        body.insert("board".to_owned(), json!({ "id": board }));
        body.insert("externalXRef".to_owned(), ticket.marker.clone().into());
        let description = without_markdown(&ticket.description);
        body.insert("initialDescription".to_owned(), description.into());
        if let Some(status) = &ticket.status {
            body.insert("status".to_owned(), json!({ "id": self.status(board, status).await? }));
        }
        if let Some(priority) = &ticket.priority {
            body.insert("priority".to_owned(), json!({ "id": self.priority(priority).await? }));
        }
        if let Some(role) = &ticket.work_role {
            body.insert("workRole".to_owned(), id_or("name", role));
        }
        if let Some(tech) = &ticket.tech_id {
            body.insert("owner".to_owned(), id_or("identifier", tech));
        }
        if let Some(kind) = self.default_type(board).await? {
            body.insert("type".to_owned(), json!({ "id": kind }));
        }
        let contact = match &ticket.contact_email {
            Some(email) => self.contact(email).await?,
            None => None,
        };
        let site = match contact.as_ref().and_then(|contact| contact.site.as_ref()) {
            Some(site) => Some(site.id),
            None => self.main_site().await?,
        };
        if let Some(site) = site {
            body.insert("site".to_owned(), json!({ "id": site }));
        }
        if let Some(contact) = contact {
            body.insert("contact".to_owned(), json!({ "id": contact.id }));
        } else if let Some(email) = ticket
            .contact_email
            .as_ref()
            .filter(|email| email.len() <= CONTACT_EMAIL_LIMIT)
        {
            body.insert("contactEmailAddress".to_owned(), email.clone().into());
        }
        let request = self
            .http
            .post(self.url(&["service", "tickets"], &[]))
            .json(&Value::Object(body));
        let made: TicketBody = answer(&self.call("create a ticket", request).await?)?;
        Ok(ticket_ref(made.id))
    }

    pub(crate) async fn has_note(&self, ticket: &TicketRef, marker: &str) -> Result<bool, StepError> {
        let marker = note_marker(marker);
        let path = ["service", "tickets", &ticket.id, "notes"];
        let query = [("fields", NoteBody::FIELDS), ("orderBy", "id asc")];
        let notes: Vec<NoteBody> = self
            .list_by(NOTES_PAGE_SIZE, "read the ticket's notes", &path, &query)
            .await?;
        Ok(notes.iter().any(|note| {
            let text = note.text.as_deref().unwrap_or_default();
            note.is_internal() && ends_with_line(text, &marker)
        }))
    }

    pub(crate) async fn add_note(&self, ticket: &TicketRef, note: &Note) -> Result<(), StepError> {
        let text = match &note.text {
            NoteText::Plain(text) => text.as_str(),
            NoteText::Secret(text) => text.expose_secret(),
        };
        let flag = if note.internal {
            "internalAnalysisFlag"
        } else {
            "detailDescriptionFlag"
        };
        let text = without_markdown(text);
        let body = json!({ "text": format!("{text}\n\n{}", note_marker(&note.marker)), flag: true });
        let url = self.url(&["service", "tickets", &ticket.id, "notes"], &[]);
        done(&self.call("write a note", self.http.post(url).json(&body)).await?)
    }

    pub(crate) async fn set_status(&self, ticket: &TicketRef, status: &str) -> Result<(), StepError> {
        let path = ["service", "tickets", &ticket.id];
        let request = self.http.get(self.url(&path, &[("fields", "id,board,status")]));
        let now: TicketBody = answer(&self.call("read the ticket", request).await?)?;
        let Some(board) = now.board else {
            return Err(StepError::Permanent(format!("the {SYSTEM} ticket is on no board")));
        };
        let wanted = self.status(board.id, status).await?;
        if now.status.is_some_and(|current| current.id == wanted) {
            return Ok(());
        }
        let patch = json!([{ "op": "replace", "path": "status/id", "value": wanted }]);
        done(
            &self
                .call(
                    "set the ticket's status",
                    self.http.patch(self.url(&path, &[])).json(&patch),
                )
                .await?,
        )
    }

    pub(crate) async fn check(&self, names: &Names) -> Vec<Finding> {
        let mut findings = vec![Finding::new(
            format!("company {}", self.company),
            self.company().await.map(|company| company.name),
        )];
        let board = self.board(names.location.as_deref()).await;
        let shown = board.as_ref().map(u64::to_string).map_err(Clone::clone);
        let location = names.location.as_deref().unwrap_or("not set");
        findings.push(Finding::new(format!("board {location}"), shown));
        if let Ok(board) = board {
            for status in &names.statuses {
                let found = self.status(board, status).await.map(|id| id.to_string());
                findings.push(Finding::new(format!("status {status}"), found));
            }
        }
        if let Some(priority) = &names.priority {
            let found = self.priority(priority).await.map(|id| id.to_string());
            findings.push(Finding::new(format!("priority {priority}"), found));
        }
        findings
    }

    fn url(&self, segments: &[&str], query: &[(&str, &str)]) -> Url {
        endpoint(&self.base, segments, query)
    }

    async fn call(&self, operation: &'static str, request: RequestBuilder) -> Result<Reply, StepError> {
        let Credentials {
            company_id,
            public_key,
            private_key,
            client_id,
            ..
        } = &self.credentials;
        let user = format!("{company_id}+{}", public_key.expose_secret());
        let request = request.basic_auth(user, Some(private_key.expose_secret()));
        send(
            SYSTEM,
            operation,
            request.header("clientId", client_id).header(ACCEPT, VERSION),
        )
        .await
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
            let paged = [query, &[("pageSize", &page_size), ("page", &page)]].concat();
            let request = self.http.get(self.url(segments, &paged));
            let reply = pages.read(self.call(operation, request)).await?;
            let found: Vec<T> = answer(&reply)?;
            // A server may send less than a full page and say only in Link that there is more.
            let more = found.len() >= size || reply.header("link").is_some_and(|link| link.contains("rel=\"next\""));
            let empty = found.is_empty();
            all.extend(found);
            if empty || !more {
                return Ok(all);
            }
        }
    }
}

/// Breaks up what Markdown makes a link or an image of: `[text](address)`, `[text][name]`, `[name]: address`, and text
/// between `<` and `>`. Readers see no difference.
fn without_markdown(text: &str) -> String {
    broken(&untagged(text), |before, after| {
        before.ends_with(']') && after.starts_with(['(', '[', ':'])
    })
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

fn ticket_ref(id: u64) -> TicketRef {
    TicketRef {
        system: SYSTEM_ID.to_owned(),
        id: id.to_string(),
    }
}

/// A reference by id if the variable's value is a number, otherwise by name.
fn id_or(field: &str, setting: &str) -> Value {
    match setting.trim().parse::<u64>() {
        Ok(id) => json!({ "id": id }),
        Err(_) => json!({ field: setting.trim() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markdown_is_shown_as_text() {
        for (text, expected) in [
            ("[a](https://b)", "[a]\u{200b}(https://b)"),
            ("![a](https://b)", "![a]\u{200b}(https://b)"),
            ("[a][b]\n[b]: https://c", "[a]\u{200b}[b]\n[b]\u{200b}: https://c"),
            ("<https://b> <img src=x>", "<\u{200b}https://b> <\u{200b}img src=x>"),
            ("Confirm: https://b/decide?c=1", "Confirm: https://b/decide?c=1"),
        ] {
            assert_eq!(without_markdown(text), expected);
        }
    }
}
