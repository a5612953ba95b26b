//! Passportal: tokens and documents. It also has the address at which an organisation accepts passwords, because
//! Passportal publishes none.

use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Map, Value, json};
use sha2::Sha256;

use crate::{
    fields::{Kind, Table},
    render::Shown,
    request::{self, Operation, Refusal, Reply, Request, Response},
    state::State,
    vendors::{Organisation, Vendor},
    world::{Token, World, secret},
};

/// The second base is the organisation's own address for writing. It is no part of Passportal.
pub const VENDOR: Vendor = Vendor {
    name: "passportal",
    bases: &["/passportal", "/passportal-writer"],
    operations: OPERATIONS,
    error: |status, _, message| error(status, message),
    refuse,
    world,
    keys,
    state,
    by_hand: None,
};

const OPERATIONS: &[Operation] = &[
    ("POST", TOKEN, token),
    ("GET", "/api/v2/documents", documents),
    ("POST", "/clients/{client_id}/credentials", write),
];

const TOKEN: &str = "/api/v2/auth/client_token";
const SECONDS: u64 = 3_600;

/// What one organisation has at Passportal.
pub struct Passportal {
    pub access_key: String,
    pub secret_key: String,
    pub tokens: Vec<Token>,
    /// The ids of the clients. The first one is the organisation's.
    pub clients: Vec<u64>,
    pub documents: Vec<Value>,
    /// Each password: the client, and what was written for it.
    pub passwords: Vec<(u64, Map<String, Value>)>,
}

impl Passportal {
    pub fn new(organisation: &Organisation<'_>) -> Self {
        let document = |id: u64, client: u64| json!({"id": id, "organization_id": 1, "label": organisation.company, "client_id": client, "type": "custom"});
        Self {
            access_key: secret(),
            secret_key: secret(),
            tokens: Vec::new(),
            clients: vec![61, 62],
            documents: vec![document(1, 62), document(2, 61), document(3, 61)],
            passwords: Vec::new(),
        }
    }
}

fn error(status: u16, message: &str) -> Response {
    Response::json(status, json!({"success": false, "description": message}))
}

fn refuse(refusal: Refusal<'_>) -> Response {
    match refusal {
        Refusal::UnknownParameter(name) => error(400, &format!("{name} is not known")),
        Refusal::InvalidParameter(name) => error(400, &format!("{name} is wrong")),
        Refusal::InvalidId => error(404, "Not found"),
        Refusal::NotFound(what) => error(404, &format!("No such {what}")),
        Refusal::MediaType => error(415, "Content-Type must be application/json"),
        Refusal::Body => error(400, "The body is no JSON object"),
        Refusal::UnknownField(field) | Refusal::InvalidField(field) => error(400, &format!("{field} is wrong")),
    }
}

fn world(state: &State, request: &Request, template: &str) -> Result<String, Response> {
    let found = if template == TOKEN {
        let key = request.header("x-key").unwrap_or_default();
        state.world(|world| world.vendors.passportal.access_key == key)
    } else {
        let token = request.header("x-access-token").unwrap_or_default();
        state.world(|world| world.vendors.passportal.tokens.iter().any(|known| known.is(token)))
    };
    found
        .map(|world| world.name.clone())
        .ok_or_else(|| error(401, "Not authorized"))
}

fn keys(world: &World, base: &str) -> Value {
    let passportal = &world.vendors.passportal;
    json!({
        "credentials": {
            "address": format!("{base}/passportal"), "access_key": passportal.access_key,
            "secret_key": passportal.secret_key,
            "write_address": format!("{base}/passportal-writer/clients/{{client_id}}/credentials"),
        },
        "company": passportal.clients[0].to_string(),
    })
}

fn state(world: &World) -> Value {
    let view = |(index, (client, password)): (usize, &(u64, Map<String, Value>))| {
        let mut view = password.clone();
        view.insert("id".to_owned(), json!(index + 1));
        view.insert("company".to_owned(), json!(client));
        Value::Object(view)
    };
    let passwords = world.vendors.passportal.passwords.iter().enumerate();
    json!({"passwords": passwords.map(view).collect::<Vec<_>>()})
}

fn token(world: &mut World, request: &Request) -> Reply {
    const TABLE: Table = &[(Kind::Text, "content scope")];
    let body = request.object(TABLE)?;
    let content = body.get("content").and_then(Value::as_str).unwrap_or_default();
    if content.is_empty() || body.get("scope") != Some(&json!("docs_api")) {
        return Err(error(400, "content and the scope docs_api are wanted"));
    }
    let passportal = &mut world.vendors.passportal;
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(passportal.secret_key.as_bytes()) else {
        return Err(error(500, "no key"));
    };
    mac.update(content.as_bytes());
    let digits: String = mac
        .finalize()
        .into_bytes()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    if request.header("x-hash") != Some(&digits) {
        return Err(error(401, "Not authorized"));
    }
    let token = Token::new(SECONDS);
    let until = chrono::Utc::now().timestamp() + i64::try_from(SECONDS).unwrap_or_default();
    let response =
        json!({"success": true, "access_token": token.value, "refresh_token": secret(), "expiry_time": until});
    passportal.tokens.push(token);
    Ok(Response::json(200, response))
}

fn documents(world: &mut World, request: &Request) -> Reply {
    let known = [
        "resultsPerPage",
        "pageNum",
        "orderBy",
        "orderDir",
        "type",
        "templateUid",
        "clientId",
        "searchTxt",
    ];
    request.only_query(&known)?;
    let size = request.number("resultsPerPage", 50, 1, usize::MAX)?;
    let page = request.number("pageNum", 1, 1, usize::MAX)?;
    let client: Option<u64> = request.value("clientId")?;
    if client == Some(0) {
        return Err(request.refuse(Refusal::InvalidParameter("clientId")));
    }
    let all = world.vendors.passportal.documents.iter();
    let of_client = all.filter(|document| client.is_none_or(|client| document["client_id"] == json!(client)));
    let shown = request::page(of_client.collect(), page, size);
    Ok(Response::json(200, json!({"success": true, "results": shown})))
}

/// Gangway defines this request itself, in the README of `vault`.
fn write(world: &mut World, request: &Request) -> Reply {
    const TABLE: Table = &[(Kind::Text, "name username password notes")];
    let body = request.object(TABLE)?;
    for field in ["name", "username", "notes"] {
        let text = body.get(field).and_then(Value::as_str).unwrap_or_default();
        world.shows("passportal", field, text, Shown::PlainOrHtml);
    }
    let passportal = &mut world.vendors.passportal;
    let client = request.param(0).parse().ok();
    let client: u64 = client
        .filter(|client| passportal.clients.contains(client))
        .ok_or_else(|| error(404, "No such client"))?;
    passportal.passwords.push((client, body));
    world.count("passwords_written");
    Ok(Response::json(201, json!({"success": true})))
}
