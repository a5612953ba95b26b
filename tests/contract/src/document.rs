//! Turns an OpenAPI file's schemas into plain JSON Schema 2020-12, once for requests and once for answers, as a
//! read-only property belongs to answers and a write-only one to requests. Everything stays at its place, so that a
//! pointer means the same in both.

use serde_json::{Map, Value, json};

use crate::node::local;

#[derive(Clone, Copy)]
pub(crate) enum Direction {
    Request,
    Answer,
}

/// A schema's keywords that hold a schema, a list of them, or them by name.
const ONE: [&str; 9] = [
    "additionalProperties",
    "contains",
    "else",
    "if",
    "items",
    "not",
    "propertyNames",
    "then",
    "unevaluatedProperties",
];
const LIST: [&str; 4] = ["allOf", "anyOf", "oneOf", "prefixItems"];
const NAMED: [&str; 4] = ["$defs", "dependentSchemas", "patternProperties", "properties"];

pub(crate) fn turned(original: &Value, direction: Direction) -> Value {
    let turn = Turn {
        original,
        lone_references: original["openapi"].as_str().unwrap_or("").starts_with("3.0"),
        hidden: match direction {
            Direction::Request => "readOnly",
            Direction::Answer => "writeOnly",
        },
    };
    let mut document = original.clone();
    for (name, part) in document.as_object_mut().into_iter().flatten() {
        if name == "components" {
            for (name, part) in part.as_object_mut().into_iter().flatten() {
                match name.as_str() {
                    "schemas" => part
                        .as_object_mut()
                        .into_iter()
                        .flatten()
                        .for_each(|(_, schema)| turn.schema(schema)),
                    _ => turn.part(part),
                }
            }
        } else {
            turn.part(part);
        }
    }
    document
}

struct Turn<'d> {
    original: &'d Value,
    /// In 3.0 what stands beside a `$ref` does not count; in JSON Schema it does.
    lone_references: bool,
    hidden: &'static str,
}

impl Turn<'_> {
    /// Looks for schemas in what is none itself.
    fn part(&self, part: &mut Value) {
        match part {
            Value::Object(map) => {
                for (name, value) in map {
                    match name.as_str() {
                        "example" | "examples" => {}
                        "schema" => self.schema(value),
                        _ => self.part(value),
                    }
                }
            }
            Value::Array(list) => list.iter_mut().for_each(|value| self.part(value)),
            _ => {}
        }
    }

    fn schema(&self, schema: &mut Value) {
        let Value::Object(map) = schema else { return };
        if self.lone_references && map.contains_key("$ref") {
            map.retain(|name, _| name == "$ref");
            return;
        }
        self.hide(map);
        for (name, value) in map.iter_mut() {
            match (name.as_str(), value) {
                (name, value) if ONE.contains(&name) => self.schema(value),
                (name, Value::Array(list)) if LIST.contains(&name) => {
                    list.iter_mut().for_each(|value| self.schema(value));
                }
                (name, Value::Object(named)) if NAMED.contains(&name) => {
                    named.iter_mut().for_each(|(_, value)| self.schema(value));
                }
                _ => {}
            }
        }
        type_words(map);
        exclusive(map, "exclusiveMinimum", "minimum");
        exclusive(map, "exclusiveMaximum", "maximum");
        if map.remove("nullable") == Some(Value::Bool(true)) {
            nullable(schema);
        }
    }

    /// A property of the other direction is neither required nor taken.
    fn hide(&self, map: &mut Map<String, Value>) {
        let Some(Value::Object(properties)) = map.get_mut("properties") else {
            return;
        };
        let mut hidden = Vec::new();
        for (name, property) in properties {
            if self.is_hidden(property) {
                *property = Value::Bool(false);
                hidden.push(name.clone());
            }
        }
        if let Some(Value::Array(required)) = map.get_mut("required") {
            required.retain(|name| !hidden.iter().any(|hidden| name == hidden));
        }
    }

    fn is_hidden(&self, property: &Value) -> bool {
        let target = property.get("$ref").and_then(Value::as_str);
        let target = target.and_then(|target| self.original.pointer(&local(target).ok()?));
        [Some(property), target]
            .into_iter()
            .flatten()
            .any(|schema| schema.get(self.hidden) == Some(&Value::Bool(true)))
    }
}

