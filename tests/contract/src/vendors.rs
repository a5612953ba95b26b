//! Checks every contract file: its schemas must refuse wrong values. A schema that accepts everything, or nothing,
//! proves nothing.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::{
    Answer, Contract, Request, contract,
    media::Media,
    node::Node,
    operation::Operation,
    parameter::Place,
    samples,
    security::Key,
    walk::{Found, Walk},
};

struct File {
    name: String,
    contract: Contract,
    document: Value,
}

fn files() -> Vec<File> {
    let load = |name: String| File {
        contract: Contract::of(&name).unwrap_or_else(|why| panic!("{why}")),
        document: contract::document(&name).expect("a document"),
        name,
    };
    crate::systems().expect("the folder").into_iter().map(load).collect()
}

#[test]
fn every_operation_has_a_summary_and_a_source() {
    for File { name, document, .. } in files() {
        for (path, operations) in Node::root(&document).get("paths").expect("paths").entries() {
            for (method, operation) in operations.entries() {
                if method == "parameters" {
                    continue;
                }
                let place = format!("{name}.yaml: {method} {path}");
                assert!(operation.text("summary").is_some(), "{place}: no summary");
                assert!(
                    operation.text("x-source").is_some(),
                    "{place}: no page of the vendor's documentation"
                );
            }
        }
    }
}

/// Keywords that JSON Schema 2020-12 does not have, or that the check ignores.
#[test]
fn no_file_says_what_is_not_checked() {
    fn words(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::Object(map) => map.iter().for_each(|(name, value)| {
                found.push(name.clone());
                words(value, found);
            }),
            Value::Array(list) => list.iter().for_each(|value| words(value, found)),
            _ => {}
        }
    }
    for File { name, document, .. } in files() {
        let mut found = Vec::new();
        words(&document, &mut found);
        found.retain(|word| ["nullable", "readOnly", "writeOnly", "discriminator", "example"].contains(&word.as_str()));
        assert_eq!(found, Vec::<String>::new(), "{name}.yaml");
    }
}

/// A request that is right apart from its body.
#[derive(Clone, Debug)]
struct Fine {
    method: String,
    path: String,
    query: Vec<(String, String)>,
    headers: Vec<(String, String)>,
}

impl Fine {
    fn new(operation: &Operation, document: &Value) -> Self {
        let mut fine = Self {
            method: operation.method.clone(),
            path: operation.template.text.clone(),
            query: Vec::new(),
            headers: Vec::new(),
        };
        for parameter in operation.parameters.iter().filter(|parameter| parameter.required) {
            let schema = Node::at(document, &parameter.schema.pointer).expect("a parameter's schema");
            let value = text(&samples::sample(&vec![schema]));
            match parameter.place {
                Place::Path => fine.path = fine.path.replace(&format!("{{{}}}", parameter.name), &value),
                Place::Query => fine.query.push((parameter.name.clone(), value)),
                Place::Header => fine.headers.push((parameter.name.clone(), value)),
            }
        }
        for key in operation.security.first().into_iter().flatten() {
            match key {
                Key::Authorization(word) => fine.headers.push(("authorization".to_owned(), format!("{word} x"))),
                Key::Header(name) if crate::header(&fine.headers, name).is_some() => {}
                Key::Header(name) => fine.headers.push((name.clone(), "x".to_owned())),
                Key::Query(name) => fine.query.push((name.clone(), "x".to_owned())),
            }
        }
        fine
    }

