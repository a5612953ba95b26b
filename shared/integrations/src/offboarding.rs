//! The effects of an offboarding. What they came to is in `domain::note`: `SignIn`, and `Removed` for the other two.

use domain::step_error::StepError;
use messages::{Removed, Skipped};
use store::Store;
use store::requests::RequestRecord;

pub const SIGN_IN: &str = "sign-in";
pub const GROUPS: &str = "groups-removed";
pub const LICENSES: &str = "licenses-removed";

/// Tells what was removed and what not, and records the effect. What failed stays to be done, after a resume.
pub async fn tell_removed(
    store: &Store,
    record: &RequestRecord,
    step: &str,
    effect: &str,
    what: &Removed,
    text: &str,
) -> Result<(), StepError> {
    let key = record.key();
    store.queue_note(&key, &record.once_more(effect), text).await?;
    let removed = messages::listed(&what.removed);
    store
        .record_event(&key, step, "removed", &record.once_more(""), &removed, false)
        .await?;
    let words = |left: &Skipped| format!("{}: {}", left.name, left.reason);
    for left in &what.left {
        store
            .record_event(&key, step, "left", &left.name, &words(left), true)
            .await?;
    }
    for failed in &what.failed {
        store
            .record_failure(record, step, "failed", &failed.name, &words(failed))
            .await?;
    }
    if what.failed.is_empty() {
        store.effect_done(&key, effect, what).await?;
    }
    Ok(())
}
