//! Resumes a request that ended with a failed step.

use domain::request::{Skip, Status, TimelineEvent};
use domain::step_error::StepError;
use domain::timeline::StepName;

use crate::audit::AuditEntry;
use crate::read::encode_value;
use crate::requests::{RequestRecord, TABLE, with_next_run};
use crate::submission::reserve_username;
use crate::write::Commit;
use crate::{Store, text};

/// Recorded as the current step until the first step of the resumed execution begins.
pub const STEP: StepName = StepName::Resume;

impl RequestRecord {
    /// A name under which something is reported once, and once more after each resume.
    pub fn once_more(&self, name: &str) -> String {
        match self.resumed {
            Some(run) => format!("{name}-{run}"),
            None => name.to_owned(),
        }
    }

    /// Like [`RequestRecord::once_more`], for reports about the approval. They are also repeated when approval is
    /// requested again.
    pub fn once_an_approval(&self, name: &str) -> String {
        match self.plan.approval_again {
            0 => self.once_more(name),
            again => self.once_more(&format!("{name}-again-{again}")),
        }
    }

    /// Whether the event is a warning that still applies. Failures before a resume do not apply any more.
    pub fn is_warned_by(&self, event: &TimelineEvent) -> bool {
        event.warning && event.failed_in.is_none_or(|run| Some(run) >= self.resumed)
    }

    /// The steps whose failure still applies, the latest one last.
    pub fn failed_steps<'a>(&'a self, timeline: &'a [TimelineEvent]) -> Vec<&'a str> {
        let failed = timeline
            .iter()
            .filter(|event| event.failed_in.is_some() && self.is_warned_by(event));
        let mut steps: Vec<&str> = failed.map(|event| event.step.as_str()).collect();
        // The end may have been recorded without an event of the step.
        if self.status == Status::Failed && steps.is_empty() {
            steps.extend(self.step.as_deref());
        }
        steps.dedup();
        steps
    }
}

/// The reasons for which a request is not resumed.
#[derive(Clone, Copy, PartialEq)]
enum Conflict {
    Request,
    Username,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resumed {
    Yes,
    /// The request changed after it was read.
    No,
    /// Another open request has reserved the username.
    UsernameReserved,
}

impl Store {
    /// Reopens an ended request for the execution RUN + 1. The same write reserves the username, which the end had
    /// freed, and adds the audit entry. `skip` is the step to leave out, with the reason.
    pub async fn resume(
        &self,
        record: &RequestRecord,
        by: &str,
        skip: Option<(Skip, &str)>,
    ) -> Result<Resumed, StepError> {
        let key = record.key();
        let mut skipped = record.skipped.clone();
        skipped.extend(skip.map(|(step, _)| step));
        let set = ", resumed = :next, skipped = :skipped, step = :step REMOVE ended_at";
        let opened = with_next_run(record, Status::Running, set)
            .value(":step", text(STEP.as_str()))
            .value(":skipped", encode_value(TABLE, &skipped)?)
            .when("#run = :r AND #st = :from AND attribute_exists(ended_at)");
        let reason = skip.map(|(step, reason)| format!("skip {step}: {reason}"));
        let entry = AuditEntry::now(by, "request.resumed", key.request.as_str())
            .changed(Some(record.status.as_str().to_owned()), reason);
        let mut tx = self.tx("resuming a request");
        tx.add(opened.or(Conflict::Request));
        tx.add(reserve_username(&key.org, &record.plan.upn, &key.request, None).or(Conflict::Username));
        tx.audit(&key.org, &entry)?;
        Ok(match tx.commit().await? {
            Commit::Done => Resumed::Yes,
            Commit::Refused(conflicts) if conflicts.contains(&Conflict::Request) => Resumed::No,
            Commit::Refused(_) => Resumed::UsernameReserved,
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::requests::tests::stored;

    #[test]
    fn resume_clears_only_failures_before_it() {
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
