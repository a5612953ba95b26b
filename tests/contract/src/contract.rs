//! Finds the operation of a request.

use std::{fs, path::Path};

use serde_json::Value;

use crate::{
    Answer, Request,
    document::{Direction, turned},
    node::Node,
    operation::Operation,
    schema::Schemas,
    template::segments,
};

const METHODS: [&str; 8] = ["delete", "get", "head", "options", "patch", "post", "put", "trace"];

/// One vendor's file, compiled.
pub struct Contract {
    operations: Vec<Operation>,
}

impl Contract {
    pub fn load(file: &Path) -> Result<Self, String> {
        let wrong = |why: String| format!("{}: {why}", file.display());
        let text = fs::read_to_string(file).map_err(|error| wrong(error.to_string()))?;
        let document = serde_json::from_str(&text).map_err(|error| wrong(error.to_string()))?;
        Self::new(&document).map_err(wrong)
    }

    pub(crate) fn new(document: &Value) -> Result<Self, String> {
        let version = document["openapi"].as_str().unwrap_or("");
        if !version.starts_with("3.0.") && !version.starts_with("3.1.") {
            return Err("no OpenAPI 3.0 or 3.1".to_owned());
        }
        let requests = turned(document, Direction::Request);
        let answers = turned(document, Direction::Answer);
        let root = Node::root(&requests);
        let mut requests = Schemas::new(&requests)?;
        let mut answers = Schemas::new(&answers)?;
        let mut operations = Vec::new();
        for (template, path) in root.get("paths").iter().flat_map(Node::entries) {
            let path = path.resolved()?;
            for (method, _) in path.entries() {
                if METHODS.contains(&method) {
                    let place = (template, method);
                    operations.push(Operation::parse(&root, &path, place, &mut requests, &mut answers)?);
                }
            }
        }
        Ok(Self { operations })
    }

    /// Every wrong thing about a request, in words (none: it is fine).
    pub fn request(&self, request: &Request<'_>) -> Vec<String> {
        match self.find(request.method, request.path) {
            Ok((operation, path)) => operation.complaints(&path, request),
            Err(why) => vec![why],
        }
    }

    /// The same for an answer to it. Only the method and the path of the request count.
    pub fn answer(&self, request: &Request<'_>, answer: &Answer<'_>) -> Vec<String> {
        match self.find(request.method, request.path) {
            Ok((operation, _)) => operation.answers.complaints(request.method, answer),
            Err(why) => vec![why],
        }
    }

    /// Method and template of each operation.
    pub fn operations(&self) -> Vec<(String, String)> {
        let names = self.operations.iter().map(Operation::name);
        names.collect()
    }

    /// Method and template of the operation that a request is for.
    pub fn operation(&self, method: &str, path: &str) -> Option<(String, String)> {
        let (operation, _) = self.find(method, path).ok()?;
        Some(operation.name())
    }

    #[cfg(test)]
    pub(crate) fn all(&self) -> &[Operation] {
        &self.operations
    }

    /// The operation and the decoded segments of its path.
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
