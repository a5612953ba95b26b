//! Takes the temporary password to the places that the organisation chose, each once, then forgets it.

use chrono::{Duration, Utc};
use domain::ids::{OrgId, RequestId};
use domain::request::{RequestKey, UserRef};
use domain::schedule::local_words;
use domain::step_error::StepError;
use domain::variables::{OrgVariables, PasswordDestination};
use messages::Skipped;
use runtime::{Context, Env};
use serde::{Deserialize, Serialize};
use store::kept::{Kept, PASSWORD_SETTLED, Shown};
use store::requests::RequestRecord;

use crate::places::{Delivery, HandOver};

const STEP: &str = "hand-over-password";

/// How often the state machine tries again. What still fails then has failed, so that one place that is out of order
/// for long stops no other.
const RETRIES: u32 = 5;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Input {
    org: OrgId,
    request: RequestId,
    run: u32,
    /// How long a password that reached no place is kept.
    kept_seconds: u32,
    /// How often this has been tried before.
    #[serde(default)]
    retried: u32,
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case", tag = "outcome")]
pub(crate) enum Output {
    HandedOver,
    /// No place could be reached: the secret stays for a while.
    Kept,
}

pub(crate) async fn run(cx: &Context, input: Input) -> Result<Output, StepError> {
    let key = RequestKey {
        org: input.org,
        request: input.request,
    };
    let record = cx.begin(STEP, &key, input.run).await?;
    let Some(user) = &record.user else {
        return Err(StepError::Permanent("the user does not exist yet".to_owned()));
    };
    match cx.store.kept_password(&key).await? {
        Kept::Gone => {
            // An earlier run may have died between its record and the deletion.
            cx.secrets.forget_password(&key).await?;
            return Ok(Output::HandedOver);
        }
        Kept::Shown(shown) => {
            settle_shown(cx, &record, user, &shown).await?;
            return Ok(Output::HandedOver);
        }
        Kept::Here | Kept::NotYet => {}
    }
    if input.retried >= RETRIES {
        // Whatever becomes of the last try, an admin can fetch what is left.
        cx.store.keep_for_admin(&key).await?;
    }
    let password = cx.secrets.password(&key).await?;
    let password = password.ok_or_else(|| StepError::Permanent("the temporary password is gone".to_owned()))?;
    let keep = Keep {
        cx,
        record: &record,
        user,
        seconds: input.kept_seconds,
    };
    let config = match integrations::request_config(&cx.store, &record).await {
        Err(error) if !error.is_transient() => {
            // Which places there are, nobody knows; an admin can have it all the same.
            let nowhere = Skipped {
                name: "every place".to_owned(),
                reason: error.to_string(),
            };
            return keep.for_admin(&[nowhere], &OrgVariables::default()).await;
        }
        config => config?,
    };

    let mut reached = Vec::new();
    let mut failed = Vec::new();
    let mut transient = None;
    let hand_over = HandOver {
        cx,
        record: &record,
        config: &config,
        user,
        password: &password,
    };
    for place in config.variables.password_places() {
        match hand_over.deliver(place).await {
            Ok(Delivery::Done) => reached.push(place),
            Ok(Delivery::NoSuchPlace(why)) => failed.push(skipped(place, why)),
            Err(error) if error.is_transient() && input.retried < RETRIES => transient = Some(error),
            Err(error) => failed.push(skipped(place, &error.to_string())),
        }
    }
    if let Some(error) = transient {
        // The places that were reached are recorded, each by its own effect: only the others are tried again.
        return Err(error);
    }
    if reached.is_empty() {
        return keep.for_admin(&failed, &config.variables).await;
    }
    tell_failures(cx, &key, &failed).await?;
    let text = messages::password_handed_over(&reached, &failed);
    cx.store.queue_note(&key, "password-handed-over", &text).await?;
    cx.store
        .record_event(&key, STEP, "handed_over", "", &text, false)
        .await?;
    cx.store.effect_done(&key, PASSWORD_SETTLED, &()).await?;
    cx.secrets.forget_password(&key).await?;
    Ok(Output::HandedOver)
}

/// What reached no place.
struct Keep<'a> {
    cx: &'a Context,
    record: &'a RequestRecord,
    user: &'a UserRef,
    seconds: u32,
}

impl Keep<'_> {
    async fn for_admin(self, failed: &[Skipped], variables: &OrgVariables) -> Result<Output, StepError> {
        let Self {
            cx,
            record,
            user,
            seconds,
        } = self;
        let key = record.key();
        cx.store.keep_for_admin(&key).await?;
        tell_failures(cx, &key, failed).await?;
        let until = local_words(Utc::now() + Duration::seconds(i64::from(seconds)), variables.timezone);
        let page = Env.request_page(&key)?;
        let text = messages::password_kept(&user.upn, failed, &until, &page);
        cx.store
            .queue_note(&key, &record.once_more("password-kept"), &text)
            .await?;
        cx.store
            .record_event(&key, STEP, "kept", "", "The temporary password reached no place", true)
            .await?;
        Ok(Output::Kept)
    }
}

async fn tell_failures(cx: &Context, key: &RequestKey, failed: &[Skipped]) -> Result<(), StepError> {
    for place in failed {
        let detail = format!("{}: {}", place.name, place.reason);
        cx.store
            .record_event(key, STEP, "place_failed", &place.name, &detail, true)
            .await?;
    }
    Ok(())
}

/// An admin has seen it: it is deleted like one that was handed over.
async fn settle_shown(cx: &Context, record: &RequestRecord, user: &UserRef, shown: &Shown) -> Result<(), StepError> {
    let key = record.key();
    let zone = integrations::request_config(&cx.store, record)
        .await?
        .variables
        .timezone;
    let text = messages::password_shown(&user.upn, &shown.by, &local_words(shown.at, zone));
    cx.store.queue_note(&key, "password-shown", &text).await?;
    cx.store.effect_done(&key, PASSWORD_SETTLED, &()).await?;
    cx.secrets.forget_password(&key).await
}

fn skipped(place: PasswordDestination, why: &str) -> Skipped {
    Skipped {
        name: place.as_str().to_owned(),
        reason: why.to_owned(),
    }
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

    #[test]
    fn the_last_try_is_the_state_machines() {
        let machine: serde_json::Value =
            serde_json::from_str(include_str!("../../../statemachine/gangway.asl.json")).unwrap();
        let retry = &machine["States"]["Hand over the password"]["Retry"];
        let retries: u64 = retry
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|retrier| retrier["MaxAttempts"].as_u64())
            .sum();
        assert_eq!(retries, u64::from(RETRIES));
    }
}
