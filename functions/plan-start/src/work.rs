//! Now, or on the start date, or when the last day is over?

use chrono::{DateTime, SecondsFormat, Utc};
use domain::job::Job;

use domain::request::Status;
use domain::step_error::StepError;
use integrations::OrgConfig;
use notify::Mail;
use runtime::{Context, Input};
use serde::Serialize;
use store::requests::{Changed, RequestRecord};

const STEP: &str = "plan-start";

#[derive(Serialize)]
pub(crate) struct Output {
    start: Start,
    /// In the one format that all engines take.
    at: String,
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Start {
    Now,
    Later,
    /// Now too, but what was submitted is no longer fresh: it is looked at again.
    Due,
}

pub(crate) async fn run(cx: &Context, input: Input) -> Result<Output, StepError> {
    let key = input.key();
    let record = cx.begin(STEP, &key, input.run).await?;
    let from = [Status::Running, Status::Scheduled];
    let ahead = record.plan.start_at.filter(|at| *at > Utc::now());
    let to = if ahead.is_some() {
        Status::Scheduled
    } else {
        Status::Running
    };
    if cx.store.move_status(&key, input.run, &from, to).await? == Changed::No {
        return Err(StepError::Permanent(
            "the request cannot be started any more".to_owned(),
        ));
    }
    let config = integrations::request_config(&cx.store, &record).await?;
    let Some(at) = ahead else {
        if record.plan.start_at.is_none()
            && !config.variables.allow_scheduled_user_creation
            && let Job::Onboarding(form) = &record.job
            && let Some(date) = form.start_date
        {
            cx.store
                .queue_note(&key, "start-date", &messages::start_date_noted(date))
                .await?;
        }
        // A request that was resumed or moved has waited since it was checked.
        let start = match record.resumed.is_some() || record.plan.version > 0 {
            true => Start::Due,
            false => Start::Now,
        };
        return Ok(Output {
            start,
            at: timestamp(Utc::now()),
        });
    };
    if let Err(error) = tell_approvers(cx, &record, &config, at).await {
        // What was approved is done, whoever could not be told of the later date.
        let text = format!("The approvers were not told of the later date: {error}");
        cx.store
            .record_event(&key, STEP, "approvers_untold", &input.run.to_string(), &text, true)
            .await?;
    }
    let text = messages::scheduled(record.about(), at, config.variables.timezone);
    cx.store
        .queue_note(&key, &format!("scheduled-{}", input.run), &text)
        .await?;
    cx.store
        .record_event(&key, STEP, "scheduled", &input.run.to_string(), &text, false)
        .await?;
    Ok(Output {
        start: Start::Later,
        at: timestamp(at),
    })
}

/// Of a later date than the one that they agreed to; an earlier one is asked for again.
async fn tell_approvers(
    cx: &Context,
    record: &RequestRecord,
    config: &OrgConfig,
    at: DateTime<Utc>,
) -> Result<(), StepError> {
    let Some(by) = &record.plan.moved_by else {
        return Ok(());
    };
    let mailer = integrations::mailer(&cx.aws)?;
    let zone = config.variables.timezone;
    for approver in &record.plan.approvers {
        let effect = format!("date-mail/{}/{approver}", record.plan.version);
        integrations::mail_once(&cx.store, &mailer, &record.key(), &effect, async || {
            let mail = messages::date_moved_mail(record.about(), &config.organisation.name, at, zone, by);
            Ok(Mail {
                to: vec![approver.clone()],
                reply_to: config.variables.send_from_address.as_ref().map(ToString::to_string),
                subject: mail.subject,
                text: mail.text,
                links: Vec::new(),
            })
        })
        .await?;
    }
    Ok(())
}

fn timestamp(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

#[cfg(test)]
mod payload_tests {
    use super::*;

    #[test]
    fn takes_what_the_state_machine_sends() {
        assert_eq!(payloads::accepted::<Input>("plan-start"), Ok(()));
    }

    #[test]
    fn answers_what_the_state_machine_picks() {
        let answers = [Start::Now, Start::Later, Start::Due].map(|start| Output {
            start,
            at: "2026-12-01T08:00:00Z".to_owned(),
        });
        assert_eq!(payloads::answers("plan-start", &answers), Ok(()));
    }
}
