//! Walks through a schema, and checks that each wrong change of an accepted value is refused.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::samples::{self, Additional, All};

pub(crate) struct Walk<'w> {
    complaints: &'w dyn Fn(&Value) -> Vec<String>,
    /// Whether the value is a form, which is always an object and whose fields are texts.
    is_form: bool,
    visited: BTreeSet<String>,
    pub(crate) found: Found,
}

#[derive(Default)]
pub(crate) struct Found {
    /// How many wrong values were refused.
    pub(crate) refused: usize,
    /// The places where any value is accepted.
    pub(crate) anything: BTreeSet<String>,
    /// The objects that accept any property.
    pub(crate) open: BTreeSet<String>,
    pub(crate) failures: Vec<String>,
}

impl<'w> Walk<'w> {
    pub(crate) fn new(complaints: &'w dyn Fn(&Value) -> Vec<String>, is_form: bool) -> Self {
        Self {
            complaints,
            is_form,
            visited: BTreeSet::new(),
            found: Found::default(),
        }
    }
}

impl Walk<'_> {
    /// Checks the schema's values. `whole` puts a value of this schema into the value that is checked.
    pub(crate) fn value(&mut self, schema: &All<'_>, whole: &dyn Fn(Value) -> Value) {
        let pointers: Vec<_> = schema.iter().map(|schema| schema.pointer.as_str()).collect();
        let place = pointers.join(" and ");
        if !self.visited.insert(place.clone()) {
            return;
        }
        let wrong = samples::wrong(schema);
        if wrong.is_empty() {
            self.found.anything.insert(place.clone());
        }
        for value in wrong {
            // A form cannot express another type.
            if !self.is_form || value.is_string() {
                self.refuses(&place, whole(value));
            }
        }
        for choice in samples::choices(schema) {
            let sample = samples::sample_of_choice(&choice);
            self.takes(&place, whole(sample.clone()));
            match &sample {
                Value::Object(_) => self.object(&place, &choice, &sample, whole),
                Value::Array(_) => {
                    let items = samples::items(&choice);
                    if items.is_empty() {
                        self.found.anything.insert(format!("{place}/items"));
                    } else {
                        self.value(&items, &|item| whole(json!([item])));
                    }
                }
                _ => {}
            }
        }
    }

    fn object(&mut self, place: &str, choice: &All<'_>, sample: &Value, whole: &dyn Fn(Value) -> Value) {
        let with_unknown = |value: Value| {
            let mut changed = sample.clone();
            changed["gangway_unknown"] = value;
            changed
        };
        match samples::additional(choice) {
            Additional::None => {
                self.refuses(
                    &format!("{place} with an unknown property"),
                    whole(with_unknown(json!("x"))),
                );
            }
            Additional::Any if self.found.anything.contains(place) => {}
            Additional::Any => {
                self.found.open.insert(place.to_owned());
            }
            Additional::Of(schema) => self.value(&schema, &|value| whole(with_unknown(value))),
        }
        for name in samples::required(choice) {
            let mut changed = sample.clone();
            changed.as_object_mut().expect("an object").remove(name);
            self.refuses(&format!("{place} without {name}"), whole(changed));
        }
        let properties = samples::properties(choice);
        for (name, property) in &properties {
            // If this property is there, a condition may require more.
            let mut base = sample.clone();
            for asked in samples::required_on_condition(choice) {
                base[asked] = properties.get(asked).map_or(json!("x"), samples::sample);
            }
            let with = |value: Value| {
                let mut changed = base.clone();
                changed[*name] = value;
                changed
            };
            self.takes(&format!("{place} with {name}"), whole(with(samples::sample(property))));
            self.value(property, &|value| whole(with(value)));
        }
    }

    fn takes(&mut self, place: &str, value: Value) {
        let complaints = (self.complaints)(&value);
        if !complaints.is_empty() {
            self.found
                .failures
                .push(format!("{place} is refused: {complaints:?} {value}"));
        }
    }

    fn refuses(&mut self, place: &str, value: Value) {
        self.found.refused += 1;
        if (self.complaints)(&value).is_empty() {
            self.found.failures.push(format!("{place} is taken: {value}"));
        }
    }
}
