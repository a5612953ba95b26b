//! Gates: where people decide. A gate decides once; time decides by the same write as people do.

use std::collections::HashMap;

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::types::{AttributeValue, ConditionCheck, TransactWriteItem, Update};
use chrono::{DateTime, Duration, Utc};
use domain::decision::{Decision, Gate, Reason};
use domain::request::RequestKey;
use domain::step_error::StepError;
use serde::{Deserialize, Serialize};

use crate::audit::AuditEntry;
use crate::aws_error::{aws_error, failed_conditions, is_conflict, stored_shape};
use crate::{Store, has_expired, number, text};

const TABLE: &str = "gates";

/// How long gates and their links are known after a request's end.
const DAYS_AFTER_END: i64 = 30;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GateRecord {
    /// The task token of the state that waits now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    pub closes_at: DateTime<Utc>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<Decision>,
    /// The person, or `time`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided_by: Option<String>,
    /// `link`, `session`, `token` or `time`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided_via: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided_at: Option<DateTime<Utc>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
}

impl GateRecord {
    /// Somebody is waited for.
    pub fn is_open(&self) -> bool {
        self.token.is_some() && self.decision.is_none()
    }
}

/// What somebody, or time, says at a gate.
#[derive(Debug, Clone, Copy)]
pub struct NewDecision<'a> {
    pub decision: Decision,
    /// For people: an address, `NAME (ORG)` of a token, `technician` or `time`.
    pub by: &'a str,
    /// For the audit: the id of a member or a token, else the same.
    pub who: &'a str,
    /// `link`, `session`, `token` or `time`.
    pub via: &'a str,
    pub reason: Option<&'a Reason>,
    /// Of the request, as a person saw it: another one has nothing decided. Time looks at none.
    pub version: Option<u32>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decided {
    /// False if the gate had decided before, which `gate` then says; or if the request has changed since they saw it.
    pub first: bool,
    pub gate: GateRecord,
}

fn sort_key(key: &RequestKey, gate: &Gate) -> String {
    format!("{}#{}", key.request, gate.key())
}

impl Store {
    /// A state begins to wait at the gate. Overwrites the token of an earlier visit, never a decision.
    /// `closes_at` is fixed by the first visit, so that a repeated visit does not lengthen the wait.
    pub async fn enter_gate(
        &self,
        key: &RequestKey,
        gate: &Gate,
        token: &str,
        closes_at: DateTime<Utc>,
    ) -> Result<GateRecord, StepError> {
        let answer = self
            .db
            .update_item()
            .table_name(self.table(TABLE))
            .key("org", text(key.org.as_str()))
            .key("gate", text(sort_key(key, gate)))
            .update_expression("SET #t = :t, closes_at = if_not_exists(closes_at, :c)")
            .expression_attribute_names("#t", "token")
            .expression_attribute_values(":t", text(token))
            .expression_attribute_values(":c", text(closes_at.to_rfc3339()))
            .return_values(aws_sdk_dynamodb::types::ReturnValue::AllNew)
            .send()
            .await
            .map_err(|error| aws_error("entering a gate", &error))?;
        from_item(answer.attributes.unwrap_or_default())
    }

    /// Before a resumed request looks at a gate that its end has retired: what was decided there stays known, and one that
    /// nobody decided begins anew.
    pub async fn reopen_gate(&self, key: &RequestKey, gate: &Gate, closes_at: DateTime<Utc>) -> Result<(), StepError> {
        let result = self
            .db
            .update_item()
            .table_name(self.table(TABLE))
            .key("org", text(key.org.as_str()))
            .key("gate", text(sort_key(key, gate)))
            .update_expression("SET closes_at = :c REMOVE expires_at")
            .condition_expression("attribute_exists(expires_at)")
            .expression_attribute_values(":c", text(closes_at.to_rfc3339()))
            .send()
            .await;
        match result {
            Ok(_) => Ok(()),
            Err(SdkError::ServiceError(e)) if e.err().is_conditional_check_failed_exception() => Ok(()),
            Err(error) => Err(aws_error("reopening a gate", &error)),
        }
    }

