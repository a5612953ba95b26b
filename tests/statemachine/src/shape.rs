//! What is known about the data of a state: names of fields, not their values.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::paths;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Shape {
    /// An object with at least these fields.
    Object(BTreeMap<String, Shape>),
    /// A value that is there, and of whose fields nothing is known.
    Value,
    /// The answer of a function. The function's own test says which fields it has.
    Answer,
}

impl Shape {
    pub(crate) fn with<const N: usize>(fields: [(&str, Self); N]) -> Self {
        Self::Object(
            fields
                .into_iter()
                .map(|(name, shape)| (name.to_owned(), shape))
                .collect(),
        )
    }

    pub(crate) fn at(&self, names: &[&str]) -> Option<&Self> {
        let [name, rest @ ..] = names else { return Some(self) };
        match self {
            Self::Object(fields) => fields.get(*name)?.at(rest),
            Self::Value => None,
            Self::Answer => Some(self),
        }
    }

    pub(crate) fn set(&mut self, names: &[&str], shape: Self) {
        let [name, rest @ ..] = names else {
            *self = shape;
            return;
        };
        if !matches!(self, Self::Object(_)) {
            *self = Self::Object(BTreeMap::new());
        }
        if let Self::Object(fields) = self {
            fields.entry((*name).to_owned()).or_insert(Self::Value).set(rest, shape);
        }
    }

    /// What holds for both shapes.
    pub(crate) fn in_both(&self, other: &Self) -> Self {
        match (self, other) {
            (Self::Object(one), Self::Object(two)) => Self::Object(
                one.iter()
                    .filter_map(|(name, shape)| Some((name.clone(), shape.in_both(two.get(name)?))))
                    .collect(),
            ),
            (one, two) if one == two => one.clone(),
            _ => Self::Value,
        }
    }

    /// The shape of a literal, or of a template whose fields named `x.$` are paths into `input`.
    pub(crate) fn of(template: &Value, input: &Self) -> Self {
        let Value::Object(fields) = template else {
            return Self::Value;
        };
        let shape_of = |(name, value): (&String, &Value)| match name.strip_suffix(".$") {
            None => (name.clone(), Self::of(value, input)),
            Some(name) => {
                let names = value.as_str().and_then(paths::names);
                let shape = names.and_then(|names| input.at(&names)).cloned();
                (name.to_owned(), shape.unwrap_or(Self::Value))
            }
        };
        Self::Object(fields.iter().map(shape_of).collect())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_what_both_have_is_known_after_they_meet() {
        let nothing = Shape::with([]);
        let one = Shape::of(&json!({"a": {"b": 1, "c": 2}, "d": 3}), &nothing);
        let two = Shape::of(&json!({"a": {"b": 1}, "e": {"f": 1}}), &nothing);
        let both = one.in_both(&two);
        assert_eq!(both, Shape::of(&json!({"a": {"b": 1}}), &nothing));
        assert_eq!(
            one.in_both(&Shape::of(&json!({"a": 1}), &nothing)),
            Shape::of(&json!({"a": 1}), &nothing)
        );
    }

    #[test]
    fn templates_copy_what_their_paths_lead_to() {
        let input = Shape::of(&json!({"a": {"b": 1}}), &Shape::with([]));
        let made = Shape::of(&json!({"copy.$": "$.a", "sum.$": "States.MathAdd($.a.b, 1)"}), &input);
        assert!(made.at(&["copy", "b"]).is_some());
        assert_eq!(made.at(&["sum"]), Some(&Shape::Value));
        assert_eq!(made.at(&["sum", "b"]), None);
    }

    #[test]
    fn setting_a_field_leaves_the_others() {
        let mut shape = Shape::of(&json!({"a": {"b": 1}, "c": 2}), &Shape::with([]));
        shape.set(&["a", "d"], Shape::Value);
        for names in [&["a", "b"][..], &["a", "d"], &["c"]] {
            assert!(shape.at(names).is_some(), "{names:?}");
        }
    }
}
