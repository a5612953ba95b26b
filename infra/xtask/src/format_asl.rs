//! `cargo xtask format-asl` formats the state machine's file. Whatever fits on a line stays on one line.

use std::{fmt, fs};

use serde::{
    Deserialize, Deserializer,
    de::{Error, MapAccess, SeqAccess, Visitor},
};
use serde_json::Value;

use crate::{Result, project::Project};

/// The width of a line in columns. A retrier fits on one line in each of the Tasks.
const WIDTH: usize = 160;
const INDENT: usize = 2;

/// A JSON value whose fields keep their order.
enum Json {
    Scalar(Value),
    List(Vec<Json>),
    Object(Vec<(String, Json)>),
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyJson)
    }
}

struct AnyJson;

impl<'de> Visitor<'de> for AnyJson {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Scalar(Value::Null))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json, E> {
        Ok(Json::Scalar(value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Json, E> {
        Ok(Json::Scalar(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Json, E> {
        Ok(Json::Scalar(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Json, E> {
        Ok(Json::Scalar(value.into()))
    }

    fn visit_str<E>(self, value: &str) -> Result<Json, E> {
        Ok(Json::Scalar(value.into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Json, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = sequence.next_element()? {
            items.push(item);
        }
        Ok(Json::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Json, A::Error> {
        let mut fields: Vec<(String, Json)> = Vec::new();
        while let Some((name, value)) = map.next_entry::<String, Json>()? {
            if fields.iter().any(|(known, _)| *known == name) {
                return Err(A::Error::custom(format!("`{name}` is there twice")));
            }
            fields.push((name, value));
        }
        Ok(Json::Object(fields))
    }
}

/// Writes the field's name and its value on one line.
fn on_one_line(name: Option<&str>, json: &Json) -> String {
    let joined = |parts: Vec<String>| parts.join(", ");
    let text = match json {
        Json::Scalar(value) => value.to_string(),
        Json::List(items) => format!(
            "[{}]",
            joined(items.iter().map(|item| on_one_line(None, item)).collect())
        ),
        Json::Object(fields) => format!(
            "{{{}}}",
            joined(
                fields
                    .iter()
                    .map(|(name, value)| on_one_line(Some(name), value))
                    .collect()
            )
        ),
    };
    match name {
        Some(name) => format!("{}: {text}", Value::from(name)),
        None => text,
    }
}

/// Adds lines to `page`, each indented by at least `indent`. The last line ends with `end`.
fn write(page: &mut String, name: Option<&str>, json: &Json, indent: usize, end: &str) {
    let margin = " ".repeat(indent);
    let line = on_one_line(name, json);
    let fits = indent + line.chars().count() + end.len() <= WIDTH;
    let items: Vec<(Option<&str>, &Json)> = match json {
        Json::List(items) if !fits => items.iter().map(|item| (None, item)).collect(),
        Json::Object(fields) if !fits => fields
            .iter()
            .map(|(name, value)| (Some(name.as_str()), value))
            .collect(),
        _ => {
            page.push_str(&format!("{margin}{line}{end}\n"));
            return;
        }
    };
    let name = name.map_or_else(String::new, |name| format!("{}: ", Value::from(name)));
    let (open, close) = if matches!(json, Json::List(_)) {
        ('[', ']')
    } else {
        ('{', '}')
    };
    page.push_str(&format!("{margin}{name}{open}\n"));
    for (place, (name, item)) in items.iter().enumerate() {
        let end = if place + 1 < items.len() { "," } else { "" };
        write(page, *name, item, indent + INDENT, end);
    }
    page.push_str(&format!("{margin}{close}{end}\n"));
}

fn formatted(text: &str) -> Result<String> {
    let mut page = String::new();
    write(&mut page, None, &serde_json::from_str(text)?, 0, "");
    Ok(page)
}

/// Formats the state machine's file. With `check` it fails if the file is not formatted.
pub(crate) fn run(project: &Project, check: bool) -> Result<()> {
    let file = project.path(statemachine::machine::FILE);
    let text = fs::read_to_string(&file)?;
    let page = formatted(&text)?;
    if page == text {
        Ok(())
    } else if check {
        Err(format!("{} is not formatted: run `cargo xtask format-asl`", file.display()).into())
    } else {
        Ok(fs::write(file, page)?)
    }
}

#[cfg(test)]
mod tests {
    use super::formatted;

    #[test]
    fn what_fits_stays_on_a_line_and_keeps_its_order() {
        let text = r#"{"b": [1, {"a": null}], "a": {}}"#;
        assert_eq!(formatted(text).unwrap(), format!("{text}\n"));
    }

    #[test]
    fn what_is_longer_gets_a_line_for_each_part() {
        let long = "x".repeat(150);
        let text = format!(r#"{{"long": "{long}", "short": [{{"a": 1.5}}, true]}}"#);
        let page = format!("{{\n  \"long\": \"{long}\",\n  \"short\": [{{\"a\": 1.5}}, true]\n}}\n");
        assert_eq!(formatted(&text).unwrap(), page);
        assert_eq!(formatted(&page).unwrap(), page);
    }

    #[test]
    fn a_field_that_is_there_twice_is_refused() {
        let error = formatted(r#"{"a": 1, "a": 2}"#).unwrap_err();
        assert!(error.to_string().contains("`a` is there twice"), "{error}");
    }
}
