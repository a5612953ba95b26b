//! Takes the temporary password to the places that the organisation chose, each once, then forgets it.

use chrono::{Duration, Utc};
use domain::fault::Fault;
use domain::ids::{OrgId, RequestId};
use domain::note::{self, Skipped};
use domain::request::{RequestKey, UserRef};
use domain::schedule::local_words;
use domain::variables::PasswordPlace;
use notify::Mail;
use psa::{Note, NoteText};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use step::{Context, Env};
use store::effects::Standing;
use store::requests::RequestRecord;
use systems::Settled;

const STEP: &str = "hand-over-password";

/// The effect that is recorded when the password has reached a place.
const HANDED_OVER: &str = "password";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Input {
    org: OrgId,
    request: RequestId,
    run: u32,
    /// How long a password that reached no place is kept.
    kept_seconds: u32,
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case", tag = "outcome")]
pub(crate) enum Output {
    HandedOver,
    /// No place could be reached: the secret stays for a while.
    Kept,
}

/// What became of one place.
enum Delivery {
    Done,
    /// The organisation chose it, but this person has no such place.
    NoSuchPlace(&'static str),
}

pub(crate) async fn run(cx: &Context, input: Input) -> Result<Output, Fault> {
    let key = RequestKey {
        org: input.org,
        request: input.request,
    };
    let record = cx.begin(STEP, &key, input.run).await?;
    let Some(user) = &record.user else {
        return Err(Fault::Permanent("the user does not exist yet".to_owned()));
    };
    if let Standing::Done(()) = cx.store.standing::<(), ()>(&key, HANDED_OVER).await? {
        // An earlier run may have died between its record and the deletion.
        cx.secrets.forget_password(&key).await?;
        return Ok(Output::HandedOver);
    }
    let password = cx.secrets.password(&key).await?;
    let password = password.ok_or_else(|| Fault::Permanent("the temporary password is gone".to_owned()))?;
    let settled = systems::settled(&cx.store, &key.org).await?;

    let mut reached = Vec::new();
    let mut failed = Vec::new();
    let mut transient = None;
    for place in settled.variables.password_places() {
        match deliver(cx, &record, &settled, user, &password, place).await {
            Ok(Delivery::Done) => reached.push(place),
            Ok(Delivery::NoSuchPlace(why)) => failed.push(skipped(place, why)),
            Err(fault) if fault.is_transient() => transient = Some(fault),
            Err(fault) => failed.push(skipped(place, &fault.to_string())),
        }
    }
    if let Some(fault) = transient {
        // The places that were reached are recorded, each by its own effect: only the others are tried again.
        return Err(fault);
    }
    for place in &failed {
        let detail = format!("{}: {}", place.name, place.reason);
        cx.store
            .record_event(&key, STEP, "place_failed", &place.name, &detail, true)
            .await?;
    }
    if reached.is_empty() {
        let until = Utc::now() + Duration::seconds(i64::from(input.kept_seconds));
        let until = local_words(until, settled.variables.timezone);
        let page = format!("{}/orgs/{}/requests/{}", Env.base_url()?, key.org, key.request);
        let text = note::password_kept(&user.upn, &failed, &until, &page);
        cx.store.queue_note(&key, "password-kept", &text).await?;
        cx.store
            .record_event(&key, STEP, "kept", "", "The temporary password reached no place", true)
            .await?;
        return Ok(Output::Kept);
    }
    let text = note::password_handed_over(&reached, &failed);
    cx.store.queue_note(&key, "password-handed-over", &text).await?;
    cx.store
        .record_event(&key, STEP, "handed_over", "", &text, false)
        .await?;
    cx.store.effect_done(&key, HANDED_OVER, &()).await?;
    cx.secrets.forget_password(&key).await?;
    Ok(Output::HandedOver)
}

fn skipped(place: PasswordPlace, why: &str) -> Skipped {
    Skipped {
        name: place.as_str().to_owned(),
        reason: why.to_owned(),
    }
}

async fn deliver(
    cx: &Context,
    record: &RequestRecord,
    settled: &Settled,
    user: &UserRef,
    password: &SecretString,
    place: PasswordPlace,
) -> Result<Delivery, Fault> {
    match place {
        PasswordPlace::TicketNote => to_ticket(cx, record, settled, user, password).await,
        PasswordPlace::Manager => to_manager(cx, record, settled, user, password).await,
        PasswordPlace::ItGlue | PasswordPlace::Hudu | PasswordPlace::Passportal | PasswordPlace::PwPush => {
            Ok(Delivery::NoSuchPlace("this version of Gangway cannot write there yet"))
        }
    }
}

async fn to_ticket(
    cx: &Context,
    record: &RequestRecord,
    settled: &Settled,
    user: &UserRef,
    password: &SecretString,
) -> Result<Delivery, Fault> {
    let Some(ticket) = &record.ticket else {
        return Ok(Delivery::NoSuchPlace("there is no ticket"));
    };
    let psa = systems::psa(&cx.aws, &cx.secrets, settled).await?;
    let Some(psa) = psa.filter(psa::Psa::carries_secrets) else {
        return Ok(Delivery::NoSuchPlace("notes that are mails never carry a password"));
    };
    let key = record.key();
    let marker = format!("{}/password", key.request);
    let there = async || Ok(psa.has_note(ticket, &marker).await?.then_some(()));
    let add = async || {
        let text = NoteText::Secret(note::password(&user.upn, password, &settled.variables));
        psa.add_note(
            ticket,
            &Note {
                marker: marker.clone(),
                text,
                internal: true,
                minutes: None,
            },
        )
        .await
    };
    cx.store.once(&key, "password/ticket", there, add).await?;
    Ok(Delivery::Done)
}

async fn to_manager(
    cx: &Context,
    record: &RequestRecord,
    settled: &Settled,
    user: &UserRef,
    password: &SecretString,
) -> Result<Delivery, Fault> {
    let Some(manager) = &record.onboarding.manager else {
        return Ok(Delivery::NoSuchPlace("there is no manager"));
    };
    let graph = systems::graph(&cx.secrets, &settled.organisation).await?;
    let Some(manager) = graph.user(manager.as_str()).await? else {
        return Ok(Delivery::NoSuchPlace("the manager has no account any more"));
    };
    let compose = async || {
        let mail = note::password_mail(
            &record.plan.display_name,
            &settled.organisation.name,
            &user.upn,
            password,
            &settled.variables,
        );
        Ok(Mail {
            to: vec![manager.address().to_owned()],
            reply_to: settled.variables.send_from_address.as_ref().map(ToString::to_string),
            subject: mail.subject,
            text: mail.text,
            html: None,
        })
    };
    systems::mail_once(
        &cx.store,
        &systems::mailer(&cx.aws)?,
        &record.key(),
        "password/manager",
        compose,
    )
    .await?;
    Ok(Delivery::Done)
}

#[cfg(test)]
mod payload_tests {
    use super::*;

    #[test]
    fn takes_what_the_state_machine_sends() {
        assert_eq!(payloads::accepted::<Input>("hand-over-password"), Ok(()));
    }

    #[test]
    fn answers_what_the_state_machine_picks() {
        let answers = [Output::HandedOver, Output::Kept];
        assert_eq!(payloads::answers("hand-over-password", &answers), Ok(()));
    }
}
