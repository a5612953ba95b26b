//! Asks a technician to buy a license, with a note with two links on the ticket. Then the state waits for a click.

use chrono::{Duration, Utc};
use domain::decision::{Action, Gate};
use domain::request::{Status, TicketRef};
use domain::step_error::StepError;
use domain::timeline::{Event, StepName};
use psa::{Note, NoteText, Psa};
use secrecy::{ExposeSecret, SecretString};
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use steps::{Step, StepContext, effects};
use store::effects::EffectState;

pub(crate) struct RequestLicense;

/// The timeline's name for a person who uses the links on a ticket.
const TECHNICIAN: &str = "a technician";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Input {
    /// The license's part number.
    sku: String,
    /// Seconds until the gate closes.
    closes_in: u32,
    /// The task token of the waiting state.
    token: SecretString,
}

#[derive(Serialize)]
pub(crate) struct Output {}

impl Step for RequestLicense {
    const NAME: StepName = StepName::RequestLicense;
    type Input = Input;
    type Output = Output;

    async fn run(cx: &StepContext, input: Input) -> Result<Output, StepError> {
        let gate = Gate::License(input.sku.clone());
        let closes_at = Utc::now() + Duration::seconds(i64::from(input.closes_in));
        if cx.record.resumed.is_some() {
            cx.store.reopen_gate(&cx.key, &gate, closes_at).await?;
        }
        let token = input.token.expose_secret();
        let entered = cx.store.enter_gate(&cx.key, &gate, token, closes_at).await?;
        if entered.decision.is_some() {
            cx.wake(&input.token).await?;
            return Ok(Output {});
        }
        cx.store
            .move_status(&cx.key, cx.run, &[Status::Running], Status::WaitingLicense)
            .await?;
        let question = Question {
            cx,
            gate,
            part_number: &input.sku,
        };
        question.ask().await?;
        Ok(Output {})
    }
}

/// The question to a technician whether the license was bought.
struct Question<'a> {
    cx: &'a StepContext,
    gate: Gate,
    part_number: &'a str,
}

/// The channels of the question. It is sent once on each.
enum Channel {
    Ticket,
    Mail,
}

impl Question<'_> {
    async fn ask(&self) -> Result<(), StepError> {
        // Invalid variables are not a failure of the ticket system, so they are checked first.
        self.cx.config().await?;
        let asked = self.on_ticket().await? || self.by_mail().await?;
        let detail = match asked {
            true => "Asked on the ticket",
            false => "Nobody could be told: there is no ticket and no address",
        };
        self.cx
            .report(Event::Asked, format!("{}: {detail}", self.part_number))
            .once(self.cx.record.once_more(self.part_number))
            .warning_if(!asked)
            .send()
            .await
    }

    /// Returns false if there is no ticket, or if the ticket system refused the note.
    async fn on_ticket(&self) -> Result<bool, StepError> {
        let result = match (self.cx.psa().await, &self.cx.record.ticket) {
            (Ok(Some(psa)), Some(ticket)) => self.post(&psa, ticket, Channel::Ticket).await,
            (Ok(_), _) => return Ok(false),
            (Err(error), _) => Err(error),
        };
        match result {
            Ok(()) => Ok(true),
            Err(error) if error.is_transient() => Err(error),
            Err(error) => {
                let detail = format!("The purchase could not be asked for on the ticket: {error}");
                let report = self.cx.report(Event::TicketFailed, detail);
                let once = self.cx.record.once_more(self.part_number);
                report.once(once).warning().send().await?;
                Ok(false)
            }
        }
    }

    /// Returns false if there is no address for mails.
    async fn by_mail(&self) -> Result<bool, StepError> {
        let Some(mails) = self.cx.mail_psa().await? else {
            return Ok(false);
        };
        let place = TicketRef {
            system: mails.system().to_owned(),
            id: messages::note_subject(self.cx.record.about()),
        };
        self.post(&mails, &place, Channel::Mail).await?;
        Ok(true)
    }

    async fn post(&self, psa: &Psa, ticket: &TicketRef, channel: Channel) -> Result<(), StepError> {
        let (cx, part_number) = (self.cx, self.part_number);
        let name = cx.record.once_more(&format!("purchase-{part_number}"));
        let marker = |mark: &str| format!("{}/{mark}/{name}", cx.key.request);
        let there = async |mark: &str| Ok(psa.has_note(ticket, &marker(mark)).await?.then_some(()));
        let add = async |mark: &str| {
            let note = Note {
                marker: marker(mark),
                text: self.text().await?,
                internal: true,
                minutes: None,
            };
            psa.add_note(ticket, &note).await
        };
        let channel = match channel {
            Channel::Ticket => "ticket",
            Channel::Mail => "mail",
        };
        let effect = cx.record.once_more(&format!("purchase-note/{channel}/{part_number}"));
        cx.store.once_marked(&cx.key, &effect, there, add).await
    }

    /// The note with new links.
    async fn text(&self) -> Result<NoteText, StepError> {
        let (cx, part_number) = (self.cx, self.part_number);
        let actions = [Action::Confirm, Action::Reject];
        let links = cx.store.issue_links(&cx.key, &self.gate, &actions, TECHNICIAN).await?;
        let [confirm, reject] = links.as_slice() else {
            return Err(StepError::Permanent("two links were to be issued".to_owned()));
        };
        let (confirm, reject) = (cx.decide_link(confirm)?, cx.decide_link(reject)?);
        let ordered = self.may_be_ordered().await?;
        let organisation = &cx.config().await?.organisation.name;
        let text = messages::manual_purchase(organisation, part_number, cx.upn(), &confirm, &reject, ordered);
        // Unlike passwords, links may be sent by mail, so the text counts as plain.
        Ok(NoteText::Plain(text.expose_secret().to_owned()))
    }

    /// Whether an order may have been sent.
    async fn may_be_ordered(&self) -> Result<bool, StepError> {
        let effect = effects::purchase(self.part_number);
        let state: EffectState<IgnoredAny, IgnoredAny> = self.cx.store.effect(&self.cx.key, &effect).await?;
        Ok(!matches!(state, EffectState::New))
    }
}

steps::payload_tests!(RequestLicense);
