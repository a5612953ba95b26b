//! Writes the end: honest, once.

use domain::ids::{OrgId, RequestId};
use domain::request::{End, Outcome, RequestKey};
use domain::step_error::StepError;
use runtime::Context;
use serde::{Deserialize, Serialize};

const STEP: &str = "finish";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Input {
    org: OrgId,
    request: RequestId,
    run: u32,
    end: End,
}

#[derive(Serialize)]
pub(crate) struct Output {
    outcome: Outcome,
}

pub(crate) async fn run(cx: &Context, input: Input) -> Result<Output, StepError> {
    let key = RequestKey {
        org: input.org,
        request: input.request,
    };
    let record = cx.current(STEP, &key, input.run).await?;
    if let Some(outcome) = record.ended_at.and(record.status.outcome()) {
        return Ok(Output { outcome });
    }
    let timeline = cx.store.timeline(&key).await?;
    let warned = timeline.iter().any(|event| record.is_warned_by(event));
    let outcome = input.end.outcome(warned);
    if record.user.is_none() {
        // Nobody can sign in with it.
        cx.secrets.forget_password(&key).await?;
    }
    for sku in &record.plan.licenses {
        cx.store.release_lease(&key.org, &sku.part_number, &key.request).await?;
    }
    cx.store.retire_gates(&key).await?;
    cx.store
        .record_event(
            &key,
            STEP,
            "ended",
            &record.once_more(""),
            &format!("Ended: {}", messages::outcome_words(outcome)),
            false,
        )
        .await?;
    // Last, so that a run that died before does all of it again.
    cx.store.end_request(&record, outcome).await?;
    runtime::metric_by(
        "Requests",
        1.0,
        Some(("Outcome", domain::request::Status::from(outcome).as_str())),
    );
    Ok(Output { outcome })
}

#[cfg(test)]
mod payload_tests {
    use super::*;

    #[test]
    fn takes_what_the_state_machine_sends() {
        assert_eq!(payloads::accepted::<Input>("finish"), Ok(()));
    }

    #[test]
    fn answers_what_the_state_machine_picks() {
        let answers = [
            Outcome::Completed,
            Outcome::CompletedWithWarnings,
            Outcome::Denied,
            Outcome::Cancelled,
            Outcome::Failed,
        ]
        .map(|outcome| Output { outcome });
        assert_eq!(payloads::answers("finish", &answers), Ok(()));
    }
}
