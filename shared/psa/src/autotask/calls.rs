//! Calls to Autotask, and lists of any length.

use domain::step_error::StepError;
use outbound::{Pages, Reply, endpoint, send_and_read_500};
use reqwest::RequestBuilder;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use url::Url;

use super::wire::{Errors, Page, Record};
use super::{Autotask, Credentials, SYSTEM};

/// The largest page that Autotask allows.
const PAGE_SIZE: usize = 500;
pub(super) const NOTES: &str = "TicketNotes";
/// Notes are long, and responses have a size limit.
const NOTES_PAGE_SIZE: usize = 25;
/// The most pages of a list; a longer list is treated as a loop.
const MOST_PAGES: usize = 100;

impl Autotask {
    pub(super) async fn url(&self, path: &[&str]) -> Result<Url, StepError> {
        Ok(endpoint(&self.zone().await?, &[&["V1.0"], path].concat(), &[]))
    }

    pub(super) async fn call(&self, operation: &'static str, request: RequestBuilder) -> Result<Reply, StepError> {
        let Credentials {
            user_name,
            secret,
            integration_code,
        } = &self.credentials;
        let request = request
            .header("UserName", user_name)
            .header("Secret", secret.expose_secret())
            .header("ApiIntegrationCode", integration_code.expose_secret());
        send_and_read_500(SYSTEM, operation, request).await
    }

    /// Reads all pages of a query. They are sorted by id, so the next page begins after the last id. Autotask also
    /// sends the address of the next page, but using it would mean trusting it with the secret.
    pub(super) async fn list<T: Record>(
        &self,
        operation: &'static str,
        entity: &str,
        filter: &[Value],
        fields: &[&str],
    ) -> Result<Vec<T>, StepError> {
        let url = self.url(&[entity, "query"]).await?;
        let size = if entity == NOTES { NOTES_PAGE_SIZE } else { PAGE_SIZE };
        let mut all: Vec<T> = Vec::new();
        let mut pages = Pages::new(SYSTEM, operation, MOST_PAGES);
        loop {
            pages.turn()?;
            let mut filter = filter.to_vec();
            if let Some(last) = all.iter().map(Record::id).max() {
                filter.push(json!({"field": "id", "op": "gt", "value": last}));
            }
            let body = json!({"filter": filter, "includeFields": fields, "maxRecords": size});
            let request = self.http.post(url.clone()).json(&body);
            let reply = pages.read(self.call(operation, request)).await?;
            done(operation, &reply)?;
            let page: Page<T> = reply.json()?;
            let more = page.page_details.next_page_url.is_some() || page.items.len() >= size;
            let empty = page.items.is_empty();
            all.extend(page.items);
            if empty || !more {
                return Ok(all);
            }
        }
    }
}

pub(super) fn is(field: &str, value: impl Into<Value>) -> Value {
    json!({"field": field, "op": "eq", "value": value.into()})
}

/// Autotask also responds 500 to invalid requests. Those name a field, and a retry would not help.
pub(super) fn done(operation: &str, reply: &Reply) -> Result<(), StepError> {
    let field = match reply.status() {
        500 => reply.error_body::<Errors>().and_then(|errors| errors.field()),
        _ => None,
    };
    match field {
        Some(field) => Err(StepError::Permanent(format!(
            "{SYSTEM} refused \"{operation}\" (500, {field})"
        ))),
        None => reply.done(),
    }
}
