//! Requests: one item each, changed only by conditional writes.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_dynamodb::types::AttributeValue;
use chrono::{DateTime, NaiveDate, Utc};
use domain::ids::{OrgId, RequestId};
use domain::job::About;
use domain::job::{Job, Kind};
use domain::request::{LicenseState, Outcome, Plan, RequestKey, Requester, Skip, Status, TicketRef, UserRef};
use domain::step_error::StepError;
use serde::{Deserialize, Serialize};

use crate::audit::AuditEntry;
use crate::aws_error::aws_error;
use crate::gates::{gate_cancel, gate_is_open};
use crate::read::{Item, decode, decode_all, encode, encode_value, item};
use crate::submission::{free_username, reserve_username, username_key};
use crate::write::{Commit, Conditional, Tx, Write, check, delete, update};
use crate::{Store, number, text};

pub(crate) const TABLE: &str = "requests";

/// A request as it is stored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RequestRecord {
    pub org: OrgId,
    pub id: RequestId,
    pub status: Status,
    /// The number of the execution that works on the request.
    pub run: u32,
    /// The job, stored under the name of its kind.
    #[serde(flatten)]
    pub job: Job,
    pub plan: Plan,
    pub requester: Requester,
    pub created_at: DateTime<Utc>,
    /// The step that began last; a failure without an event is attributed to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<TicketRef>,
    /// The account: a leaver's from the beginning, a new user's after its creation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<UserRef>,
    /// The state of each license, by SKU part number.
    #[serde(default)]
    pub licenses: BTreeMap<String, LicenseState>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<DateTime<Utc>>,
    /// The number of the execution that the last resume started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resumed: Option<u32>,
    /// The steps that an admin left out when resuming the request.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub skipped: BTreeSet<Skip>,
}

impl RequestRecord {
    pub fn key(&self) -> RequestKey {
        RequestKey {
            org: self.org.clone(),
            request: self.id.clone(),
        }
    }

    pub fn kind(&self) -> Kind {
        self.job.kind()
    }

    /// Whether one of the addresses of the requester, the leaver or the rehired person is `address`. That person must
    /// not approve the request.
    pub fn concerns(&self, address: &str) -> bool {
        let asked = self.requester.email.iter().chain(&self.plan.requester_addresses);
        let upn = std::iter::once(&self.plan.upn).filter(|_| self.kind() == Kind::Offboarding);
        asked
            .chain(upn)
            .chain(&self.plan.subject_addresses)
            .any(|own| own.trim().eq_ignore_ascii_case(address.trim()))
    }

    /// The phrase by which texts name the request.
    pub fn about(&self) -> About<'_> {
        About {
            kind: self.kind(),
            name: &self.plan.display_name,
        }
    }
}

/// The result of a conditional change of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Changed {
    Yes,
    /// The request is not, or no longer, in a state that allows the change.
    No,
}

/// The effect of a new date on a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moving {
    /// Nobody has decided on the request yet, so only its date changes.
    InPlace,
    NextExecution,
    /// The next execution informs the approvers about the later date.
    TellApprovers,
    /// The next execution requests approval again, at another gate.
    AskAgain,
}

/// The person who changes the date: the id is for the audit, the name for people.
#[derive(Debug, Clone, Copy)]
pub struct Mover<'a> {
    pub id: &'a str,
    pub name: &'a str,
    pub email: Option<&'a str>,
}

impl From<bool> for Changed {
    fn from(held: bool) -> Self {
        if held { Self::Yes } else { Self::No }
    }
}

/// The reasons for which a change of a request is not written.
#[derive(Clone, Copy, PartialEq)]
enum Conflict {
    /// The request changed after it was read.
    Request,
    /// The gate was decided.
    Gate,
    /// Another request holds the username.
    Username,
}

/// The key of a request.
pub(crate) fn request_key(key: &RequestKey) -> Item {
    item([("org", text(key.org.as_str())), ("sk", text(request_sk(&key.request)))])
}

fn request_sk(id: &RequestId) -> String {
    format!("request#{id}")
}

fn org_status(org: &OrgId, status: Status) -> AttributeValue {
    text(format!("{org}#{}", status.as_str()))
}

/// The item of a request, including the keys of its indexes.
pub(crate) fn to_item(record: &RequestRecord) -> Result<Item, StepError> {
    let mut stored = encode(TABLE, record)?;
    stored.extend(request_key(&record.key()));
    stored.insert("org_status".to_owned(), org_status(&record.org, record.status));
    stored.insert("listed_org".to_owned(), text(record.org.as_str()));
    Ok(stored)
}

