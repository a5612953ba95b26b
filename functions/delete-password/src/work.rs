//! The kept password was not fetched in time.

use domain::step_error::StepError;
use runtime::{Context, Input};
use serde::Serialize;
use store::kept::PASSWORD_SETTLED;

const STEP: &str = "delete-password";

#[derive(Serialize)]
pub(crate) struct Output {}

pub(crate) async fn run(cx: &Context, input: Input) -> Result<Output, StepError> {
    let key = input.key();
    let record = cx.begin(STEP, &key, input.run).await?;
    cx.secrets.forget_password(&key).await?;
    // Whoever showed it has told so.
    if cx.store.password_shown(&key).await?.is_none() {
        let upn = record.user.as_ref().map_or(&record.plan.upn, |user| &user.upn);
        let text = messages::password_deleted(upn);
        cx.store.queue_note(&key, "password-deleted", &text).await?;
        cx.store.record_event(&key, STEP, "deleted", "", &text, true).await?;
    }
    cx.store.effect_done(&key, PASSWORD_SETTLED, &()).await?;
    Ok(Output {})
}

#[cfg(test)]
mod payload_tests {
    use super::*;

    #[test]
    fn takes_what_the_state_machine_sends() {
        assert_eq!(payloads::accepted::<Input>("delete-password"), Ok(()));
    }
}
