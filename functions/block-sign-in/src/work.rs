//! Blocks the leaver's sign-in and ends every session.

use directory::{Change, Graph};
use domain::step_error::StepError;
use domain::timeline::{Event, StepName};
use messages::SignIn;
use serde::Serialize;
use steps::{NoInput, Step, StepContext, effects};

pub(crate) struct BlockSignIn;

#[derive(Serialize)]
pub(crate) struct Output {}

impl Step for BlockSignIn {
    const NAME: StepName = StepName::BlockSignIn;
    type Input = NoInput;
    type Output = Output;

    async fn run(cx: &StepContext, _: NoInput) -> Result<Output, StepError> {
        if cx.is_skipped() {
            return Ok(Output {});
        }
        cx.record.job.offboarding()?;
        let user = cx.user()?;
        let config = cx.config().await?;
        // Repeating the call changes nothing, so there is no need to ask whether it happened.
        let again = async || Ok(None);
        let block = async || match config.variables.offboarding_deactivate_user {
            true => block(&cx.graph().await?, &user.id).await,
            false => Ok(SignIn::Kept),
        };
        let sign_in = cx.store.once(&cx.key, effects::SIGN_IN_BLOCKED, again, block).await?;
        let text = messages::sign_in(&user.upn, &sign_in);
        let event = match &sign_in {
            SignIn::Kept => Event::Kept,
            SignIn::Closed {
                not_blocked: None,
                not_revoked: None,
            } => Event::Blocked,
            SignIn::Closed { .. } => Event::Refused,
        };
        cx.report(event, text)
            .warning_if(event == Event::Refused)
            .noted("sign-in")
            .send()
            .await?;
        Ok(Output {})
    }
}

async fn block(graph: &Graph, user_id: &str) -> Result<SignIn, StepError> {
    if graph.user(user_id).await?.is_none() {
        return Err(StepError::NeedsAttention(
            "the account does not exist any more: free by hand what it has left behind".to_owned(),
        ));
    }
    let refused = |change: Change| match change {
        Change::Done => None,
        Change::Refused(why) => Some(why),
    };
    let blocked = match graph.block_sign_in(user_id).await {
        Err(error) if error.is_transient() => return Err(error),
        blocked => blocked,
    };
    // Sessions are revoked even if sign-in could not be blocked, so that a password has to be typed again.
    let revoked = graph.revoke_sessions(user_id).await;
    Ok(SignIn::Closed {
        not_blocked: refused(blocked?),
        not_revoked: refused(revoked?),
    })
}

steps::payload_tests!(BlockSignIn);
