//! Makes values that schemas accept, and values that they must refuse.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use crate::node::Node;

/// Schemas that one value must all fit, such as those of an `allOf`.
pub(crate) type All<'d> = Vec<Node<'d>>;

/// All choices from the schemas' `anyOf` and `oneOf`, except null. Each choice comes with everything that it refers
/// to.
pub(crate) fn choices<'d>(all: &All<'d>) -> Vec<All<'d>> {
    let mut choices = vec![Vec::new()];
    for schema in all {
        choices = combined(&choices, &choices_of_one(schema));
    }
    choices
}

fn choices_of_one<'d>(schema: &Node<'d>) -> Vec<All<'d>> {
    let mut choices = vec![vec![schema.clone()]];
    for part in parts(schema) {
        choices = combined(&choices, &choices_of_one(&part));
    }
    for options in options(schema) {
        let options: Vec<_> = options
            .iter()
            .filter(|option| types_of_one(option) != Some(["null"].into()))
            .flat_map(choices_of_one)
            .collect();
        choices = combined(&choices, &options);
    }
    choices
}

fn combined<'d>(begun: &[All<'d>], options: &[All<'d>]) -> Vec<All<'d>> {
    let with_each = |begun: &All<'d>| {
        let all = options.iter().map(|option| [begun.as_slice(), option].concat());
        all.collect::<Vec<_>>()
    };
    begun.iter().flat_map(with_each).collect()
}

/// A schema with its parts: the schemas that it refers to, and those of its `allOf`.
fn parts<'d>(schema: &Node<'d>) -> Vec<Node<'d>> {
    let refers = schema.value.get("$ref").is_some();
    let target = refers.then(|| schema.clone().resolved().expect("a target"));
    let parts = schema.get("allOf").map(|list| list.items());
    parts.into_iter().flatten().chain(target).collect()
}

fn options<'d>(schema: &Node<'d>) -> Vec<Vec<Node<'d>>> {
    let lists = ["anyOf", "oneOf"].iter().filter_map(|name| schema.get(name));
    lists.map(|list| list.items()).collect()
}

fn keywords<'d>(all: &[Node<'d>], name: &str) -> Vec<Node<'d>> {
    all.iter().filter_map(|schema| schema.get(name)).collect()
}

pub(crate) fn items<'d>(choice: &All<'d>) -> All<'d> {
    keywords(choice, "items")
}

/// The properties that values of this direction have.
pub(crate) fn properties<'d>(choice: &All<'d>) -> BTreeMap<&'d str, All<'d>> {
    let mut properties: BTreeMap<_, All<'d>> = BTreeMap::new();
    for (name, property) in keywords(choice, "properties").iter().flat_map(Node::entries) {
        properties.entry(name).or_default().push(property);
    }
    properties.retain(|_, all| all.iter().all(|property| property.value != &Value::Bool(false)));
    properties
}

pub(crate) fn required<'d>(choice: &All<'d>) -> BTreeSet<&'d str> {
    let lists = keywords(choice, "required");
    let names = lists
        .iter()
        .flat_map(|list| list.value.as_array().into_iter().flatten());
    names.filter_map(Value::as_str).collect()
}

/// The properties that a condition requires in addition.
pub(crate) fn required_on_condition<'d>(choice: &All<'d>) -> BTreeSet<&'d str> {
    required(&keywords(choice, "then"))
}

/// Whether an object accepts properties beside the named ones.
pub(crate) enum Additional<'d> {
    None,
    Any,
    Of(All<'d>),
}

pub(crate) fn additional<'d>(choice: &All<'d>) -> Additional<'d> {
    let closing = ["additionalProperties", "unevaluatedProperties"];
    let mut said: All<'d> = closing.iter().flat_map(|name| keywords(choice, name)).collect();
    if said.iter().any(|schema| schema.value == &Value::Bool(false)) {
        return Additional::None;
    }
    said.retain(|schema| schema.value.is_object());
    if said.is_empty() {
        Additional::Any
    } else {
        Additional::Of(said)
    }
}

