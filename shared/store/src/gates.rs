//! Gates, at which people decide. A gate is decided once: people and the timeout compete for the same conditional
//! write.

use aws_sdk_dynamodb::types::AttributeValue;
use chrono::{DateTime, Duration, Utc};
use domain::decision::{Decision, Gate, Reason};
use domain::request::RequestKey;
use domain::step_error::StepError;
use serde::{Deserialize, Serialize};

use crate::audit::AuditEntry;
use crate::read::{Item, all_items, decode, item, optional_text, wrong_attribute};
use crate::requests::request_is_at;
use crate::write::{Conditional, check, update};
use crate::{Store, has_expired, number, text};

const TABLE: &str = "gates";

/// How many days gates and their links are kept after a request's end.
const DAYS_AFTER_END: i64 = 30;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GateRecord {
    /// The task token of the state that is waiting now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    pub closes_at: DateTime<Utc>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<Decision>,
    /// The person who decided, or `time`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided_by: Option<String>,
    /// How the decision was made: `link`, `session`, `token` or `time`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided_via: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided_at: Option<DateTime<Utc>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
}

impl GateRecord {
    /// Whether an execution waits here for a decision.
    pub fn is_open(&self) -> bool {
        self.token.is_some() && self.decision.is_none()
    }
}

/// A decision that a person or a timeout is about to make.
#[derive(Debug, Clone, Copy)]
pub struct NewDecision<'a> {
    pub decision: Decision,
    /// The decider as people are shown it: an address, `NAME (ORG)` of a token, `technician` or `time`.
    pub by: &'a str,
    /// The decider as the audit records it: the id of a member or a token, otherwise the same as `by`.
    pub who: &'a str,
    /// How the decision is made: `link`, `session`, `token` or `time`.
    pub via: &'a str,
    pub reason: Option<&'a Reason>,
    /// The version of the request that the person saw. If the request has another version by now, nothing is decided.
    /// `None` for a timeout.
    pub version: Option<u32>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decided {
    /// False if the gate was decided before, as `gate` then shows, or if the request changed after the person saw it.
    pub first: bool,
    pub gate: GateRecord,
}

/// The reasons for which a decision is not written.
#[derive(Clone, Copy)]
enum Conflict {
    AlreadyDecided,
    AnotherVersion,
}

fn sort_key(key: &RequestKey, gate: &Gate) -> String {
    format!("{}#{}", key.request, gate.key())
}

fn gate_key(key: &RequestKey, gate: &Gate) -> Item {
    item([("org", text(key.org.as_str())), ("gate", text(sort_key(key, gate)))])
}

impl Store {
    /// Records that a state waits at the gate. Replaces the task token of an earlier visit, but never a decision.
    /// `closes_at` is fixed by the first visit, so that a repeated visit does not extend the wait.
    pub async fn enter_gate(
        &self,
        key: &RequestKey,
        gate: &Gate,
        token: &str,
        closes_at: DateTime<Utc>,
    ) -> Result<GateRecord, StepError> {
        let entered = update(
            TABLE,
            gate_key(key, gate),
            "SET #t = :t, closes_at = if_not_exists(closes_at, :c)",
        );
        let entered = entered.name("#t", "token").value(":t", text(token));
        let entered = entered.value(":c", text(closes_at.to_rfc3339()));
        let found = self.write_and_read("entering a gate", entered).await?;
        decode(TABLE, found)
    }

    /// Reopens a gate for a resumed request, after the request's end has retired the gate. A decision stays; an
    /// undecided gate starts anew.
    pub async fn reopen_gate(&self, key: &RequestKey, gate: &Gate, closes_at: DateTime<Utc>) -> Result<(), StepError> {
        let reopened = update(TABLE, gate_key(key, gate), "SET closes_at = :c REMOVE expires_at")
            .value(":c", text(closes_at.to_rfc3339()))
            .when("attribute_exists(expires_at)");
        self.write_if("reopening a gate", reopened).await.map(|_| ())
    }

    pub async fn gate(&self, key: &RequestKey, gate: &Gate) -> Result<Option<GateRecord>, StepError> {
        let found = self.item("reading a gate", TABLE, gate_key(key, gate)).await?;
        let live = found.filter(|found| !has_expired(found, Utc::now()));
        live.map(|found| decode(TABLE, found)).transpose()
    }

