//! What follows once a request is cancelled. Each part may run again.

use domain::step_error::StepError;
use store::Store;
use store::requests::RequestRecord;
use store::timeline::Of;

use crate::env::Env;
use crate::execution::{Enter, start, stop};

/// `record` is cancelled already. Says so on the timeline and the ticket, ends the execution that waits, and starts the
/// one that tells the ticket. `by` as people are told; `why` where it was no wish of theirs alone.
pub async fn finish_cancelling(
    store: &Store,
    step_functions: &aws_sdk_sfn::Client,
    record: &RequestRecord,
    by: &str,
    why: Option<&str>,
) -> Result<(), StepError> {
    if record.ended_at.is_some() {
        return Ok(());
    }
    let key = record.key();
    let why = why.map(|why| format!(": {why}")).unwrap_or_default();
    let detail = format!("Cancelled by {by}{why}");
    let of = Of {
        detail: &detail,
        people: &[by.to_owned()],
        warning: false,
    };
    store.record_event_of(&key, "cancel", "cancelled", "once", of).await?;
    store
        .queue_note(
            &key,
            "cancelled",
            &messages::cancelled(record.about(), &format!("{by}{why}")),
        )
        .await?;
    let state_machine = Env.state_machine_arn()?;
    if let Some(before) = record.run.checked_sub(1) {
        stop(
            step_functions,
            &state_machine,
            &key,
            before,
            "The next execution goes on",
        )
        .await?;
    }
    start(
        step_functions,
        &state_machine,
        &key,
        record.kind(),
        record.run,
        Enter::Cancelled,
    )
    .await?;
    Ok(())
}
