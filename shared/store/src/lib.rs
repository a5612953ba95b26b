//! Storage: DynamoDB for requests, people and decisions, Secrets Manager for passwords and credentials.
//!
//! Every write for which callers may compete is conditional, and writes that must agree are in one transaction.

mod access;
mod approvers;
pub mod audit;
pub mod auto_onboarding;
mod aws_error;
pub mod capability;
pub mod effects;
pub mod gates;
pub mod kept;
pub mod leases;
pub mod limits;
pub mod members;
mod org_config;
pub mod organisations;
pub mod outbox;
mod read;
pub mod requests;
pub mod resume;
mod seats;
pub mod secrets;
pub mod sessions;
pub mod sign_in_links;
mod submission;
pub mod timeline;
pub mod tokens;
mod write;

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use chrono::{DateTime, Utc};

pub use org_config::{OrgConfig, org_config, request_config};
pub use submission::{Idempotency, Submitted};

/// The tables of one deployment.
#[derive(Clone)]
pub struct Store {
    db: aws_sdk_dynamodb::Client,
    prefix: String,
}

impl Store {
    /// Tables are named `PREFIX-requests` and so on.
    pub fn new(db: aws_sdk_dynamodb::Client, prefix: impl Into<String>) -> Self {
        Self {
            db,
            prefix: prefix.into(),
        }
    }

    fn table(&self, name: &str) -> String {
        format!("{}-{name}", self.prefix)
    }
}

fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

fn number(value: i64) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

/// Whether an item has expired. DynamoDB deletes it only within days.
fn has_expired(item: &HashMap<String, AttributeValue>, now: DateTime<Utc>) -> bool {
    let expires = item.get("expires_at").and_then(|value| value.as_n().ok());
    let expires = expires.and_then(|value| value.parse::<i64>().ok());
    expires.is_some_and(|expires| expires <= now.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn item_expires_at_its_time_not_at_its_deletion() {
        let now: DateTime<Utc> = "2026-11-28T07:00:00Z".parse().unwrap();
        let item = |seconds: i64| HashMap::from([("expires_at".to_owned(), number(now.timestamp() + seconds))]);
        assert!(has_expired(&item(-1), now) && has_expired(&item(0), now));
        assert!(!has_expired(&item(1), now) && !has_expired(&HashMap::new(), now));
    }
}
