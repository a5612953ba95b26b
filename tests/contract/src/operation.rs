//! An operation: a method of a path, with everything that a request for it must fulfil.

use crate::{
    Request,
    answer::Answers,
    body,
    media::Media,
    node::Node,
    parameter::{Parameter, Place},
    schema::Schemas,
    security::{self, Key, Security},
    template::Template,
};

pub(crate) struct Operation {
    pub(crate) method: String,
    pub(crate) template: Template,
    pub(crate) parameters: Vec<Parameter>,
    pub(crate) body: Option<Body>,
    pub(crate) answers: Answers,
    pub(crate) security: Security,
}

pub(crate) struct Body {
    pub(crate) required: bool,
    pub(crate) content: Vec<Media>,
}

impl Operation {
    pub(crate) fn parse(
        root: &Node<'_>,
        path: &Node<'_>,
        (template, method): (&str, &str),
        schemas: &mut Schemas<'_>,
    ) -> Result<Self, String> {
        let operation = path
            .get(method)
            .ok_or_else(|| format!("{}: no {method}", path.pointer))?;
        let body = operation.get("requestBody").map(Node::resolved).transpose()?;
        let body = body.map(|body| {
            Ok::<_, String>(Body {
                required: body.flag("required"),
                content: Media::of(&body, schemas)?,
            })
        });
        let security = operation.get("security").or_else(|| root.get("security"));
        Ok(Self {
            method: method.to_ascii_uppercase(),
            template: Template::parse(template)?,
            parameters: parameters(path, &operation, schemas)?,
            body: body.transpose()?,
            answers: Answers::parse(&operation, schemas)?,
            security: security::parse(root, security.as_ref())?,
        })
    }

    pub(crate) fn complaints(&self, path: &[String], request: &Request<'_>) -> Vec<String> {
        let mut complaints = security::complaints(&self.security, request);
        let in_path = self.template.values(path).unwrap_or_default();
        for parameter in &self.parameters {
            let given: Vec<&str> = match parameter.place {
                Place::Path => {
                    let named = in_path.iter().filter(|(name, _)| *name == parameter.name);
                    named.map(|(_, value)| *value).collect()
                }
                Place::Query => named(request.query, &parameter.name),
                Place::Header => named(request.headers, &parameter.name),
            };
            complaints.extend(parameter.complaints(&given));
        }
        let unknown = request.query.iter().filter(|(name, _)| !self.knows_query(name));
        complaints.extend(unknown.map(|(name, _)| format!("query {name}: unknown")));
        match &self.body {
            None if request.body.is_empty() => {}
            None => complaints.push("body: none is declared".to_owned()),
            Some(body) if request.body.is_empty() => {
                if body.required {
                    complaints.push("body: missing".to_owned());
                }
            }
            Some(body) => complaints.extend(body::complaints(&body.content, request.headers, request.body)),
        }
        complaints
    }

    fn knows_query(&self, name: &str) -> bool {
        let declared = |parameter: &Parameter| parameter.place == Place::Query && parameter.name == name;
        let key = |key: &Key| matches!(key, Key::Query(key) if key == name);
        self.parameters.iter().any(declared) || self.security.iter().flatten().any(key)
    }
}

/// The operation's own parameters, and those of its path that it does not override.
fn parameters(path: &Node<'_>, operation: &Node<'_>, schemas: &mut Schemas<'_>) -> Result<Vec<Parameter>, String> {
    let mut parameters: Vec<Parameter> = Vec::new();
    for node in [operation, path].iter().filter_map(|node| node.get("parameters")) {
        for node in node.items() {
            let new = Parameter::parse(&node.resolved()?, schemas)?;
            let same = |known: &Parameter| known.place == new.place && known.name == new.name;
            if !parameters.iter().any(same) {
                parameters.push(new);
            }
        }
    }
    Ok(parameters)
}

fn named<'p>(pairs: &'p [(String, String)], name: &str) -> Vec<&'p str> {
    let named = pairs.iter().filter(|(given, _)| given == name);
    named.map(|(_, value)| value.as_str()).collect()
}