/// The accepted types; none if any is accepted. `number` is a number that is no integer.
pub(crate) fn types(all: &[Node<'_>]) -> Option<BTreeSet<&'static str>> {
    let types = all.iter().filter_map(types_of_one);
    types.reduce(|one, other| &one & &other)
}

fn types_of_one(schema: &Node<'_>) -> Option<BTreeSet<&'static str>> {
    let own = types_by_keyword(schema);
    let of_parts = types(&parts(schema));
    let of_options = options(schema).into_iter().filter_map(|options| {
        let types: Option<Vec<_>> = options.iter().map(types_of_one).collect();
        types.map(|types| types.into_iter().flatten().collect())
    });
    own.into_iter()
        .chain(of_parts)
        .chain(of_options)
        .reduce(|one: BTreeSet<_>, other| &one & &other)
}

fn types_by_keyword(schema: &Node<'_>) -> Option<BTreeSet<&'static str>> {
    match (
        schema.value.get("type"),
        schema.value.get("enum"),
        schema.value.get("const"),
    ) {
        (Some(Value::Array(names)), _, _) => Some(names.iter().flat_map(types_by_name).collect()),
        (Some(name), _, _) => Some(types_by_name(name).into_iter().collect()),
        (None, Some(Value::Array(values)), _) => Some(values.iter().map(type_of).collect()),
        (None, _, Some(value)) => Some([type_of(value)].into()),
        // Keywords for objects do not restrict other types.
        _ => None,
    }
}

fn types_by_name(name: &Value) -> Vec<&'static str> {
    match name.as_str().expect("a type") {
        "array" => vec!["array"],
        "boolean" => vec!["boolean"],
        "integer" => vec!["integer"],
        "null" => vec!["null"],
        "number" => vec!["integer", "number"],
        "object" => vec!["object"],
        "string" => vec!["string"],
        other => panic!("type {other}"),
    }
}

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// One value of each type that is not accepted, and one that is not in the enumeration.
pub(crate) fn wrong(all: &All<'_>) -> Vec<Value> {
    let taken = types(all);
    let values = [
        json!(null),
        json!(true),
        json!(7.5),
        json!("gangway wrong"),
        json!([]),
        json!({}),
    ];
    let mut wrong = Vec::from(values);
    wrong.retain(|value| taken.as_ref().is_some_and(|taken| !taken.contains(type_of(value))));
    let listed = |choice: &All<'_>| ["const", "enum"].iter().any(|name| !keywords(choice, name).is_empty());
    if choices(all).iter().all(listed) {
        wrong.push(json!("gangway wrong"));
    }
    wrong
}

/// A small value that is accepted.
pub(crate) fn sample(all: &All<'_>) -> Value {
    choices(all).first().map_or(json!("x"), sample_of_choice)
}

/// A value with only the required properties and items, but with one item in each list.
pub(crate) fn sample_of_choice(choice: &All<'_>) -> Value {
    if let Some(value) = keywords(choice, "const").first() {
        return value.value.clone();
    }
    if let Some(values) = keywords(choice, "enum").first() {
        return values.value[0].clone();
    }
    let types = types(choice).unwrap_or_else(|| ["object"].into());
    let kind = ["object", "array", "string", "integer", "number", "boolean", "null"]
        .into_iter()
        .find(|kind| types.contains(kind));
    match kind {
        Some("object") => object(choice),
        Some("array") => {
            let count = limit(choice, "minItems").unwrap_or(1.0).max(1.0);
            Value::Array(vec![sample(&items(choice)); count as usize])
        }
        Some("string") => text(choice),
        Some("integer" | "number") => {
            let above = limit(choice, "exclusiveMinimum").map(|limit| limit + 1.0);
            let least = limit(choice, "minimum").or(above).unwrap_or(1.0);
            json!(limit(choice, "maximum").map_or(least, |most| least.min(most)) as i64)
        }
        Some("boolean") => json!(true),
        _ => Value::Null,
    }
}

/// The greatest limit, because samples must reach the lower ones. No file has two upper limits.
fn limit(choice: &All<'_>, name: &str) -> Option<f64> {
    let limits = keywords(choice, name);
    limits.iter().filter_map(|limit| limit.value.as_f64()).reduce(f64::max)
}

fn object(choice: &All<'_>) -> Value {
    let properties = properties(choice);
    let mut object = Map::new();
    for name in required(choice) {
        object.insert(name.to_owned(), properties.get(name).map_or(json!("x"), sample));
    }
    let least = limit(choice, "minProperties").unwrap_or(0.0) as usize;
    for (name, property) in properties {
        if object.len() < least && !object.contains_key(name) {
            object.insert(name.to_owned(), sample(&property));
        }
    }
    Value::Object(object)
}

fn text(choice: &All<'_>) -> Value {
    const UUID: &str = "0b1f6a3c-1111-4222-8333-0123456789ab";
    let said = |name: &str| keywords(choice, name).first().and_then(|node| node.value.as_str());
    // If a pattern is missing here, the sample is refused, which shows it.
    let by_pattern = said("pattern").and_then(|pattern| match pattern {
        "^[A-Z]{2}$" => Some("US".to_owned()),
        "^[0-9]+$" => Some("7".to_owned()),
        "^[a-f0-9]{32}$" => Some("0123456789abcdef".repeat(2)),
        "^[0-9a-f]{64}$" => Some("0123456789abcdef".repeat(4)),
        "^[0-9a-fA-F]{8}-([0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}$" => Some(UUID.to_owned()),
        pattern if pattern.contains(r"+@[A-Za-z0-9.\-]+$") => Some("ada@example.com".to_owned()),
        pattern if pattern.contains(r"graph\.microsoft\.com") => {
            Some(format!("https://graph.microsoft.com/v1.0/users/{UUID}"))
        }
        pattern if pattern.ends_with(r"/\.default$") => Some("https://graph.microsoft.com/.default".to_owned()),
        _ => None,
    });
    let by_format = said("format").and_then(|format| match format {
        "date" => Some("2026-11-22".to_owned()),
        "date-time" => Some("2026-11-22T10:00:00Z".to_owned()),
        "email" => Some("ada@example.com".to_owned()),
        "uuid" => Some(UUID.to_owned()),
        _ => None,
    });
    let length = limit(choice, "minLength").unwrap_or(1.0).max(1.0) as usize;
    json!(by_pattern.or(by_format).unwrap_or_else(|| "x".repeat(length)))
}
