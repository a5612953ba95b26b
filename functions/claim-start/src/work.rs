//! On waking: takes the request over from "scheduled", and checks again what may have changed since submission.

use chrono::Utc;
use domain::job::Job;
use domain::request::{Skip, Status};
use domain::step_error::StepError;
use planning::Planner;
use runtime::{Context, Input};
use serde::Serialize;
use store::requests::{Changed, RequestRecord};

const STEP: &str = "claim-start";

/// Were settled before the wait; a date that has come is no mistake.
const SETTLED: [&str; 2] = ["new_user_approval_email", "start_date"];

#[derive(Serialize)]
#[serde(rename_all = "snake_case", tag = "outcome")]
pub(crate) enum Output {
    Claimed,
    /// Cancelled or rescheduled in the same moment.
    Superseded,
}

pub(crate) async fn run(cx: &Context, input: Input) -> Result<Output, StepError> {
    let key = input.key();
    let Some(record) = cx.store.begin_step(&key, input.run, STEP).await? else {
        return Ok(Output::Superseded);
    };
    let waiting = [Status::Scheduled, Status::Running];
    if cx.store.move_status(&key, input.run, &waiting, Status::Running).await? == Changed::No {
        return Ok(Output::Superseded);
    }
    if !record.skipped.contains(&Skip::ClaimStart) {
        recheck(cx, &record).await?;
    }
    if record.plan.start_at.is_some() {
        let once = input.run.to_string();
        cx.store
            .record_event(&key, STEP, "started", &once, "The time has come", false)
            .await?;
    }
    Ok(Output::Claimed)
}

async fn recheck(cx: &Context, record: &RequestRecord) -> Result<(), StepError> {
    // The steps of an offboarding look at the account as they find it.
    let Job::Onboarding(onboarding) = &record.job else {
        return Ok(());
    };
    if record.user.is_some() {
        return Ok(());
    }
    let config = integrations::request_config(&cx.store, record).await?;
    let graph = integrations::graph(&cx.secrets, &config.organisation).await?;
    // An execution before this one may have made the account and failed before it could say so: nothing is new then.
    let own = graph.find_by_marker(record.id.as_str(), &record.plan.upn).await?;
    if own.is_some() {
        return Ok(());
    }
    let planner = Planner {
        store: &cx.store,
        graph: &graph,
        organisation: &config.organisation,
        variables: &config.variables,
        now: Utc::now(),
    };
    let changed: Vec<_> = planner
        .recheck(record, onboarding)
        .await?
        .into_iter()
        .filter(|problem| !SETTLED.contains(&problem.field.as_str()))
        .collect();
    if changed.is_empty() {
        return Ok(());
    }
    // What is wrong may name people: it goes to the timeline; the error, which the execution's history keeps, names
    // the fields only.
    for problem in &changed {
        let detail = format!("{}: {}", problem.field, problem.message);
        cx.store
            .record_failure(record, STEP, "changed", &problem.field, &detail)
            .await?;
    }
    let fields: Vec<String> = changed.into_iter().map(|problem| problem.field).collect();
    Err(StepError::NeedsAttention(format!(
        "no longer right as submitted: {}; the timeline says why",
        fields.join(", ")
    )))
}

#[cfg(test)]
mod payload_tests {
    use super::*;

    #[test]
    fn takes_what_the_state_machine_sends() {
        assert_eq!(payloads::accepted::<Input>("claim-start"), Ok(()));
    }

    #[test]
    fn answers_what_the_state_machine_picks() {
        let answers = [Output::Claimed, Output::Superseded];
        assert_eq!(payloads::answers("claim-start", &answers), Ok(()));
    }
}
