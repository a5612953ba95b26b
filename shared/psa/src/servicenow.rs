//! The client of ServiceNow, through its Table API; tickets are incidents.
//!
//! Journal fields render text between `[code]` and `[/code]` as HTML and escape the rest. Each instance decides whether
//! scripts and images are removed from that HTML. So both tags are broken up in every text, see [`without_code`].

mod names;
mod wire;

use domain::finding::Finding;
use domain::request::TicketRef;
use domain::step_error::StepError;
use domain::text::{broken, ends_with_line, visible};
use outbound::{Pages, Reply, endpoint, send};
use reqwest::RequestBuilder;
use reqwest::header::ACCEPT;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use url::Url;

use self::wire::{Answer, IncidentBody, JournalBody, MadeBody, UserBody, is_id, is_number, may_be_asked};
use crate::names::Listing;
use crate::texts::one_line;
use crate::{Names, NewTicket, Note, NoteText, note_marker};

pub(crate) const SYSTEM_ID: &str = "servicenow";
const SYSTEM: &str = "ServiceNow";
const SUMMARY_LIMIT: usize = 160;
/// Notes are long, and responses have a size limit.
const PAGE_SIZE: usize = 250;
/// The most pages of a list; a longer list is treated as a loop.
const MOST_PAGES: usize = 100;
const FIELDS: &str = "sys_id,number,short_description,correlation_id,company,active,state,opened_by,contact_type";

/// The credentials as stored in the secret.
#[derive(Debug, Clone, Deserialize)]
pub struct Credentials {
    /// Such as `https://acme.service-now.com`.
    pub address: String,
    pub user_name: String,
    pub password: SecretString,
}

/// The tickets of one customer.
#[derive(Debug, Clone)]
pub struct ServiceNow {
    http: reqwest::Client,
    /// The address of the API.
    base: Url,
    credentials: Credentials,
    company: String,
    pub(crate) listing: Listing,
}

