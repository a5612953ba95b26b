//! Compiles a file's schemas.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use jsonschema::{Draft, Registry, RegistryBuilder, Validator};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use crate::{kinds::Kinds, node::Node, words::complaints};

/// The name of a file for the compiler. References need one.
const FILE: &str = "urn:gangway:contract";

const FRAGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'/')
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

pub(crate) struct Schema {
    validator: Validator,
    pub(crate) kinds: Kinds,
    /// The kinds of the schema's properties, for a form's fields.
    pub(crate) fields: BTreeMap<String, Kinds>,
    #[cfg(test)]
    pub(crate) pointer: String,
}

impl Schema {
    /// Lists what is wrong with a value. `place` says what the value is, such as `body`.
    pub(crate) fn complaints(&self, place: &str, value: &Value) -> Vec<String> {
        let errors = self.validator.iter_errors(value);
        errors.flat_map(|error| complaints(place, &error)).collect()
    }
}

/// The schemas of one document, each compiled once.
pub(crate) struct Schemas<'d> {
    document: &'d Value,
    registry: Registry<'d>,
    compiled: HashMap<String, Arc<Schema>>,
}

impl<'d> Schemas<'d> {
    pub(crate) fn new(document: &'d Value) -> Result<Self, String> {
        let registry = Registry::new()
            .draft(Draft::Draft202012)
            .add(FILE, document)
            .and_then(RegistryBuilder::prepare)
            .map_err(|error| format!("the file's schemas: {error}"))?;
        let mut schemas = Self {
            document,
            registry,
            compiled: HashMap::new(),
        };
        // Unused components are compiled as well, because a file is either understood as a whole or refused.
        let components = Node::root(document)
            .get("components")
            .and_then(|part| part.get("schemas"));
        for (_, schema) in components.iter().flat_map(Node::entries) {
            schemas.compiled(&schema.pointer)?;
        }
        Ok(schemas)
    }

    pub(crate) fn compiled(&mut self, pointer: &str) -> Result<Arc<Schema>, String> {
        let node = Node::at(self.document, pointer)?;
        let lone = node.value.as_object().is_some_and(|map| map.len() == 1);
        let node = if lone { node.resolved()? } else { node };
        if let Some(schema) = self.compiled.get(&node.pointer) {
            return Ok(Arc::clone(schema));
        }
        let schema = Arc::new(self.compile(&node)?);
        self.compiled.insert(node.pointer, Arc::clone(&schema));
        Ok(schema)
    }

    fn compile(&self, node: &Node<'_>) -> Result<Schema, String> {
        let wrong = |why: String| format!("schema {}: {why}", node.pointer);
        jsonschema::draft202012::meta::validate(node.value)
            .map_err(|error| wrong(format!("{} {error}", error.instance_path())))?;
        let fragment = utf8_percent_encode(&node.pointer, FRAGMENT);
        let validator = jsonschema::options()
            .with_draft(Draft::Draft202012)
            .with_registry(&self.registry)
            .should_validate_formats(true)
            .offline()
            .build(&json!({"$ref": format!("{FILE}#{fragment}")}))
            .map_err(|error| wrong(error.to_string()))?;
        Ok(Schema {
            validator,
            kinds: Kinds::of(node)?,
            fields: Kinds::of_properties(node)?,
            #[cfg(test)]
            pointer: node.pointer.clone(),
        })
    }
}
