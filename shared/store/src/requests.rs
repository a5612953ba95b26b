//! Requests: one item each, changed only by conditional writes.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{AttributeValue, ConditionCheck, Delete, TransactWriteItem, Update};
use chrono::{DateTime, NaiveDate, Utc};
use domain::ids::{OrgId, RequestId};
use domain::job::About;
use domain::job::{Job, Kind};
use domain::request::{LicenseState, Outcome, Plan, RequestKey, Requester, Skip, Status, TicketRef, UserRef};
use domain::step_error::StepError;
use serde::{Deserialize, Serialize};

use crate::aws_error::{aws_error, failed_conditions, is_conflict, stored_shape};
use crate::{Store, number, text};

pub(crate) const TABLE: &str = "requests";

/// A request as it is stored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RequestRecord {
    pub org: OrgId,
    pub id: RequestId,
    pub status: Status,
    /// Number of the execution that works on it.
    pub run: u32,
    /// Under the name of its kind.
    #[serde(flatten)]
    pub job: Job,
    pub plan: Plan,
    pub requester: Requester,
    pub created_at: DateTime<Utc>,
    /// The step that began last: where a failure is looked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<TicketRef>,
    /// Known from the beginning for a leaver, and from its creation for somebody new.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<UserRef>,
    /// By SKU part number.
    #[serde(default)]
    pub licenses: BTreeMap<String, LicenseState>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<DateTime<Utc>>,
    /// Number of the execution that the last resume began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resumed: Option<u32>,
    /// What an admin left out on resuming it.
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

    /// Whether the person, by any address of theirs, asked for it or is the one who leaves or comes back:
    /// then somebody else approves it.
    pub fn concerns(&self, address: &str) -> bool {
        let asked = self.requester.email.iter().chain(&self.plan.requester_addresses);
        let upn = std::iter::once(&self.plan.upn).filter(|_| self.kind() == Kind::Offboarding);
        asked
            .chain(upn)
            .chain(&self.plan.subject_addresses)
            .any(|own| own.trim().eq_ignore_ascii_case(address.trim()))
    }

    /// For texts.
    pub fn about(&self) -> About<'_> {
        About {
            kind: self.kind(),
            name: &self.plan.display_name,
        }
    }
}

/// What a conditional change of a request came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Changed {
    Yes,
    /// The request is not in a state that allows it (any more).
    No,
}

/// What another date leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moving {
    /// Nobody has decided on the request yet.
    InPlace,
    NextExecution,
    /// The next execution tells the approvers of the later date.
    TellApprovers,
    /// The next execution asks for approval again, at another gate.
    AskAgain,
}

/// Who gives a request another date: for the audit, and as people are told.
#[derive(Debug, Clone, Copy)]
pub struct Mover<'a> {
    pub id: &'a str,
    pub name: &'a str,
    pub email: Option<&'a str>,
}

pub(crate) fn request_sk(id: &RequestId) -> String {
    format!("request#{id}")
}

pub(crate) fn username_sk(upn: &str) -> String {
    format!("username#{}", upn.to_lowercase())
}

pub(crate) fn org_status(org: &OrgId, status: Status) -> AttributeValue {
    text(format!("{org}#{}", status.as_str()))
}

/// The item of a request, with the keys of its indexes.
pub(crate) fn to_item(record: &RequestRecord) -> Result<HashMap<String, AttributeValue>, StepError> {
    let mut item: HashMap<String, AttributeValue> = serde_dynamo::to_item(record).map_err(|_| stored_shape(TABLE))?;
    item.insert("sk".to_owned(), text(request_sk(&record.id)));
    item.insert("org_status".to_owned(), org_status(&record.org, record.status));
    item.insert("listed_org".to_owned(), text(record.org.as_str()));
    Ok(item)
}

fn from_item(item: HashMap<String, AttributeValue>) -> Result<RequestRecord, StepError> {
    serde_dynamo::from_item(item).map_err(|_| stored_shape(TABLE))
}

