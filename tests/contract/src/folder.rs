//! Where the vendors' files are.

use std::{
    io::Write,
    path::{Path, PathBuf},
    sync::atomic::{AtomicUsize, Ordering},
};

static SKIPPED: AtomicUsize = AtomicUsize::new(0);

/// `../shared/vendors/json` beside the repository. Where it is missing, counts and prints that a check is skipped; on
/// CI this crate's own test fails then, so that others need not look.
pub fn folder() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/vendors/json");
    if folder.is_dir() {
        return Some(folder);
    }
    let count = SKIPPED.fetch_add(1, Ordering::Relaxed) + 1;
    // Not `eprintln!`, which the test harness keeps to itself when a test passes.
    let _ = writeln!(std::io::stderr(), "skipped: no ../shared/vendors ({count} so far)");
    None
}

#[cfg(test)]
mod tests {
    #[test]
    #[expect(clippy::disallowed_methods, reason = "only a test asks whether it runs on CI")]
    fn is_there_on_ci() {
        let ci = std::env::var("CI").is_ok_and(|value| value == "true");
        assert!(
            super::folder().is_some() || !ci,
            "CI=true, but ../shared/vendors/json is missing beside the repository: nothing would be checked"
        );
    }
}
