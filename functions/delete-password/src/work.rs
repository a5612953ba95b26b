//! Deletes the kept password that nobody fetched in time.

use domain::step_error::StepError;
use domain::timeline::{Event, StepName};
use serde::Serialize;
use steps::{NoInput, Step, StepContext};
use store::kept::PASSWORD_SETTLED;

pub(crate) struct DeletePassword;

#[derive(Serialize)]
pub(crate) struct Output {}

impl Step for DeletePassword {
    const NAME: StepName = StepName::DeletePassword;
    type Input = NoInput;
    type Output = Output;

    async fn run(cx: &StepContext, _: NoInput) -> Result<Output, StepError> {
        cx.secrets.forget_password(&cx.key).await?;
        // The call that showed the password has already reported it.
        if cx.store.password_shown(&cx.key).await?.is_none() {
            let text = messages::password_deleted(cx.upn());
            let report = cx.report(Event::Deleted, text).warning();
            report.noted("password-deleted").send().await?;
        }
        cx.store.effect_done(&cx.key, PASSWORD_SETTLED, &()).await?;
        Ok(Output {})
    }
}

steps::payload_tests!(DeletePassword);
