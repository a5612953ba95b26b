//! Finds the operation of a request.

use std::fs;

use serde_json::Value;

use crate::{Answer, Request, node::Node, operation::Operation, schema::Schemas, template::segments};

const METHODS: [&str; 8] = ["delete", "get", "head", "options", "patch", "post", "put", "trace"];

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/vendors");

/// One system's contract file, compiled.
pub struct Contract {
    operations: Vec<Operation>,
}

/// The systems that have a contract file, in alphabetical order.
///
/// # Errors
/// The folder can't be read.
pub fn systems() -> Result<Vec<String>, String> {
    let wrong = |error: std::io::Error| format!("{FOLDER}: {error}");
    let mut systems = Vec::new();
    for entry in fs::read_dir(FOLDER).map_err(wrong)? {
        let name = entry.map_err(wrong)?.file_name();
        let name = name.to_string_lossy();
        let system = name.strip_suffix(".yaml");
        systems.push(
            system
                .ok_or_else(|| format!("{FOLDER}: {name} is no contract file"))?
                .to_owned(),
        );
    }
    systems.sort();
    Ok(systems)
}

/// Reads a system's contract file.
pub(crate) fn document(system: &str) -> Result<Value, String> {
    let file = format!("{FOLDER}/{system}.yaml");
    let text = fs::read_to_string(&file).map_err(|error| format!("{file}: {error}"))?;
    serde_saphyr::from_str(&text).map_err(|error| format!("{file}: {error}"))
}

impl Contract {
    /// Loads the contract file of a system, by the system's name in Gangway's variables.
    ///
    /// # Errors
    /// Fails if there is no such file, or if it uses something that this crate does not know.
    pub fn of(system: &str) -> Result<Self, String> {
        Self::new(&document(system)?).map_err(|why| format!("{system}.yaml: {why}"))
    }

    pub(crate) fn new(document: &Value) -> Result<Self, String> {
        if !document["openapi"]
            .as_str()
            .is_some_and(|version| version.starts_with("3.1."))
        {
            return Err("no OpenAPI 3.1".to_owned());
        }
        let root = Node::root(document);
        let mut schemas = Schemas::new(document)?;
        let mut operations = Vec::new();
        for (template, path) in root.get("paths").iter().flat_map(Node::entries) {
            let path = path.resolved()?;
            for (method, _) in path.entries() {
                if METHODS.contains(&method) {
                    let place = (template, method);
                    operations.push(Operation::parse(&root, &path, place, &mut schemas)?);
                }
            }
        }
        Ok(Self { operations })
    }

    /// Lists everything that is wrong with a request. The list is empty if the request is fine.
    pub fn request(&self, request: &Request<'_>) -> Vec<String> {
        match self.find(request.method, request.path) {
            Ok((operation, path)) => operation.complaints(&path, request),
            Err(why) => vec![why],
        }
    }

    /// Lists everything that is wrong with an answer to a request, of which only the method and the path are used.
    pub fn answer(&self, request: &Request<'_>, answer: &Answer<'_>) -> Vec<String> {
        match self.find(request.method, request.path) {
            Ok((operation, _)) => operation.answers.complaints(request.method, answer),
            Err(why) => vec![why],
        }
    }

    /// The method and the path template of each operation.
    pub fn operations(&self) -> Vec<(String, String)> {
        let names = self.operations.iter().map(Operation::name);
        names.collect()
    }

    /// The method and the path template of the operation that a request is for.
    pub fn operation(&self, method: &str, path: &str) -> Option<(String, String)> {
        let (operation, _) = self.find(method, path).ok()?;
        Some(operation.name())
    }

    #[cfg(test)]
    pub(crate) fn all(&self) -> &[Operation] {
        &self.operations
    }

    /// Finds the operation, and decodes the segments of the path.
    fn find(&self, method: &str, path: &str) -> Result<(&Operation, Vec<String>), String> {
        let path = segments(path)?;
        let of_path = self
            .operations
            .iter()
            .filter(|operation| operation.template.values(&path).is_some());
        let Some(literals) = of_path.clone().map(|operation| operation.template.literals()).max() else {
            let nearest = self
                .operations
                .iter()
                .max_by_key(|operation| operation.template.beginning(&path));
            let known = nearest.map_or_else(String::new, |operation| {
                operation.template.first(operation.template.beginning(&path))
            });
            return Err(format!("path: unknown after {known}/"));
        };
        let of_path = of_path.filter(|operation| operation.template.literals() == literals);
        match of_path.clone().find(|operation| operation.method == method) {
            Some(operation) => Ok((operation, path)),
            None => {
                let template = of_path.clone().map(|operation| operation.template.text.as_str()).next();
                let methods: Vec<_> = of_path.map(|operation| operation.method.as_str()).collect();
                let template = template.unwrap_or("");
                Err(format!("method: not {} of {template}", methods.join(" or ")))
            }
        }
    }
}

impl Operation {
    fn name(&self) -> (String, String) {
        (self.method.clone(), self.template.text.clone())
    }
}