    pub async fn gate(&self, key: &RequestKey, gate: &Gate) -> Result<Option<GateRecord>, StepError> {
        let answer = self
            .db
            .get_item()
            .table_name(self.table(TABLE))
            .key("org", text(key.org.as_str()))
            .key("gate", text(sort_key(key, gate)))
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| aws_error("reading a gate", &error))?;
        answer
            .item
            .filter(|item| !has_expired(item, Utc::now()))
            .map(from_item)
            .transpose()
    }

    /// The gates that the request has met.
    pub async fn gates(&self, key: &RequestKey) -> Result<Vec<(Gate, GateRecord)>, StepError> {
        let before = format!("{}#", key.request);
        let items = self.gate_items(key, &before).await?;
        let gates = items.into_iter().map(|item| {
            let name = item.get("gate").and_then(|v| v.as_s().ok());
            let name = name.and_then(|name| name.strip_prefix(&before));
            let gate = name
                .and_then(|name| Gate::parse(name).ok())
                .ok_or_else(|| stored_shape(TABLE))?;
            Ok((gate, from_item(item)?))
        });
        gates.collect()
    }

    async fn gate_items(
        &self,
        key: &RequestKey,
        before: &str,
    ) -> Result<Vec<HashMap<String, AttributeValue>>, StepError> {
        let answer = self
            .db
            .query()
            .table_name(self.table(TABLE))
            .key_condition_expression("org = :o AND begins_with(gate, :g)")
            .expression_attribute_values(":o", text(key.org.as_str()))
            .expression_attribute_values(":g", text(before))
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| aws_error("reading the gates", &error))?;
        Ok(answer.items.unwrap_or_default())
    }

    /// The one write that decides. Whoever comes second is told what stands.
    pub async fn decide(&self, key: &RequestKey, gate: &Gate, saying: NewDecision<'_>) -> Result<Decided, StepError> {
        let reason = saying.reason.map(|reason| format!(": {reason}")).unwrap_or_default();
        let told = format!("{} by {}{reason}", saying.decision.as_str(), saying.via);
        for _ in 0..5 {
            let update = self.decision_update(key, gate, saying)?;
            let entry =
                AuditEntry::now(saying.who, "gate.decided", &sort_key(key, gate)).changed(None, Some(told.clone()));
            let mut transaction = self
                .db
                .transact_write_items()
                .transact_items(update)
                .transact_items(self.audit_put(&key.org, &entry)?);
            if let Some(version) = saying.version {
                transaction = transaction.transact_items(self.request_is_at(key, version)?);
            }
            let result = transaction.send().await;
            let first = match result {
                Ok(_) => true,
                Err(error) if failed_conditions(&error).is_some() => false,
                // Another click on the same gate is being written: look again.
                Err(error) if is_conflict(&error) => continue,
                Err(error) => return Err(aws_error("deciding a gate", &error)),
            };
            let gate = self.gate(key, gate).await?;
            let gate = gate.ok_or_else(|| StepError::Permanent("the gate does not exist".to_owned()))?;
            return Ok(Decided { first, gate });
        }
        Err(StepError::Transient(
            "deciding a gate: other decisions are in the way".to_owned(),
        ))
    }

    /// Closes the gate as a part of a cancellation.
    pub(crate) fn gate_cancel(&self, key: &RequestKey, gate: &Gate, by: &str) -> Result<TransactWriteItem, StepError> {
        let saying = NewDecision {
            decision: Decision::Cancelled,
            by,
            who: by,
            via: "session",
            reason: None,
            version: None,
        };
        self.decision_update(key, gate, saying)
    }

    /// As a part of a transaction: nobody has decided yet.
    pub(crate) fn gate_is_open(&self, key: &RequestKey, gate: &Gate) -> Result<TransactWriteItem, StepError> {
        let check = ConditionCheck::builder()
            .table_name(self.table(TABLE))
            .key("org", text(key.org.as_str()))
            .key("gate", text(sort_key(key, gate)))
            .condition_expression("attribute_not_exists(decision)")
            .build()
            .map_err(|_| stored_shape(TABLE))?;
        Ok(TransactWriteItem::builder().condition_check(check).build())
    }

    fn decision_update(
        &self,
        key: &RequestKey,
        gate: &Gate,
        saying: NewDecision<'_>,
    ) -> Result<TransactWriteItem, StepError> {
        let mut set = "SET decision = :d, decided_by = :b, decided_via = :v, decided_at = :at".to_owned();
        if saying.reason.is_some() {
            set.push_str(", reason = :r");
        }
        let mut update = Update::builder()
            .table_name(self.table(TABLE))
            .key("org", text(key.org.as_str()))
            .key("gate", text(sort_key(key, gate)))
            .update_expression(set)
            .condition_expression("attribute_exists(gate) AND attribute_not_exists(decision)")
            .expression_attribute_values(":d", text(saying.decision.as_str()))
            .expression_attribute_values(":b", text(saying.by))
            .expression_attribute_values(":v", text(saying.via))
            .expression_attribute_values(":at", text(Utc::now().to_rfc3339()));
        if let Some(reason) = saying.reason {
            update = update.expression_attribute_values(":r", text(reason.as_str()));
        }
        let update = update.build().map_err(|_| stored_shape(TABLE))?;
        Ok(TransactWriteItem::builder().update(update).build())
    }

    /// Lets the request's gates and links run out some time after its end.
    pub async fn retire_gates(&self, key: &RequestKey) -> Result<(), StepError> {
        let until = (Utc::now() + Duration::days(DAYS_AFTER_END)).timestamp();
        for item in self.gate_items(key, &format!("{}#", key.request)).await? {
            let hashes = item
                .get("links")
                .and_then(|v| v.as_ss().ok())
                .cloned()
                .unwrap_or_default();
            for hash in hashes {
                self.retire_capability(&hash, until).await?;
            }
            let Some(gate) = item.get("gate").cloned() else {
                continue;
            };
            self.db
                .update_item()
                .table_name(self.table(TABLE))
                .key("org", text(key.org.as_str()))
                .key("gate", gate)
                // The token has no use any more.
                .update_expression("SET expires_at = :u REMOVE #t")
                .expression_attribute_names("#t", "token")
                .expression_attribute_values(":u", number(until))
                .send()
                .await
                .map_err(|error| aws_error("retiring a gate", &error))?;
        }
        Ok(())
    }

    /// The gate remembers the hashes of its links, to retire them.
    pub(crate) async fn remember_links(
        &self,
        key: &RequestKey,
        gate: &Gate,
        hashes: Vec<String>,
    ) -> Result<(), StepError> {
        self.db
            .update_item()
            .table_name(self.table(TABLE))
            .key("org", text(key.org.as_str()))
            .key("gate", text(sort_key(key, gate)))
            .update_expression("ADD links :h")
            .expression_attribute_values(":h", AttributeValue::Ss(hashes))
            .send()
            .await
            .map(|_| ())
            .map_err(|error| aws_error("remembering links", &error))
    }
}

fn from_item(item: HashMap<String, AttributeValue>) -> Result<GateRecord, StepError> {
    serde_dynamo::from_item(item).map_err(|_| stored_shape(TABLE))
}
