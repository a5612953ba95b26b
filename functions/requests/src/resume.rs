//! Resumes a request whose step failed, optionally without that step.

use chrono::{DateTime, TimeDelta, Utc};
use domain::authority;
use domain::job::Kind;

use domain::request::{RequestKey, Skip, Status, TimelineEvent};
use domain::resume::{self, Skipping};
use domain::step_error::StepError;
use domain::timeline::Event;
use runtime::Enter;
use serde_json::{Map, Value};
use store::requests::RequestRecord;
use store::resume::{Resumed, STEP};
use store::timeline::NewEvent;
use web::{OrgScope, ProblemDetails, RequestBody};

use crate::app::App;
use crate::shown::label;

const ATTEMPTS: usize = 3;

/// An execution begins its first step within this time.
const BEGINS_WITHIN: TimeDelta = TimeDelta::minutes(1);

impl App {
    pub(crate) async fn resume(
        &self,
        body: &RequestBody,
        scope: &OrgScope,
        key: &RequestKey,
    ) -> Result<(), ProblemDetails> {
        let skipping = resume::parse(&fields(body)?)?;
        authority::may_resume(scope.caller.role, skipping.is_some()).map_err(ProblemDetails::forbidden)?;
        let skip = skipping
            .as_ref()
            .map(|Skipping { step, reason }| (*step, reason.as_str()));
        for _ in 0..ATTEMPTS {
            let record = self.load(key).await?;
            if is_resumed(&record, skip) {
                // This call or an earlier one resumed it; an earlier one may have died before the rest.
                return Ok(self.finish_resuming(scope, &record, skip).await?);
            }
            let timeline = self.web.store.timeline(key).await?;
            allowed(&record, &timeline, skip)?;
            if self.web.store.resume(&record, &scope.caller.id, skip).await? == Resumed::UsernameReserved {
                return Err(ProblemDetails::conflict(reserved(&record)));
            }
        }
        Err(StepError::Transient("the request changes too often".to_owned()).into())
    }

    /// Starts the resumed execution, which runs all steps from the first; completed work is skipped quickly.
    async fn finish_resuming(
        &self,
        scope: &OrgScope,
        record: &RequestRecord,
        skip: Option<(Skip, &str)>,
    ) -> Result<(), StepError> {
        let (key, by, run) = (record.key(), scope.caller.known_as(), record.run.to_string());
        let store = &self.web.store;
        let event = NewEvent::new(STEP, Event::Resumed, format!("Resumed by {by}"))
            .once(&*run)
            .naming(&[by.to_owned()]);
        store.record(&key, &event).await?;
        store
            .queue_note(&key, &format!("resumed-{run}"), &messages::resumed(record.about(), by))
            .await?;
        for step in &record.skipped {
            // If the call that skipped the step died before this, only the audit knows who did it and why.
            let (by, reason) = match skip {
                Some((now, reason)) if now == *step => (by, reason),
                _ => ("an admin", "the audit says why"),
            };
            let detail = format!("Skipped by {by}: {reason}");
            let event = NewEvent::new(step.step(), Event::Skipped, detail)
                .naming(&[by.to_owned()])
                .warning();
            store.record(&key, &event).await?;
            store
                .queue_note(&key, &format!("skipped-{step}"), &messages::skipped(*step, by, reason))
                .await?;
        }
        self.executions
            .begin(record.kind(), &key, record.run, Enter::Start)
            .await
    }
}

fn is_resumed(record: &RequestRecord, skip: Option<(Skip, &str)>) -> bool {
    record.ended_at.is_none()
        && record.resumed == Some(record.run)
        && skip.is_none_or(|(step, _)| record.skipped.contains(&step))
}

/// Whether the call that resumed the request seems to have died before it started the execution. Calling again
/// completes it.
pub(crate) fn is_stuck(record: &RequestRecord, timeline: &[TimelineEvent], now: DateTime<Utc>) -> bool {
    let lately = |event: &TimelineEvent| event.is(Event::Resumed) && now - event.at < BEGINS_WITHIN;
    is_resumed(record, None) && record.step.as_deref() == Some(STEP.as_str()) && !timeline.iter().any(lately)
}

