//! Records the outcome of the request once, including whether anything was left undone.

use domain::request::{End, Outcome, RequestKey, Status};
use domain::step_error::StepError;
use domain::timeline::{Event, StepName};
use serde::{Deserialize, Serialize};
use steps::{Entry, Step, StepContext};

pub(crate) struct Finish;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Input {
    end: End,
}

#[derive(Serialize)]
pub(crate) struct Output {
    outcome: Outcome,
}

impl Step for Finish {
    const NAME: StepName = StepName::Finish;
    const ENTRY: Entry = Entry::WritesEnd;
    type Input = Input;
    type Output = Output;

    async fn run(cx: &StepContext, input: Input) -> Result<Output, StepError> {
        let record = &cx.record;
        if let Some(outcome) = record.ended_at.and(record.status.outcome()) {
            return Ok(Output { outcome });
        }
        let timeline = cx.store.timeline(&cx.key).await?;
        let warned = timeline.iter().any(|event| record.is_warned_by(event));
        let outcome = input.end.outcome(warned);
        release(cx).await?;
        cx.report(Event::Ended, format!("Ended: {}", messages::outcome_words(outcome)))
            .once(record.once_more(""))
            .send()
            .await?;
        // This comes last, so that a run that died before repeats everything.
        cx.store.end_request(record, outcome).await?;
        let status = Status::from(outcome);
        runtime::metric_by("Requests", 1.0, Some(("Outcome", status.as_str())));
        Ok(Output { outcome })
    }
}

/// Releases what the request still holds: the password of an account that does not exist, leases and links.
async fn release(cx: &StepContext) -> Result<(), StepError> {
    let RequestKey { org, request } = &cx.key;
    if cx.record.user.is_none() {
        cx.secrets.forget_password(&cx.key).await?;
    }
    for sku in &cx.record.plan.licenses {
        cx.store.release_lease(org, &sku.part_number, request).await?;
    }
    cx.store.retire_gates(&cx.key).await
}

steps::payload_tests!(
    Finish,
    [
        Outcome::Completed,
        Outcome::CompletedWithWarnings,
        Outcome::Denied,
        Outcome::Cancelled,
        Outcome::Failed,
    ]
    .map(|outcome| Output { outcome })
);
