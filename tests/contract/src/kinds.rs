//! The kinds of value that a schema accepts, for values that arrive as text: a query parameter, a form's field.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::node::Node;

/// Deeper compositions add nothing to the kind of a parameter.
const DEEPEST: usize = 8;

#[derive(Default, Debug)]
pub(crate) struct Kinds {
    text: bool,
    integer: bool,
    number: bool,
    boolean: bool,
    object: bool,
    items: Option<Box<Kinds>>,
}

impl Kinds {
    pub(crate) fn of(schema: &Node<'_>) -> Result<Self, String> {
        let mut kinds = Self::default();
        kinds.add(schema.clone(), 0)?;
        Ok(kinds)
    }

    /// The kinds of an object's properties.
    pub(crate) fn of_properties(schema: &Node<'_>) -> Result<BTreeMap<String, Self>, String> {
        let mut fields = BTreeMap::new();
        add_properties(&mut fields, schema.clone(), 0)?;
        Ok(fields)
    }

    fn add(&mut self, schema: Node<'_>, depth: usize) -> Result<(), String> {
        if depth > DEEPEST {
            return Ok(());
        }
        let schema = schema.resolved()?;
        match schema.value.get("type") {
            Some(Value::String(name)) => self.add_type(name, &schema, depth)?,
            Some(Value::Array(names)) => {
                for name in names.iter().filter_map(Value::as_str) {
                    self.add_type(name, &schema, depth)?;
                }
            }
            _ => {
                let values = schema.value.get("enum").and_then(Value::as_array);
                let values = values.into_iter().flatten().chain(schema.value.get("const"));
                values.for_each(|value| self.add_value(value));
            }
        }
        for part in parts(&schema) {
            self.add(part, depth + 1)?;
        }
        Ok(())
    }

    fn add_type(&mut self, name: &str, schema: &Node<'_>, depth: usize) -> Result<(), String> {
        match name {
            "string" => self.text = true,
            "integer" => self.integer = true,
            "number" => self.number = true,
            "boolean" => self.boolean = true,
            "object" => self.object = true,
            "array" => {
                let items = self.items.get_or_insert_default();
                if let Some(schema) = schema.get("items") {
                    items.add(schema, depth + 1)?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn add_value(&mut self, value: &Value) {
        match value {
            Value::Bool(_) => self.boolean = true,
            Value::Number(number) if number.is_f64() => self.number = true,
            Value::Number(_) => self.integer = true,
            Value::String(_) => self.text = true,
            Value::Object(_) => self.object = true,
            Value::Null | Value::Array(_) => {}
        }
    }

    pub(crate) fn items(&self) -> Option<&Kinds> {
        self.items.as_deref()
    }

    pub(crate) fn is_object(&self) -> bool {
        self.object && !self.text
    }

    /// The value that a text means. A text that fits no kind stays a text, so that the schema refuses it.
    pub(crate) fn value(&self, text: &str) -> Value {
        let mut value = None;
        if !self.text {
            if self.boolean {
                value = text.parse().ok().map(Value::Bool);
            }
            if self.integer || self.number {
                value = value.or_else(|| integer(text));
            }
            if self.number {
                value = value.or_else(|| {
                    text.parse()
                        .ok()
                        .and_then(serde_json::Number::from_f64)
                        .map(Value::Number)
                });
            }
            if self.object || self.items.is_some() {
                value = value.or_else(|| serde_json::from_str(text).ok());
            }
        }
        value.unwrap_or_else(|| Value::String(text.to_owned()))
    }
}

/// An integer without a plus or leading zeros, which some vendors refuse.
fn integer(text: &str) -> Option<Value> {
    let number: serde_json::Number = text.parse::<i64>().ok()?.into();
    (number.to_string() == text).then_some(Value::Number(number))
}

fn parts<'d>(schema: &Node<'d>) -> Vec<Node<'d>> {
    let lists = ["allOf", "anyOf", "oneOf"].iter().filter_map(|name| schema.get(name));
    lists.flat_map(|list| list.items()).collect()
}

fn add_properties(fields: &mut BTreeMap<String, Kinds>, schema: Node<'_>, depth: usize) -> Result<(), String> {
    if depth > DEEPEST {
        return Ok(());
    }
    let schema = schema.resolved()?;
    for (name, property) in schema.get("properties").iter().flat_map(Node::entries) {
        fields.entry(name.to_owned()).or_default().add(property, 0)?;
    }
    for part in parts(&schema) {
        add_properties(fields, part, depth + 1)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn value(schema: &Value, text: &str) -> Value {
        Kinds::of(&Node::root(schema)).expect("kinds").value(text)
    }

    #[test]
    fn a_text_becomes_what_the_schema_takes() {
        let integer = json!({"type": "integer"});
        assert_eq!(value(&integer, "5"), json!(5));
        assert_eq!(value(&integer, "05"), json!("05"));
        assert_eq!(value(&integer, "5.0"), json!("5.0"));
        assert_eq!(value(&json!({"type": ["number", "null"]}), "5.5"), json!(5.5));
        assert_eq!(value(&json!({"type": "number"}), "NaN"), json!("NaN"));
        assert_eq!(value(&json!({"type": "boolean"}), "true"), json!(true));
        assert_eq!(value(&json!({"type": "boolean"}), "1"), json!("1"));
        assert_eq!(value(&json!({"enum": [1, 2]}), "2"), json!(2));
        assert_eq!(value(&json!({}), "2"), json!("2"));
    }

    #[test]
    fn a_text_stays_one_where_texts_are_taken_too() {
        assert_eq!(
            value(&json!({"anyOf": [{"type": "integer"}, {"type": "string"}]}), "5"),
            json!("5")
        );
    }
}