    fn asked<T>(&self, ask: impl FnOnce(&Request<'_>) -> T) -> T {
        ask(&Request {
            method: &self.method,
            path: &self.path,
            query: &self.query,
            headers: &self.headers,
            body: b"",
        })
    }

    fn complaints(&self, contract: &Contract, body: Option<(&Media, &Value)>) -> Vec<String> {
        let mut headers = self.headers.clone();
        let body = body
            .map(|(media, value)| written(media, value))
            .map(|(content_type, body)| {
                headers.push(("content-type".to_owned(), content_type));
                body
            });
        let body = body.unwrap_or_default();
        self.asked(|request| {
            contract.request(&Request {
                headers: &headers,
                body: &body,
                ..*request
            })
        })
    }
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn written(media: &Media, value: &Value) -> (String, Vec<u8>) {
    let fields = value
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, value)| (name, text(value)));
    match media.range.as_str() {
        "application/x-www-form-urlencoded" => {
            let fields: Vec<_> = fields.collect();
            let body = serde_urlencoded::to_string(fields).expect("a form");
            (media.range.clone(), body.into_bytes())
        }
        "multipart/form-data" => {
            let part = |(name, text)| {
                format!("--gangway\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{text}\r\n")
            };
            let parts: String = fields.map(part).collect();
            let content_type = format!("{}; boundary=gangway", media.range);
            (content_type, format!("{parts}--gangway--\r\n").into_bytes())
        }
        range if crate::body::is_json(range) => (media.range.clone(), value.to_string().into_bytes()),
        _ => (media.range.clone(), text(value).into_bytes()),
    }
}

/// A schema that accepts any value or any property would prove nothing.
fn is_closed(file: &str, open: &BTreeSet<String>) {
    assert_eq!(open, &BTreeSet::new(), "{file}.yaml: takes anything");
}

#[test]
fn every_body_refuses_what_is_wrong() {
    for file in files() {
        let mut open = BTreeSet::new();
        for operation in file.contract.all() {
            let fine = Fine::new(operation, &file.document);
            for media in operation.body.iter().flat_map(|body| &body.content) {
                let complaints = |value: &Value| fine.complaints(&file.contract, Some((media, value)));
                let found = walked(&file.document, media, &complaints);
                assert_eq!(found.failures, Vec::<String>::new(), "{} {fine:?}", file.name);
                assert!(found.refused > 0, "{} {fine:?}", file.name);
                open.extend(found.open);
                open.extend(found.anything);
            }
        }
        is_closed(&file.name, &open);
    }
}

#[test]
fn every_answer_refuses_what_is_wrong() {
    for file in files() {
        let mut anything = BTreeSet::new();
        for operation in file.contract.all() {
            let fine = Fine::new(operation, &file.document);
            for declared in operation.answers.declared() {
                let status = declared.status.replace("XX", "00").parse().expect("a status");
                let described = declared.content.iter().filter(|media| media.schema.is_some());
                let has_no_body = matches!(status, 204 | 400..);
                assert!(
                    has_no_body || described.clone().next().is_some(),
                    "{} {fine:?} {status}",
                    file.name
                );
                for media in described {
                    let complaints = |value: &Value| {
                        let (content_type, body) = written(media, value);
                        let headers = [("content-type".to_owned(), content_type)];
                        let answer = Answer {
                            status,
                            headers: &headers,
                            body: &body,
                        };
                        fine.asked(|request| file.contract.answer(request, &answer))
                    };
                    let found = walked(&file.document, media, &complaints);
                    assert_eq!(found.failures, Vec::<String>::new(), "{} {fine:?} {status}", file.name);
                    anything.extend(found.anything);
                }
            }
        }
        is_closed(&file.name, &anything);
    }
}

fn walked(document: &Value, media: &Media, complaints: &dyn Fn(&Value) -> Vec<String>) -> Found {
    let schema = media.schema.as_ref().expect("a schema");
    let schema = Node::at(document, &schema.pointer).expect("a schema");
    let mut walk = Walk::new(complaints, !crate::body::is_json(&media.range));
    walk.value(&vec![schema], &|value| value);
    walk.found
}

