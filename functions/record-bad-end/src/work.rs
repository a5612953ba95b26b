//! EventBridge calls this after an execution failed, timed out or was stopped without recording an outcome, because
//! `States.ALL` doesn't catch everything: starts a follow-up execution that records it.

use domain::ids::{OrgId, RequestId};
use domain::request::{Outcome, RequestKey, Status};
use domain::step_error::StepError;
use domain::timeline::{Event, StepName};
use runtime::{Clients, Enter, Env, Started};
use serde::{Deserialize, Serialize};
use store::requests::{Changed, RequestRecord};
use store::timeline::NewEvent;

const STEP: StepName = StepName::RecordBadEnd;

/// The fields used here of EventBridge's "Step Functions Execution Status Change".
#[derive(Deserialize)]
pub(crate) struct ExecutionEnded {
    detail: Detail,
}

#[derive(Deserialize)]
struct Detail {
    status: String,
    /// The execution's input, as JSON text.
    input: String,
}

#[derive(Deserialize)]
struct ExecutionInput {
    org: OrgId,
    request: RequestId,
    run: u32,
    enter: Enter,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "outcome")]
pub(crate) enum Output {
    /// The outcome is recorded, or another execution works on the request.
    NothingToDo,
    /// The next execution updates the ticket and records the outcome.
    HandedOn,
    /// The execution that was to record the outcome failed too, so the outcome is recorded here without updating the
    /// ticket.
    Recorded,
}

pub(crate) async fn run(cx: &Clients, event: ExecutionEnded) -> Result<Output, StepError> {
    let input: ExecutionInput = serde_json::from_str(&event.detail.input)
        .map_err(|_| StepError::Permanent("the event's execution has not the input of ours".to_owned()))?;
    let key = RequestKey {
        org: input.org,
        request: input.request,
    };
    let step = STEP.as_str();
    tracing::info!(step, org = %key.org, request = %key.request, run = input.run, "execution ended badly");
    let Some(record) = cx.store.request(&key).await? else {
        return Ok(Output::NothingToDo);
    };
    let timeline = cx.store.timeline(&key).await?;
    let took_over = timeline
        .iter()
        .any(|event| event.is(Event::BadEnd) && event.failed_in == Some(input.run));
    match next(&record, input.run, input.enter, took_over) {
        Next::Nothing => Ok(Output::NothingToDo),
        Next::Record => record_end(cx, &record).await,
        Next::HandOn { from, enter } => {
            let status = &event.detail.status;
            if record.run == from && take_over(cx, &record, status).await? == Changed::No {
                return Ok(Output::NothingToDo);
            }
            let state_machine = Env.state_machine_arn()?;
            let client = cx.aws.step_functions();
            let started = runtime::start(&client, &state_machine, &key, record.kind(), from + 1, enter).await?;
            tracing::info!(step, request = %key.request, already = started == Started::Before, "handed on");
            Ok(Output::HandedOn)
        }
    }
}

/// Records the outcome without updating the ticket, because the execution for that has failed.
async fn record_end(cx: &Clients, record: &RequestRecord) -> Result<Output, StepError> {
    let outcome = match record.status {
        Status::Cancelled => Outcome::Cancelled,
        _ => Outcome::Failed,
    };
    let text = "The end could not be told to the ticket";
    let event = NewEvent::new(STEP, Event::Untold, text).failed_in(record.run);
    cx.store.record(&record.key(), &event).await?;
    cx.store.retire_gates(&record.key()).await?;
    cx.store.end_request(record, outcome).await?;
    Ok(Output::Recorded)
}

/// Takes over from the execution that ended as `status`, on behalf of the next one.
async fn take_over(cx: &Clients, record: &RequestRecord, status: &str) -> Result<Changed, StepError> {
    let text = format!("The execution ended as {status}");
    let event = NewEvent::new(STEP, Event::BadEnd, text).failed_in(record.run);
    cx.store.record(&record.key(), &event).await?;
    cx.store.take_over(&record.key(), record.run).await
}

#[derive(Debug, PartialEq, Eq)]
enum Next {
    Nothing,
    Record,
    HandOn { from: u32, enter: Enter },
}

