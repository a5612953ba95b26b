//! Reports how the request ended: the last note on the ticket, and mails to requester and manager.

use domain::job::Job;
use domain::request::{End, LicenseState, Skip, TicketStatus, TimelineEvent};
use domain::step_error::StepError;
use domain::submission::Onboarding;
use domain::timeline::{Event, StepName};
use integrations::OrgConfig;
use messages::Summary;
use runtime::Env;
use serde::{Deserialize, Serialize};
use steps::{Entry, Step, StepContext, effects};
use store::effects::EffectState;

use crate::offboarding;

pub(crate) struct Summarise;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Input {
    end: End,
    /// The error name and cause of the failed state; empty if none failed.
    error: String,
    cause: String,
}

#[derive(Serialize)]
pub(crate) struct Output {
    end: End,
    /// A failed request leaves the ticket to a person.
    ticket_status: TicketStatus,
}

impl Step for Summarise {
    const NAME: StepName = StepName::Summarise;
    const ENTRY: Entry = Entry::WritesEnd;
    type Input = Input;
    type Output = Output;

    async fn run(cx: &StepContext, input: Input) -> Result<Output, StepError> {
        let config = cx.config().await?;
        match input.end {
            End::Completed => match &cx.record.job {
                Job::Onboarding(form) => report_gaps(cx, form).await?,
                Job::Offboarding(_) => offboarding::report_gaps(cx).await?,
            },
            End::Failed => report_failure(cx, &input.cause).await?,
            // A denial or a cancellation is already on the ticket.
            End::Denied | End::Cancelled => {}
        }
        if !input.error.is_empty() {
            let step = Self::NAME.as_str();
            tracing::warn!(step, request = %cx.key.request, error = input.error, "a state failed");
        }
        Ending::new(cx, config, input.end).await?.sum_up().await?;
        Ok(Output {
            end: input.end,
            ticket_status: ticket_status(input.end, cx.record.job.ticket_id().is_some()),
        })
    }
}

/// `given`: the form named an existing ticket. It may be about more than this request, so it is not closed if nothing
/// was done.
fn ticket_status(end: End, given: bool) -> TicketStatus {
    match end {
        End::Failed => TicketStatus::Waiting,
        End::Denied | End::Cancelled if given => TicketStatus::Working,
        End::Completed | End::Denied | End::Cancelled => TicketStatus::Complete,
    }
}

/// Reports a step that failed without stopping the request and so could not report its own failure. Not reported if an
/// admin left the step out.
pub(crate) async fn report_gap(
    cx: &StepContext,
    skip: Skip,
    event: Event,
    once: &str,
    text: &str,
) -> Result<(), StepError> {
    if cx.record.skipped.contains(&skip) {
        return Ok(());
    }
    let report = cx.report_for(skip.step(), event, text);
    report.once(once).failure().send().await
}

async fn report_gaps(cx: &StepContext, form: &Onboarding) -> Result<(), StepError> {
    for sku in &cx.record.plan.licenses {
        let state = cx.record.licenses.get(&sku.part_number);
        if !matches!(state, Some(LicenseState::Assigned | LicenseState::Skipped)) {
            let text = format!("The license {} was not assigned: assign it by hand", sku.part_number);
            report_gap(cx, Skip::FindLicense, Event::LicenseMissing, &sku.part_number, &text).await?;
        }
    }
    let wanted = !form.groups.is_empty() || form.copy_groups_from.is_some();
    let added = cx.store.effect::<Vec<String>, ()>(&cx.key, effects::GROUPS_ADDED);
    if wanted && added.await? == EffectState::New {
        let text = "The groups were not added: add them by hand";
        report_gap(cx, Skip::AddGroups, Event::GroupsMissing, "", text).await?;
    }
    let reported = cx.store.effect::<(), ()>(&cx.key, effects::MFA_REPORTED);
    if let EffectState::Intended(()) = reported.await? {
        report_gap(cx, Skip::ReportMfa, Event::MfaUnread, "", messages::MFA_NOT_READ).await?;
    }
    if !cx.store.password_is_settled(&cx.key).await? {
        let text = messages::PASSWORD_UNSETTLED;
        let report = cx.report_for(StepName::HandOverPassword, Event::PasswordUnsettled, text);
        report.failure().send().await?;
    }
    Ok(())
}

async fn report_failure(cx: &StepContext, cause: &str) -> Result<(), StepError> {
    let record = &cx.record;
    let step = record.step.as_deref().and_then(StepName::parse);
    let step = step.unwrap_or(StepName::FirstStep);
    let what = reason(cause);
    let text = messages::failed(record.about(), step.as_str(), &what, &Env.request_page(&cx.key)?);
    cx.report_for(step, Event::Failed, &*what)
        .failure()
        .note(record.once_more("failed"), text)
        .send()
        .await
}

/// The message of one of Gangway's errors, which says what to do. Any other error is a crash, about which the logs say
/// more.
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

/// The end of the request, as text.
struct Ending<'a> {
    cx: &'a StepContext,
    config: &'a OrgConfig,
    end: End,
    recipients: Vec<Recipient>,
    timeline: Vec<TimelineEvent>,
    /// What was done, as labels and values.
    done: Vec<(&'static str, String)>,
    warnings: Vec<String>,
}

