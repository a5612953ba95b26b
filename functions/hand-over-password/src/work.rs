//! Delivers the temporary password to each destination that the organisation chose, once each, and then deletes it.

use chrono::{Duration, Utc};
use domain::schedule::local_words;
use domain::step_error::StepError;
use domain::timeline::{Event, StepName};
use domain::variables::{OrgVariables, PasswordDestination};
use integrations::OrgConfig;
use messages::Skipped;
use runtime::Env;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use steps::{Step, StepContext};
use store::kept::{Kept, PASSWORD_SETTLED, Shown};

use crate::places::{Delivery, HandOver};

pub(crate) struct HandOverPassword;

/// How often the state machine tries again. A destination that still fails is given up, so that a long outage of one
/// does not hold up the others.
const RETRIES: u32 = 5;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Input {
    /// How many seconds an undelivered password is kept.
    kept_seconds: u32,
    /// How many attempts there were before.
    #[serde(default)]
    retried: u32,
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case", tag = "outcome")]
pub(crate) enum Output {
    HandedOver,
    /// No destination could be reached, so the password is kept for a while.
    Kept,
}

impl Step for HandOverPassword {
    const NAME: StepName = StepName::HandOverPassword;
    type Input = Input;
    type Output = Output;

    async fn run(cx: &StepContext, input: Input) -> Result<Output, StepError> {
        cx.user()?;
        match cx.store.kept_password(&cx.key).await? {
            Kept::Gone => {
                // An earlier run may have died after recording the result and before deleting the password.
                cx.secrets.forget_password(&cx.key).await?;
                return Ok(Output::HandedOver);
            }
            Kept::Shown(shown) => {
                forget_shown(cx, &shown).await?;
                return Ok(Output::HandedOver);
            }
            Kept::Here | Kept::NotYet => {}
        }
        if input.retried >= RETRIES {
            // Whatever happens in the last attempt, an admin can fetch the password.
            cx.store.keep_for_admin(&cx.key).await?;
        }
        let password = cx.secrets.password(&cx.key).await?;
        let password = password.ok_or_else(|| StepError::Permanent("the temporary password is gone".to_owned()))?;
        let places = match cx.config().await {
            Ok(config) => deliver(cx, config, &password, input.retried < RETRIES).await?,
            Err(error) if error.is_transient() => return Err(error),
            // The destinations are unknown, but an admin can still fetch the password.
            Err(error) => Places {
                reached: Vec::new(),
                failed: vec![Skipped {
                    name: "every place".to_owned(),
                    reason: error.to_string(),
                }],
            },
        };
        if places.reached.is_empty() {
            keep_for_admin(cx, &places.failed, input.kept_seconds).await?;
            return Ok(Output::Kept);
        }
        forget_handed_over(cx, &places).await?;
        Ok(Output::HandedOver)
    }
}

#[derive(Default)]
struct Places {
    reached: Vec<PasswordDestination>,
    failed: Vec<Skipped>,
}

impl Places {
    fn fail(&mut self, place: PasswordDestination, why: &str) {
        self.failed.push(Skipped {
            name: place.as_str().to_owned(),
            reason: why.to_owned(),
        });
    }
}

/// Tries each destination. With `may_retry`, a transient error is returned after all have been tried. Successful
/// deliveries are recorded, each as its own effect, so only the others are tried again.
async fn deliver(
    cx: &StepContext,
    config: &OrgConfig,
    password: &SecretString,
    may_retry: bool,
) -> Result<Places, StepError> {
    let hand_over = HandOver { cx, config, password };
    let mut places = Places::default();
    let mut transient = None;
    for place in config.variables.password_places() {
        match hand_over.deliver(place).await {
            Ok(Delivery::Done) => places.reached.push(place),
            Ok(Delivery::NoSuchPlace(why)) => places.fail(place, why),
            Err(error) if error.is_transient() && may_retry => transient = Some(error),
            Err(error) => places.fail(place, &error.to_string()),
        }
    }
    match transient {
        Some(error) => Err(error),
        None => Ok(places),
    }
}

/// Keeps a password that no destination received, so that an admin can fetch it for `seconds`.
async fn keep_for_admin(cx: &StepContext, failed: &[Skipped], seconds: u32) -> Result<(), StepError> {
    cx.store.keep_for_admin(&cx.key).await?;
    report_failures(cx, failed).await?;
    let zone = match cx.config().await {
        Ok(config) => config.variables.timezone,
        Err(_) => OrgVariables::default().timezone,
    };
    let until = local_words(Utc::now() + Duration::seconds(i64::from(seconds)), zone);
    let text = messages::password_kept(cx.upn(), failed, &until, &Env.request_page(&cx.key)?);
    cx.report(Event::Kept, "The temporary password reached no place")
        .warning()
        .note(cx.record.once_more("password-kept"), text)
        .send()
        .await
}

async fn forget_handed_over(cx: &StepContext, places: &Places) -> Result<(), StepError> {
    report_failures(cx, &places.failed).await?;
    let text = messages::password_handed_over(&places.reached, &places.failed);
    let report = cx.report(Event::HandedOver, text);
    report.noted("password-handed-over").send().await?;
    cx.store.effect_done(&cx.key, PASSWORD_SETTLED, &()).await?;
    cx.secrets.forget_password(&cx.key).await
}

/// Deletes a password that an admin has seen, like a delivered one.
async fn forget_shown(cx: &StepContext, shown: &Shown) -> Result<(), StepError> {
    let zone = cx.config().await?.variables.timezone;
    let text = messages::password_shown(cx.upn(), &shown.by, &local_words(shown.at, zone));
    cx.note("password-shown", &text).await?;
    cx.store.effect_done(&cx.key, PASSWORD_SETTLED, &()).await?;
    cx.secrets.forget_password(&cx.key).await
}

async fn report_failures(cx: &StepContext, failed: &[Skipped]) -> Result<(), StepError> {
    for place in failed {
        cx.report(Event::PlaceFailed, format!("{}: {}", place.name, place.reason))
            .once(&*place.name)
            .warning()
            .send()
            .await?;
    }
    Ok(())
}

steps::payload_tests!(HandOverPassword, [Output::HandedOver, Output::Kept]);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn last_attempt_matches_the_state_machine() {
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
