//! Passportal: tokens and documents; and the address to which an organisation has its passwords written, as Passportal
//! publishes none.

use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Map, Value, json};
use sha2::Sha256;

use crate::{
    call::{Answer, Call, Operation, Outcome},
    fields::{self, Kind},
    render::Shown,
    state::State,
    vendor::{Newcomer, Vendor},
    world::{Token, World, secret},
};

/// The second base is the organisation's own address for writing, which is no part of Passportal.
pub const VENDOR: Vendor = Vendor {
    name: "passportal",
    bases: &["/passportal", "/passportal-writer"],
    operations: OPERATIONS,
    error: |status, _, message| error(status, message),
    world,
    keys,
    state,
};

const OPERATIONS: &[Operation] = &[
    ("POST", TOKEN, token),
    ("GET", "/api/v2/documents", documents),
    ("POST", "/clients/{client_id}/credentials", write),
];

const TOKEN: &str = "/api/v2/auth/client_token";
const SECONDS: u64 = 3_600;

/// What one organisation has there.
pub struct Passportal {
    pub access_key: String,
    pub secret_key: String,
    pub tokens: Vec<Token>,
    /// Ids; the first one is ours.
    pub clients: Vec<u64>,
    pub documents: Vec<Value>,
    /// Client and what was written for it.
    pub passwords: Vec<(u64, Map<String, Value>)>,
}

impl Passportal {
    pub fn new(newcomer: &Newcomer<'_>) -> Self {
        let document = |id: u64, client: u64| json!({"id": id, "organization_id": 1, "label": newcomer.company, "client_id": client, "type": "custom"});
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

fn error(status: u16, message: &str) -> Answer {
    Answer::json(status, json!({"success": false, "description": message}))
}

fn world(state: &State, call: &Call, template: &str) -> Result<String, Answer> {
    let found = if template == TOKEN {
        let key = call.header("x-key").unwrap_or_default();
        state
            .worlds
            .values()
            .find(|world| world.vendors.passportal.access_key == key)
    } else {
        let token = call.header("x-access-token").unwrap_or_default();
        state
            .worlds
            .values()
            .find(|world| world.vendors.passportal.tokens.iter().any(|known| known.is(token)))
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

fn body(call: &Call, table: fields::Table) -> Result<Map<String, Value>, Answer> {
    if call.content_type() != "application/json" {
        return Err(error(415, "Content-Type must be application/json"));
    }
    let body = call
        .json_object()
        .ok_or_else(|| error(400, "The body is no JSON object"))?;
    fields::check(&body, table).map_err(|problem| error(400, &format!("{} is wrong", problem.field())))?;
    Ok(body)
}

fn token(world: &mut World, call: &Call) -> Outcome {
    fn table(name: &str) -> Option<Kind> {
        matches!(name, "content" | "scope").then_some(Kind::Text)
    }
    let body = body(call, table)?;
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
    if call.header("x-hash") != Some(&digits) {
        return Err(error(401, "Not authorized"));
    }
    let token = Token::new(SECONDS);
    let until = chrono::Utc::now().timestamp() + i64::try_from(SECONDS).unwrap_or_default();
    let answer = json!({"success": true, "access_token": token.value, "refresh_token": secret(), "expiry_time": until});
    passportal.tokens.push(token);
    Ok(Answer::json(200, answer))
}

fn documents(world: &mut World, call: &Call) -> Outcome {
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
    if let Some(name) = call.unknown_query(&known) {
        return Err(error(400, &format!("{name} is not known")));
    }
    let number = |name: &str, default: usize| match call.query(name).map(str::parse::<usize>) {
        None => Ok(default),
        Some(Ok(number)) if number > 0 => Ok(number),
        Some(_) => Err(error(400, &format!("{name} is wrong"))),
    };
    let (size, page) = (number("resultsPerPage", 50)?, number("pageNum", 1)?);
    let client = call.query("clientId").map(|_| number("clientId", 0)).transpose()?;
    let all = world.vendors.passportal.documents.iter();
    let of_client = all.filter(|document| client.is_none_or(|client| document["client_id"] == json!(client)));
    let shown: Vec<&Value> = of_client.skip((page - 1).saturating_mul(size)).take(size).collect();
    Ok(Answer::json(200, json!({"success": true, "results": shown})))
}

/// What Gangway sends there is Gangway's own, and in its README.
fn write(world: &mut World, call: &Call) -> Outcome {
    fn table(name: &str) -> Option<Kind> {
        matches!(name, "name" | "username" | "password" | "notes").then_some(Kind::Text)
    }
    let body = body(call, table)?;
    for field in ["name", "username", "notes"] {
        let text = body.get(field).and_then(Value::as_str).unwrap_or_default();
        world.shows("passportal", field, text, Shown::PlainOrHtml);
    }
    let passportal = &mut world.vendors.passportal;
    let client = call.param(0).parse().ok();
    let client: u64 = client
        .filter(|client| passportal.clients.contains(client))
        .ok_or_else(|| error(404, "No such client"))?;
    passportal.passwords.push((client, body));
    world.count("passwords_written");
    Ok(Answer::json(201, json!({"success": true})))
}
