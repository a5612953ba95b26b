//! Files that are generated from the declarations of the variables. If a file is out of date, its test rewrites the
//! file and fails.

use std::path::{Path, PathBuf};

use domain::variables::{Definition, Kind, MAX_APPROVERS, MAX_TEXT, definitions};
use serde_json::{Value, json};

use super::describe;

const BEGIN: &str = "        # Generated from the declarations of the variables: begin\n";
const END: &str = "        # Generated from the declarations of the variables: end\n";

fn file(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
}

fn up_to_date(path: &str, expected: &str) {
    let file = file(path);
    if std::fs::read_to_string(&file).unwrap_or_default() != expected {
        std::fs::write(&file, expected).expect(path);
        panic!("{path} was out of date and is written anew: look at what changed, and commit it");
    }
}

#[test]
fn the_docs_list_every_variable() {
    let text = describe(true);
    assert!(
        definitions()
            .iter()
            .all(|known| text.contains(&format!("\n| `{}` |", known.name)))
    );
    up_to_date("docs/variables.md", &text);
}

#[test]
fn the_terminal_lists_every_variable() {
    assert!(definitions().iter().all(|known| describe(false).contains(known.name)));
}

#[test]
fn openapi_takes_what_the_variables_take() {
    const PATH: &str = "infra/openapi.yaml";
    let text = std::fs::read_to_string(file(PATH)).expect(PATH);
    let (before, rest) = text.split_once(BEGIN).expect("where it begins");
    let (_, after) = rest.split_once(END).expect("where it ends");
    let properties: String = definitions().iter().map(property).collect();
    up_to_date(PATH, &format!("{before}{BEGIN}{properties}{END}{after}"));
}

/// A variable in the schema VariableChanges. JSON is valid YAML.
fn property(definition: &Definition) -> String {
    let mut schema = takes(definition.kind);
    schema.push(("description", json!(definition.description)));
    schema.extend(definition.default_value().map(|default| ("default", default)));
    let lines = schema.iter().map(|(key, value)| format!("          {key}: {value}\n"));
    format!("        {}:\n{}", definition.name, lines.collect::<String>())
}

fn takes(kind: Kind) -> Vec<(&'static str, Value)> {
    let types = |types: &[&str]| ("type", json!(types));
    let text = || types(&["string", "null"]);
    let list = || types(&["array", "string", "null"]);
    match kind {
        Kind::Boolean => vec![("$ref", json!("#/components/schemas/Switch"))],
        Kind::OneOf(names) => {
            let or_null = names.iter().map(|name| json!(name)).chain([Value::Null]);
            vec![text(), ("enum", or_null.collect())]
        }
        Kind::AnyOf(names) => vec![list(), ("items", json!({"type": "string", "enum": names}))],
        Kind::Approvers => vec![
            list(),
            ("items", json!({"type": "string"})),
            ("maxItems", json!(MAX_APPROVERS)),
        ],
        Kind::Text => vec![types(&["string", "integer", "null"]), ("maxLength", json!(MAX_TEXT))],
        Kind::Whole { min, max, .. } => vec![
            types(&["integer", "string", "null"]),
            ("minimum", json!(min)),
            ("maximum", json!(max)),
        ],
        Kind::Email | Kind::OrgUrl | Kind::TimeZone | Kind::LocalTime | Kind::Country => vec![text()],
    }
}
