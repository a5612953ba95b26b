//! The HTML form's pairs as the JSON that other clients send, so that one parser checks both.

use serde_json::{Map, Value};

/// Which fields are not a text.
pub(super) struct Shape {
    pub(super) lists: &'static [&'static str],
    pub(super) flags: &'static [&'static str],
}

/// Lists are separated by commas or lines, and may also come as repeated pairs; empty inputs are absent.
/// Pairs that belong to the page rather than to the body (the CSRF token) are the caller's to remove.
pub(super) fn body(pairs: &[(String, String)], shape: &Shape) -> Value {
    let mut body = Map::new();
    for (name, value) in pairs {
        let name = name.trim_end_matches("[]");
        let value = value.trim();
        if value.is_empty() {
            continue;
        }
        match name {
            _ if shape.lists.contains(&name) => {
                let items = value
                    .split([',', '\n'])
                    .map(str::trim)
                    .filter(|item| !item.is_empty())
                    .map(Value::from);
                match body.entry(name).or_insert_with(|| Value::Array(Vec::new())) {
                    Value::Array(list) => list.extend(items),
                    other => *other = items.collect(),
                }
            }
            _ if shape.flags.contains(&name) => {
                // A ticked box says "on" unless the page gives it a value.
                let flag = match value {
                    "on" | "true" | "1" => Value::Bool(true),
                    "off" | "false" | "0" => Value::Bool(false),
                    other => Value::from(other),
                };
                body.insert(name.to_owned(), flag);
            }
            // A field that comes twice has no one value: a list, which the parser refuses by name.
            _ if body.contains_key(name) => {
                body.insert(name.to_owned(), Value::Array(Vec::new()));
            }
            _ => {
                body.insert(name.to_owned(), Value::from(value));
            }
        }
    }
    Value::Object(body)
}
