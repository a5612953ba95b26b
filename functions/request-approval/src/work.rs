//! Asks each approver by a mail of their own, and reminds them; the state then waits for a click.

use chrono::{DateTime, Duration, Utc};
use domain::authority;
use domain::decision::Action;
use domain::ids::{OrgId, RequestId};

use domain::request::RequestKey;
use domain::step_error::StepError;
use integrations::OrgConfig;
use notify::{Mail, Mailer};
use runtime::Context;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use store::requests::RequestRecord;
use store::timeline::Of;

const STEP: &str = "request-approval";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Input {
    org: OrgId,
    request: RequestId,
    run: u32,
    /// 0 asks, later rounds remind.
    round: u32,
    rounds: u32,
    /// Seconds between rounds.
    reminder: u32,
    /// Of the waiting task.
    token: SecretString,
}

#[derive(Serialize)]
pub(crate) struct Output {}

pub(crate) async fn run(cx: &Context, input: Input) -> Result<Output, StepError> {
    let key = RequestKey {
        org: input.org,
        request: input.request,
    };
    let record = cx.begin(STEP, &key, input.run).await?;
    let place = record.plan.approval_gate();
    let wait = Duration::seconds(i64::from(input.rounds) * i64::from(input.reminder));
    if record.resumed.is_some() {
        cx.store.reopen_gate(&key, &place, Utc::now() + wait).await?;
    }
    let gate = cx
        .store
        .enter_gate(&key, &place, input.token.expose_secret(), Utc::now() + wait)
        .await?;
    if gate.decision.is_some() {
        // Decided between two rounds: the state must not wait for a click that came already.
        runtime::deliver(&cx.aws.step_functions(), input.token.expose_secret()).await?;
        return Ok(Output {});
    }
    let config = integrations::request_config(&cx.store, &record).await?;
    let mailer = integrations::mailer(&cx.aws)?;
    let asked = ask(cx, &record, &config, &mailer, input.round, gate.closes_at).await?;
    let event = if input.round == 0 { "asked" } else { "reminded" };
    let of = Of {
        detail: &asked.join(", "),
        // Addresses of the variable are what somebody wrote.
        people: match config.variables.new_user_approval_email.is_empty() {
            true => &asked,
            false => &[],
        },
        warning: false,
    };
    cx.store
        .record_event_of(
            &key,
            STEP,
            event,
            &record.once_an_approval(&input.round.to_string()),
            of,
        )
        .await?;
    if input.round > 0 && !asked.is_empty() {
        let name = record.once_an_approval(&format!("approval-reminded-{}", input.round));
        let text = messages::approval_reminded(record.about(), &asked, gate.closes_at, config.variables.timezone);
        cx.store.queue_note(&key, &name, &text).await?;
    }
    Ok(Output {})
}

/// Answers who was asked.
async fn ask(
    cx: &Context,
    record: &RequestRecord,
    config: &OrgConfig,
    mailer: &Mailer,
    round: u32,
    closes_at: DateTime<Utc>,
) -> Result<Vec<String>, StepError> {
    let key = record.key();
    let reply_to = config.variables.send_from_address.as_ref().map(ToString::to_string);
    let members = match config.variables.new_user_approval_email.is_empty() {
        true => cx.store.approving_members(&config.organisation).await?,
        false => Vec::new(),
    };
    let mut asked = Vec::new();
    // Those of now: who was removed since is not asked, and who was added is. The requester and the leaver never are.
    let mut approvers = authority::approvers_now(&record.plan, &config.variables, &members);
    approvers.retain(|approver| !record.concerns(approver));
    if approvers.is_empty() {
        let text = messages::nobody_asked(record.about());
        let name = record.once_an_approval("nobody-asked");
        cx.store.queue_note(&key, &name, &text).await?;
        cx.store
            .record_event(&key, STEP, "nobody_asked", &name, &text, true)
            .await?;
    }
    for approver in &approvers {
        let effect = record.once_an_approval(&format!("approval-mail/{round}/{approver}"));
        integrations::mail_once(&cx.store, mailer, &key, &effect, async || {
            let links = cx
                .store
                .issue_links(
                    &key,
                    &record.plan.approval_gate(),
                    &[Action::Approve, Action::Deny],
                    approver,
                )
                .await?;
            let [approve, deny] = links.as_slice() else {
                return Err(StepError::Permanent("two links were to be issued".to_owned()));
            };
            let mail = messages::ApprovalMail {
                organisation: &config.organisation.name,
                job: &record.job,
                plan: &record.plan,
                requested_by: record.requester.known_as(),
                until: closes_at,
                zone: config.variables.timezone,
                reminder: round > 0,
            };
            let (approve, deny) = (integrations::decide_link(approve)?, integrations::decide_link(deny)?);
            let mail = messages::approval_mail(&mail, &approve, &deny);
            Ok(Mail {
                to: vec![approver.clone()],
                reply_to: reply_to.clone(),
                subject: mail.subject,
                text: mail.text,
                links: vec![approve, deny],
            })
        })
        .await?;
        asked.push(approver.clone());
    }
    Ok(asked)
}

#[cfg(test)]
mod payload_tests {
    use super::*;

    #[test]
    fn takes_what_the_state_machine_sends() {
        assert_eq!(payloads::accepted::<Input>("request-approval"), Ok(()));
    }
}