impl ServiceNow {
    /// `base` is the instance's address; `company` is the sys_id or the name of the organisation's company.
    pub fn new(http: reqwest::Client, base: Url, credentials: Credentials, company: String) -> Result<Self, StepError> {
        let company = company.trim().to_owned();
        if !may_be_asked(&company) {
            return Err(StepError::NeedsAttention(format!(
                "the organisation's company in {SYSTEM} is neither a sys_id nor a name"
            )));
        }
        Ok(Self {
            http,
            base: endpoint(&base, &["api", "now"], &[]),
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
        let company = self.company().await?;
        let query = format!("correlation_id={marker}^ORDERBYsys_created_on");
        let found = self.incidents("look for the request's ticket", &query).await?;
        let ours = |incident: &&IncidentBody| incident.correlation_id == marker && incident.company == company;
        if let Some(incident) = found.iter().find(ours) {
            return Ok(Some(ticket_ref(&incident.sys_id)));
        }
        match given.map(|given| given.trim().trim_start_matches('#')) {
            Some(given) => self.given_ticket(given, &company).await,
            None => Ok(None),
        }
    }

    /// Finds a ticket by the number for people, or by the sys_id. Another company's ticket counts as not found, because
    /// its customer could read what is written on it.
    async fn given_ticket(&self, given: &str, company: &str) -> Result<Option<TicketRef>, StepError> {
        const OPERATION: &str = "look up the given ticket";
        let found = if is_id(given) {
            let query = [("sysparm_fields", FIELDS), REFERENCES_AS_IDS];
            let url = endpoint(&self.base, &["table", "incident", &given.to_lowercase()], &query);
            let reply = self.call(OPERATION, self.http.get(url)).await?;
            if reply.status() == 404 {
                return Ok(None);
            }
            vec![reply.json::<Answer<IncidentBody>>()?.result]
        } else if is_number(given) {
            self.incidents(OPERATION, &format!("number={given}")).await?
        } else {
            return Ok(None);
        };
        let theirs = |incident: &&IncidentBody| incident.is_called(given) && incident.company == company;
        Ok(found.iter().find(theirs).map(|incident| ticket_ref(&incident.sys_id)))
    }

    pub(crate) async fn find_matching(&self, summary: &str) -> Result<Option<TicketRef>, StepError> {
        let summary = one_line(summary, SUMMARY_LIMIT);
        let company = self.company().await?;
        let query = format!("active=true^company={company}^ORDERBYsys_created_on");
        let open = self.incidents("list the open tickets", &query).await?;
        let same = |incident: &&IncidentBody| {
            incident.company == company
                && incident.is_open()
                && incident.correlation_id.is_empty()
                && incident.short_description.trim() == summary
        };
        for incident in open.iter().filter(same) {
            if incident.came_by_phone() && self.is_technician(&incident.opened_by, &company).await? {
                return Ok(Some(ticket_ref(&incident.sys_id)));
            }
        }
        Ok(None)
    }

    /// Whether the user belongs to another company than the customer's, as the MSP's staff do. A user without a company
    /// may be anybody, for example the guest user of unknown mails.
    async fn is_technician(&self, user: &str, company: &str) -> Result<bool, StepError> {
        if !is_id(user) {
            return Ok(false);
        }
        let query = format!("sys_id={user}");
        let found: Vec<UserBody> = self
            .records("look up who opened the ticket", "sys_user", UserBody::FIELDS, &query)
            .await?;
        let is_technician = |found: &UserBody| {
            found.sys_id == user && !found.company.is_empty() && !found.company.eq_ignore_ascii_case(company)
        };
        Ok(found.iter().any(is_technician))
    }

    pub(crate) async fn create_ticket(&self, ticket: &NewTicket) -> Result<TicketRef, StepError> {
        let company = self.company().await?;
        let mut body = Map::new();
        let mut set = |field: &str, value: String| body.insert(field.to_owned(), Value::String(value));
        set(
            "short_description",
            one_line(&without_code(&ticket.summary), SUMMARY_LIMIT),
        );
        set("description", without_code(&ticket.description));
        set("correlation_id", ticket.marker.clone());
        set("correlation_display", "Gangway".to_owned());
        if let Some(group) = &ticket.location {
            set("assignment_group", self.group(group).await?);
        }
        if let Some(priority) = &ticket.priority {
            let (impact, urgency) = self.priority(priority).await?;
            set("impact", impact.to_owned());
            set("urgency", urgency.to_owned());
        }
        if let Some(tech) = &ticket.tech_id {
            set("assigned_to", self.technician(tech).await?);
        }
        if let Some(email) = &ticket.contact_email
            && let Some(caller) = self.caller(email, &company).await?
        {
            set("caller_id", caller);
        }
        set("company", company);
        if let Some(status) = &ticket.status {
            body.extend(self.status(status).await?);
        }
        let url = endpoint(&self.base, &["table", "incident"], &[("sysparm_fields", "sys_id")]);
        let request = self.http.post(url).json(&Value::Object(body));
        let made: Answer<MadeBody> = self.call("create a ticket", request).await?.json()?;
        Ok(ticket_ref(&made.result.sys_id))
    }

    /// The company's user with this mail address.
    async fn caller(&self, email: &str, company: &str) -> Result<Option<String>, StepError> {
        if !may_be_asked(email) {
            return Ok(None);
        }
        let query = format!("email={email}^company={company}^active=true");
        let found: Vec<UserBody> = self
            .records("look up the contact", "sys_user", UserBody::FIELDS, &query)
            .await?;
        let is_caller = |user: &UserBody| user.company == company && user.email.eq_ignore_ascii_case(email);
        Ok(found.into_iter().find(is_caller).map(|user| user.sys_id))
    }

    pub(crate) async fn has_note(&self, ticket: &TicketRef, marker: &str) -> Result<bool, StepError> {
        if !is_id(&ticket.id) {
            return Err(StepError::Permanent(format!("the ticket's id is none of {SYSTEM}")));
        }
        let marker = note_marker(marker);
        let query = format!("element_id={}^element=work_notes^ORDERBYsys_created_on", ticket.id);
        let notes: Vec<JournalBody> = self
            .records(
                "read the ticket's notes",
                "sys_journal_field",
                JournalBody::FIELDS,
                &query,
            )
            .await?;
        let ours = |note: &JournalBody| {
            let by = note.sys_created_by.trim();
            note.element == "work_notes" && by.eq_ignore_ascii_case(self.credentials.user_name.trim())
        };
        Ok(notes
            .iter()
            .any(|note| ours(note) && ends_with_line(&note.value, &marker)))
    }

    pub(crate) async fn add_note(&self, ticket: &TicketRef, note: &Note) -> Result<(), StepError> {
        let text = match &note.text {
            NoteText::Plain(text) => text.as_str(),
            NoteText::Secret(text) => text.expose_secret(),
        };
        let journal = if note.internal { "work_notes" } else { "comments" };
        let text = without_code(text);
        let body = json!({ journal: format!("{text}\n\n{}", note_marker(&note.marker)) });
        self.change("write a note", ticket, &body).await
    }

    pub(crate) async fn set_status(&self, ticket: &TicketRef, status: &str) -> Result<(), StepError> {
        let query = [("sysparm_fields", FIELDS), REFERENCES_AS_IDS];
        let url = endpoint(&self.base, &["table", "incident", &ticket.id], &query);
        let now: Answer<IncidentBody> = self.call("read the ticket", self.http.get(url)).await?.json()?;
        let wanted = self.status(status).await?;
        if wanted.get("state").and_then(Value::as_str) == Some(&now.result.state) {
            return Ok(());
        }
        self.change("set the ticket's status", ticket, &Value::Object(wanted))
            .await
    }

    async fn change(&self, operation: &'static str, ticket: &TicketRef, body: &Value) -> Result<(), StepError> {
        let query = [("sysparm_fields", "sys_id")];
        let url = endpoint(&self.base, &["table", "incident", &ticket.id], &query);
        self.call(operation, self.http.patch(url).json(body)).await?.done()
    }

    pub(crate) async fn check(&self, names: &Names) -> Vec<Finding> {
        let mut findings = vec![Finding::new(
            format!("company {}", self.company),
            self.company_name().await,
        )];
        if let Some(group) = &names.location {
            findings.push(Finding::new(
                format!("assignment group {group}"),
                self.group(group).await,
            ));
        }
        for status in &names.statuses {
            let found = self.status(status).await.map(|_| "there".to_owned());
            findings.push(Finding::new(format!("status {status}"), found));
        }
        if let Some(priority) = &names.priority {
            let found = self.priority(priority).await;
            let found = found.map(|(impact, urgency)| format!("impact {impact}, urgency {urgency}"));
            findings.push(Finding::new(format!("priority {priority}"), found));
        }
        if let Some(role) = &names.work_role {
            let unused = format!("not used: {SYSTEM} has no work roles");
            findings.push(Finding::new(format!("work role {role}"), Ok(unused)));
        }
        if let Some(tech) = &names.tech_id {
            findings.push(Finding::new("technician", self.technician(tech).await));
        }
        findings
    }

    async fn incidents(&self, operation: &'static str, query: &str) -> Result<Vec<IncidentBody>, StepError> {
        self.records(operation, "incident", FIELDS, query).await
    }

    /// Reads all pages of a table. Records that Gangway's user may not read are missing from their pages, so only the
    /// total says where the list ends.
    async fn records<T: DeserializeOwned>(
        &self,
        operation: &'static str,
        table: &str,
        fields: &str,
        query: &str,
    ) -> Result<Vec<T>, StepError> {
        let size = PAGE_SIZE.to_string();
        let mut all = Vec::new();
        let mut pages = Pages::new(SYSTEM, operation, MOST_PAGES);
        loop {
            let page = pages.turn()?;
            let offset = ((page - 1) * PAGE_SIZE).to_string();
            let parameters = [
                ("sysparm_query", query),
                ("sysparm_fields", fields),
                REFERENCES_AS_IDS,
                ("sysparm_limit", &size),
                ("sysparm_offset", &offset),
            ];
            let url = endpoint(&self.base, &["table", table], &parameters);
            let reply = pages.read(self.call(operation, self.http.get(url))).await?;
            let found: Answer<Vec<T>> = reply.json()?;
            let full = found.result.len() >= PAGE_SIZE;
            let total: Option<usize> = reply.header("x-total-count").and_then(|count| count.parse().ok());
            all.extend(found.result);
            if !total.map_or(full, |total| page * PAGE_SIZE < total) {
                return Ok(all);
            }
        }
    }

    async fn call(&self, operation: &'static str, request: RequestBuilder) -> Result<Reply, StepError> {
        let password = self.credentials.password.expose_secret();
        let request = request.basic_auth(&self.credentials.user_name, Some(password));
        send(SYSTEM, operation, request.header(ACCEPT, "application/json")).await
    }
}

/// Without this, a reference is an object with an address.
const REFERENCES_AS_IDS: (&str, &str) = ("sysparm_exclude_reference_link", "true");

/// Breaks up both tags, in any case. Readers see no difference.
fn without_code(text: &str) -> String {
    let tag = |after: &str| {
        let name = after.strip_prefix('/').unwrap_or(after);
        name.get(..4).is_some_and(|name| name.eq_ignore_ascii_case("code"))
    };
    broken(&visible(text), |before, after| before.ends_with('[') && tag(after))
}

fn ticket_ref(id: &str) -> TicketRef {
    TicketRef {
        system: SYSTEM_ID.to_owned(),
        id: id.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_tags_are_shown_as_text() {
        for (text, expected) in [
            ("[code]<b>x</b>[/code]", "[\u{200b}code]<b>x</b>[\u{200b}/code]"),
            ("[CoDe][/CODE]", "[\u{200b}CoDe][\u{200b}/CODE]"),
            ("[[code]]", "[[\u{200b}code]]"),
            ("[co\u{202e}de]", "[\u{200b}code]"),
            ("[codé] [cod", "[codé] [cod"),
            ("a [b] c\r\nd", "a [b] c\nd"),
        ] {
            assert_eq!(without_code(text), expected);
        }
    }
}
