//! How the request ended, in words: the last note of the ticket, and a mail to requester and manager.

use domain::decision::Decision;
use domain::ids::{OrgId, RequestId};
use domain::job::Job;
use domain::request::{End, LicenseState, RequestKey, Skip, TicketStatus};
use domain::step_error::StepError;
use domain::submission::Onboarding;
use integrations::OrgConfig;
use messages::{MailText, Summary};
use notify::Mail;
use runtime::{Context, Env};
use serde::{Deserialize, Serialize};
use store::effects::EffectState;
use store::requests::RequestRecord;

use crate::offboarding;

pub(crate) const STEP: &str = "summarise";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Input {
    org: OrgId,
    request: RequestId,
    run: u32,
    end: End,
    /// Error name and cause of the failed state; empty if none failed.
    error: String,
    cause: String,
}

#[derive(Serialize)]
pub(crate) struct Output {
    end: End,
    /// A failed request leaves the ticket to a person.
    ticket_status: TicketStatus,
}

pub(crate) async fn run(cx: &Context, input: Input) -> Result<Output, StepError> {
    let key = RequestKey {
        org: input.org,
        request: input.request,
    };
    // Not `begin`: the step that began last is the one that failed.
    let record = cx.current(STEP, &key, input.run).await?;
    let config = integrations::request_config(&cx.store, &record).await?;
    match input.end {
        End::Completed => match &record.job {
            Job::Onboarding(form) => report_gaps(cx, &record, form).await?,
            Job::Offboarding(_) => offboarding::report_gaps(cx, &record, &config).await?,
        },
        End::Failed => report_failure(cx, &record, &input.cause).await?,
        // Whoever denied or cancelled it is on the ticket already.
        End::Denied | End::Cancelled => {}
    }
    if !input.error.is_empty() {
        tracing::warn!(step = STEP, request = %key.request, error = input.error, "a state failed");
    }
    sum_up(cx, &record, &config, input.end).await?;
    // A ticket that somebody else opened may be about more than this request, of which nothing was done.
    let given = record.job.ticket_id().is_some();
    let ticket_status = match input.end {
        End::Failed => TicketStatus::Waiting,
        End::Denied | End::Cancelled if given => TicketStatus::Working,
        End::Completed | End::Denied | End::Cancelled => TicketStatus::Complete,
    };
    Ok(Output {
        end: input.end,
        ticket_status,
    })
}

/// A state that failed without stopping the onboarding could not say so itself.
async fn report_gaps(cx: &Context, record: &RequestRecord, form: &Onboarding) -> Result<(), StepError> {
    let key = record.key();
    let gap = async |skip: Skip, event: &str, once: &str, text: &str| match record.skipped.contains(&skip) {
        true => Ok(()),
        false => cx.store.record_failure(record, skip.as_str(), event, once, text).await,
    };
    for sku in &record.plan.licenses {
        let state = record.licenses.get(&sku.part_number);
        if !matches!(state, Some(LicenseState::Assigned | LicenseState::Skipped)) {
            let text = format!("The license {} was not assigned: assign it by hand", sku.part_number);
            gap(Skip::FindLicense, "license_missing", &sku.part_number, &text).await?;
        }
    }
    let wanted = !form.groups.is_empty() || form.copy_groups_from.is_some();
    if wanted && cx.store.effect::<Vec<String>, ()>(&key, "groups").await? == EffectState::New {
        let text = "The groups were not added: add them by hand";
        gap(Skip::AddGroups, "groups_missing", "", text).await?;
    }
    if let EffectState::Intended(()) = cx.store.effect::<(), ()>(&key, integrations::MFA_EFFECT).await? {
        gap(Skip::ReportMfa, "mfa_unread", "", messages::MFA_NOT_READ).await?;
    }
    if !cx.store.password_is_settled(&key).await? {
        cx.store
            .record_failure(
                record,
                "hand-over-password",
                "password_unsettled",
                "",
                messages::PASSWORD_UNSETTLED,
            )
            .await?;
    }
    Ok(())
}

async fn report_failure(cx: &Context, record: &RequestRecord, cause: &str) -> Result<(), StepError> {
    let key = record.key();
    let step = record.step.as_deref().unwrap_or("the first step");
    let what = reason(cause);
    let text = messages::failed(record.about(), step, &what, &Env.request_page(&key)?);
    cx.store.queue_note(&key, &record.once_more("failed"), &text).await?;
    cx.store.record_failure(record, step, "failed", "", &what).await
}

/// Our own functions say what to do; anything else is a crash, of which the logs know more.
fn reason(cause: &str) -> String {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Cause {
        error_type: String,
        error_message: String,
    }
    match serde_json::from_str::<Cause>(cause) {
        Ok(cause) if ["Transient", "Permanent", "NeedsAttention"].contains(&cause.error_type.as_str()) => {
            cause.error_message
        }
        _ => "the step stopped without an answer: its log says more".to_owned(),
    }
}

