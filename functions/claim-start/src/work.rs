//! After the wait for the date: moves the request on from "scheduled", and checks again what may have changed since
//! submission.

use chrono::Utc;
use domain::field::FieldError;
use domain::job::Job;
use domain::request::Status;
use domain::step_error::StepError;
use domain::timeline::{Event, StepName};
use planning::Planner;
use serde::Serialize;
use steps::{NoInput, Step, StepContext};
use store::requests::Changed;

pub(crate) struct ClaimStart;

/// Fields that were checked before the wait. A date that has come is no error.
const DECIDED_BEFORE: [&str; 2] = ["new_user_approval_email", "start_date"];

#[derive(Serialize)]
#[serde(rename_all = "snake_case", tag = "outcome")]
pub(crate) enum Output {
    Claimed,
    /// The request was cancelled or rescheduled at the same moment.
    Superseded,
}

impl Step for ClaimStart {
    const NAME: StepName = StepName::ClaimStart;
    type Input = NoInput;
    type Output = Output;

    async fn run(cx: &StepContext, _: NoInput) -> Result<Output, StepError> {
        let waiting = [Status::Scheduled, Status::Running];
        if cx.store.move_status(&cx.key, cx.run, &waiting, Status::Running).await? == Changed::No {
            return Self::superseded();
        }
        if !cx.is_skipped() {
            recheck(cx).await?;
        }
        if cx.record.plan.start_at.is_some() {
            let report = cx.report(Event::Started, "The time has come");
            report.once(cx.run.to_string()).send().await?;
        }
        Ok(Output::Claimed)
    }

    fn superseded() -> Result<Output, StepError> {
        Ok(Output::Superseded)
    }
}

/// Returns an error that needs attention if an onboarding is no longer valid as it was submitted.
async fn recheck(cx: &StepContext) -> Result<(), StepError> {
    let record = &cx.record;
    // The steps of an offboarding handle the account in whatever state it is.
    let Job::Onboarding(onboarding) = &record.job else {
        return Ok(());
    };
    if record.user.is_some() {
        return Ok(());
    }
    let graph = cx.graph().await?;
    // An earlier execution may have created the account and failed before it recorded that. Then nothing has changed.
    let own = graph.find_by_marker(record.id.as_str(), &record.plan.upn).await?;
    if own.is_some() {
        return Ok(());
    }
    let config = cx.config().await?;
    let planner = Planner {
        store: &cx.store,
        graph: &graph,
        organisation: &config.organisation,
        variables: &config.variables,
        now: Utc::now(),
    };
    let mut changed = planner.recheck(record, onboarding).await?;
    changed.retain(|problem| !DECIDED_BEFORE.contains(&problem.field.as_str()));
    report_changes(cx, changed).await
}

/// Reports the errors. Their messages may name people, so they go to the timeline, and the error names only the fields,
/// because the execution's history keeps it.
async fn report_changes(cx: &StepContext, changed: Vec<FieldError>) -> Result<(), StepError> {
    if changed.is_empty() {
        return Ok(());
    }
    for problem in &changed {
        let report = cx.report(Event::Changed, format!("{}: {}", problem.field, problem.message));
        report.once(&*problem.field).failure().send().await?;
    }
    let fields: Vec<String> = changed.into_iter().map(|problem| problem.field).collect();
    Err(StepError::NeedsAttention(format!(
        "no longer right as submitted: {}; the timeline says why",
        fields.join(", ")
    )))
}

steps::payload_tests!(ClaimStart, [Output::Claimed, Output::Superseded]);
