//! Ctrl-C, and a polite kill: everything that was started ends first.

use std::{
    path::PathBuf,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use crate::{
    Result,
    process::{pause, stop_all},
};

static INTERRUPTED: AtomicBool = AtomicBool::new(false);

pub(crate) fn stop_everything_on_interrupt(folder: PathBuf) -> Result<()> {
    ctrlc::set_handler(move || {
        INTERRUPTED.store(true, Ordering::SeqCst);
        eprintln!("\nstopping ...");
        if let Err(error) = stop_all(&folder) {
            eprintln!("xtask: {error}");
        }
        std::process::exit(130);
    })?;
    Ok(())
}

/// What was being done fails when its processes are stopped. The handler has the last word then.
pub(crate) fn leave_to_handler_if_interrupted() {
    while INTERRUPTED.load(Ordering::SeqCst) {
        pause(Duration::from_millis(100));
    }
}
