//! Mails each approver their own links, and reminds them later. Then the state waits for a click.

use chrono::{DateTime, Duration, Utc};
use domain::authority;
use domain::decision::Action;
use domain::step_error::StepError;
use domain::timeline::{Event, StepName};
use integrations::OrgConfig;
use notify::Mail;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use steps::{Step, StepContext};

pub(crate) struct RequestApproval;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Input {
    /// Round 0 asks; later rounds remind.
    round: u32,
    rounds: u32,
    /// Seconds between rounds.
    reminder: u32,
    /// The task token of the waiting state.
    token: SecretString,
}

#[derive(Serialize)]
pub(crate) struct Output {}

impl Step for RequestApproval {
    const NAME: StepName = StepName::RequestApproval;
    type Input = Input;
    type Output = Output;

    async fn run(cx: &StepContext, input: Input) -> Result<Output, StepError> {
        let gate = cx.record.plan.approval_gate();
        let closes_at = Utc::now() + Duration::seconds(i64::from(input.rounds) * i64::from(input.reminder));
        if cx.record.resumed.is_some() {
            cx.store.reopen_gate(&cx.key, &gate, closes_at).await?;
        }
        let token = input.token.expose_secret();
        let entered = cx.store.enter_gate(&cx.key, &gate, token, closes_at).await?;
        if entered.decision.is_some() {
            // The gate was decided between two rounds, so the state must not wait for a click any more.
            cx.wake(&input.token).await?;
            return Ok(Output {});
        }
        let round = Round {
            cx,
            config: cx.config().await?,
            number: input.round,
            closes_at: entered.closes_at,
        };
        let asked = round.ask().await?;
        round.report(&asked).await?;
        Ok(Output {})
    }
}

/// One round of asking the approvers.
struct Round<'a> {
    cx: &'a StepContext,
    config: &'a OrgConfig,
    /// Round 0 asks; later rounds remind.
    number: u32,
    closes_at: DateTime<Utc>,
}

impl Round<'_> {
    /// Mails the approvers and returns their addresses.
    async fn ask(&self) -> Result<Vec<String>, StepError> {
        let approvers = self.approvers().await?;
        if approvers.is_empty() {
            let text = messages::nobody_asked(self.cx.record.about());
            let name = self.cx.record.once_an_approval("nobody-asked");
            let report = self.cx.report(Event::NobodyAsked, text).once(&*name);
            report.warning().noted(name).send().await?;
        }
        for approver in &approvers {
            let name = format!("approval-mail/{}/{approver}", self.number);
            let effect = self.cx.record.once_an_approval(&name);
            self.cx.mail_once(&effect, async || self.mail(approver).await).await?;
        }
        Ok(approvers)
    }

    /// The current approvers. An approver removed since the last round is not asked, and one added since then is. The
    /// requester and the leaver are never asked.
    async fn approvers(&self) -> Result<Vec<String>, StepError> {
        let Self { cx, config, .. } = self;
        let members = match config.variables.new_user_approval_email.is_empty() {
            true => cx.store.approving_members(&config.organisation).await?,
            false => Vec::new(),
        };
        let mut approvers = authority::approvers_now(&cx.record.plan, &config.variables, &members);
        approvers.retain(|approver| !cx.record.concerns(approver));
        Ok(approvers)
    }

    /// The mail to an approver, with two links of their own.
    async fn mail(&self, approver: &str) -> Result<Mail, StepError> {
        let Self { cx, config, .. } = self;
        let gate = cx.record.plan.approval_gate();
        let actions = [Action::Approve, Action::Deny];
        let links = cx.store.issue_links(&cx.key, &gate, &actions, approver).await?;
        let [approve, deny] = links.as_slice() else {
            return Err(StepError::Permanent("two links were to be issued".to_owned()));
        };
        let (approve, deny) = (cx.decide_link(approve)?, cx.decide_link(deny)?);
        let requester = &cx.record.requester;
        let mail = messages::ApprovalMail {
            organisation: &config.organisation.name,
            job: &cx.record.job,
            plan: &cx.record.plan,
            requested_by: requester.known_as(),
            until: self.closes_at,
            zone: config.variables.timezone,
            reminder: self.number > 0,
        };
        let mail = messages::approval_mail(&mail, &approve, &deny);
        cx.mail(approver, mail, vec![approve, deny]).await
    }

    async fn report(&self, asked: &[String]) -> Result<(), StepError> {
        let Self { cx, config, number, .. } = self;
        let event = if *number == 0 { Event::Asked } else { Event::Reminded };
        // Addresses in the variable are text that somebody typed, and not people whom Gangway knows.
        let people = match config.variables.new_user_approval_email.is_empty() {
            true => asked,
            false => &[],
        };
        cx.report(event, asked.join(", "))
            .once(cx.record.once_an_approval(&number.to_string()))
            .naming(people)
            .send()
            .await?;
        if *number > 0 && !asked.is_empty() {
            let name = cx.record.once_an_approval(&format!("approval-reminded-{number}"));
            let zone = config.variables.timezone;
            let text = messages::approval_reminded(cx.record.about(), asked, self.closes_at, zone);
            cx.note(&name, &text).await?;
        }
        Ok(())
    }
}

steps::payload_tests!(RequestApproval);
