//! Shuts the leaver out: the sign-in is blocked, and every session ends.

use directory::{Change, Graph};
use domain::request::Skip;
use domain::step_error::StepError;
use integrations::offboarding;
use messages::SignIn;
use runtime::{Context, Input};
use serde::Serialize;

const STEP: &str = "block-sign-in";

#[derive(Serialize)]
pub(crate) struct Output {}

pub(crate) async fn run(cx: &Context, input: Input) -> Result<Output, StepError> {
    let key = input.key();
    let record = cx.begin(STEP, &key, input.run).await?;
    if record.skipped.contains(&Skip::BlockSignIn) {
        return Ok(Output {});
    }
    record.job.offboarding()?;
    let Some(user) = &record.user else {
        return Err(StepError::Permanent("the request has no account".to_owned()));
    };
    let config = integrations::request_config(&cx.store, &record).await?;
    // Nobody need be asked: doing it again changes nothing.
    let again = async || Ok(None);
    let block = async || match config.variables.offboarding_deactivate_user {
        true => block(&integrations::graph(&cx.secrets, &config.organisation).await?, &user.id).await,
        false => Ok(SignIn::Kept),
    };
    let sign_in = cx.store.once(&key, offboarding::SIGN_IN, again, block).await?;
    let text = messages::sign_in(&user.upn, &sign_in);
    cx.store.queue_note(&key, "sign-in", &text).await?;
    let (event, warning) = match &sign_in {
        SignIn::Kept => ("kept", false),
        SignIn::Closed {
            not_blocked: None,
            not_revoked: None,
        } => ("blocked", false),
        SignIn::Closed { .. } => ("refused", true),
    };
    cx.store.record_event(&key, STEP, event, "", &text, warning).await?;
    Ok(Output {})
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
    // Also where it could not be blocked: until somebody does so, a password has to be typed.
    let revoked = graph.revoke_sessions(user_id).await;
    Ok(SignIn::Closed {
        not_blocked: refused(blocked?),
        not_revoked: refused(revoked?),
    })
}

#[cfg(test)]
mod payload_tests {
    use super::*;

    #[test]
    fn takes_what_the_state_machine_sends() {
        assert_eq!(payloads::accepted::<Input>("block-sign-in"), Ok(()));
    }
}
