//! Compares infra/openapi.yaml with what the handlers take and answer: fields, variables and states, each with its
//! source.

#![expect(clippy::expect_used, reason = "a helper that finds nothing fails its test")]

use std::collections::BTreeSet;

use domain::decision::{Action, Decision, Reason};
use domain::job::Kind as JobKind;
use domain::request::{Outcome, Skip, Status};
use domain::role::Role;
use domain::submission::{Field, Form, LicensePurchase, MAX_GROUPS, MAX_LICENSES, Offboarding, Onboarding, Takes};
use domain::token::{DEFAULT_DAYS, MOST_DAYS};
use domain::variables::{PasswordDestination, definitions};
use serde_json::{Value, json};

fn openapi() -> Value {
    api::yaml("infra/openapi.yaml").expect("openapi.yaml is YAML")
}

fn schema<'a>(openapi: &'a Value, name: &str) -> &'a Value {
    &openapi["components"]["schemas"][name]
}

fn names(value: &Value) -> BTreeSet<&str> {
    value
        .as_object()
        .expect("an object")
        .keys()
        .map(String::as_str)
        .collect()
}

fn texts(value: &Value) -> Vec<&str> {
    value
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(Value::as_str)
        .collect()
}

/// Compares a schema with the declaration in both directions: names, required fields, types and descriptions.
fn has_the_fields(body: &Value, fields: &[Field]) {
    let properties = &body["properties"];
    assert_eq!(names(properties), fields.iter().map(|field| field.name).collect());
    assert_eq!(body["additionalProperties"], false);
    let required = fields.iter().filter(|field| field.required).map(|field| field.name);
    assert_eq!(texts(&body["required"]), required.collect::<Vec<_>>());
    for field in fields {
        let property = &properties[field.name];
        let described = property["description"].as_str().unwrap_or_default();
        assert_eq!(described, field.description, "{}", field.name);
        has_the_type(property, field);
    }
}

fn has_the_type(property: &Value, field: &Field) {
    let expected = match field.takes {
        Takes::Flag => "boolean",
        Takes::List => "array",
        Takes::Switch => {
            assert_eq!(property["$ref"], "#/components/schemas/Switch", "{}", field.name);
            return;
        }
        _ => "string",
    };
    let (kind, is_one) = (&property["type"], property["type"] == expected);
    assert_eq!(is_one, field.required, "{}: null is open", field.name);
    if !is_one {
        let kinds = texts(kind);
        assert!(
            kinds.contains(&expected) && kinds.contains(&"null"),
            "{}: {kind}",
            field.name
        );
    }
    if let Takes::Choice(choices) = field.takes {
        let values: Vec<&str> = choices.iter().map(|(value, _)| *value).collect();
        assert_eq!(texts(&property["enum"]), values, "{}", field.name);
    }
    let format = match field.takes {
        Takes::Email => json!("email"),
        Takes::Date => json!("date"),
        _ => Value::Null,
    };
    assert_eq!(property["format"], format, "{}", field.name);
}

#[test]
fn the_body_has_the_fields_of_an_onboarding() {
    let openapi = openapi();
    let body = schema(&openapi, "Onboarding");
    has_the_fields(body, Onboarding::FIELDS);
    assert_eq!(body["properties"]["licenses"]["maxItems"], MAX_LICENSES);
    assert_eq!(body["properties"]["groups"]["maxItems"], MAX_GROUPS);
    assert_eq!(
        texts(&body["properties"]["license_purchase"]["enum"]),
        LicensePurchase::NAMES
    );
    let variables = schema(&openapi, "VariableChanges");
    for name in Onboarding::FIELDS
        .iter()
        .filter(|field| field.overrides)
        .map(|field| field.name)
    {
        let (own, variable) = (&body["properties"][name], &variables["properties"][name]);
        for part in ["type", "$ref", "enum", "items"] {
            assert_eq!(own[part], variable[part], "{name} takes what the variable takes");
        }
    }
    let dry_run = &schema(&openapi, "DryRun")["properties"]["plan"]["properties"];
    assert_eq!(
        texts(&dry_run["password_places"]["items"]["enum"]),
        PasswordDestination::NAMES
    );
}

#[test]
fn the_body_has_the_fields_of_an_offboarding() {
    let openapi = openapi();
    has_the_fields(schema(&openapi, "Offboarding"), Offboarding::FIELDS);
    assert_eq!(texts(&schema(&openapi, "Kind")["enum"]), JobKind::NAMES);
    let reschedule = schema(&openapi, "Reschedule")["oneOf"].as_array().expect("one a kind");
    let fields: Vec<&str> = reschedule.iter().flat_map(|one| texts(&one["required"])).collect();
    assert_eq!(
        fields,
        [JobKind::Onboarding, JobKind::Offboarding].map(JobKind::date_field)
    );
}

#[test]
fn the_variables_are_those_of_the_table() {
    let openapi = openapi();
    let changes = schema(&openapi, "VariableChanges");
    assert_eq!(changes["additionalProperties"], false);
    assert_eq!(
        names(&changes["properties"]),
        definitions().iter().map(|definition| definition.name).collect()
    );
}

#[test]
fn states_and_decisions_are_the_domains() {
    let openapi = openapi();
    assert_eq!(
        texts(&schema(&openapi, "Status")["enum"]),
        Status::ALL.map(Status::as_str)
    );
    let outcomes: Vec<&str> = Status::ALL
        .iter()
        .filter(|status| status.outcome().is_some())
        .map(|status| status.as_str())
        .collect();
    assert_eq!(texts(&schema(&openapi, "Outcome")["enum"]), outcomes);
    assert_eq!(json!(Outcome::CompletedWithWarnings), "completed_with_warnings");
    assert_eq!(texts(&schema(&openapi, "Role")["enum"]), Role::ALL.map(Role::as_str));
    assert_eq!(schema(&openapi, "Reason")["maxLength"], Reason::MAX);
    let days = &schema(&openapi, "NewToken")["properties"]["days"];
    assert_eq!(
        (&days["default"], &days["maximum"]),
        (&json!(DEFAULT_DAYS), &json!(MOST_DAYS))
    );
    let resume = &schema(&openapi, "Resume")["properties"];
    assert_eq!(texts(&resume["skip"]["enum"]), Skip::NAMES);
    let decision = &schema(&openapi, "Decision")["properties"];
    assert_eq!(texts(&decision["action"]["enum"]), Action::NAMES);
    assert_eq!(texts(&decision["decision"]["enum"]), Decision::NAMES);
}

#[test]
fn every_reference_leads_somewhere() {
    fn references<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
        match value {
            Value::Object(fields) => {
                found.extend(fields.get("$ref").and_then(Value::as_str));
                fields.values().for_each(|value| references(value, found));
            }
            Value::Array(items) => items.iter().for_each(|value| references(value, found)),
            _ => {}
        }
    }
    let openapi = openapi();
    let mut found = Vec::new();
    references(&openapi, &mut found);
    assert!(found.len() > 20);
    for reference in found {
        assert!(
            openapi.pointer(reference.trim_start_matches('#')).is_some(),
            "{reference}"
        );
    }
}