/// Sets the status and the key of the index by status. `expression` continues the `SET` clause; the placeholders `#st`,
/// `:to` and `:os` are taken.
fn with_status(key: &RequestKey, status: Status, expression: &str) -> Write {
    update(
        TABLE,
        request_key(key),
        format!("SET #st = :to, org_status = :os{expression}"),
    )
    .name("#st", "status")
    .value(":to", text(status.as_str()))
    .value(":os", org_status(&key.org, status))
}

/// Like [`with_status`], and also starts the next execution. The placeholders are `:r` for the number of the current
/// execution, `:next` for that of the next one, and `:from` for the status that was read.
pub(crate) fn with_next_run(record: &RequestRecord, status: Status, expression: &str) -> Write {
    with_status(&record.key(), status, &format!(", #run = :next{expression}"))
        .name("#run", "run")
        .value(":r", number(record.run.into()))
        .value(":next", number(i64::from(record.run) + 1))
        .value(":from", text(record.status.as_str()))
}

impl Store {
    pub async fn request(&self, key: &RequestKey) -> Result<Option<RequestRecord>, StepError> {
        self.read("reading a request", TABLE, request_key(key)).await
    }

    /// At most `limit` requests, newest first, older than the request `before`.
    pub async fn requests(
        &self,
        org: &OrgId,
        status: Option<Status>,
        before: Option<&RequestId>,
        limit: i32,
    ) -> Result<Vec<RequestRecord>, StepError> {
        let (index, attribute, value) = match status {
            Some(status) => ("by_status", "org_status", org_status(org, status)),
            None => ("by_org", "listed_org", text(org.as_str())),
        };
        let mut query = self
            .query(TABLE)
            .index_name(index)
            .expression_attribute_names("#p", attribute)
            .expression_attribute_values(":p", value)
            .scan_index_forward(false)
            .limit(limit);
        query = match before {
            Some(id) => query
                .key_condition_expression("#p = :p AND id < :b")
                .expression_attribute_values(":b", text(id.as_str())),
            None => query.key_condition_expression("#p = :p"),
        };
        let answer = query
            .send()
            .await
            .map_err(|error| aws_error("listing requests", &error))?;
        decode_all(TABLE, answer.items.unwrap_or_default())
    }

    /// At most `most` requests with this status, oldest first, and whether there are more.
    pub async fn oldest_requests(
        &self,
        org: &OrgId,
        status: Status,
        most: usize,
    ) -> Result<(Vec<RequestRecord>, bool), StepError> {
        let mut items = self
            .query(TABLE)
            .index_name("by_status")
            .key_condition_expression("org_status = :s")
            .expression_attribute_values(":s", org_status(org, status))
            .into_paginator()
            .items()
            .send();
        let mut records = Vec::new();
        while let Some(item) = items.next().await {
            if records.len() == most {
                return Ok((records, true));
            }
            let found = item.map_err(|error| aws_error("listing requests", &error))?;
            records.push(decode(TABLE, found)?);
        }
        Ok((records, false))
    }

    /// Records that `step` of execution `run` begins, and returns the request. Returns `None` if another execution took
    /// over.
    pub async fn begin_step(&self, key: &RequestKey, run: u32, step: &str) -> Result<Option<RequestRecord>, StepError> {
        let begun = update(TABLE, request_key(key), "SET step = :s")
            .name("#run", "run")
            .value(":s", text(step))
            .value(":r", number(run.into()))
            .when("#run = :r");
        let found = self.write_if_and_read("beginning a step", begun).await?;
        found.map(|found| decode(TABLE, found)).transpose()
    }

    /// Changes the status, if the request has one of the statuses `from` and execution `run` is its current one.
    pub async fn move_status(
        &self,
        key: &RequestKey,
        run: u32,
        from: &[Status],
        to: Status,
    ) -> Result<Changed, StepError> {
        let names: Vec<String> = (0..from.len()).map(|i| format!(":f{i}")).collect();
        let mut moved = with_status(key, to, "")
            .name("#run", "run")
            .value(":r", number(run.into()));
        for (name, status) in names.iter().zip(from) {
            moved = moved.value(name, text(status.as_str()));
        }
        let moved = moved.when(format!("#run = :r AND #st IN ({})", names.join(", ")));
        self.write_if("changing the status", moved).await.map(Into::into)
    }

    pub async fn set_ticket(&self, key: &RequestKey, ticket: &TicketRef) -> Result<(), StepError> {
        self.set(key, "ticket", ticket).await
    }

    pub async fn set_user(&self, key: &RequestKey, user: &UserRef) -> Result<(), StepError> {
        self.set(key, "user", user).await
    }

    pub async fn set_license(&self, key: &RequestKey, part_number: &str, state: LicenseState) -> Result<(), StepError> {
        let license = update(TABLE, request_key(key), "SET licenses.#n = :v")
            .name("#n", part_number)
            .value(":v", encode_value(TABLE, &state)?);
        self.write_or_fail("recording a license", license.if_exists("sk")).await
    }

