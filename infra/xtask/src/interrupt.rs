//! Ctrl-C, and a polite kill: everything that was started ends first.

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

/// Stops this xtask's engine and whatever it waits for, and leaves other engines of this clone alone.
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

/// What was being done fails when its processes are stopped. The handler has the last word then.
pub(crate) fn leave_to_handler_if_interrupted() {
    while INTERRUPTED.load(Ordering::SeqCst) {
        pause(Duration::from_millis(100));
    }
}
