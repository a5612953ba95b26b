//! Decides when the work begins: now, on the start date, or after the last day.

use chrono::{DateTime, SecondsFormat, Utc};
use domain::job::Job;

use domain::request::Status;
use domain::step_error::StepError;
use domain::timeline::{Event, StepName};
use serde::Serialize;
use steps::{NoInput, Step, StepContext};
use store::requests::Changed;

pub(crate) struct PlanStart;

#[derive(Serialize)]
pub(crate) struct Output {
    start: Start,
    /// The time in the one format that all engines accept.
    at: String,
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Start {
    Now,
    Later,
    /// The work begins now, but the request has waited since it was checked, so it is checked again.
    Due,
}

impl Step for PlanStart {
    const NAME: StepName = StepName::PlanStart;
    type Input = NoInput;
    type Output = Output;

    async fn run(cx: &StepContext, _: NoInput) -> Result<Output, StepError> {
        let ahead = cx.record.plan.start_at.filter(|at| *at > Utc::now());
        move_to(
            cx,
            if ahead.is_some() {
                Status::Scheduled
            } else {
                Status::Running
            },
        )
        .await?;
        match ahead {
            Some(at) => {
                report_date(cx, at).await?;
                Ok(Output {
                    start: Start::Later,
                    at: timestamp(at),
                })
            }
            None => {
                note_ignored_date(cx).await?;
                // A request that was resumed or rescheduled has waited since it was checked.
                let waited = cx.record.resumed.is_some() || cx.record.plan.version > 0;
                Ok(Output {
                    start: if waited { Start::Due } else { Start::Now },
                    at: timestamp(Utc::now()),
                })
            }
        }
    }
}

async fn move_to(cx: &StepContext, to: Status) -> Result<(), StepError> {
    let from = [Status::Running, Status::Scheduled];
    match cx.store.move_status(&cx.key, cx.run, &from, to).await? {
        Changed::Yes => Ok(()),
        Changed::No => Err(StepError::Permanent(
            "the request cannot be started any more".to_owned(),
        )),
    }
}

/// Writes a note about a start date that is not waited for, because the organisation's variables do not allow it.
async fn note_ignored_date(cx: &StepContext) -> Result<(), StepError> {
    let config = cx.config().await?;
    if cx.record.plan.start_at.is_none()
        && !config.variables.allow_scheduled_user_creation
        && let Job::Onboarding(form) = &cx.record.job
        && let Some(date) = form.start_date
    {
        cx.note("start-date", &messages::start_date_noted(date)).await?;
    }
    Ok(())
}

async fn report_date(cx: &StepContext, at: DateTime<Utc>) -> Result<(), StepError> {
    let zone = cx.config().await?.variables.timezone;
    let run = cx.run.to_string();
    if let Err(error) = mail_approvers(cx, at).await {
        // The approved work is done even if an approver could not be told of the later date.
        let text = format!("The approvers were not told of the later date: {error}");
        let report = cx.report(Event::ApproversUntold, text).once(&*run);
        report.warning().send().await?;
    }
    let text = messages::scheduled(cx.record.about(), at, zone);
    cx.report(Event::Scheduled, text)
        .once(&*run)
        .noted(format!("scheduled-{run}"))
        .send()
        .await
}

/// Mails the approvers about a date that is later than the one they approved. An earlier date needs approval again
/// instead.
async fn mail_approvers(cx: &StepContext, at: DateTime<Utc>) -> Result<(), StepError> {
    let (record, config) = (&cx.record, cx.config().await?);
    let Some(by) = &record.plan.moved_by else {
        return Ok(());
    };
    let zone = config.variables.timezone;
    for approver in &record.plan.approvers {
        let effect = format!("date-mail/{}/{approver}", record.plan.version);
        cx.mail_once(&effect, async || {
            let mail = messages::date_moved_mail(record.about(), &config.organisation.name, at, zone, by);
            cx.mail(approver, mail, Vec::new()).await
        })
        .await?;
    }
    Ok(())
}

fn timestamp(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

steps::payload_tests!(
    PlanStart,
    [Start::Now, Start::Later, Start::Due].map(|start| Output {
        start,
        at: "2026-12-01T08:00:00Z".to_owned(),
    })
);
