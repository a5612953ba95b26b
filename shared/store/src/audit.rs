//! Who did what, when. Append only.

use aws_sdk_dynamodb::types::{Put, TransactWriteItem};
use chrono::{DateTime, Utc};
use domain::fault::Fault;
use domain::ids::OrgId;
use serde::{Deserialize, Serialize};

use crate::fault::{fault, stored_shape};
use crate::{Store, text};

const TABLE: &str = "audit";

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEntry {
    pub at: DateTime<Utc>,
    /// Member id, `token:NAME`, `link:ADDRESS` or `operator`.
    pub who: String,
    /// A dotted name: `variable.set`, `gate.decided`, ...
    pub what: String,
    /// The thing it was done to: a variable's name, a request and gate.
    pub subject: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub old: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new: Option<String>,
}

impl AuditEntry {
    pub fn now(who: &str, what: &str, subject: &str) -> Self {
        Self {
            at: Utc::now(),
            who: who.to_owned(),
            what: what.to_owned(),
            subject: subject.to_owned(),
            old: None,
            new: None,
        }
    }

    #[must_use]
    pub fn changed(mut self, old: Option<String>, new: Option<String>) -> Self {
        self.old = old;
        self.new = new;
        self
    }
}

impl Store {
    /// A part of the transaction that the entry tells about.
    pub(crate) fn audit_put(&self, org: &OrgId, entry: &AuditEntry) -> Result<TransactWriteItem, Fault> {
        let fields: std::collections::HashMap<_, _> = serde_dynamo::to_item(entry).map_err(|_| stored_shape(TABLE))?;
        let put = Put::builder()
            .table_name(self.table(TABLE))
            .set_item(Some(fields))
            .item("org", text(org.as_str()))
            .item("entry", text(entry_key(entry)))
            .build()
            .map_err(|_| stored_shape(TABLE))?;
        Ok(TransactWriteItem::builder().put(put).build())
    }

    pub async fn audit(&self, org: &OrgId, entry: &AuditEntry) -> Result<(), Fault> {
        let fields: std::collections::HashMap<_, _> = serde_dynamo::to_item(entry).map_err(|_| stored_shape(TABLE))?;
        self.db
            .put_item()
            .table_name(self.table(TABLE))
            .set_item(Some(fields))
            .item("org", text(org.as_str()))
            .item("entry", text(entry_key(entry)))
            .send()
            .await
            .map(|_| ())
            .map_err(|error| fault("writing the audit", &error))
    }
}

fn entry_key(entry: &AuditEntry) -> String {
    format!("{}#{:016x}", entry.at.to_rfc3339(), rand::random::<u64>())
}