    /// Changes the username while the request may still choose one: frees the old username and reserves the new one.
    pub async fn change_upn(&self, key: &RequestKey, old: &str, new: &str) -> Result<Changed, StepError> {
        let renamed = update(TABLE, request_key(key), "SET #p.upn = :n").name("#p", "plan");
        let mut tx = self.tx("changing the username");
        tx.add(renamed.value(":n", text(new)));
        tx.add(delete(TABLE, username_key(&key.org, old)));
        tx.add(reserve_username(&key.org, new, &key.request, None).or(Conflict::Username));
        Ok(tx.commit().await?.is_done().into())
    }

    /// Cancels a request that waits for approval or its date. The same write closes the approval gate, so of a
    /// simultaneous click and cancellation only one succeeds. The next execution, RUN + 1, updates the ticket.
    pub async fn cancel(&self, record: &RequestRecord, by: &str) -> Result<Changed, StepError> {
        let mut tx = self.tx("cancelling a request");
        cancel(&mut tx, record, by, Conflict::Request)?;
        Ok(tx.commit().await?.is_done().into())
    }

    /// Changes the date of a request. If it is scheduled, the next execution takes over; if it waits for approval, the
    /// running execution reads the new date later. From then on approvers see another version.
    pub async fn reschedule(
        &self,
        record: &RequestRecord,
        date: NaiveDate,
        start_at: Option<DateTime<Utc>>,
        moving: Moving,
        by: Mover<'_>,
    ) -> Result<Changed, StepError> {
        let key = record.key();
        let plan = moved_plan(record, start_at, moving, by);
        let entry = AuditEntry::now(by.id, "request.rescheduled", key.request.as_str())
            .changed(record.job.date().map(|d| d.to_string()), Some(date.to_string()));
        let mut tx = self.tx("rescheduling a request");
        tx.add(moved_request(record, &plan, date, moving)?.or(Conflict::Request));
        tx.audit(&key.org, &entry)?;
        if moving == Moving::InPlace {
            // A decision applies to the version that the person saw, and this change makes another one.
            tx.add(gate_is_open(&key, &record.plan.approval_gate()).or(Conflict::Gate));
        }
        Ok(tx.commit().await?.is_done().into())
    }

    /// Takes over from execution `run`, to record the end that it could not record itself.
    pub async fn take_over(&self, key: &RequestKey, run: u32) -> Result<Changed, StepError> {
        let taken = update(TABLE, request_key(key), "SET #run = :next")
            .name("#run", "run")
            .value(":r", number(run.into()))
            .value(":next", number(i64::from(run) + 1))
            .when("#run = :r AND attribute_not_exists(ended_at)");
        self.write_if("taking over a request", taken).await.map(Into::into)
    }

    /// Records the end once; a second end changes nothing. The same write frees the reserved username, so an ended
    /// request reserves none. A late repetition of an end does not free the reservation of a resumed request.
    pub async fn end_request(&self, record: &RequestRecord, outcome: Outcome) -> Result<(), StepError> {
        let key = record.key();
        let ended = with_status(&key, outcome.into(), ", ended_at = :at")
            .name("#run", "run")
            .value(":r", number(record.run.into()))
            .value(":at", text(Utc::now().to_rfc3339()))
            .when("#run = :r AND attribute_not_exists(ended_at)");
        let mut tx = self.tx("recording the end");
        tx.add(ended.or(Conflict::Request));
        // A username reserved by another request must not keep this one from ending.
        if self.username_holder(&key.org, &record.plan.upn).await?.as_ref() == Some(&key.request) {
            tx.add(free_username(&key.org, &record.plan.upn, &key.request).or(Conflict::Username));
        }
        match tx.commit().await? {
            Commit::Refused(conflicts) if !conflicts.contains(&Conflict::Request) => Err(StepError::Transient(
                "recording the end: the username was given away at this moment".to_owned(),
            )),
            Commit::Done | Commit::Refused(_) => Ok(()),
        }
    }

    async fn set<T: Serialize>(&self, key: &RequestKey, attribute: &str, value: &T) -> Result<(), StepError> {
        let set = update(TABLE, request_key(key), "SET #a = :v")
            .name("#a", attribute)
            .value(":v", encode_value(TABLE, value)?);
        self.write_or_fail("changing a request", set.if_exists("sk")).await
    }
}

/// Adds the cancellation of a request that waits for approval or its date.
pub(crate) fn cancel<C: Copy>(
    tx: &mut Tx<'_, C>,
    record: &RequestRecord,
    by: &str,
    conflict: C,
) -> Result<(), StepError> {
    let key = record.key();
    let cancelled = with_next_run(record, Status::Cancelled, "").when("#run = :r AND #st = :from");
    tx.add(cancelled.or(conflict));
    if record.status == Status::WaitingApproval {
        tx.add(gate_cancel(&key, &record.plan.approval_gate(), by).or(conflict));
    }
    let entry = AuditEntry::now(by, "request.cancelled", key.request.as_str());
    tx.audit(&key.org, &entry).map(|_| ())
}