#[test]
fn nothing_that_is_required_may_be_missing() {
    for file in files() {
        for operation in file.contract.all() {
            let fine = Fine::new(operation, &file.document);
            let media = operation.body.as_ref().and_then(|body| body.content.first());
            let sample = media.and_then(|media| media.schema.as_ref()).map(|schema| {
                let schema = Node::at(&file.document, &schema.pointer).expect("a schema");
                samples::sample(&vec![schema])
            });
            let complaints = |fine: &Fine| fine.complaints(&file.contract, media.zip(sample.as_ref()));
            assert_eq!(complaints(&fine), Vec::<String>::new(), "{} {fine:?}", file.name);
            assert_eq!(
                file.contract.operation(&fine.method, &fine.path),
                Some((operation.method.clone(), operation.template.text.clone()))
            );

            let mut wrong = Vec::new();
            for index in 0..fine.headers.len() {
                let mut fine = fine.clone();
                fine.headers.remove(index);
                wrong.push(fine);
            }
            for index in 0..fine.query.len() {
                let mut fine = fine.clone();
                fine.query.remove(index);
                wrong.push(fine);
            }
            for wrong in wrong {
                assert_eq!(complaints(&wrong).len(), 1, "{} {wrong:?}", file.name);
            }
            let mut unknown = fine.clone();
            unknown.query.push(("gangway_unknown".to_owned(), "x".to_owned()));
            assert_eq!(
                complaints(&unknown),
                ["query gangway_unknown: unknown"],
                "{} {unknown:?}",
                file.name
            );

            let required = operation.body.as_ref().is_some_and(|body| body.required);
            let without = fine.complaints(&file.contract, None);
            assert_eq!(!without.is_empty(), required, "{} {fine:?}", file.name);
            if operation.body.is_none() {
                let with = fine.asked(|request| {
                    file.contract.request(&Request {
                        body: b"{}",
                        ..*request
                    })
                });
                assert_eq!(with, ["body: none is declared"], "{} {fine:?}", file.name);
            }
        }
    }
}

/// Lists what a file says about this body, in a request that is otherwise right.
fn posted(name: &str, path: &str, body: &Value) -> Vec<String> {
    let files = files();
    let Some(file) = files.iter().find(|file| file.name == name) else {
        return Vec::new();
    };
    let template = file.contract.operation("POST", path).expect("an operation");
    let mut operations = file.contract.all().iter();
    let operation =
        operations.find(|operation| (&operation.method, &operation.template.text) == (&template.0, &template.1));
    let operation = operation.expect("an operation");
    let media = operation.body.as_ref().and_then(|body| body.content.first());
    Fine::new(operation, &file.document).complaints(&file.contract, media.map(|media| (media, body)))
}

/// TD SYNNEX's change of a subscription names the subscription. An order for a new one could not.
#[test]
fn conditions_count() {
    let order = |item: Value| {
        let mut body = json!({"orderItems": [{"productId": "a", "skuId": "b", "planId": "c", "quantity": 1}]});
        let item = item.as_object().expect("an object").clone();
        body["orderItems"][0].as_object_mut().expect("an object").extend(item);
        posted("td_synnex", "/api/v3/accounts/1/customers/2/orders", &body)
    };
    assert_eq!(
        order(json!({"action": "UPDATE", "resourceId": "d"})),
        Vec::<String>::new()
    );
    assert_eq!(
        order(json!({"action": "UPDATE"})),
        ["body /orderItems/0: property resourceId is missing"]
    );
}

#[test]
fn the_example_of_the_documentation_holds() {
    let contract = Contract::of("connectwise").expect("a contract");
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let headers = [pair("authorization", "Basic ..."), pair("clientid", "...")];
    let request = Request {
        method: "GET",
        path: "/service/tickets/5",
        query: &[],
        headers: &headers,
        body: b"",
    };
    assert_eq!(contract.request(&request), Vec::<String>::new());
    let answer = Answer {
        status: 200,
        headers: &[pair("content-type", "application/json")],
        body: br#"{"id": "five", "summary": "A"}"#,
    };
    assert_eq!(
        contract.answer(&request, &answer),
        ["body /id: wrong type, not integer"]
    );
}
