//! Who did what, when. Append only.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::{AttributeValue, Put, TransactWriteItem};
use chrono::{DateTime, Utc};
use domain::fault::Fault;
use domain::ids::OrgId;
use serde::{Deserialize, Serialize};

use crate::fault::{fault, stored_shape};
use crate::{Store, text};

const TABLE: &str = "audit";
const OUTSIDE: &str = "@outside";

/// A filter looks at this many entries at a time, this often: a page may come out short, and says where to go on.
const LOOK: i32 = 200;
const LOOKS: usize = 10;

type Item = HashMap<String, AttributeValue>;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEntry {
    pub at: DateTime<Utc>,
    /// Member id, `token:ORG/ID`, `google:ADDRESS`, `operator`, or the address of whoever decided by a link.
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

/// Which entries are looked for.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wanted<'a> {
    /// What `what` begins with.
    pub what: &'a str,
    /// Exactly; any where there is none.
    pub subject: Option<&'a str>,
    /// Only what is older than the entry with this key.
    pub before: Option<&'a str>,
    pub most: usize,
}

/// Newest first.
#[derive(Debug, Default)]
pub struct Found {
    pub entries: Vec<AuditEntry>,
    /// Where to go on from, if there may be more.
    pub next: Option<String>,
}

impl Store {
    pub async fn audit_entries(&self, org: &OrgId, wanted: Wanted<'_>) -> Result<Found, Fault> {
        let mut found = Found {
            entries: Vec::new(),
            next: wanted.before.map(str::to_owned),
        };
        for _ in 0..LOOKS {
            let (items, more) = self.look(org, wanted, found.next.as_deref()).await?;
            for item in items {
                found.next = item.get("entry").and_then(|v| v.as_s().ok()).cloned();
                let entry = serde_dynamo::from_item(item).map_err(|_| stored_shape(TABLE))?;
                found.entries.push(entry);
                if found.entries.len() == wanted.most {
                    return Ok(found);
                }
            }
            found.next = more;
            if found.next.is_none() {
                break;
            }
        }
        Ok(found)
    }

    /// Entries older than `before` that are wanted, among the next [`LOOK`], and where the next look begins.
    async fn look(
        &self,
        org: &OrgId,
        wanted: Wanted<'_>,
        before: Option<&str>,
    ) -> Result<(Vec<Item>, Option<String>), Fault> {
        let mut query = self
            .db
            .query()
            .table_name(self.table(TABLE))
            .expression_attribute_values(":o", text(org.as_str()))
            .scan_index_forward(false)
            .limit(LOOK);
        query = match before {
            Some(before) => query
                .key_condition_expression("org = :o AND entry < :b")
                .expression_attribute_values(":b", text(before)),
            None => query.key_condition_expression("org = :o"),
        };
        // An empty text begins everything.
        let mut filter = "begins_with(what, :w)".to_owned();
        query = query.expression_attribute_values(":w", text(wanted.what));
        if let Some(subject) = wanted.subject {
            filter.push_str(" AND subject = :s");
            query = query.expression_attribute_values(":s", text(subject));
        }
        let answer = query
            .filter_expression(filter)
            .send()
            .await
            .map_err(|error| fault("reading the audit", &error))?;
        let more = answer.last_evaluated_key.and_then(|mut key| key.remove("entry"));
        let more = more.and_then(|key| key.as_s().cloned().ok());
        Ok((answer.items.unwrap_or_default(), more))
    }

    /// A part of the transaction that the entry tells about.
    pub(crate) fn audit_put(&self, org: &OrgId, entry: &AuditEntry) -> Result<TransactWriteItem, Fault> {
        let fields: Item = serde_dynamo::to_item(entry).map_err(|_| stored_shape(TABLE))?;
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
        self.audit_in(org.as_str(), entry).await
    }

    /// What concerns no organisation: whoever runs Gangway finds it under a name that no organisation has.
    pub async fn audit_outside(&self, entry: &AuditEntry) -> Result<(), Fault> {
        self.audit_in(OUTSIDE, entry).await
    }

    async fn audit_in(&self, partition: &str, entry: &AuditEntry) -> Result<(), Fault> {
        let fields: Item = serde_dynamo::to_item(entry).map_err(|_| stored_shape(TABLE))?;
        self.db
            .put_item()
            .table_name(self.table(TABLE))
            .set_item(Some(fields))
            .item("org", text(partition))
            .item("entry", text(entry_key(entry)))
            .send()
            .await
            .map(|_| ())
            .map_err(|error| fault("writing the audit", &error))
    }
}

/// Whether it is the key of an entry, as [`Found::next`] is.
pub fn is_entry_key(text: &str) -> bool {
    let parts = text.split_once('#');
    parts.is_some_and(|(at, number)| {
        DateTime::parse_from_rfc3339(at).is_ok()
            && number.len() == 16
            && number.bytes().all(|byte| byte.is_ascii_hexdigit())
    })
}

fn entry_key(entry: &AuditEntry) -> String {
    format!("{}#{:016x}", entry.at.to_rfc3339(), rand::random::<u64>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_told_from_everything_else() {
        assert!(is_entry_key(&entry_key(&AuditEntry::now("m1", "member.added", "m2"))));
        let at = "2026-11-28T07:00:00+00:00";
        for other in [
            "",
            "#",
            at,
            &format!("{at}#"),
            &format!("{at}#xyz"),
            &format!("{at}#{}", "0".repeat(17)),
            &format!("yesterday#{}", "0".repeat(16)),
        ] {
            assert!(!is_entry_key(other), "{other}");
        }
    }
}