/// Words that a vendor (HaloPSA) writes for types.
fn type_words(map: &mut Map<String, Value>) {
    let word = match map.get("type").and_then(Value::as_str) {
        Some("int") => "integer",
        Some("bool") => "boolean",
        Some("double") => "number",
        Some("List<int>") => {
            map.insert("items".to_owned(), json!({"type": "integer"}));
            "array"
        }
        _ => return,
    };
    map.insert("type".to_owned(), json!(word));
}

/// 3.0 says by a flag whether a limit itself is out.
fn exclusive(map: &mut Map<String, Value>, flag: &str, limit: &str) {
    let Some(&Value::Bool(out)) = map.get(flag) else { return };
    map.remove(flag);
    if out && let Some(value) = map.remove(limit) {
        map.insert(flag.to_owned(), value);
    }
}

/// Meant in files of 3.1 too, where the word is gone (Freshdesk). A list of values that forgets null gets it.
fn nullable(schema: &mut Value) {
    let Value::Object(map) = schema else { return };
    let composed = ["$ref", "allOf", "anyOf", "oneOf"]
        .iter()
        .any(|name| map.contains_key(*name));
    match map.get_mut("type") {
        Some(Value::String(name)) if !composed => {
            let name = name.clone();
            map.insert("type".to_owned(), json!([name, "null"]));
            if let Some(Value::Array(values)) = map.get_mut("enum")
                && !values.contains(&Value::Null)
            {
                values.push(Value::Null);
            }
        }
        _ => *schema = json!({"anyOf": [{"type": "null"}, schema.take()]}),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schema(version: &str, direction: Direction, schema: &Value) -> Value {
        let document = json!({"openapi": version, "components": {"schemas": {"A": schema, "Id": {"readOnly": true}}}});
        turned(&document, direction)["components"]["schemas"]["A"].take()
    }

    #[test]
    fn null_is_one_more_type() {
        let turn = |given: Value| schema("3.0.1", Direction::Request, &given);
        assert_eq!(
            turn(json!({"type": "string", "enum": ["a"], "nullable": true})),
            json!({"type": ["string", "null"], "enum": ["a", null]})
        );
        assert_eq!(
            turn(json!({"allOf": [{"$ref": "#/components/schemas/B"}], "nullable": true})),
            json!({"anyOf": [{"type": "null"}, {"allOf": [{"$ref": "#/components/schemas/B"}]}]})
        );
        assert_eq!(
            turn(json!({"type": "string", "nullable": false})),
            json!({"type": "string"})
        );
    }

    #[test]
    fn an_exclusive_limit_is_a_number() {
        let turn = |given: Value| schema("3.0.1", Direction::Request, &given);
        assert_eq!(
            turn(json!({"minimum": 1, "exclusiveMinimum": true, "maximum": 9, "exclusiveMaximum": false})),
            json!({"exclusiveMinimum": 1, "maximum": 9})
        );
    }

    #[test]
    fn what_stands_beside_a_reference_counts_from_3_1_on() {
        let given = json!({"$ref": "#/components/schemas/B", "required": ["a"]});
        let alone = json!({"$ref": "#/components/schemas/B"});
        assert_eq!(schema("3.0.3", Direction::Request, &given), alone);
        assert_eq!(schema("3.1.0", Direction::Request, &given), given);
    }

    #[test]
    fn a_property_of_the_other_direction_is_not_taken() {
        let given = json!({
            "properties": {
                "id": {"$ref": "#/components/schemas/Id"},
                "password": {"type": "string", "writeOnly": true},
            },
            "required": ["id", "password"],
        });
        assert_eq!(
            schema("3.0.1", Direction::Request, &given),
            json!({"properties": {"id": false, "password": {"type": "string", "writeOnly": true}}, "required": ["password"]})
        );
        assert_eq!(
            schema("3.0.1", Direction::Answer, &given),
            json!({"properties": {"id": {"$ref": "#/components/schemas/Id"}, "password": false}, "required": ["id"]})
        );
    }

    #[test]
    fn examples_and_properties_are_no_keywords() {
        let given = json!({"properties": {"nullable": {"type": "int"}, "items": {"type": "bool"}}});
        assert_eq!(
            schema("3.0.1", Direction::Request, &given),
            json!({"properties": {"nullable": {"type": "integer"}, "items": {"type": "boolean"}}})
        );
    }
}
