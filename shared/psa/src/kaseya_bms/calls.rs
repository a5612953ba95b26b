//! Calls to Kaseya BMS, and lists of any length.

use std::collections::HashSet;

use domain::step_error::StepError;
use outbound::{Owner, Pages, Reply, endpoint, send_with_token};
use reqwest::RequestBuilder;
use secrecy::ExposeSecret;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::wire::{Envelope, TicketBody, opened};
use super::{Credentials, KaseyaBms, SYSTEM};

/// Notes are long, and responses have a size limit.
const PAGE_SIZE: usize = 100;
/// The most pages of a list; a longer list is treated as a loop.
const MOST_PAGES: usize = 500;

impl KaseyaBms {
    /// Reads all pages of a search.
    pub(super) async fn search(&self, operation: &'static str, filter: &Value) -> Result<Vec<TicketBody>, StepError> {
        let url = endpoint(&self.base, &["v2", "servicedesk", "tickets", "search"], &[]);
        let mut all: Vec<TicketBody> = Vec::new();
        let mut pages = Pages::new(SYSTEM, operation, MOST_PAGES);
        loop {
            let page = pages.turn()?;
            let body = json!({ "PageSize": PAGE_SIZE, "PageNumber": page, "Filter": filter });
            let request = self.http.post(url.clone()).json(&body);
            let reply = pages.read(self.call(operation, request)).await?;
            let envelope: Envelope<Vec<TicketBody>> = opened(operation, &reply)?;
            let found = envelope.result.unwrap_or_default();
            let empty = found.is_empty();
            all.extend(found);
            if empty || envelope.total_records.is_some_and(|total| all.len() >= total) {
                return Ok(all);
            }
        }
    }

    /// Reads all pages of a list. BMS does not say how long it is and may send less than a full page, so the list ends
    /// with a page that has nothing new.
    pub(super) async fn pages<T: DeserializeOwned>(
        &self,
        operation: &'static str,
        segments: &[&str],
        query: &[(&str, &str)],
        id: fn(&T) -> u64,
    ) -> Result<Vec<T>, StepError> {
        let mut known = HashSet::new();
        let size = PAGE_SIZE.to_string();
        let mut all: Vec<T> = Vec::new();
        let mut pages = Pages::new(SYSTEM, operation, MOST_PAGES);
        loop {
            let page = pages.turn()?.to_string();
            let paged = [query, &[("PageSize", &size), ("PageNumber", &page)]].concat();
            let reply = pages.read(self.get(operation, segments, &paged)).await?;
            let found: Vec<T> = list(operation, &reply)?;
            let before = all.len();
            all.extend(found.into_iter().filter(|item| known.insert(id(item))));
            if all.len() == before {
                return Ok(all);
            }
        }
    }

    pub(super) async fn get(
        &self,
        operation: &'static str,
        segments: &[&str],
        query: &[(&str, &str)],
    ) -> Result<Reply, StepError> {
        let request = self.http.get(endpoint(&self.base, segments, query));
        self.call(operation, request).await
    }

    pub(super) async fn call(&self, operation: &'static str, request: RequestBuilder) -> Result<Reply, StepError> {
        let Credentials {
            user_name,
            password,
            tenant,
            ..
        } = &self.credentials;
        let owner = Owner::new(&[SYSTEM, self.base.as_str(), tenant, user_name, password.expose_secret()]);
        send_with_token(SYSTEM, operation, request, &owner, || self.sign_in()).await
    }
}

pub(super) fn one<T: DeserializeOwned>(operation: &str, reply: &Reply) -> Result<T, StepError> {
    let envelope: Envelope<T> = opened(operation, reply)?;
    envelope
        .result
        .ok_or_else(|| StepError::Transient(format!("{SYSTEM} answered {operation} with nothing")))
}

pub(super) fn list<T: DeserializeOwned>(operation: &str, reply: &Reply) -> Result<Vec<T>, StepError> {
    let envelope: Envelope<Vec<T>> = opened(operation, reply)?;
    Ok(envelope.result.unwrap_or_default())
}