impl Store {
    pub async fn request(&self, key: &RequestKey) -> Result<Option<RequestRecord>, StepError> {
        let answer = self
            .db
            .get_item()
            .table_name(self.table(TABLE))
            .key("org", text(key.org.as_str()))
            .key("sk", text(request_sk(&key.request)))
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| aws_error("reading a request", &error))?;
        answer.item.map(from_item).transpose()
    }

    /// Newest first, at most `limit`, from before the request `before`.
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
            .db
            .query()
            .table_name(self.table(TABLE))
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
        answer.items.unwrap_or_default().into_iter().map(from_item).collect()
    }

    /// Oldest first, at most `most`; and whether there are more.
    pub async fn oldest_requests(
        &self,
        org: &OrgId,
        status: Status,
        most: usize,
    ) -> Result<(Vec<RequestRecord>, bool), StepError> {
        let mut items = self
            .db
            .query()
            .table_name(self.table(TABLE))
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
            records.push(from_item(item.map_err(|error| aws_error("listing requests", &error))?)?);
        }
        Ok((records, false))
    }

    /// Marks that `step` of execution `run` begins and answers the request; `None` if another execution took over.
    pub async fn begin_step(&self, key: &RequestKey, run: u32, step: &str) -> Result<Option<RequestRecord>, StepError> {
        let result = self
            .update(key)
            .update_expression("SET step = :s")
            .condition_expression("#run = :r")
            .expression_attribute_names("#run", "run")
            .expression_attribute_values(":s", text(step))
            .expression_attribute_values(":r", number(run.into()))
            .return_values(aws_sdk_dynamodb::types::ReturnValue::AllNew)
            .send()
            .await;
        match result {
            Ok(answer) => answer.attributes.map(from_item).transpose(),
            Err(SdkError::ServiceError(e)) if e.err().is_conditional_check_failed_exception() => Ok(None),
            Err(error) => Err(aws_error("beginning a step", &error)),
        }
    }

    /// Moves the request on if it is in one of the states `from`, in execution `run`.
    pub async fn move_status(
        &self,
        key: &RequestKey,
        run: u32,
        from: &[Status],
        to: Status,
    ) -> Result<Changed, StepError> {
        let names: Vec<String> = (0..from.len()).map(|i| format!(":f{i}")).collect();
        let mut update = self
            .update(key)
            .update_expression("SET #st = :to, org_status = :os")
            .condition_expression(format!("#run = :r AND #st IN ({})", names.join(", ")))
            .expression_attribute_names("#run", "run")
            .expression_attribute_names("#st", "status")
            .expression_attribute_values(":r", number(run.into()))
            .expression_attribute_values(":to", text(to.as_str()))
            .expression_attribute_values(":os", org_status(&key.org, to));
        for (name, status) in names.into_iter().zip(from) {
            update = update.expression_attribute_values(name, text(status.as_str()));
        }
        changed("changing the status", update.send().await)
    }

    pub async fn set_ticket(&self, key: &RequestKey, ticket: &TicketRef) -> Result<(), StepError> {
        self.set(key, "ticket", ticket).await
    }

    pub async fn set_user(&self, key: &RequestKey, user: &UserRef) -> Result<(), StepError> {
        self.set(key, "user", user).await
    }

    pub async fn set_license(&self, key: &RequestKey, part_number: &str, state: LicenseState) -> Result<(), StepError> {
        let state = serde_dynamo::to_attribute_value(state).map_err(|_| stored_shape(TABLE))?;
        self.update(key)
            .update_expression("SET licenses.#n = :v")
            .condition_expression("attribute_exists(sk)")
            .expression_attribute_names("#n", part_number)
            .expression_attribute_values(":v", state)
            .send()
            .await
            .map(|_| ())
            .map_err(|error| aws_error("recording a license", &error))
    }

    /// Takes the wish of another username, while this request may still choose: frees the old, reserves the new one.
    pub async fn change_upn(&self, key: &RequestKey, old: &str, new: &str) -> Result<Changed, StepError> {
        let shape = |_| stored_shape(TABLE);
        let update = Update::builder()
            .table_name(self.table(TABLE))
            .key("org", text(key.org.as_str()))
            .key("sk", text(request_sk(&key.request)))
            .update_expression("SET #p.upn = :n")
            .expression_attribute_names("#p", "plan")
            .expression_attribute_values(":n", text(new))
            .build()
            .map_err(shape)?;
        let delete = Delete::builder()
            .table_name(self.table(TABLE))
            .key("org", text(key.org.as_str()))
            .key("sk", text(username_sk(old)))
            .build()
            .map_err(shape)?;
        let result = self
            .db
            .transact_write_items()
            .transact_items(TransactWriteItem::builder().update(update).build())
            .transact_items(TransactWriteItem::builder().delete(delete).build())
            .transact_items(self.reserve_username(&key.org, new, &key.request, None)?)
            .send()
            .await;
        transacted("changing the username", result)
    }

    /// Cancels while the request waits for approval or its date. The approval's gate is closed by the same write, so a
    /// click and a cancellation at once give one of the two. The next execution, RUN + 1, tells the ticket.
    pub async fn cancel(&self, record: &RequestRecord, by: &str) -> Result<Changed, StepError> {
        let result = self
            .db
            .transact_write_items()
            .set_transact_items(Some(self.cancellation(record, by)?))
            .send()
            .await;
        match result {
            Ok(_) => Ok(Changed::Yes),
            Err(error) if failed_conditions(&error).is_some() => Ok(Changed::No),
            Err(error) if is_conflict(&error) => Err(in_the_way()),
            Err(error) => Err(aws_error("cancelling a request", &error)),
        }
    }

    /// A cancellation as parts of a transaction.
    pub(crate) fn cancellation(&self, record: &RequestRecord, by: &str) -> Result<Vec<TransactWriteItem>, StepError> {
        let key = record.key();
        let update = Update::builder()
            .table_name(self.table(TABLE))
            .key("org", text(key.org.as_str()))
            .key("sk", text(request_sk(&key.request)))
            .update_expression("SET #st = :to, org_status = :os, #run = :next")
            .condition_expression("#run = :r AND #st = :from")
            .expression_attribute_names("#run", "run")
            .expression_attribute_names("#st", "status")
            .expression_attribute_values(":r", number(record.run.into()))
            .expression_attribute_values(":next", number(i64::from(record.run) + 1))
            .expression_attribute_values(":from", text(record.status.as_str()))
            .expression_attribute_values(":to", text(Status::Cancelled.as_str()))
            .expression_attribute_values(":os", org_status(&key.org, Status::Cancelled))
            .build()
            .map_err(|_| stored_shape(TABLE))?;
        let mut parts = vec![TransactWriteItem::builder().update(update).build()];
        if record.status == Status::WaitingApproval {
            parts.push(self.gate_cancel(&key, &record.plan.approval_gate(), by)?);
        }
        let entry = crate::audit::AuditEntry::now(by, "request.cancelled", key.request.as_str());
        parts.push(self.audit_put(&key.org, &entry)?);
        Ok(parts)
    }

    /// Another date. While scheduled the next execution takes over; while waiting for approval the running one reads the
    /// new date later. What an approver sees has another version from then on.
    pub async fn reschedule(
        &self,
        record: &RequestRecord,
        date: NaiveDate,
        start_at: Option<DateTime<Utc>>,
        moving: Moving,
        by: Mover<'_>,
    ) -> Result<Changed, StepError> {
        let key = record.key();
        let shape = |_| stored_shape(TABLE);
        let mut plan = record.plan.clone();
        plan.start_at = start_at;
        plan.version += 1;
        plan.moved_by = (moving == Moving::TellApprovers).then(|| by.name.to_owned());
        let (next_run, status) = match moving {
            Moving::InPlace => (false, record.status),
            Moving::NextExecution | Moving::TellApprovers => (true, record.status),
            Moving::AskAgain => {
                plan.approval_again += 1;
                // Whoever wants the earlier date does not agree to it as well.
                plan.requester_addresses.extend(by.email.map(str::to_owned));
                (true, Status::Running)
            }
        };
        let update = Update::builder()
            .table_name(self.table(TABLE))
            .key("org", text(key.org.as_str()))
            .key("sk", text(request_sk(&key.request)))
            .update_expression("SET #plan = :p, #job.#date = :d, #run = :next, #st = :to, org_status = :os")
            .condition_expression("#run = :r AND #st = :from AND #plan.version = :version")
            .expression_attribute_names("#plan", "plan")
            .expression_attribute_names("#job", record.kind().as_str())
            .expression_attribute_names("#date", record.kind().date_field())
            .expression_attribute_names("#run", "run")
            .expression_attribute_names("#st", "status")
            .expression_attribute_values(":p", serde_dynamo::to_attribute_value(&plan).map_err(shape)?)
            .expression_attribute_values(":d", text(date.to_string()))
            .expression_attribute_values(":r", number(record.run.into()))
            .expression_attribute_values(":next", number(i64::from(record.run) + i64::from(next_run)))
            .expression_attribute_values(":from", text(record.status.as_str()))
            .expression_attribute_values(":version", number(record.plan.version.into()))
            .expression_attribute_values(":to", text(status.as_str()))
            .expression_attribute_values(":os", org_status(&key.org, status))
            .build()
            .map_err(|_| stored_shape(TABLE))?;
        let entry = crate::audit::AuditEntry::now(by.id, "request.rescheduled", key.request.as_str())
            .changed(record.job.date().map(|d| d.to_string()), Some(date.to_string()));
        let mut transaction = self
            .db
            .transact_write_items()
            .transact_items(TransactWriteItem::builder().update(update).build())
            .transact_items(self.audit_put(&key.org, &entry)?);
        if moving == Moving::InPlace {
            // A decision is about the version that was seen, and this makes another one.
            transaction = transaction.transact_items(self.gate_is_open(&key, &record.plan.approval_gate())?);
        }
        transacted("rescheduling a request", transaction.send().await)
    }

    /// As a part of a transaction: the request is as somebody saw it.
    pub(crate) fn request_is_at(&self, key: &RequestKey, version: u32) -> Result<TransactWriteItem, StepError> {
        let check = ConditionCheck::builder()
            .table_name(self.table(TABLE))
            .key("org", text(key.org.as_str()))
            .key("sk", text(request_sk(&key.request)))
            .condition_expression("#plan.version = :version")
            .expression_attribute_names("#plan", "plan")
            .expression_attribute_values(":version", number(version.into()))
            .build()
            .map_err(|_| stored_shape(TABLE))?;
        Ok(TransactWriteItem::builder().condition_check(check).build())
    }

    /// Takes over from execution `run` to write the end that it could not write itself.
    pub async fn take_over(&self, key: &RequestKey, run: u32) -> Result<Changed, StepError> {
        let update = self
            .update(key)
            .update_expression("SET #run = :next")
            .condition_expression("#run = :r AND attribute_not_exists(ended_at)")
            .expression_attribute_names("#run", "run")
            .expression_attribute_values(":r", number(run.into()))
            .expression_attribute_values(":next", number(i64::from(run) + 1));
        changed("taking over a request", update.send().await)
    }

    /// Writes the end once; a second end changes nothing. Frees the reserved username by the same write: an ended request
    /// holds none, and what a resume has reserved again is not freed by a late twin of the end before.
    pub async fn end_request(&self, record: &RequestRecord, outcome: Outcome) -> Result<(), StepError> {
        let key = record.key();
        let status = Status::from(outcome);
        let update = Update::builder()
            .table_name(self.table(TABLE))
            .key("org", text(key.org.as_str()))
            .key("sk", text(request_sk(&key.request)))
            .update_expression("SET #st = :to, org_status = :os, ended_at = :at")
            .condition_expression("#run = :r AND attribute_not_exists(ended_at)")
            .expression_attribute_names("#run", "run")
            .expression_attribute_names("#st", "status")
            .expression_attribute_values(":r", number(record.run.into()))
            .expression_attribute_values(":to", text(status.as_str()))
            .expression_attribute_values(":os", org_status(&key.org, status))
            .expression_attribute_values(":at", text(Utc::now().to_rfc3339()))
            .build()
            .map_err(|_| stored_shape(TABLE))?;
        let mut transaction = self
            .db
            .transact_write_items()
            .transact_items(TransactWriteItem::builder().update(update).build());
        // A name that is not this request's must not keep it from ending.
        if self.username_holder(&key.org, &record.plan.upn).await?.as_ref() == Some(&key.request) {
            transaction = transaction.transact_items(self.free_username(&key.org, &record.plan.upn, &key.request)?);
        }
        match transaction.send().await {
            Ok(_) => Ok(()),
            Err(error) => match failed_conditions(&error) {
                Some(failed) if failed.first() == Some(&true) => Ok(()),
                Some(_) => Err(in_the_way()),
                None if is_conflict(&error) => Err(in_the_way()),
                None => Err(aws_error("recording the end", &error)),
            },
        }
    }

    fn update(&self, key: &RequestKey) -> aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder {
        self.db
            .update_item()
            .table_name(self.table(TABLE))
            .key("org", text(key.org.as_str()))
            .key("sk", text(request_sk(&key.request)))
    }

    async fn set<T: Serialize>(&self, key: &RequestKey, attribute: &str, value: &T) -> Result<(), StepError> {
        let value = serde_dynamo::to_attribute_value(value).map_err(|_| stored_shape(TABLE))?;
        self.update(key)
            .update_expression("SET #a = :v")
            .condition_expression("attribute_exists(sk)")
            .expression_attribute_names("#a", attribute)
            .expression_attribute_values(":v", value)
            .send()
            .await
            .map(|_| ())
            .map_err(|error| aws_error("changing a request", &error))
    }
}

