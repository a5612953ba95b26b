//! Converts items to types and back, with errors that say which attribute has the wrong shape.

use std::collections::HashMap;

use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::types::AttributeValue;
use domain::step_error::StepError;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_path_to_error::{Path, Segment};

use crate::aws_error::aws_error;
use crate::{Store, text};

/// The attributes of an item, or of its primary key.
pub(crate) type Item = HashMap<String, AttributeValue>;

pub(crate) fn item<const N: usize>(attributes: [(&str, AttributeValue); N]) -> Item {
    attributes.map(|(name, value)| (name.to_owned(), value)).into()
}

impl Store {
    /// Reads the item with this primary key, consistently.
    pub(crate) async fn item(&self, operation: &str, table: &str, key: Item) -> Result<Option<Item>, StepError> {
        let answer = self
            .db
            .get_item()
            .table_name(self.table(table))
            .set_key(Some(key))
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| aws_error(operation, &error))?;
        Ok(answer.item)
    }

    /// Reads the item with this primary key as a `T`.
    pub(crate) async fn read<T: DeserializeOwned>(
        &self,
        operation: &str,
        table: &str,
        key: Item,
    ) -> Result<Option<T>, StepError> {
        let found = self.item(operation, table, key).await?;
        found.map(|found| decode(table, found)).transpose()
    }

    /// A query of the table, still without a condition and not consistent.
    pub(crate) fn query(&self, table: &str) -> QueryFluentBuilder {
        self.db.query().table_name(self.table(table))
    }
}

/// Reads all items of a query, across all pages.
pub(crate) async fn all_items(operation: &str, query: QueryFluentBuilder) -> Result<Vec<Item>, StepError> {
    let items = query.into_paginator().items().send().try_collect().await;
    items.map_err(|error| aws_error(operation, &error))
}

/// Converts an item to a `T`. The error names the table and the attribute that has the wrong shape.
pub(crate) fn decode<T: DeserializeOwned>(table: &str, found: Item) -> Result<T, StepError> {
    let found: serde_dynamo::Item = found.into();
    let whole = serde_dynamo::AttributeValue::M(found.into());
    let deserializer = serde_dynamo::Deserializer::from_attribute_value(whole);
    serde_path_to_error::deserialize(deserializer).map_err(|error| wrong_shape(table, None, &error))
}

/// Converts the items of a query to `T`s.
pub(crate) fn decode_all<T: DeserializeOwned>(table: &str, found: Vec<Item>) -> Result<Vec<T>, StepError> {
    found.into_iter().map(|item| decode(table, item)).collect()
}

/// Converts an attribute that holds JSON as text.
pub(crate) fn decode_json<T: DeserializeOwned>(table: &str, found: &Item, attribute: &str) -> Result<T, StepError> {
    let json = text_at(table, found, attribute)?;
    let mut deserializer = serde_json::Deserializer::from_str(json);
    serde_path_to_error::deserialize(&mut deserializer).map_err(|error| wrong_shape(table, Some(attribute), &error))
}

/// The text of a required attribute.
pub(crate) fn text_at<'a>(table: &str, found: &'a Item, attribute: &str) -> Result<&'a str, StepError> {
    optional_text(found, attribute).ok_or_else(|| wrong_attribute(table, attribute))
}

/// The text of an optional attribute.
pub(crate) fn optional_text<'a>(found: &'a Item, attribute: &str) -> Option<&'a str> {
    let value = found.get(attribute)?;
    value.as_s().ok().map(String::as_str)
}

pub(crate) fn encode(table: &str, value: &impl Serialize) -> Result<Item, StepError> {
    serde_dynamo::to_item(value).map_err(|_| unwritable(table))
}

pub(crate) fn encode_value(table: &str, value: &impl Serialize) -> Result<AttributeValue, StepError> {
    serde_dynamo::to_attribute_value(value).map_err(|_| unwritable(table))
}

/// Encodes as JSON text, for values that only Gangway reads and no DynamoDB expression uses.
pub(crate) fn encode_json(table: &str, value: &impl Serialize) -> Result<AttributeValue, StepError> {
    serde_json::to_string(value).map(text).map_err(|_| unwritable(table))
}

fn unwritable(table: &str) -> StepError {
    StepError::Permanent(format!("an item of table {table} can't be written as it is"))
}

/// The error for an attribute that is missing or has the wrong shape.
pub(crate) fn wrong_attribute(table: &str, attribute: &str) -> StepError {
    StepError::Permanent(format!(
        "an item of table {table} has not the shape this version expects: {attribute}"
    ))
}

/// The error names no value, because a value may be personal data and serde's messages quote it.
fn wrong_shape<E: std::fmt::Display>(
    table: &str,
    attribute: Option<&str>,
    error: &serde_path_to_error::Error<E>,
) -> StepError {
    let names: Vec<String> = attribute
        .map(str::to_owned)
        .into_iter()
        .chain(names(error.path()))
        .collect();
    // The name of a type contains no data.
    let message = error.inner().to_string();
    let missing = message
        .strip_prefix("missing field `")
        .and_then(|rest| rest.split('`').next());
    let path: Vec<&str> = names.iter().map(String::as_str).chain(missing).collect();
    wrong_attribute(table, &path.join("."))
}

fn names(path: &Path) -> impl Iterator<Item = String> {
    path.iter().map(|segment| match segment {
        Segment::Map { key } if is_attribute_name(key) => key.clone(),
        Segment::Seq { index } => index.to_string(),
        Segment::Enum { variant } => variant.clone(),
        // A key of a map may be data.
        Segment::Map { .. } | Segment::Unknown => "?".to_owned(),
    })
}

fn is_attribute_name(key: &str) -> bool {
    key.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    struct Outer {
        #[serde(rename = "plan")]
        _plan: Inner,
    }

    #[derive(Debug, Deserialize)]
    struct Inner {
        #[serde(rename = "seats")]
        _seats: BTreeMap<String, u8>,
    }

    const SHAPE: &str = "an item of table requests has not the shape this version expects: ";

    fn error(stored: serde_json::Value) -> String {
        let stored = encode("requests", &stored).unwrap();
        let error = decode::<Outer>("requests", stored).unwrap_err().to_string();
        error.split_once(SHAPE).unwrap().1.to_owned()
    }

    #[test]
    fn wrong_shape_is_named_by_its_path() {
        use serde_json::json;
        assert_eq!(error(json!({})), "plan");
        assert_eq!(error(json!({"plan": {}})), "plan.seats");
        assert_eq!(
            error(json!({"plan": {"seats": {"spare": "Ada Lovelace"}}})),
            "plan.seats.spare"
        );
        assert_eq!(error(json!({"plan": "Ada Lovelace"})), "plan");
    }

    #[test]
    fn map_keys_are_not_quoted() {
        let stored = serde_json::json!({"plan": {"seats": {"ada@acme.example": "x"}}});
        assert_eq!(error(stored), "plan.seats.?");
    }

    #[test]
    fn json_text_is_named_by_its_attribute() {
        let stored = item([("result", text(r#"{"seats": {"spare": "Ada"}}"#))]);
        let error = decode_json::<Inner>("effects", &stored, "result").unwrap_err();
        assert!(error.to_string().ends_with(": result.seats.spare"), "{error}");
        let error = decode_json::<Inner>("effects", &stored, "intent").unwrap_err();
        assert!(error.to_string().ends_with(": intent"), "{error}");
    }
}
