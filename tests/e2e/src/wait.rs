//! Waiting for what must come. Nothing here waits for a time to pass, but `until_time`, which meets a deadline.

use std::{
    thread,
    time::{Duration, Instant},
};

use chrono::{DateTime, Utc};

/// Longer than anything takes on a busy machine, retries included. The local engine is slower towards the end of a whole run.
pub const PATIENCE: Duration = Duration::from_secs(400);

/// Looks again and again until there is something.
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

/// For clicks in the very moment in which something else happens.
pub fn until_time(at: DateTime<Utc>) {
    if let Ok(left) = (at - Utc::now()).to_std() {
        pause(left);
    }
}

#[expect(clippy::disallowed_methods, reason = "a test's own pause between two looks")]
fn pause(time: Duration) {
    thread::sleep(time);
}
