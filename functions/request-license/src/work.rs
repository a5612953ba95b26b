//! Asks a technician to buy a license: a note with two links on the ticket; the state then waits for a click.

use chrono::{Duration, Utc};
use domain::decision::{Action, Gate};
use domain::ids::{OrgId, RequestId};

use domain::request::{RequestKey, Status, TicketRef};
use domain::step_error::StepError;
use integrations::OrgConfig;
use psa::{Note, NoteText, Psa};
use runtime::Context;
use secrecy::{ExposeSecret, SecretString};
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use store::effects::EffectState;
use store::requests::RequestRecord;

const STEP: &str = "request-license";

/// Who holds the links of a ticket's note.
const TECHNICIAN: &str = "a technician";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Input {
    org: OrgId,
    request: RequestId,
    run: u32,
    /// Part number.
    sku: String,
    /// Seconds until the gate closes.
    closes_in: u32,
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
    let gate = Gate::License(input.sku.clone());
    let closes_at = Utc::now() + Duration::seconds(i64::from(input.closes_in));
    if record.resumed.is_some() {
        cx.store.reopen_gate(&key, &gate, closes_at).await?;
    }
    let entered = cx
        .store
        .enter_gate(&key, &gate, input.token.expose_secret(), closes_at)
        .await?;
    if entered.decision.is_some() {
        runtime::deliver(&cx.aws.step_functions(), input.token.expose_secret()).await?;
        return Ok(Output {});
    }
    cx.store
        .move_status(&key, input.run, &[Status::Running], Status::WaitingLicense)
        .await?;
    let config = integrations::request_config(&cx.store, &record).await?;
    let told = tell(cx, &record, &config, &gate, &input.sku).await?;
    let detail = if told {
        "Asked on the ticket"
    } else {
        "Nobody could be told: there is no ticket and no address"
    };
    cx.store
        .record_event(
            &key,
            STEP,
            "asked",
            &record.once_more(&input.sku),
            &format!("{}: {detail}", input.sku),
            !told,
        )
        .await?;
    Ok(Output {})
}

/// On the ticket; where the PSA refuses, by mail. False if there is neither.
async fn tell(
    cx: &Context,
    record: &RequestRecord,
    config: &OrgConfig,
    gate: &Gate,
    part_number: &str,
) -> Result<bool, StepError> {
    let refused = match (integrations::psa(&cx.aws, &cx.secrets, config).await, &record.ticket) {
        (Ok(Some(psa)), Some(ticket)) => {
            match post(cx, record, config, gate, part_number, &psa, ticket, "ticket").await {
                Ok(()) => return Ok(true),
                Err(error) if error.is_transient() => return Err(error),
                Err(error) => Some(error),
            }
        }
        (Err(error), _) if error.is_transient() => return Err(error),
        (Err(error), _) => Some(error),
        (Ok(_), _) => None,
    };
    if let Some(error) = refused {
        let detail = format!("The purchase could not be asked for on the ticket: {error}");
        cx.store
            .record_event(
                &record.key(),
                STEP,
                "ticket_failed",
                &record.once_more(part_number),
                &detail,
                true,
            )
            .await?;
    }
    let Some(mails) = integrations::mail_psa(&cx.aws, &config.variables)? else {
        return Ok(false);
    };
    let place = TicketRef {
        system: mails.system().to_owned(),
        id: messages::note_subject(record.about()),
    };
    post(cx, record, config, gate, part_number, &mails, &place, "mail").await?;
    Ok(true)
}

#[expect(clippy::too_many_arguments, reason = "one call, and each of them is another thing")]
async fn post(
    cx: &Context,
    record: &RequestRecord,
    config: &OrgConfig,
    gate: &Gate,
    part_number: &str,
    psa: &Psa,
    place: &TicketRef,
    way: &str,
) -> Result<(), StepError> {
    let key = record.key();
    let name = record.once_more(&format!("purchase-{part_number}"));
    let marker = |mark: &str| format!("{}/{mark}/{name}", key.request);
    let upn = record.user.as_ref().map_or(&record.plan.upn, |user| &user.upn);
    let there = async |mark: &str| Ok(psa.has_note(place, &marker(mark)).await?.then_some(()));
    let add = async |mark: &str| {
        let links = cx
            .store
            .issue_links(&key, gate, &[Action::Confirm, Action::Reject], TECHNICIAN)
            .await?;
        let [confirm, reject] = links.as_slice() else {
            return Err(StepError::Permanent("two links were to be issued".to_owned()));
        };
        let (confirm, reject) = (integrations::decide_link(confirm)?, integrations::decide_link(reject)?);
        let ordered = may_be_ordered(cx, &key, part_number).await?;
        let organisation = &config.organisation.name;
        let text = messages::manual_purchase(organisation, part_number, upn, &confirm, &reject, ordered);
        // Links, unlike passwords, may go out in mails, so the text counts as plain here.
        let text = NoteText::Plain(text.expose_secret().to_owned());
        psa.add_note(
            place,
            &Note {
                marker: marker(mark),
                text,
                internal: true,
                minutes: None,
            },
        )
        .await
    };
    cx.store
        .once_marked(
            &key,
            &record.once_more(&format!("purchase-note/{way}/{part_number}")),
            there,
            add,
        )
        .await
}

/// Whether an order was meant to be sent, at least.
async fn may_be_ordered(cx: &Context, key: &RequestKey, part_number: &str) -> Result<bool, StepError> {
    let effect = integrations::purchase_effect(part_number);
    let state: EffectState<IgnoredAny, IgnoredAny> = cx.store.effect(key, &effect).await?;
    Ok(!matches!(state, EffectState::New))
}

#[cfg(test)]
mod payload_tests {
    use super::*;

    #[test]
    fn takes_what_the_state_machine_sends() {
        assert_eq!(payloads::accepted::<Input>("request-license"), Ok(()));
    }
}
