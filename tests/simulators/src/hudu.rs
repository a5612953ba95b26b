//! Hudu: companies and their passwords.

use serde_json::{Map, Value, json};

use crate::{
    call::{Answer, Call, Operation, Outcome},
    fields::{self, Kind},
    render::Shown,
    state::State,
    vendor::{Newcomer, Vendor},
    world::{World, secret},
};

pub const VENDOR: Vendor = Vendor {
    name: "hudu",
    bases: &["/hudu/api/v1"],
    operations: OPERATIONS,
    error: |status, _, message| error(status, message),
    world,
    keys,
    state,
};

const OPERATIONS: &[Operation] = &[
    ("GET", "/companies", companies),
    ("GET", PASSWORDS, list),
    ("POST", PASSWORDS, create),
];

const PASSWORDS: &str = "/asset_passwords";

/// What one organisation has there.
pub struct Hudu {
    pub api_key: String,
    /// A key may be good for everything but passwords.
    pub password_access: bool,
    /// Id and name; the first one is ours.
    pub companies: Vec<(u64, String)>,
    /// As they were written, with their ids.
    pub passwords: Vec<Map<String, Value>>,
}

impl Hudu {
    pub fn new(newcomer: &Newcomer<'_>) -> Self {
        Self {
            api_key: secret(),
            password_access: true,
            companies: vec![(7, newcomer.company.to_owned()), (8, "Somebody Else".to_owned())],
            passwords: Vec::new(),
        }
    }

    /// A password that somebody else wrote.
    pub fn add(&mut self, password: &Value) -> Value {
        let mut password = password.as_object().cloned().unwrap_or_default();
        password.insert("id".to_owned(), json!(500 + self.passwords.len()));
        self.passwords.push(password.clone());
        Value::Object(password)
    }
}

fn error(status: u16, message: &str) -> Answer {
    // The one answer that is known word for word.
    let message = if status == 429 { "Retry later" } else { message };
    Answer::json(status, json!({ "error": message }))
}

fn world(state: &State, call: &Call, template: &str) -> Result<String, Answer> {
    let key = call.header("x-api-key").unwrap_or_default();
    let found = state
        .worlds
        .values()
        .find(|world| world.vendors.hudu.api_key == key)
        .ok_or_else(|| error(401, "Invalid API key"))?;
    if template == PASSWORDS && !found.vendors.hudu.password_access {
        return Err(error(403, "This API key may not access passwords"));
    }
    Ok(found.name.clone())
}

fn keys(world: &World, base: &str) -> Value {
    let hudu = &world.vendors.hudu;
    json!({
        "credentials": {"address": format!("{base}/hudu"), "api_key": hudu.api_key},
        "company": hudu.companies[0].0.to_string(),
    })
}

fn state(world: &World) -> Value {
    let view = |password: &Map<String, Value>| {
        json!({
            "id": password.get("id"), "company": password.get("company_id"), "name": password.get("name"),
            "username": password.get("username"), "password": password.get("password"),
            "notes": password.get("description"),
        })
    };
    json!({"passwords": world.vendors.hudu.passwords.iter().map(view).collect::<Vec<_>>()})
}

fn only_query(call: &Call, known: &[&str]) -> Result<(), Answer> {
    call.unknown_query(known).map_or(Ok(()), |name| {
        Err(error(422, &format!("unpermitted parameter: {name}")))
    })
}

fn page(call: &Call, list: &str, records: &[Value]) -> Outcome {
    let number = |name: &str, default: usize, most: usize| match call.query(name).map(str::parse::<usize>) {
        None => Ok(default),
        Some(Ok(number)) if (1..=most).contains(&number) => Ok(number),
        Some(_) => Err(error(422, &format!("{name} must be between 1 and {most}"))),
    };
    let size = number("page_size", 25, 1000)?;
    let current = number("page", 1, usize::MAX)?;
    let shown: Vec<&Value> = records
        .iter()
        .skip((current - 1).saturating_mul(size))
        .take(size)
        .collect();
    Ok(Answer::json(200, json!({ list: shown })))
}

fn companies(world: &mut World, call: &Call) -> Outcome {
    only_query(call, &["page", "page_size", "name", "search", "id_in_integration"])?;
    let wanted = |name: &str| call.query("name").is_none_or(|wanted| wanted == name);
    let all = world.vendors.hudu.companies.iter().filter(|(_, name)| wanted(name));
    let view = |(id, name): &(u64, String)| json!({"id": id, "name": name, "slug": format!("c-{id}"), "id_in_integration": null});
    page(call, "companies", &all.map(view).collect::<Vec<_>>())
}

fn list(world: &mut World, call: &Call) -> Outcome {
    only_query(call, &["company_id", "name", "slug", "search", "page", "page_size"])?;
    let company: Option<u64> = match call.query("company_id").map(str::parse) {
        None => None,
        Some(Ok(id)) => Some(id),
        Some(Err(_)) => return Err(error(422, "company_id must be a number")),
    };
    let wanted = |password: &&Map<String, Value>| {
        let of_company = company.is_none_or(|id| password.get("company_id") == Some(&json!(id)));
        let name = password.get("name").and_then(Value::as_str);
        of_company && call.query("name").is_none_or(|wanted| name == Some(wanted))
    };
    let all = world.vendors.hudu.passwords.iter().filter(wanted);
    let all: Vec<Value> = all.cloned().map(Value::Object).collect();
    page(call, "asset_passwords", &all)
}

fn create(world: &mut World, call: &Call) -> Outcome {
    fn password(name: &str) -> Option<Kind> {
        match name {
            "name" | "password" | "username" | "url" | "description" | "otp_secret" | "password_type" | "slug" => {
                Some(Kind::Text)
            }
            "company_id" | "password_folder_id" => Some(Kind::Integer),
            "in_portal" => Some(Kind::Flag),
            _ => None,
        }
    }
    fn body(name: &str) -> Option<Kind> {
        (name == "asset_password").then_some(Kind::Object(password))
    }
    only_query(call, &[])?;
    if call.content_type() != "application/json" {
        return Err(error(415, "Content-Type must be application/json"));
    }
    let sent = call
        .json_object()
        .ok_or_else(|| error(400, "The body is no JSON object"))?;
    fields::check(&sent, body)
        .map_err(|problem| error(422, &format!("{} is not permitted or invalid", problem.field())))?;
    let sent = sent.get("asset_password").cloned().unwrap_or_default();
    let filled = |name: &str| sent[name].as_str().is_some_and(|text| !text.is_empty());
    if !filled("name") || !filled("password") {
        return Err(error(422, "name and password can't be blank"));
    }
    if sent["name"].as_str().is_some_and(|name| name.chars().count() > 255) {
        return Err(error(422, "name is too long"));
    }
    for field in ["name", "username", "description"] {
        world.shows(
            "hudu",
            field,
            sent[field].as_str().unwrap_or_default(),
            Shown::PlainOrHtml,
        );
    }
    let hudu = &mut world.vendors.hudu;
    if !hudu.companies.iter().any(|(id, _)| sent["company_id"] == json!(id)) {
        return Err(error(404, "Company not found"));
    }
    let made = hudu.add(&sent);
    world.count("passwords_written");
    Ok(Answer::json(201, json!({ "asset_password": made })))
}
