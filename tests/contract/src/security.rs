//! The credentials that a request must carry. Contract files do not check whether they are right.

use crate::{Request, header, node::Node};

pub(crate) enum Key {
    /// In the header `authorization`, after this word.
    Authorization(&'static str),
    Header(String),
    Query(String),
}

/// A list of alternatives, each of which needs all of its keys. If it is empty, no credentials are needed.
pub(crate) type Security = Vec<Vec<Key>>;

/// `requirements` is the key `security` of an operation or, if it has none, of the file.
pub(crate) fn parse(root: &Node<'_>, requirements: Option<&Node<'_>>) -> Result<Security, String> {
    let choices = requirements.iter().flat_map(|node| node.items());
    let choices = choices.map(|choice| {
        let names = choice.entries();
        names.iter().map(|(name, _)| key(root, name)).collect::<Result<_, _>>()
    });
    choices.collect()
}

fn key(root: &Node<'_>, name: &str) -> Result<Key, String> {
    let unknown = || format!("security scheme {name}: not known");
    let schemes = root.get("components").and_then(|part| part.get("securitySchemes"));
    let scheme = schemes
        .and_then(|schemes| schemes.get(name))
        .ok_or_else(unknown)?
        .resolved()?;
    let name = scheme.text("name").unwrap_or("");
    match (scheme.text("type"), scheme.text("scheme"), scheme.text("in")) {
        (Some("http"), Some("basic"), _) => Ok(Key::Authorization("Basic")),
        (Some("http"), Some("bearer"), _) | (Some("oauth2" | "openIdConnect"), _, _) => {
            Ok(Key::Authorization("Bearer"))
        }
        (Some("apiKey"), _, Some("header")) => Ok(Key::Header(name.to_ascii_lowercase())),
        (Some("apiKey"), _, Some("query")) => Ok(Key::Query(name.to_owned())),
        _ => Err(unknown()),
    }
}

/// Lists what the first alternative misses; empty if any alternative is fulfilled.
pub(crate) fn complaints(security: &Security, request: &Request<'_>) -> Vec<String> {
    let missing = |choice: &Vec<Key>| -> Vec<String> {
        let missing = choice.iter().filter(|key| !key.is_in(request));
        missing.map(Key::complaint).collect()
    };
    let mut choices = security.iter().map(missing).collect::<Vec<_>>();
    if choices.is_empty() || choices.iter().any(Vec::is_empty) {
        return Vec::new();
    }
    choices.remove(0)
}

impl Key {
    fn is_in(&self, request: &Request<'_>) -> bool {
        match self {
            Self::Authorization(word) => header(request.headers, "authorization")
                .and_then(|value| value.split_once(' '))
                .is_some_and(|(given, secret)| given.eq_ignore_ascii_case(word) && !secret.trim().is_empty()),
            Self::Header(name) => header(request.headers, name).is_some_and(|value| !value.is_empty()),
            Self::Query(name) => request
                .query
                .iter()
                .any(|(given, value)| given == name && !value.is_empty()),
        }
    }

    fn complaint(&self) -> String {
        match self {
            Self::Authorization(word) => format!("header authorization: no {word}"),
            Self::Header(name) => format!("header {name}: missing"),
            Self::Query(name) => format!("query {name}: missing"),
        }
    }
}
