//! Takes the fields of a JSON object one by one and gathers what is wrong with them.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::field::{FieldError, InvalidValue};
use crate::job::Kind;
use crate::text::is_hidden;
use crate::variables::parse_value;

/// Of one part of a person's name.
pub(super) const MAX_NAME: usize = 64;
/// Of a whole name: two long parts. Graph would take twice as much, but nobody reads that in a subject.
pub(super) const MAX_SHOWN_NAME: usize = 128;
/// Of anything that has a parser with narrower rules of its own.
const MAX_LINE: usize = 1024;

pub(super) struct Reader<'a> {
    object: &'a Map<String, Value>,
    problems: Vec<FieldError>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(body: &'a Value, known: &[&str], kind: Kind) -> Result<Self, Vec<FieldError>> {
        let Some(object) = body.as_object() else {
            return Err(vec![FieldError::new("body", "must be a JSON object")]);
        };
        let unknown = object.keys().filter(|key| !known.contains(&key.as_str()));
        // The name comes from outside: kept short and on one line.
        let problems = unknown
            .take(20)
            .map(|key| key.chars().filter(|c| !is_hidden(*c)).take(64).collect::<String>())
            .map(|key| FieldError::new(key, format!("is not a field of an {kind}")))
            .collect();
        Ok(Self { object, problems })
    }

    pub(super) fn finish(self) -> Result<(), Vec<FieldError>> {
        if self.problems.is_empty() {
            Ok(())
        } else {
            Err(self.problems)
        }
    }

    fn wrong(&mut self, field: &str, message: impl Into<String>) {
        self.problems.push(FieldError::new(field, message));
    }

    fn is_given(&self, field: &str) -> bool {
        self.object
            .get(field)
            .is_some_and(|value| !value.is_null() && value.as_str().is_none_or(|t| !t.trim().is_empty()))
    }

    /// One line of text; None if absent, null, empty or wrong.
    pub(super) fn line(&mut self, field: &str, max: usize) -> Option<String> {
        let value = self.object.get(field).filter(|value| !value.is_null())?;
        match value.as_str().map(|text| one_line(text, max)) {
            Some(Ok(text)) => Some(text).filter(|text| !text.is_empty()),
            Some(Err(message)) => {
                self.wrong(field, message);
                None
            }
            None => {
                self.wrong(field, "must be text");
                None
            }
        }
    }

    pub(super) fn parsed<T>(&mut self, field: &str, parse: impl Fn(&str) -> Result<T, InvalidValue>) -> Option<T> {
        let text = self.line(field, MAX_LINE)?;
        parse(&text).map_err(|wrong| self.problems.push(wrong.at(field))).ok()
    }

    /// None only where `finish` fails.
    pub(super) fn required<T>(&mut self, field: &str, parse: impl Fn(&str) -> Result<T, InvalidValue>) -> Option<T> {
        if !self.is_given(field) {
            self.wrong(field, "is required");
        }
        self.parsed(field, parse)
    }

    /// A person's name: something in it can be read aloud, and nothing in it is the path of an address, because names
    /// stand in the subjects of mails.
    pub(super) fn name(&mut self, field: &str, max: usize) -> Option<String> {
        let name = self.line(field, max)?;
        if name.contains(['/', '\\']) {
            self.wrong(field, "must be a name, without / or \\");
            None
        } else if name.chars().any(char::is_alphanumeric) {
            Some(name)
        } else {
            self.wrong(field, "must have a letter");
            None
        }
    }

    /// Empty only where `finish` fails.
    pub(super) fn required_name(&mut self, field: &str) -> String {
        if !self.is_given(field) {
            self.wrong(field, "is required");
        }
        self.name(field, MAX_NAME).unwrap_or_default()
    }

    pub(super) fn last_name(&mut self, single_name: bool) -> Option<String> {
        match (self.is_given("last_name"), single_name) {
            (true, true) => self.wrong("last_name", "must be left out when single_name is true"),
            (false, false) => {
                self.wrong(
                    "last_name",
                    "is required; a person with one name has first_name and single_name: true",
                );
            }
            _ => {}
        }
        self.name("last_name", MAX_NAME)
    }

    pub(super) fn flag(&mut self, field: &str) -> bool {
        match self.object.get(field) {
            None | Some(Value::Null) => false,
            Some(Value::Bool(flag)) => *flag,
            Some(_) => {
                self.wrong(field, "must be true or false");
                false
            }
        }
    }

    /// A variable that this request has a value of its own for, given as variables are.
    pub(super) fn variable<T: DeserializeOwned>(&mut self, name: &str) -> Option<T> {
        if !self.is_given(name) {
            return None;
        }
        let value = self.object.get(name)?;
        match parse_value(name, value) {
            Ok(value) => serde_json::from_value(value).ok(),
            Err(problem) => {
                self.problems.push(problem);
                None
            }
        }
    }

    /// Texts without duplicates; each wrong one is told by its place.
    pub(super) fn list<T>(
        &mut self,
        field: &str,
        max: usize,
        parse: impl Fn(&str) -> Result<T, InvalidValue>,
    ) -> Vec<T> {
        let items = match self.object.get(field) {
            None | Some(Value::Null) => return Vec::new(),
            Some(Value::Array(items)) => items,
            Some(_) => {
                self.wrong(field, "must be a list of texts");
                return Vec::new();
            }
        };
        if items.len() > max {
            self.wrong(field, format!("must have at most {max} items"));
            return Vec::new();
        }
        let mut seen: Vec<String> = Vec::new();
        let mut parsed = Vec::new();
        for (index, item) in items.iter().enumerate() {
            let place = index + 1;
            let text = item
                .as_str()
                .ok_or_else(|| "must be text".to_owned())
                .and_then(|text| one_line(text, MAX_LINE));
            let checked = text.and_then(|text| match text.to_lowercase() {
                key if key.is_empty() => Err("must not be empty".to_owned()),
                key if seen.contains(&key) => Err("is there twice".to_owned()),
                key => {
                    seen.push(key);
                    parse(&text).map_err(|wrong| wrong.to_string())
                }
            });
            match checked {
                Ok(value) => parsed.push(value),
                Err(message) => self.wrong(field, format!("item {place} {message}")),
            }
        }
        parsed
    }
}

pub(crate) fn one_line(text: &str, max: usize) -> Result<String, String> {
    let text = text.trim();
    if text.chars().any(is_hidden) {
        Err("must be one line without control characters".into())
    // Graph counts as .NET does.
    } else if text.encode_utf16().count() > max {
        Err(format!("must have at most {max} characters"))
    } else {
        Ok(text.to_owned())
    }
}
