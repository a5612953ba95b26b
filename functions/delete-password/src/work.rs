//! The kept password was not fetched in time.

use domain::fault::Fault;
use domain::ids::{OrgId, RequestId};
use domain::note;
use domain::request::RequestKey;
use serde::{Deserialize, Serialize};
use step::Context;

const STEP: &str = "delete-password";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Input {
    org: OrgId,
    request: RequestId,
    run: u32,
}

#[derive(Serialize)]
pub(crate) struct Output {}

pub(crate) async fn run(cx: &Context, input: Input) -> Result<Output, Fault> {
    let key = RequestKey {
        org: input.org,
        request: input.request,
    };
    let record = cx.begin(STEP, &key, input.run).await?;
    cx.secrets.forget_password(&key).await?;
    let upn = record.user.as_ref().map_or(&record.plan.upn, |user| &user.upn);
    let text = note::password_deleted(upn);
    cx.store.queue_note(&key, "password-deleted", &text).await?;
    cx.store.record_event(&key, STEP, "deleted", "", &text, true).await?;
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