/// What a transaction that begins with a conditional change came to.
pub(crate) fn transacted<T>(
    operation: &str,
    result: Result<T, SdkError<TransactWriteItemsError>>,
) -> Result<Changed, StepError> {
    match result {
        Ok(_) => Ok(Changed::Yes),
        Err(error) if failed_conditions(&error).is_some() => Ok(Changed::No),
        Err(error) if is_conflict(&error) => Err(in_the_way()),
        Err(error) => Err(aws_error(operation, &error)),
    }
}

/// A click or another change of the same request is being written: trying again finds what stands.
pub(crate) fn in_the_way() -> StepError {
    StepError::Transient("another change of the request is in the way".to_owned())
}

fn changed<T, R>(
    operation: &str,
    result: Result<T, SdkError<aws_sdk_dynamodb::operation::update_item::UpdateItemError, R>>,
) -> Result<Changed, StepError> {
    match result {
        Ok(_) => Ok(Changed::Yes),
        Err(SdkError::ServiceError(e)) if e.err().is_conditional_check_failed_exception() => Ok(Changed::No),
        Err(error) => Err(aws_error(operation, &error)),
    }
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
        let item: HashMap<String, AttributeValue> = serde_dynamo::to_item(record).unwrap();
        from_item(item).unwrap()
    }

    #[test]
    fn requests_concern_who_asked_and_who_leaves() {
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

    /// What the first version stored stays readable, and is written as it was.
    #[test]
    fn a_job_is_stored_under_the_name_of_its_kind() {
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
            assert_eq!(from_item(item).unwrap(), record);
        }
    }
}