    /// All gates at which the request has waited.
    pub async fn gates(&self, key: &RequestKey) -> Result<Vec<(Gate, GateRecord)>, StepError> {
        let items = self.gate_items(key).await?;
        let gates = items.into_iter().map(|found| {
            let name = optional_text(&found, "gate").and_then(|name| name.split_once('#'));
            let gate = name.and_then(|(_, name)| Gate::parse(name).ok());
            let gate = gate.ok_or_else(|| wrong_attribute(TABLE, "gate"))?;
            Ok((gate, decode(TABLE, found)?))
        });
        gates.collect()
    }

    async fn gate_items(&self, key: &RequestKey) -> Result<Vec<Item>, StepError> {
        let gates = self
            .query(TABLE)
            .key_condition_expression("org = :o AND begins_with(gate, :g)")
            .expression_attribute_values(":o", text(key.org.as_str()))
            .expression_attribute_values(":g", text(format!("{}#", key.request)))
            .consistent_read(true);
        all_items("reading the gates", gates).await
    }

    /// Decides the gate in a single conditional write. Every later caller gets the recorded decision.
    pub async fn decide(&self, key: &RequestKey, gate: &Gate, new: NewDecision<'_>) -> Result<Decided, StepError> {
        let reason = new.reason.map(|reason| format!(": {reason}")).unwrap_or_default();
        let decision = format!("{} by {}{reason}", new.decision.as_str(), new.via);
        let entry = AuditEntry::now(new.who, "gate.decided", &sort_key(key, gate)).changed(None, Some(decision));
        let mut tx = self.tx("deciding a gate");
        tx.add(decision_update(key, gate, new).or(Conflict::AlreadyDecided));
        tx.audit(&key.org, &entry)?;
        if let Some(version) = new.version {
            tx.add(request_is_at(key, version).or(Conflict::AnotherVersion));
        }
        let first = tx.commit().await?.is_done();
        let gate = self.gate(key, gate).await?;
        let gate = gate.ok_or_else(|| StepError::Permanent("the gate does not exist".to_owned()))?;
        Ok(Decided { first, gate })
    }

    /// Makes the request's gates and links expire some time after its end.
    pub async fn retire_gates(&self, key: &RequestKey) -> Result<(), StepError> {
        let until = (Utc::now() + Duration::days(DAYS_AFTER_END)).timestamp();
        for found in self.gate_items(key).await? {
            let hashes = found
                .get("links")
                .and_then(|v| v.as_ss().ok())
                .cloned()
                .unwrap_or_default();
            for hash in hashes {
                self.retire_capability(&hash, until).await?;
            }
            let Some(gate) = found.get("gate").cloned() else {
                continue;
            };
            // The task token is no longer needed.
            let retired = update(
                TABLE,
                item([("org", text(key.org.as_str())), ("gate", gate)]),
                "SET expires_at = :u REMOVE #t",
            );
            let retired = retired.name("#t", "token").value(":u", number(until));
            self.write("retiring a gate", retired).await?;
        }
        Ok(())
    }

    /// Records the hashes of the gate's links, so that the links can be retired with the gate.
    pub(crate) async fn remember_links(
        &self,
        key: &RequestKey,
        gate: &Gate,
        hashes: Vec<String>,
    ) -> Result<(), StepError> {
        let links = update(TABLE, gate_key(key, gate), "ADD links :h").value(":h", AttributeValue::Ss(hashes));
        self.write("remembering links", links).await
    }
}

/// Part of a cancellation: closes the gate.
pub(crate) fn gate_cancel(key: &RequestKey, gate: &Gate, by: &str) -> Conditional {
    let cancelled = NewDecision {
        decision: Decision::Cancelled,
        by,
        who: by,
        via: "session",
        reason: None,
        version: None,
    };
    decision_update(key, gate, cancelled)
}

/// Part of a transaction: requires that the gate is undecided.
pub(crate) fn gate_is_open(key: &RequestKey, gate: &Gate) -> Conditional {
    check(TABLE, gate_key(key, gate)).when("attribute_not_exists(decision)")
}

fn decision_update(key: &RequestKey, gate: &Gate, new: NewDecision<'_>) -> Conditional {
    let mut set = "SET decision = :d, decided_by = :b, decided_via = :v, decided_at = :at".to_owned();
    if new.reason.is_some() {
        set.push_str(", reason = :r");
    }
    let mut decided = update(TABLE, gate_key(key, gate), set)
        .value(":d", text(new.decision.as_str()))
        .value(":b", text(new.by))
        .value(":v", text(new.via))
        .value(":at", text(Utc::now().to_rfc3339()));
    if let Some(reason) = new.reason {
        decided = decided.value(":r", text(reason.as_str()));
    }
    decided.when("attribute_exists(gate) AND attribute_not_exists(decision)")
}