/// A person who gets a mail about the end.
struct Recipient {
    address: String,
    /// Whether this is the person's manager.
    reported_to: bool,
}

impl<'a> Ending<'a> {
    async fn new(cx: &'a StepContext, config: &'a OrgConfig, end: End) -> Result<Self, StepError> {
        let recipients = recipients(cx, end).await?;
        let timeline = cx.store.timeline(&cx.key).await?;
        let warnings = timeline.iter().filter(|event| cx.record.is_warned_by(event));
        Ok(Self {
            cx,
            config,
            end,
            recipients,
            warnings: warnings.map(|event| event.detail.clone()).collect(),
            timeline,
            done: match &cx.record.job {
                Job::Onboarding(_) => onboarded(cx).await?,
                Job::Offboarding(_) => offboarding::offboarded(cx).await?,
            },
        })
    }

    fn summary(&self) -> Summary<'_> {
        let denied = self.timeline.iter().find(|event| event.is(Event::Denied));
        Summary {
            about: self.cx.record.about(),
            outcome: self.end.outcome(!self.warnings.is_empty()),
            upn: self.cx.record.user.as_ref().map(|user| user.upn.as_str()),
            done: &self.done,
            warnings: &self.warnings,
            denied: denied.map(|event| event.detail.as_str()),
        }
    }

    async fn sum_up(&self) -> Result<(), StepError> {
        let record = &self.cx.record;
        let mut text = messages::summary(&self.summary());
        if self.end == End::Completed && !record.failed_steps(&self.timeline).is_empty() {
            let page = Env.request_page(&self.cx.key)?;
            text = format!("{text}\n\n{}", messages::may_be_resumed(&page));
        }
        self.cx.note(&record.once_more(messages::SUMMARY), &text).await?;
        for recipient in &self.recipients {
            self.mail(recipient).await?;
        }
        Ok(())
    }

    async fn mail(&self, recipient: &Recipient) -> Result<(), StepError> {
        let (cx, address) = (self.cx, &recipient.address);
        let compose = async || {
            let mail = match &cx.record.job {
                Job::Offboarding(_) if recipient.reported_to => {
                    offboarding::mail(cx, &self.summary(), self.config).await?
                }
                _ => messages::summary_mail(&self.summary(), &self.config.organisation.name),
            };
            cx.mail(address, mail, Vec::new()).await
        };
        let effect = cx.record.once_more(&format!("end-mail/{address}"));
        if let Err(error) = cx.mail_once(&effect, compose).await {
            // The end is recorded even if its mail could not be sent.
            let text = format!("The mail about the end could not be sent: {error}");
            let report = cx.report(Event::MailFailed, text).once(&**address);
            report.warning().send().await?;
        }
        Ok(())
    }
}

/// What the summary of an onboarding lists as done.
async fn onboarded(cx: &StepContext) -> Result<Vec<(&'static str, String)>, StepError> {
    let licenses = cx.record.licenses.iter();
    let assigned = licenses.filter(|(_, state)| **state == LicenseState::Assigned);
    let licenses: Vec<String> = assigned.map(|(part_number, _)| part_number.clone()).collect();
    let added = cx.store.effect::<Vec<String>, ()>(&cx.key, effects::GROUPS_ADDED);
    let groups = match added.await? {
        EffectState::Done(groups) => groups,
        EffectState::New | EffectState::Intended(()) => Vec::new(),
    };
    Ok(vec![
        ("Licenses", messages::listed(&licenses)),
        ("Groups", messages::listed(&groups)),
    ])
}

/// The requester, and the manager of the new user or leaver.
async fn recipients(cx: &StepContext, end: End) -> Result<Vec<Recipient>, StepError> {
    let managers: Vec<String> = match (end, &cx.record.job) {
        (End::Completed, Job::Onboarding(_)) => managers(cx).await,
        (End::Completed, Job::Offboarding(form)) => offboarding::manager(cx, form).await?.into_iter().collect(),
        _ => Vec::new(),
    };
    let requester = cx.record.requester.email.as_ref();
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

/// The manager in the form; for a rehired person also the one in the directory.
async fn managers(cx: &StepContext) -> Vec<String> {
    let Ok(graph) = cx.graph().await else {
        return Vec::new();
    };
    let plan = &cx.record.plan;
    let mut addresses: Vec<String> = Vec::new();
    for manager in [&plan.manager, &plan.password_manager].into_iter().flatten() {
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
    fn only_own_errors_are_reported() {
        let ours = r#"{"errorType":"NeedsAttention","errorMessage":"create-user: set the tenant id"}"#;
        assert_eq!(reason(ours), "create-user: set the tenant id");
        let crash = r#"{"errorType":"Runtime.ExitError","errorMessage":"RequestId: 1 Error: signal: killed"}"#;
        assert!(reason(crash).contains("its log"));
        assert!(reason("").contains("its log"));
    }
}

steps::payload_tests!(
    Summarise,
    [End::Completed, End::Denied, End::Cancelled, End::Failed].map(|end| Output {
        end,
        ticket_status: TicketStatus::Waiting,
    })
);
