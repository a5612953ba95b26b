//! Resuming a request that ended with a failed step.

use aws_sdk_dynamodb::types::{TransactWriteItem, Update};
use domain::request::{Skip, Status, TimelineEvent};
use domain::step_error::StepError;
use domain::timeline::StepName;

use crate::audit::AuditEntry;
use crate::aws_error::{aws_error, failed_conditions, is_conflict, stored_shape};
use crate::requests::{RequestRecord, TABLE, in_the_way, org_status, request_sk};
use crate::{Store, number, text};

/// Stands for the step that begins last until the resumed execution begins its first one.
pub const STEP: StepName = StepName::Resume;

impl RequestRecord {
    /// The name under which something is told once: after a resume it is told again.
    pub fn once_more(&self, name: &str) -> String {
        match self.resumed {
            Some(run) => format!("{name}-{run}"),
            None => name.to_owned(),
        }
    }

    /// The same for what belongs to the approval: it is told again where approval is asked for again.
    pub fn once_an_approval(&self, name: &str) -> String {
        match self.plan.approval_again {
            0 => self.once_more(name),
            again => self.once_more(&format!("{name}-again-{again}")),
        }
    }

    /// Whether the event is a warning that still holds: what failed before a resume does not.
    pub fn is_warned_by(&self, event: &TimelineEvent) -> bool {
        event.warning && event.failed_in.is_none_or(|run| Some(run) >= self.resumed)
    }

    /// The steps whose failure still holds, the last one last.
    pub fn failed_steps<'a>(&'a self, timeline: &'a [TimelineEvent]) -> Vec<&'a str> {
        let failed = timeline
            .iter()
            .filter(|event| event.failed_in.is_some() && self.is_warned_by(event));
        let mut steps: Vec<&str> = failed.map(|event| event.step.as_str()).collect();
        // The end may have been written without anybody telling of the step.
        if self.status == Status::Failed && steps.is_empty() {
            steps.extend(self.step.as_deref());
        }
        steps.dedup();
        steps
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resumed {
    Yes,
    /// The request is not as it was read any more.
    No,
    /// Another open request has the username.
    UsernameReserved,
}

impl Store {
    /// Opens an ended request again for the execution RUN + 1: in one write with the reservation of the username, which
    /// the end has freed, and with the audit. `skip`: what is left out, and why.
    pub async fn resume(
        &self,
        record: &RequestRecord,
        by: &str,
        skip: Option<(Skip, &str)>,
    ) -> Result<Resumed, StepError> {
        let key = record.key();
        let shape = |_| stored_shape(TABLE);
        let next = number(i64::from(record.run) + 1);
        let mut skipped = record.skipped.clone();
        skipped.extend(skip.map(|(step, _)| step));
        let update = Update::builder()
            .table_name(self.table(TABLE))
            .key("org", text(key.org.as_str()))
            .key("sk", text(request_sk(&key.request)))
            .update_expression(
                "SET #st = :to, org_status = :os, #run = :next, resumed = :next, skipped = :skipped, step = :step \
                 REMOVE ended_at",
            )
            .condition_expression("#run = :r AND #st = :from AND attribute_exists(ended_at)")
            .expression_attribute_names("#run", "run")
            .expression_attribute_names("#st", "status")
            .expression_attribute_values(":r", number(record.run.into()))
            .expression_attribute_values(":next", next)
            .expression_attribute_values(":step", text(STEP.as_str()))
            .expression_attribute_values(":from", text(record.status.as_str()))
            .expression_attribute_values(":to", text(Status::Running.as_str()))
            .expression_attribute_values(":os", org_status(&key.org, Status::Running))
            .expression_attribute_values(":skipped", serde_dynamo::to_attribute_value(&skipped).map_err(shape)?)
            .build()
            .map_err(|_| stored_shape(TABLE))?;
        let words = skip.map(|(step, reason)| format!("skip {step}: {reason}"));
        let entry = AuditEntry::now(by, "request.resumed", key.request.as_str())
            .changed(Some(record.status.as_str().to_owned()), words);
        let result = self
            .db
            .transact_write_items()
            .transact_items(TransactWriteItem::builder().update(update).build())
            .transact_items(self.reserve_username(&key.org, &record.plan.upn, &key.request, None)?)
            .transact_items(self.audit_put(&key.org, &entry)?)
            .send()
            .await;
        match result {
            Ok(_) => Ok(Resumed::Yes),
            Err(error) => match failed_conditions(&error) {
                Some(failed) if failed.first() == Some(&true) => Ok(Resumed::No),
                Some(_) => Ok(Resumed::UsernameReserved),
                None if is_conflict(&error) => Err(in_the_way()),
                None => Err(aws_error("resuming a request", &error)),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::requests::tests::stored;

    #[test]
    fn a_resume_makes_up_for_what_failed_before_it_and_for_nothing_else() {
        let form = json!({"first_name": "Ada", "last_name": "Lovelace"});
        let mut record = stored("onboarding", form);
        let event = |step: &str, failed_in: Option<u32>| TimelineEvent {
            at: record.created_at,
            step: step.to_owned(),
            event: "failed".to_owned(),
            detail: String::new(),
            warning: true,
            failed_in,
            people: Vec::new(),
        };
        let timeline = [
            event("create-user", Some(1)),
            event("add-groups", None),
            event("find-license", Some(2)),
        ];
        assert_eq!(record.failed_steps(&timeline), ["create-user", "find-license"]);
        assert_eq!(record.once_more("summary"), "summary");
        record.resumed = Some(2);
        record.run = 2;
        assert_eq!(record.failed_steps(&timeline), ["find-license"]);
        assert_eq!(
            timeline.each_ref().map(|event| record.is_warned_by(event)),
            [false, true, true]
        );
        assert_eq!(record.once_more("summary"), "summary-2");
        record.resumed = Some(3);
        assert_eq!(record.failed_steps(&timeline), Vec::<&str>::new());
        (record.status, record.step) = (Status::Failed, Some("finish".to_owned()));
        assert_eq!(record.failed_steps(&timeline), ["finish"]);
    }
}
