//! Checks a request's body against a table of fields. Vendors refuse unknown fields, and so do the simulators.

use serde_json::{Map, Value};

#[derive(Clone, Copy)]
pub enum Kind {
    Text,
    TextOrNull,
    Flag,
    FlagOrNull,
    Integer,
    IntegerOrNull,
    Number,
    Texts,
    /// A time as in RFC 3339.
    Date,
    DateOrNull,
    Uuid,
    Object(Table),
    ObjectOrNull(Table),
    Objects(Table),
    /// A value that the operation itself checks.
    Any,
}

/// The fields that a body may have: a kind of value, and the names of the fields of that kind, separated by spaces.
pub type Table = &'static [(Kind, &'static str)];

/// The kind of value that a field takes, or none if there is no such field.
pub fn kind_of(table: Table, name: &str) -> Option<Kind> {
    let mut rows = table.iter();
    let row = rows.find(|(_, names)| names.split(' ').any(|known| known == name))?;
    Some(row.0)
}

/// Why a body is refused, and for which field.
#[derive(Debug, PartialEq, Eq)]
pub enum FieldError {
    Unknown(String),
    WrongType(String),
}

pub fn check(body: &Map<String, Value>, table: Table) -> Result<(), FieldError> {
    for (name, value) in body {
        let Some(kind) = kind_of(table, name) else {
            return Err(FieldError::Unknown(name.clone()));
        };
        check_value(name, value, kind)?;
    }
    Ok(())
}

fn check_value(name: &str, value: &Value, kind: Kind) -> Result<(), FieldError> {
    let date = |value: &Value| {
        value
            .as_str()
            .is_some_and(|text| chrono::DateTime::parse_from_rfc3339(text).is_ok())
    };
    let fits = match kind {
        Kind::Text => value.is_string(),
        Kind::TextOrNull => value.is_string() || value.is_null(),
        Kind::Flag => value.is_boolean(),
        Kind::FlagOrNull => value.is_boolean() || value.is_null(),
        Kind::Integer => value.is_i64(),
        Kind::IntegerOrNull => value.is_i64() || value.is_null(),
        Kind::Number => value.is_number(),
        Kind::Texts => value.as_array().is_some_and(|items| items.iter().all(Value::is_string)),
        Kind::Date => date(value),
        Kind::DateOrNull => value.is_null() || date(value),
        Kind::Uuid => value.as_str().is_some_and(is_uuid),
        Kind::Object(table) => match value {
            Value::Object(inner) => return check(inner, table),
            _ => false,
        },
        Kind::ObjectOrNull(table) => match value {
            Value::Null => true,
            Value::Object(inner) => return check(inner, table),
            _ => false,
        },
        Kind::Objects(table) => match value {
            Value::Array(items) => {
                for item in items {
                    check_value(name, item, Kind::Object(table))?;
                }
                true
            }
            _ => false,
        },
        Kind::Any => true,
    };
    if fits {
        Ok(())
    } else {
        Err(FieldError::WrongType(name.to_owned()))
    }
}

/// Whether the text is a UUID with hyphens, as all vendors here write their ids.
pub fn is_uuid(text: &str) -> bool {
    text.len() == 36 && uuid::Uuid::try_parse(text).is_ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const INNER: Table = &[(Kind::Text, "name")];
    const TABLE: Table = &[(Kind::Text, "name title"), (Kind::Object(INNER), "inner")];

    #[test]
    fn refuses_unknown_fields_and_wrong_types_at_any_depth() {
        let check = |body: Value| check(body.as_object().expect("object"), TABLE);
        assert_eq!(check(json!({"title": "a", "inner": {"name": "b"}})), Ok(()));
        assert_eq!(check(json!({"nmae": "a"})), Err(FieldError::Unknown("nmae".to_owned())));
        assert_eq!(
            check(json!({"inner": {"name": 1}})),
            Err(FieldError::WrongType("name".to_owned()))
        );
    }
}
