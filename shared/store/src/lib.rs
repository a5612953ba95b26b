//! DynamoDB for people's data and decisions, Secrets Manager for passwords and credentials.
//! Every write that two callers may race for is conditional, and writes that must agree are one transaction.

mod access;
mod approvers;
pub mod audit;
pub mod auto_onboarding;
pub mod capability;
pub mod effects;
mod fault;
pub mod gates;
pub mod kept;
pub mod leases;
pub mod members;
pub mod organisations;
pub mod outbox;
pub mod requests;
pub mod resume;
mod seats;
pub mod secrets;
pub mod sessions;
pub mod sign_in_links;
mod submission;
pub mod timeline;
pub mod tokens;

use aws_sdk_dynamodb::types::AttributeValue;

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
