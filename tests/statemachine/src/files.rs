//! The project's files that show what a step is sent.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// The root folder of the workspace.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// What released definitions of the state machine sent to a function, and which fields of its answers they used. An
/// execution that waits for people keeps the definition with which it began, while newer functions are deployed.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Released {
    pub(crate) inputs: Vec<Value>,
    pub(crate) picked: Vec<String>,
}

pub(crate) fn released(function: &str) -> Result<Released, String> {
    read(&root().join(format!("statemachine/fixtures/{function}.json")))
}

/// The function's sample events for `cargo lambda invoke`. There is at least one.
pub(crate) fn events(function: &str) -> Result<Vec<(String, Value)>, String> {
    let folder = root().join("functions").join(function).join("events");
    let events: Vec<_> = named(&folder, ".json")?
        .into_iter()
        .map(|file| Ok((file.display().to_string(), read(&file)?)))
        .collect::<Result<_, String>>()?;
    if events.is_empty() {
        return Err(format!("functions/{function}/events has no sample event"));
    }
    Ok(events)
}

/// The files of `folder` whose names have this end, sorted.
pub(crate) fn named(folder: &Path, end: &str) -> Result<Vec<PathBuf>, String> {
    let entries = fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut files: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| {
            path.file_name()
                .is_some_and(|name| name.to_string_lossy().ends_with(end))
        })
        .collect();
    files.sort();
    Ok(files)
}

fn read<T: DeserializeOwned>(file: &Path) -> Result<T, String> {
    let text = fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
    serde_json::from_str(&text).map_err(|error| format!("{}: {error}", file.display()))
}
