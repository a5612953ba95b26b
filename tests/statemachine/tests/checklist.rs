//! Checks that docs/checklist.md names tests that exist.
#![expect(
    clippy::unwrap_used,
    reason = "tests, and what they share, stop at what they cannot read"
)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The source files below the folders that contain tests.
fn sources() -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> = ["functions", "infra", "shared", "tests"]
        .iter()
        .map(|name| statemachine::root().join(name))
        .collect();
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path);
            }
        }
    }
    files
}

/// The functions that a file marks as tests.
fn tests_of(text: &str) -> Vec<String> {
    let mut is_test = false;
    let mut names = Vec::new();
    for line in text.lines().map(str::trim) {
        if line == "#[test]" || line == "#[tokio::test]" {
            is_test = true;
        } else if let Some((_, rest)) = line.split_once("fn ").filter(|_| is_test) {
            names.extend(rest.split_once('(').map(|(name, _)| name.to_owned()));
            is_test = false;
        }
    }
    names
}

/// For each test's name, the names of the files and folders that contain a test of that name.
fn all_tests() -> BTreeMap<String, Vec<String>> {
    let root = statemachine::root();
    let mut tests: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for file in sources() {
        let place = file.strip_prefix(&root).unwrap().with_extension("");
        for name in tests_of(&fs::read_to_string(&file).unwrap()) {
            tests.entry(name).or_default().extend(parts(&place));
        }
    }
    tests
}

fn parts(place: &Path) -> impl Iterator<Item = String> {
    place.iter().map(|part| part.to_string_lossy().into_owned())
}

fn checklist() -> String {
    fs::read_to_string(statemachine::root().join("docs/checklist.md")).unwrap()
}

/// The names that are written as `module::name`.
fn named(text: &str) -> Vec<(&str, &str)> {
    let quoted = text.split('`').skip(1).step_by(2);
    quoted.filter_map(|name| name.rsplit_once("::")).collect()
}

#[test]
fn every_test_that_is_named_exists() {
    let tests = all_tests();
    let checklist = checklist();
    let named = named(&checklist);
    assert!(named.len() > 100, "{}", named.len());
    let missing: Vec<_> = named
        .into_iter()
        .filter(|(module, name)| {
            !tests
                .get(*name)
                .is_some_and(|places| places.iter().any(|place| place == module))
        })
        .collect();
    assert!(missing.is_empty(), "{missing:#?}");
}

#[test]
fn every_row_names_a_test() {
    let checklist = checklist();
    let rows: Vec<&str> = checklist
        .lines()
        .filter(|line| line.starts_with('|') && !line.starts_with("|---") && !line.ends_with("| tests |"))
        .collect();
    assert!(rows.len() > 60, "{}", rows.len());
    for row in rows {
        let tests = row
            .trim_end_matches('|')
            .rsplit_once('|')
            .map_or("", |(_, tests)| tests);
        assert!(!named(tests).is_empty(), "{row}");
    }
}
