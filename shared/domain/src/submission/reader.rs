//! Reads the fields of a JSON object one by one and collects their errors.

use serde_json::{Map, Value};

use super::declare::Form;
use crate::field::{FieldError, InvalidValue};
use crate::text::is_hidden;
use crate::variables::{VariableType, parse_variable};

/// The limit of one part of a person's name.
pub(super) const MAX_NAME: usize = 64;
/// The limit of a whole name: two long parts. Graph accepts twice as much, but nobody could read that in a subject.
pub(super) const MAX_SHOWN_NAME: usize = 128;
/// A limit for any value whose own parser has narrower rules.
const MAX_LINE: usize = 1024;

pub(super) struct Reader<'a> {
    object: &'a Map<String, Value>,
    errors: Vec<FieldError>,
}

impl<'a> Reader<'a> {
    /// Starts reading, with an error for each field that the form does not have.
    pub(super) fn of_form<F: Form>(body: &'a Value) -> Result<Self, FieldError> {
        let object = body
            .as_object()
            .ok_or_else(|| FieldError::new("body", "must be a JSON object"))?;
        let unknown = object.keys().filter(|key| F::field(key).is_none());
        // The name comes from outside, so the error keeps it short and on one line.
        let errors = unknown
            .take(20)
            .map(|key| key.chars().filter(|c| !is_hidden(*c)).take(64).collect::<String>())
            .map(|key| FieldError::new(key, format!("is not a field of an {}", F::KIND)))
            .collect();
        Ok(Self { object, errors })
    }

    /// Returns all errors.
    pub(super) fn finish(self) -> Vec<FieldError> {
        self.errors
    }

    /// Returns what `read` takes from the body, or `None` if it added an error.
    pub(super) fn right<T>(&mut self, read: impl FnOnce(&mut Self) -> T) -> Option<T> {
        let before = self.errors.len();
        let value = read(self);
        (self.errors.len() == before).then_some(value)
    }

    fn wrong(&mut self, field: &str, message: impl Into<String>) {
        self.errors.push(FieldError::new(field, message));
    }

    fn is_given(&self, field: &str) -> bool {
        self.object
            .get(field)
            .is_some_and(|value| !value.is_null() && value.as_str().is_none_or(|t| !t.trim().is_empty()))
    }

    /// Reads one line of text. Returns `None` if it is absent, null, empty or invalid.
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
        parse(&text).map_err(|wrong| self.errors.push(wrong.at(field))).ok()
    }

    /// Like [`parsed`](Self::parsed), but an absent field is an error.
    pub(super) fn required<T>(&mut self, field: &str, parse: impl Fn(&str) -> Result<T, InvalidValue>) -> Option<T> {
        if !self.is_given(field) {
            self.wrong(field, "is required");
        }
        self.parsed(field, parse)
    }

    /// Reads a person's name. It must contain something that can be read aloud and nothing that looks like the path of
    /// a web address, because names appear in the subjects of mails.
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

    pub(super) fn required_name(&mut self, field: &str, max: usize) -> Option<String> {
        if !self.is_given(field) {
            self.wrong(field, "is required");
        }
        self.name(field, max)
    }

    /// Reads the last name. A person with a single name has none, which the field `single` says.
    pub(super) fn last_name(&mut self, field: &str, max: usize, single: &str) -> Option<String> {
        let is_single = self.object.get(single) == Some(&Value::Bool(true));
        match (self.is_given(field), is_single) {
            (true, true) => self.wrong(field, format!("must be left out when {single} is true")),
            (false, false) => {
                let message = format!("is required; a person with one name has first_name and {single}: true");
                self.wrong(field, message);
            }
            _ => {}
        }
        self.name(field, max)
    }

    /// Reads a choice that has a default.
    pub(super) fn chosen<T: Default>(&mut self, field: &str, parse: impl Fn(&str) -> Result<T, InvalidValue>) -> T {
        self.parsed(field, parse).unwrap_or_default()
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

    /// Reads an override, in the same format as its variable.
    pub(super) fn variable<T: VariableType>(&mut self, name: &str) -> Option<T> {
        if !self.is_given(name) {
            return None;
        }
        let value = self.object.get(name)?;
        parse_variable(name, value)
            .map_err(|error| self.errors.push(error))
            .ok()
    }

    /// Reads a list of texts without duplicates. Errors name invalid items by their position.
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
    // Graph counts UTF-16 code units, as .NET does.
    } else if text.encode_utf16().count() > max {
        Err(format!("must have at most {max} characters"))
    } else {
        Ok(text.to_owned())
    }
}