/// Part of a transaction: requires that the request has the version that a person saw.
pub(crate) fn request_is_at(key: &RequestKey, version: u32) -> Conditional {
    let seen = check(TABLE, request_key(key)).name("#plan", "plan");
    seen.value(":version", number(version.into()))
        .when("#plan.version = :version")
}

fn moved_plan(record: &RequestRecord, start_at: Option<DateTime<Utc>>, moving: Moving, by: Mover<'_>) -> Plan {
    let mut plan = record.plan.clone();
    plan.start_at = start_at;
    plan.version += 1;
    plan.moved_by = (moving == Moving::TellApprovers).then(|| by.name.to_owned());
    if moving == Moving::AskAgain {
        plan.approval_again += 1;
        // A person who changes the date must not also approve it.
        plan.requester_addresses.extend(by.email.map(str::to_owned));
    }
    plan
}

fn moved_request(
    record: &RequestRecord,
    plan: &Plan,
    date: NaiveDate,
    moving: Moving,
) -> Result<Conditional, StepError> {
    let status = match moving {
        Moving::AskAgain => Status::Running,
        Moving::InPlace | Moving::NextExecution | Moving::TellApprovers => record.status,
    };
    let next = i64::from(record.run) + i64::from(moving != Moving::InPlace);
    Ok(with_next_run(record, status, ", #plan = :p, #job.#date = :d")
        .name("#plan", "plan")
        .name("#job", record.kind().as_str())
        .name("#date", record.kind().date_field())
        .value(":p", encode_value(TABLE, plan)?)
        .value(":d", text(date.to_string()))
        .value(":next", number(next))
        .value(":version", number(record.plan.version.into()))
        .when("#run = :r AND #st = :from AND #plan.version = :version"))
}

#[cfg(test)]
pub(crate) mod tests {
    use serde_json::json;

    use super::*;

    pub(crate) fn stored(job: &str, form: serde_json::Value) -> RequestRecord {
        let mut record = json!({
            "org": "acme", "id": "r019f0000000070008000000000000001", "status": "scheduled", "run": 1,
            "plan": {"upn": "ada@acme.example", "display_name": "Ada Lovelace", "licenses": [],
                "approval_required": false, "approvers": []},
            "requester": {"id": "token:test"}, "created_at": "2026-11-21T19:00:00Z", "licenses": {},
        });
        record[job] = form;
        decode(TABLE, encode(TABLE, &record).unwrap()).unwrap()
    }

    #[test]
    fn request_concerns_its_requester_and_the_leaver() {
        let mut onboarding = stored(
            "onboarding",
            json!({"first_name": "Ada", "single_name": true, "license_purchase": "auto"}),
        );
        assert!(!onboarding.concerns("ada@acme.example"));
        onboarding.requester.email = Some("Mary@acme.example".to_owned());
        assert!(onboarding.concerns(" mary@ACME.example") && !onboarding.concerns("hr@acme.example"));
        onboarding.plan.requester_addresses = vec!["m.smith@acme.example".to_owned()];
        assert!(onboarding.concerns("M.Smith@acme.example") && onboarding.concerns("mary@acme.example"));
        let mut offboarding = stored("offboarding", json!({"user": "ada@acme.example"}));
        assert!(offboarding.concerns("Ada@acme.example") && !offboarding.concerns("ada.lovelace@acme.example"));
        offboarding.plan.subject_addresses = vec!["Ada.Lovelace@acme.example".to_owned()];
        assert!(offboarding.concerns("ada.lovelace@acme.example") && offboarding.concerns("ada@acme.example"));
    }

    /// Items stored by the first version stay readable and keep their format.
    #[test]
    fn job_is_stored_under_the_name_of_its_kind() {
        let form =
            json!({"first_name": "Ada", "last_name": "Lovelace", "single_name": false, "license_purchase": "auto"});
        let onboarding = stored("onboarding", form);
        assert_eq!(onboarding.kind(), Kind::Onboarding);
        assert_eq!(onboarding.about().to_string(), "onboarding of Ada Lovelace");
        let offboarding = stored(
            "offboarding",
            json!({"user": "ada@acme.example", "last_day": "2026-12-01"}),
        );
        assert_eq!(offboarding.kind(), Kind::Offboarding);
        for record in [onboarding, offboarding] {
            let item = to_item(&record).unwrap();
            assert!(
                item[record.kind().as_str()].is_m() && !item.contains_key("job"),
                "{item:?}"
            );
            assert_eq!(decode::<RequestRecord>(TABLE, item).unwrap(), record);
        }
    }
}
