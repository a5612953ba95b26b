//! Waits for conditions. Only `until_time`, which meets a deadline, waits for a time.

use std::{
    thread,
    time::{Duration, Instant},
};

use chrono::{DateTime, Utc};

/// Longer than anything takes on a busy machine, including retries. The local engine gets slower towards the end of a
/// run.
pub const PATIENCE: Duration = Duration::from_secs(400);

/// Repeats the look until it finds something.
pub fn until<T>(what: &str, look: impl FnMut() -> Option<T>) -> T {
    until_or(look, PATIENCE).unwrap_or_else(|| panic!("waited {PATIENCE:?} for {what}"))
}

pub fn until_or<T>(mut look: impl FnMut() -> Option<T>, patience: Duration) -> Option<T> {
    let begun = Instant::now();
    loop {
        if let Some(found) = look() {
            return Some(found);
        }
        if begun.elapsed() > patience {
            return None;
        }
        pause(Duration::from_millis(150));
    }
}

/// Waits until a time, for clicks at the very moment of another event.
pub fn until_time(at: DateTime<Utc>) {
    if let Ok(left) = (at - Utc::now()).to_std() {
        pause(left);
    }
}

#[expect(clippy::disallowed_methods, reason = "a test's own pause between two looks")]
fn pause(time: Duration) {
    thread::sleep(time);
}
