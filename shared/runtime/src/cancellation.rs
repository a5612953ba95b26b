//! Everything that follows after a request is cancelled. Each part may be repeated.

use domain::step_error::StepError;
use domain::timeline::{Event, StepName};
use store::Store;
use store::requests::RequestRecord;
use store::timeline::NewEvent;

use crate::env::Env;
use crate::execution::{Enter, start, stop};

/// Reports the cancellation of `record` on the timeline and the ticket, stops the waiting execution, and starts the one
/// that updates the ticket. `by` is the name shown to people; `why` is a reason other than that person's wish.
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
    let event = NewEvent::new(StepName::Cancel, Event::Cancelled, detail)
        .once("once")
        .naming(&[by.to_owned()]);
    store.record(&key, &event).await?;
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
