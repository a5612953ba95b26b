//! Hudu: companies and their passwords.

use serde_json::{Map, Value, json};

use crate::{
    fields::{Kind, Table},
    render::Shown,
    request::{self, Operation, Refusal, Reply, Request, Response},
    state::State,
    vendors::{Organisation, Vendor},
    world::{World, secret},
};

pub const VENDOR: Vendor = Vendor {
    name: "hudu",
    bases: &["/hudu/api/v1"],
    operations: OPERATIONS,
    error: |status, _, message| error(status, message),
    refuse,
    world,
    keys,
    state,
    by_hand: None,
};

const OPERATIONS: &[Operation] = &[
    ("GET", "/companies", companies),
    ("GET", PASSWORDS, list),
    ("POST", PASSWORDS, create),
];

const PASSWORDS: &str = "/asset_passwords";

/// What one organisation has at Hudu.
pub struct Hudu {
    pub api_key: String,
    /// Whether the key may access passwords.
    pub password_access: bool,
    /// The id and name of each company. The first one is the organisation's.
    pub companies: Vec<(u64, String)>,
    /// The passwords as they were written, with their ids.
    pub passwords: Vec<Map<String, Value>>,
}

impl Hudu {
    pub fn new(organisation: &Organisation<'_>) -> Self {
        Self {
            api_key: secret(),
            password_access: true,
            companies: vec![(7, organisation.company.to_owned()), (8, "Somebody Else".to_owned())],
            passwords: Vec::new(),
        }
    }

    /// Adds a password that somebody else wrote.
    pub fn add(&mut self, password: &Value) -> Value {
        let mut password = password.as_object().cloned().unwrap_or_default();
        password.insert("id".to_owned(), json!(500 + self.passwords.len()));
        self.passwords.push(password.clone());
        Value::Object(password)
    }
}

fn error(status: u16, message: &str) -> Response {
    // This is the only answer whose exact text is known.
    let message = if status == 429 { "Retry later" } else { message };
    Response::json(status, json!({ "error": message }))
}

fn refuse(refusal: Refusal<'_>) -> Response {
    match refusal {
        Refusal::UnknownParameter(name) => error(422, &format!("unpermitted parameter: {name}")),
        Refusal::InvalidParameter(name) => error(422, &format!("{name} is not a number in the range")),
        Refusal::InvalidId => error(404, "Not found"),
        Refusal::NotFound(what) => error(404, &format!("{what} not found")),
        Refusal::MediaType => error(415, "Content-Type must be application/json"),
        Refusal::Body => error(400, "The body is no JSON object"),
        Refusal::UnknownField(field) | Refusal::InvalidField(field) => {
            error(422, &format!("{field} is not permitted or invalid"))
        }
    }
}

fn world(state: &State, request: &Request, template: &str) -> Result<String, Response> {
    let key = request.header("x-api-key").unwrap_or_default();
    let found = state
        .world(|world| world.vendors.hudu.api_key == key)
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

fn page(request: &Request, list: &str, records: Vec<Value>) -> Reply {
    let size = request.number("page_size", 25, 1, 1000)?;
    let page = request.number("page", 1, 1, usize::MAX)?;
    Ok(Response::json(200, json!({ list: request::page(records, page, size) })))
}

fn companies(world: &mut World, request: &Request) -> Reply {
    request.only_query(&["page", "page_size", "name", "search", "id_in_integration"])?;
    let wanted = |name: &str| request.query("name").is_none_or(|wanted| wanted == name);
    let all = world.vendors.hudu.companies.iter().filter(|(_, name)| wanted(name));
    let view = |(id, name): &(u64, String)| json!({"id": id, "name": name, "slug": format!("c-{id}"), "id_in_integration": null});
    page(request, "companies", all.map(view).collect())
}

fn list(world: &mut World, request: &Request) -> Reply {
    request.only_query(&["company_id", "name", "slug", "search", "page", "page_size"])?;
    let company: Option<u64> = request.value("company_id")?;
    let wanted = |password: &&Map<String, Value>| {
        let of_company = company.is_none_or(|id| password.get("company_id") == Some(&json!(id)));
        let name = password.get("name").and_then(Value::as_str);
        of_company && request.query("name").is_none_or(|wanted| name == Some(wanted))
    };
    let all = world.vendors.hudu.passwords.iter().filter(wanted);
    let all: Vec<Value> = all.cloned().map(Value::Object).collect();
    page(request, "asset_passwords", all)
}

fn create(world: &mut World, request: &Request) -> Reply {
    const PASSWORD: Table = &[
        (
            Kind::Text,
            "name password username url description otp_secret password_type slug",
        ),
        (Kind::Integer, "company_id password_folder_id"),
        (Kind::Flag, "in_portal"),
    ];
    const BODY: Table = &[(Kind::Object(PASSWORD), "asset_password")];
    request.only_query(&[])?;
    let sent = request.object(BODY)?;
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
    Ok(Response::json(201, json!({ "asset_password": made })))
}
