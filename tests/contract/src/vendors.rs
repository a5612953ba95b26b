//! Shows for every vendor's file that its schemas refuse what is wrong: a schema that takes everything, or nothing,
//! proves nothing.

use std::{collections::BTreeSet, fs};

use serde_json::{Value, json};

use crate::{
    Answer, Contract, Request,
    document::{Direction, turned},
    media::Media,
    node::Node,
    operation::Operation,
    parameter::Place,
    samples,
    security::Key,
    walk::{Found, Walk},
};

/// The files of the systems that Gangway talks to.
const FILES: &[&str] = &[
    "autotask",
    "connectwise",
    "entra-token",
    "freshdesk",
    "graph-subset",
    "halopsa",
    "hudu",
    "ingram-cloudblue",
    "itglue",
    "kaseya-bms",
    "passportal",
    "pax8",
    "pwpush",
    "servicenow-table",
    "sherweb",
    "td-synnex-ion",
];

struct File {
    name: &'static str,
    contract: Contract,
    requests: Value,
    answers: Value,
}

fn files() -> Vec<File> {
    let Some(folder) = crate::folder() else {
        return Vec::new();
    };
    let load = |name: &'static str| {
        let file = folder.join(format!("{name}.json"));
        let text = fs::read_to_string(&file).expect(name);
        let document: Value = serde_json::from_str(&text).expect(name);
        File {
            name,
            contract: Contract::load(&file).expect(name),
            requests: turned(&document, Direction::Request),
            answers: turned(&document, Direction::Answer),
        }
    };
    FILES.iter().copied().map(load).collect()
}

#[test]
fn every_file_is_understood() {
    let Some(folder) = crate::folder() else { return };
    for entry in fs::read_dir(folder).expect("the folder") {
        let file = entry.expect("a file").path();
        let contract = Contract::load(&file).unwrap_or_else(|why| panic!("{why}"));
        assert!(!contract.operations().is_empty(), "{}", file.display());
    }
}

/// A request that is fine, but for its body.
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

/// Places that a file leaves open. More or fewer than these are a change to look at.
struct Known {
    file: &'static str,
    /// What their pointers begin with.
    under: &'static str,
    count: usize,
    why: &'static str,
}

const fn known(file: &'static str, under: &'static str, count: usize, why: &'static str) -> Known {
    Known {
        file,
        under,
        count,
        why,
    }
}

fn compare(known: &[Known], file: &str, found: &BTreeSet<String>) {
    let known: Vec<_> = known.iter().filter(|known| known.file == file).collect();
    let unknown = found
        .iter()
        .filter(|place| !known.iter().any(|known| place.starts_with(known.under)));
    assert_eq!(
        unknown.collect::<Vec<_>>(),
        Vec::<&String>::new(),
        "{file}: open, and not known"
    );
    for Known { under, count, why, .. } in known {
        let places = found.iter().filter(|place| place.starts_with(under));
        assert_eq!(places.count(), *count, "{file}: {under} ({why})");
    }
}

const VALUE: &str = "its type is that of the field that is meant";
const OWN: &str = "fields that a customer defines";

/// In requests: objects that take any property.
const OPEN_IN_REQUESTS: &[Known] = &[
    known(
        "autotask",
        "/components/schemas/TicketNoteModel.req/properties/soapParentPropertyId",
        1,
        "left by SOAP",
    ),
    known(
        "freshdesk",
        "/components/schemas/TicketCreate.req/properties/custom_fields",
        1,
        OWN,
    ),
    known(
        "freshdesk",
        "/components/schemas/TicketUpdate.req/properties/custom_fields",
        1,
        OWN,
    ),
    known(
        "graph-subset",
        "/components/schemas/microsoft.graph.",
        9,
        "bases that others extend",
    ),
    known(
        "graph-subset",
        "/paths/~1users~1{user-id}~1sendMail/",
        1,
        "a base that others extend",
    ),
    known(
        "halopsa",
        "/components/schemas/Actions.req/properties/",
        25,
        "the cut keeps no inner objects",
    ),
    known(
        "halopsa",
        "/components/schemas/Faults.req/properties/",
        49,
        "the cut keeps no inner objects",
    ),
    known(
        "ingram-cloudblue",
        "/components/schemas/ParameterValue.req/properties/",
        2,
        VALUE,
    ),
    known(
        "servicenow-table",
        "/components/schemas/RecordInput",
        1,
        "each table has columns of its own",
    ),
];

/// In requests: what takes a value of any type.
const ANYTHING_IN_REQUESTS: &[Known] = &[
    known("autotask", "/components/schemas/Filter.req/properties/value", 1, VALUE),
    known(
        "connectwise",
        "/components/schemas/CustomFieldValue.req/properties/value/",
        1,
        VALUE,
    ),
    known(
        "connectwise",
        "/components/schemas/PatchOperation.req/properties/value",
        1,
        VALUE,
    ),
    known(
        "graph-subset",
        "/components/schemas/BatchRequest/properties/requests/items/properties/body",
        1,
        VALUE,
    ),
    known(
        "kaseya-bms",
        "/components/schemas/Operation.req/properties/value",
        1,
        VALUE,
    ),
];