/// `took_over`: an earlier run of this function was about to take over from execution `run`.
fn next(record: &RequestRecord, run: u32, enter: Enter, took_over: bool) -> Next {
    if record.ended_at.is_some() {
        return Next::Nothing;
    }
    if record.run == run {
        if matches!(enter, Enter::Failed | Enter::Cancelled) {
            return Next::Record;
        }
        let enter = if record.status == Status::Cancelled {
            Enter::Cancelled
        } else {
            Enter::Failed
        };
        return Next::HandOn { from: run, enter };
    }
    // The function that took over from this execution may have died before it started the next one. Starting that one
    // again under the same name changes nothing if it is running. After a cancellation, a new date or a resume, the
    // caller repeats the call, which the page still offers. After a password was shown nobody would, so it is started
    // here.
    let by_the_caller =
        matches!(record.status, Status::Cancelled | Status::Scheduled) || record.resumed == Some(record.run);
    if record.run == run + 1 && !by_the_caller {
        let enter = if took_over { Enter::Failed } else { Enter::Start };
        return Next::HandOn { from: run, enter };
    }
    Next::Nothing
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(status: &str, run: u32, ended: bool) -> RequestRecord {
        let mut record = serde_json::json!({
            "org": "acme",
            "id": "r019f0000000070008000000000000001",
            "status": status,
            "run": run,
            "onboarding": { "first_name": "Ada", "last_name": "Lovelace" },
            "plan": {
                "upn": "ada@acme.example", "display_name": "Ada Lovelace", "licenses": [],
                "approval_required": false, "approvers": [],
            },
            "requester": { "id": "token:test" },
            "created_at": "2026-11-21T19:00:00Z",
        });
        if ended {
            record["ended_at"] = "2026-11-21T20:00:00Z".into();
        }
        serde_json::from_value(record).unwrap()
    }

    #[test]
    fn recorded_event_is_parsed() {
        let event: ExecutionEnded = serde_json::from_str(include_str!("../events/aborted.json")).unwrap();
        let input: ExecutionInput = serde_json::from_str(&event.detail.input).unwrap();
        assert_eq!(
            (event.detail.status.as_str(), input.run, input.enter),
            ("ABORTED", 1, Enter::Start)
        );
    }

    #[test]
    fn recorded_end_does_not_change() {
        assert_eq!(next(&request("failed", 1, true), 1, Enter::Start, false), Next::Nothing);
    }

    #[test]
    fn stopped_execution_is_followed_by_one_that_reports() {
        let failed = Next::HandOn {
            from: 1,
            enter: Enter::Failed,
        };
        assert_eq!(next(&request("running", 1, false), 1, Enter::Start, false), failed);
        // The hand-over is repeated after this function died during it.
        assert_eq!(next(&request("running", 2, false), 1, Enter::Start, true), failed);
    }

    #[test]
    fn execution_stopped_for_another_is_left_alone() {
        for status in ["cancelled", "scheduled"] {
            assert_eq!(next(&request(status, 2, false), 1, Enter::Start, true), Next::Nothing);
        }
        let mut resumed = request("running", 2, false);
        resumed.resumed = Some(2);
        assert_eq!(next(&resumed, 1, Enter::Start, false), Next::Nothing);
    }

    #[test]
    fn execution_after_a_shown_password_is_started() {
        let start = Next::HandOn {
            from: 1,
            enter: Enter::Start,
        };
        let mut shown = request("running", 2, false);
        assert_eq!(next(&shown, 1, Enter::Start, false), start);
        shown.run = 3;
        assert_eq!(next(&shown, 1, Enter::Start, false), Next::Nothing);
        // The execution was started by a resume.
        (shown.run, shown.resumed) = (2, Some(1));
        assert_eq!(next(&shown, 1, Enter::Start, false), start);
        assert_eq!(next(&request("failed", 2, true), 1, Enter::Start, false), Next::Nothing);
    }

    #[test]
    fn failed_follow_up_ends_the_chain() {
        assert_eq!(
            next(&request("running", 2, false), 2, Enter::Failed, false),
            Next::Record
        );
        assert_eq!(
            next(&request("cancelled", 2, false), 2, Enter::Cancelled, false),
            Next::Record
        );
    }
}