/// Checks that a step has failed and, if a step is to be skipped, that it is one of those.
fn allowed(
    record: &RequestRecord,
    timeline: &[TimelineEvent],
    skip: Option<(Skip, &str)>,
) -> Result<(), ProblemDetails> {
    let failed = failed_steps(record, timeline);
    if failed.is_empty() {
        return Err(ProblemDetails::conflict(format!(
            "The request is {}: only one that has ended with a failed step can be resumed.",
            label(&record.status)
        ))
        .with("request_status", record.status.as_str()));
    }
    match skip {
        Some((step, _)) if !failed.iter().any(|name| Skip::of(name) == Some(step)) => Err(ProblemDetails::conflict(
            format!("Only a step that has failed can be skipped: {}.", failed.join(", ")),
        )),
        _ => Ok(()),
    }
}

/// The failed steps of an ended request that can be resumed; empty for any other.
pub(crate) fn failed_steps<'a>(record: &'a RequestRecord, timeline: &'a [TimelineEvent]) -> Vec<&'a str> {
    match (record.ended_at, record.status) {
        (Some(_), Status::Failed | Status::CompletedWithWarnings) => record.failed_steps(timeline),
        _ => Vec::new(),
    }
}

fn reserved(record: &RequestRecord) -> String {
    match record.kind() {
        Kind::Onboarding => format!(
            "The username {} was taken by another open request: let that one end first, or submit again.",
            record.plan.upn
        ),
        Kind::Offboarding => "Another request for this person is open: let that one end first.".to_owned(),
    }
}

/// Parses the body; an empty one skips nothing.
fn fields(body: &RequestBody) -> Result<Map<String, Value>, ProblemDetails> {
    if body.is_empty() {
        return Ok(Map::new());
    }
    body.fields()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{at, record};

    fn failed(step: &str) -> TimelineEvent {
        TimelineEvent {
            at: at(),
            step: step.to_owned(),
            event: "failed".to_owned(),
            detail: String::new(),
            warning: true,
            failed_in: Some(1),
            people: Vec::new(),
        }
    }

    #[test]
    fn only_requests_with_a_failed_step_are_resumed() {
        let timeline = [failed("create-user")];
        for status in Status::ALL {
            let mut record = record("m1", "Ada", status);
            assert!(allowed(&record, &timeline, None).is_err(), "{status:?} and not ended");
            record.ended_at = Some(at());
            let resumable = matches!(status, Status::Failed | Status::CompletedWithWarnings);
            assert_eq!(allowed(&record, &timeline, None).is_ok(), resumable, "{status:?}");
            if status == Status::CompletedWithWarnings {
                assert!(allowed(&record, &[], None).is_err(), "nothing failed");
            }
        }
    }

    #[test]
    fn resume_without_an_execution_is_offered_again() {
        let mut stuck = record("m1", "Ada", Status::Running);
        (stuck.run, stuck.resumed, stuck.step) = (2, Some(2), Some(STEP.to_string()));
        let mut event = failed(STEP.as_str());
        (event.event, event.failed_in) = (Event::Resumed.to_string(), None);
        let timeline = [event];
        let later = at() + BEGINS_WITHIN;
        assert!(is_stuck(&stuck, &timeline, later));
        // The call died even before it wrote the event.
        assert!(is_stuck(&stuck, &[], at()));
        assert!(!is_stuck(&stuck, &timeline, at()), "it has just been resumed");
        for begun in [
            RequestRecord {
                step: Some("prepare".to_owned()),
                ..stuck.clone()
            },
            RequestRecord {
                ended_at: Some(at()),
                ..stuck.clone()
            },
            RequestRecord {
                run: 3,
                ..stuck.clone()
            },
        ] {
            assert!(!is_stuck(&begun, &timeline, later), "{begun:?}");
        }
    }

    #[test]
    fn only_a_failed_step_can_be_skipped() {
        let mut record = record("m1", "Ada", Status::Failed);
        record.ended_at = Some(at());
        let skip = Some((Skip::FindLicense, "none left"));
        assert!(allowed(&record, &[failed("assign-license")], skip).is_ok());
        let problem = allowed(&record, &[failed("create-user")], skip).unwrap_err();
        assert_eq!(problem.status.as_u16(), 409);
        assert!(problem.detail.contains("create-user"), "{}", problem.detail);
    }
}