/// In answers of success: what takes a value of any type.
const ANYTHING_IN_ANSWERS: &[Known] = &[
    known(
        "connectwise",
        "/components/schemas/CustomFieldValue/properties/value/",
        1,
        VALUE,
    ),
    known(
        "graph-subset",
        "/components/schemas/BatchResponse/properties/responses/items/properties/body",
        1,
        VALUE,
    ),
    known(
        "passportal",
        "/paths/~1api~1v2~1auth~1client_token/post/",
        1,
        "a time, in no known format",
    ),
    known(
        "pax8",
        "/components/schemas/Page/properties/",
        3,
        "written without types",
    ),
    known(
        "pax8",
        "/components/schemas/Pricing/properties/rates",
        1,
        "written without a type",
    ),
    known(
        "sherweb",
        "/paths/~1service-provider~1v1~1orders~1validate/post/",
        1,
        "Sherweb does not say what comes back",
    ),
    known(
        "td-synnex-ion",
        "/paths/~1api~1v3~1accounts~1{accountId}~1subscriptions/get/",
        1,
        "numbers come as texts",
    ),
    known(
        "td-synnex-ion",
        "/paths/~1oauth~1token/post/",
        1,
        "numbers come as texts",
    ),
];

/// Successes other than 204 that say nothing of a body.
const UNDESCRIBED: &[Known] = &[
    known(
        "graph-subset",
        "POST /users/{user-id}/sendMail 202",
        1,
        "its body is empty",
    ),
    known("halopsa", "GET /", 6, "the vendor's file says no more"),
];

#[test]
fn every_body_refuses_what_is_wrong() {
    for file in files() {
        let (mut open, mut anything) = (BTreeSet::new(), BTreeSet::new());
        for operation in file.contract.all() {
            let fine = Fine::new(operation, &file.requests);
            for media in operation.body.iter().flat_map(|body| &body.content) {
                let complaints = |value: &Value| fine.complaints(&file.contract, Some((media, value)));
                let found = walked(&file.requests, media, &complaints);
                assert_eq!(found.failures, Vec::<String>::new(), "{} {fine:?}", file.name);
                assert!(found.refused > 0, "{} {fine:?}", file.name);
                open.extend(found.open);
                anything.extend(found.anything);
            }
        }
        compare(OPEN_IN_REQUESTS, file.name, &open);
        compare(ANYTHING_IN_REQUESTS, file.name, &anything);
    }
}

#[test]
fn every_answer_refuses_what_is_wrong() {
    for file in files() {
        let (mut anything, mut undescribed) = (BTreeSet::new(), BTreeSet::new());
        for operation in file.contract.all() {
            let fine = Fine::new(operation, &file.requests);
            for declared in operation.answers.declared() {
                let status = match declared.status.as_str() {
                    "2XX" | "DEFAULT" => 200,
                    status => status.parse().expect("a status"),
                };
                let described = declared.content.iter().filter(|media| media.schema.is_some());
                if status < 400 && status != 204 && described.clone().next().is_none() {
                    undescribed.insert(format!("{} {} {status}", fine.method, operation.template.text));
                }
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
                    let found = walked(&file.answers, media, &complaints);
                    assert_eq!(found.failures, Vec::<String>::new(), "{} {fine:?} {status}", file.name);
                    if status < 400 {
                        anything.extend(found.anything);
                    }
                }
            }
        }
        compare(ANYTHING_IN_ANSWERS, file.name, &anything);
        compare(UNDESCRIBED, file.name, &undescribed);
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
            let fine = Fine::new(operation, &file.requests);
            let media = operation.body.as_ref().and_then(|body| body.content.first());
            let sample = media.and_then(|media| media.schema.as_ref()).map(|schema| {
                let schema = Node::at(&file.requests, &schema.pointer).expect("a schema");
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

/// What a file says of this body, posted with all else right.
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
    Fine::new(operation, &file.requests).complaints(&file.contract, media.map(|media| (media, body)))
}

#[test]
fn conditions_count() {
    if crate::folder().is_none() {
        return;
    }
    let order = |item: Value| {
        let mut body = json!({"orderItems": [{"productId": "a", "skuId": "b", "planId": "c", "quantity": 1}]});
        let item = item.as_object().expect("an object").clone();
        body["orderItems"][0].as_object_mut().expect("an object").extend(item);
        posted("td-synnex-ion", "/api/v3/accounts/1/customers/2/orders", &body)
    };
    assert_eq!(order(json!({"action": "CREATE"})), Vec::<String>::new());
    assert_eq!(
        order(json!({"action": "UPDATE", "resourceId": "d"})),
        Vec::<String>::new()
    );
    assert_eq!(
        order(json!({"action": "UPDATE"})),
        ["body /orderItems/0: property resourceId is missing"]
    );

    let batch = |body: Value, headers: Value| {
        let request = json!({"id": "1", "method": "POST", "url": "/users", "body": body, "headers": headers});
        posted("graph-subset", "/$batch", &json!({"requests": [request]}))
    };
    assert_eq!(
        batch(json!({}), json!({"Content-Type": "application/json"})),
        Vec::<String>::new()
    );
    assert_eq!(
        batch(json!({}), json!(5)),
        ["body /requests/0/headers: wrong type, not object"]
    );
    let request = json!({"id": "1", "method": "POST", "url": "/users", "body": {}});
    let without_headers = posted("graph-subset", "/$batch", &json!({"requests": [request]}));
    assert_eq!(without_headers, ["body /requests/0: property headers is missing"]);
}

#[test]
fn the_example_of_the_documentation_holds() {
    let Some(folder) = crate::folder() else { return };
    let contract = Contract::load(&folder.join("connectwise.json")).expect("a contract");
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
