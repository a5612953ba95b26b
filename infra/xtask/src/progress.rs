//! Prints what is being done, and how long it took.

use std::time::{Duration, Instant};

use crate::Result;

pub(crate) fn timed<T>(what: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    println!("{what} ...");
    let begun = Instant::now();
    let done = work()?;
    println!("  done in {}", seconds(begun.elapsed()));
    Ok(done)
}

pub(crate) fn seconds(time: Duration) -> String {
    let seconds = time.as_secs_f64();
    if seconds < 60.0 {
        format!("{seconds:.1} s")
    } else {
        format!("{} min {:.0} s", time.as_secs() / 60, seconds % 60.0)
    }
}
