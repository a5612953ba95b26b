//! Handles Ctrl-C and SIGTERM: ends everything that was started before xtask ends.

use std::{
    fs,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use crate::{
    Result,
    engine::Engine,
    process::{own_mark, pause, stop_all},
};

static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// Stops this xtask's engine and the processes that it waits for. Leaves other engines of this clone alone.
pub(crate) fn stop_on_interrupt(engine: &Engine) -> Result<()> {
    let marks = [engine.folder.clone(), own_mark(engine.project)];
    let local = engine.local_file.clone();
    ctrlc::set_handler(move || {
        INTERRUPTED.store(true, Ordering::SeqCst);
        eprintln!("\nstopping ...");
        for mark in &marks {
            if let Err(error) = stop_all(mark) {
                eprintln!("xtask: {error}");
            }
        }
        let _ = fs::remove_file(&local);
        std::process::exit(130);
    })?;
    Ok(())
}

/// After an interrupt the current work fails, because its processes were stopped. This lets the handler end xtask.
pub(crate) fn leave_to_handler_if_interrupted() {
    while INTERRUPTED.load(Ordering::SeqCst) {
        pause(Duration::from_millis(100));
    }
}
