//! Describes the variables, for a terminal and as docs/variables.md.

use std::fmt::Write;

use domain::submission::{Field, Form, Offboarding, Onboarding};
use domain::variables::{Definition, Section, definitions};
use serde_json::Value;

const PREFACE: &str = "\
# Variables

Every organisation has these variables. Its own value wins over its parent's, and its parent's over the default; a value that
the parent has locked wins over all. An admin sets them on the page Variables or by `PUT /orgs/{org}/variables`, and whoever
runs Gangway by `operator variables set`. A request may override some of them for itself: its body has a field of the same name.

This file is generated from the declarations: see [adding-a-variable.md](contributing/adding-a-variable.md).
";

pub(crate) fn describe(markdown: bool) -> String {
    if markdown { as_markdown() } else { as_text() }
}

// Writing to a String cannot fail.

fn as_text() -> String {
    let mut text = String::new();
    for definition in definitions() {
        let Definition {
            name,
            kind,
            description,
            ..
        } = definition;
        let default = default_of(definition);
        let _ = writeln!(
            text,
            "{name}\n    {description}\n    takes {kind}\n    default: {default}"
        );
    }
    text
}

fn as_markdown() -> String {
    let mut text = PREFACE.to_owned();
    for section in Section::ALL.iter().copied() {
        let _ = writeln!(
            text,
            "\n## {}\n\n| variable | default | takes | meaning | may be overridden by |\n|---|---|---|---|---|",
            section.as_str()
        );
        for definition in definitions().iter().filter(|definition| definition.section == section) {
            let _ = writeln!(
                text,
                "| `{}` | {} | {} | {} | {} |",
                definition.name,
                default_of(definition),
                definition.kind,
                definition.description,
                overridden_by(definition),
            );
        }
    }
    text
}

/// The default as it would be typed.
fn default_of(definition: &Definition) -> String {
    match definition.default_value() {
        None => "none".to_owned(),
        Some(Value::Bool(flag)) => u8::from(flag).to_string(),
        Some(other) => super::shown(&other),
    }
}

/// The requests that can override the variable by a field of its name.
fn overridden_by(definition: &Definition) -> &'static str {
    let has = |fields: &[Field]| fields.iter().any(|field| field.name == definition.name);
    if has(Onboarding::FIELDS) {
        "an onboarding"
    } else if has(Offboarding::FIELDS) {
        "an offboarding"
    } else {
        ""
    }
}
