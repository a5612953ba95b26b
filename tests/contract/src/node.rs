//! A place in a file, known by its JSON pointer.

use percent_encoding::percent_decode_str;
use serde_json::Value;

/// A longer chain of references is a mistake in the file.
const FARTHEST: usize = 16;

#[derive(Clone)]
pub(crate) struct Node<'d> {
    document: &'d Value,
    pub(crate) value: &'d Value,
    pub(crate) pointer: String,
}

impl<'d> Node<'d> {
    pub(crate) fn root(document: &'d Value) -> Self {
        Self {
            document,
            value: document,
            pointer: String::new(),
        }
    }

    pub(crate) fn at(document: &'d Value, pointer: &str) -> Result<Self, String> {
        let value = document
            .pointer(pointer)
            .ok_or_else(|| format!("nothing at {pointer}"))?;
        Ok(Self {
            document,
            value,
            pointer: pointer.to_owned(),
        })
    }

    /// Follows references to their end.
    pub(crate) fn resolved(self) -> Result<Self, String> {
        let mut node = self;
        for _ in 0..FARTHEST {
            let Some(reference) = node.value.get("$ref").and_then(Value::as_str) else {
                return Ok(node);
            };
            node = Self::at(node.document, &local(reference)?)?;
        }
        Err(format!("{}: references go in circles", node.pointer))
    }

    pub(crate) fn get(&self, key: &str) -> Option<Self> {
        let value = self.value.get(key)?;
        Some(Self {
            document: self.document,
            value,
            pointer: format!("{}/{}", self.pointer, escaped(key)),
        })
    }

    pub(crate) fn text(&self, key: &str) -> Option<&'d str> {
        self.value.get(key).and_then(Value::as_str)
    }

    pub(crate) fn flag(&self, key: &str) -> bool {
        self.value.get(key).and_then(Value::as_bool).unwrap_or(false)
    }

    /// The named values of an object; empty for anything else.
    pub(crate) fn entries(&self) -> Vec<(&'d str, Self)> {
        let map = self.value.as_object();
        let names = map.into_iter().flat_map(|map| map.keys());
        names
            .filter_map(|name| Some((name.as_str(), self.get(name)?)))
            .collect()
    }

    /// The items of a list; empty for anything else.
    pub(crate) fn items(&self) -> Vec<Self> {
        let list = self.value.as_array().into_iter().flatten().enumerate();
        list.map(|(index, value)| Self {
            document: self.document,
            value,
            pointer: format!("{}/{index}", self.pointer),
        })
        .collect()
    }
}

/// The pointer of a reference into the same file.
pub(crate) fn local(reference: &str) -> Result<String, String> {
    let pointer = reference
        .strip_prefix('#')
        .ok_or_else(|| format!("{reference}: a reference out of the file"))?;
    let decoded = percent_decode_str(pointer).decode_utf8();
    let decoded = decoded.map_err(|_| format!("{reference}: not UTF-8"))?;
    Ok(decoded.into_owned())
}

fn escaped(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}
