//! The records of a PSA: lists of tickets, notes and everything that tickets refer to, by their ids.
//!
//! A record's fields have the vendor's names and values. The vendor's own code adds fields when it shows a record, and
//! checks a record before it is stored.

use std::{collections::BTreeMap, ops::Index};

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

use crate::world::Hidden;

pub type Fields = Map<String, Value>;

#[derive(Debug, Clone)]
pub struct Record {
    pub fields: Fields,
    pub created: DateTime<Utc>,
    pub updated: DateTime<Utc>,
}

impl Record {
    pub fn new(fields: Fields) -> Self {
        let now = Utc::now();
        Self {
            fields,
            created: now,
            updated: now,
        }
    }

    /// The text of a field; empty if it is absent or no text.
    pub fn text(&self, field: &str) -> &str {
        text(&self.fields, field)
    }
}

/// `record["title"]` is null if there is no such field.
impl Index<&str> for Record {
    type Output = Value;

    fn index(&self, field: &str) -> &Value {
        self.fields.get(field).unwrap_or(&Value::Null)
    }
}

/// The text of a field of a record or body; empty if it is absent or no text.
pub fn text<'a>(fields: &'a Fields, name: &str) -> &'a str {
    fields.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// The fields of a JSON object, without those that are null.
pub fn fields(object: Value) -> Fields {
    let Value::Object(mut fields) = object else {
        return Fields::new();
    };
    fields.retain(|_, value| !value.is_null());
    fields
}

/// The first of the fields that is absent or blank.
pub fn missing<'a>(fields: &Fields, names: &[&'a str]) -> Option<&'a str> {
    let is_blank = |value: &Value| value.is_null() || value.as_str().is_some_and(|text| text.trim().is_empty());
    names
        .iter()
        .copied()
        .find(|name| fields.get(*name).is_none_or(is_blank))
}

/// One MSP's records at a PSA.
pub struct Records {
    /// The field that holds a record's id.
    id: &'static str,
    lists: BTreeMap<&'static str, Vec<Record>>,
    last_id: i64,
}

impl Records {
    /// `id` is the name of the field with a record's id. New records get the ids after `last_id`.
    pub fn new(id: &'static str, last_id: i64, lists: Vec<(&'static str, Vec<Value>)>) -> Self {
        let record = |value: Value| Record::new(value.as_object().cloned().unwrap_or_default());
        let records = |values: Vec<Value>| values.into_iter().map(record).collect();
        Self {
            id,
            lists: lists
                .into_iter()
                .map(|(name, values)| (name, records(values)))
                .collect(),
            last_id,
        }
    }

    /// All records of a list, oldest first.
    pub fn list(&self, list: &str) -> &[Record] {
        self.lists.get(list).map(Vec::as_slice).unwrap_or_default()
    }

    /// The fields of all records of a list.
    pub fn values(&self, list: &str) -> Vec<Value> {
        let all = self.list(list).iter();
        all.map(|record| Value::Object(record.fields.clone())).collect()
    }

    /// The records with this value in a field.
    pub fn with<'a>(
        &'a self,
        list: &str,
        field: &'a str,
        value: &'a Value,
    ) -> impl DoubleEndedIterator<Item = &'a Record> {
        self.list(list).iter().filter(move |record| record[field] == *value)
    }

    pub fn find(&self, list: &str, id: &Value) -> Option<&Record> {
        self.list(list).iter().find(|record| record[self.id] == *id)
    }

    pub fn find_mut(&mut self, list: &str, id: &Value) -> Option<&mut Record> {
        self.find_by(list, self.id, id)
    }

    /// The first record with this value in a field.
    pub fn find_by(&mut self, list: &str, field: &str, value: &Value) -> Option<&mut Record> {
        let mut all = self.lists.get_mut(list)?.iter_mut();
        all.find(|record| record[field] == *value)
    }

    /// A list, to be changed by hand.
    pub fn list_mut(&mut self, list: &'static str) -> &mut Vec<Record> {
        self.lists.entry(list).or_default()
    }

    /// A field of the record with this id; null if there is none.
    pub fn look_up(&self, list: &str, id: &Value, field: &str) -> Value {
        self.find(list, id)
            .map(|record| record[field].clone())
            .unwrap_or_default()
    }

    pub fn next_id(&mut self) -> i64 {
        self.last_id += 1;
        self.last_id
    }

    /// Stores a new record. It gets the next id, unless its fields contain one.
    pub fn add(&mut self, list: &'static str, mut fields: Fields) -> &mut Record {
        if !fields.contains_key(self.id) {
            let id = self.next_id();
            fields.insert(self.id.to_owned(), json!(id));
        }
        let list = self.lists.entry(list).or_default();
        list.push(Record::new(fields));
        let last = list.len() - 1;
        &mut list[last]
    }

    /// The record with this id, unless it cannot be seen yet.
    pub fn visible(&mut self, list: &str, id: &Value, hidden: &mut Hidden) -> Option<&mut Record> {
        if hidden.hides(&key(id)) {
            return None;
        }
        self.find_mut(list, id)
    }

    /// The records of a list that can be seen and are wanted.
    pub fn all_visible(&self, list: &str, hidden: &mut Hidden, wanted: impl Fn(&Record) -> bool) -> Vec<&Record> {
        let wanted = self.list(list).iter().filter(|record| wanted(record));
        wanted.filter(|record| !hidden.hides(&key(&record[self.id]))).collect()
    }
}

fn key(id: &Value) -> String {
    id.as_str().map_or_else(|| id.to_string(), str::to_owned)
}