async fn sum_up(cx: &Context, record: &RequestRecord, config: &OrgConfig, end: End) -> Result<(), StepError> {
    let key = record.key();
    let recipients = recipients(cx, record, config, end).await?;
    let timeline = cx.store.timeline(&key).await?;
    let denied = timeline.iter().find(|event| event.event == Decision::Denied.as_str());
    let warnings: Vec<String> = timeline
        .iter()
        .filter(|event| record.is_warned_by(event))
        .map(|event| event.detail.clone())
        .collect();
    let done = match &record.job {
        Job::Onboarding(_) => onboarded(cx, record).await?,
        Job::Offboarding(_) => offboarding::offboarded(cx, &key).await?,
    };
    let summary = Summary {
        about: record.about(),
        outcome: end.outcome(!warnings.is_empty()),
        upn: record.user.as_ref().map(|user| user.upn.as_str()),
        done: &done,
        warnings: &warnings,
        denied: denied.map(|event| event.detail.as_str()),
    };
    let mut text = messages::summary(&summary);
    if end == End::Completed && !record.failed_steps(&timeline).is_empty() {
        text = format!("{text}\n\n{}", messages::may_be_resumed(&Env.request_page(&key)?));
    }
    cx.store
        .queue_note(&key, &record.once_more(messages::SUMMARY), &text)
        .await?;
    for Recipient { address, reported_to } in recipients {
        let compose = async || {
            let MailText { subject, text } = match &record.job {
                Job::Offboarding(_) if reported_to => offboarding::mail(cx, &key, &summary, config).await?,
                _ => messages::summary_mail(&summary, &config.organisation.name),
            };
            Ok(Mail {
                to: vec![address.clone()],
                reply_to: config.variables.send_from_address.as_ref().map(ToString::to_string),
                subject,
                text,
                links: Vec::new(),
            })
        };
        let effect = record.once_more(&format!("end-mail/{address}"));
        if let Err(error) =
            integrations::mail_once(&cx.store, &integrations::mailer(&cx.aws)?, &key, &effect, compose).await
        {
            // The end stands whether or not a mail tells of it.
            let text = format!("The mail about the end could not be sent: {error}");
            cx.store
                .record_event(&key, STEP, "mail_failed", &address, &text, true)
                .await?;
        }
    }
    Ok(())
}

/// What the summary says was done for somebody new.
async fn onboarded(cx: &Context, record: &RequestRecord) -> Result<Vec<(&'static str, String)>, StepError> {
    let licenses: Vec<String> = record
        .licenses
        .iter()
        .filter(|(_, state)| **state == LicenseState::Assigned)
        .map(|(part_number, _)| part_number.clone())
        .collect();
    let groups = match cx.store.effect::<Vec<String>, ()>(&record.key(), "groups").await? {
        EffectState::Done(groups) => groups,
        EffectState::New | EffectState::Intended(()) => Vec::new(),
    };
    Ok(vec![
        ("Licenses", messages::listed(&licenses)),
        ("Groups", messages::listed(&groups)),
    ])
}

/// Who gets a mail about the end.
struct Recipient {
    address: String,
    /// The person's manager.
    reported_to: bool,
}

/// The requester, and the manager of a person who came or left.
async fn recipients(
    cx: &Context,
    record: &RequestRecord,
    config: &OrgConfig,
    end: End,
) -> Result<Vec<Recipient>, StepError> {
    let managers: Vec<String> = match (end, &record.job) {
        (End::Completed, Job::Onboarding(_)) => managers(cx, record, config).await,
        (End::Completed, Job::Offboarding(form)) => offboarding::manager(cx, record, config, form)
            .await?
            .into_iter()
            .collect(),
        _ => Vec::new(),
    };
    let requester = record.requester.email.as_ref();
    let other = requester.filter(|email| !managers.iter().any(|manager| manager.eq_ignore_ascii_case(email)));
    let requester = other.map(|email| Recipient {
        address: email.clone(),
        reported_to: false,
    });
    let managers = managers.into_iter().map(|address| Recipient {
        address,
        reported_to: true,
    });
    Ok(requester.into_iter().chain(managers).collect())
}

/// Of a new user, whom the form names; of somebody who came back, whom the directory has too.
async fn managers(cx: &Context, record: &RequestRecord, config: &OrgConfig) -> Vec<String> {
    let Ok(graph) = integrations::graph(&cx.secrets, &config.organisation).await else {
        return Vec::new();
    };
    let mut addresses: Vec<String> = Vec::new();
    for manager in [&record.plan.manager, &record.plan.password_manager]
        .into_iter()
        .flatten()
    {
        if let Ok(Some(user)) = graph.user(&manager.id).await
            && !addresses.iter().any(|other| other == user.address())
        {
            addresses.push(user.address().to_owned());
        }
    }
    addresses
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_errors_are_told() {
        let ours = r#"{"errorType":"NeedsAttention","errorMessage":"create-user: set the tenant id"}"#;
        assert_eq!(reason(ours), "create-user: set the tenant id");
        let crash = r#"{"errorType":"Runtime.ExitError","errorMessage":"RequestId: 1 Error: signal: killed"}"#;
        assert!(reason(crash).contains("its log"));
        assert!(reason("").contains("its log"));
    }
}

#[cfg(test)]
mod payload_tests {
    use super::*;

    #[test]
    fn takes_what_the_state_machine_sends() {
        assert_eq!(payloads::accepted::<Input>("summarise"), Ok(()));
    }

    #[test]
    fn answers_what_the_state_machine_picks() {
        let answers = [End::Completed, End::Denied, End::Cancelled, End::Failed].map(|end| Output {
            end,
            ticket_status: TicketStatus::Waiting,
        });
        assert_eq!(payloads::answers("summarise", &answers), Ok(()));
    }
}
