//! Parameters in paths, queries and headers.

use std::sync::Arc;

use serde_json::Value;

use crate::{
    node::Node,
    schema::{Schema, Schemas},
};

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Path,
    Query,
    Header,
}

pub(crate) struct Parameter {
    pub(crate) place: Place,
    /// The name; a header's name is in lower case.
    pub(crate) name: String,
    pub(crate) required: bool,
    /// The separator of a list's items; none if the parameter is repeated.
    separator: Option<char>,
    pub(crate) schema: Arc<Schema>,
}

impl Parameter {
    pub(crate) fn parse(node: &Node<'_>, schemas: &mut Schemas<'_>) -> Result<Self, String> {
        let name = node.text("name").ok_or_else(|| format!("{}: no name", node.pointer))?;
        let unknown = |what: &str| format!("parameter {name} at {}: its {what}", node.pointer);
        let (place, usual) = match node.text("in") {
            Some("path") => (Place::Path, "simple"),
            Some("query") => (Place::Query, "form"),
            Some("header") => (Place::Header, "simple"),
            _ => return Err(unknown("place")),
        };
        let style = node.text("style").unwrap_or(usual);
        let explode = node.value.get("explode").and_then(Value::as_bool);
        let separator = match (place, style, explode.unwrap_or(style == "form")) {
            (Place::Query, "form", true) => None,
            (Place::Query, "form", false) | (Place::Path | Place::Header, "simple", _) => Some(','),
            _ => return Err(unknown("style")),
        };
        let schema = node.get("schema").ok_or_else(|| unknown("schema"))?;
        let schema = schemas.compiled(&schema.pointer)?;
        if schema.kinds.is_object() {
            return Err(unknown("style for an object"));
        }
        Ok(Self {
            place,
            name: match place {
                Place::Header => name.to_ascii_lowercase(),
                Place::Path | Place::Query => name.to_owned(),
            },
            required: place == Place::Path || node.flag("required"),
            separator,
            schema,
        })
    }

    /// Lists what is wrong with the values that a request has under this name.
    pub(crate) fn complaints(&self, given: &[&str]) -> Vec<String> {
        let place = match self.place {
            Place::Path => format!("path {{{}}}", self.name),
            Place::Query => format!("query {}", self.name),
            Place::Header => format!("header {}", self.name),
        };
        if given.is_empty() && self.required {
            return vec![format!("{place}: missing")];
        }
        let value = match (self.schema.kinds.items(), given) {
            (_, []) => return Vec::new(),
            (Some(items), given) => {
                let texts = given.iter().flat_map(|text| match self.separator {
                    Some(separator) => text.split(separator).collect(),
                    None => vec![*text],
                });
                texts.map(|text| items.value(text)).collect()
            }
            (None, [text]) => self.schema.kinds.value(text),
            (None, _) => return vec![format!("{place}: given twice")],
        };
        self.schema.complaints(&place, &value)
    }
}
