//! IT Glue: organizations and their passwords, in JSON:API.

use chrono::Utc;
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
    name: "itglue",
    bases: &["/itglue"],
    operations: OPERATIONS,
    error: |status, _, message| error(status, message),
    refuse,
    world,
    keys,
    state,
    by_hand: None,
};

const OPERATIONS: &[Operation] = &[
    ("GET", "/organizations", organizations),
    ("GET", PASSWORDS, list),
    ("POST", PASSWORDS, create),
];

const PASSWORDS: &str = "/organizations/{organization_id}/relationships/passwords";
const MEDIA_TYPE: &str = "application/vnd.api+json";
const LARGEST_PAGE: usize = 1000;

/// What one organisation has at IT Glue.
pub struct ItGlue {
    pub api_key: String,
    /// Whether the key may access passwords.
    pub password_access: bool,
    /// The id and name of each organization. The first one is the organisation's.
    pub organizations: Vec<(u64, String)>,
    pub passwords: Vec<Password>,
}

pub struct Password {
    pub id: u64,
    pub organization: u64,
    /// The attributes as they were written.
    pub attributes: Map<String, Value>,
}

impl ItGlue {
    pub fn new(organisation: &Organisation<'_>) -> Self {
        Self {
            api_key: format!("ITG.{}", secret()),
            password_access: true,
            organizations: vec![
                (3301, organisation.company.to_owned()),
                (3302, "Somebody Else".to_owned()),
            ],
            passwords: Vec::new(),
        }
    }

    /// Adds a password that somebody else wrote.
    pub fn add(&mut self, organization: u64, attributes: &Value) -> &mut Password {
        let id = 9000 + self.passwords.len() as u64;
        self.passwords.push(Password {
            id,
            organization,
            attributes: attributes.as_object().cloned().unwrap_or_default(),
        });
        let last = self.passwords.len() - 1;
        &mut self.passwords[last]
    }
}

fn written(status: u16, body: Value) -> Response {
    Response::json(status, body).with_header("content-type", MEDIA_TYPE.to_owned())
}

fn error(status: u16, message: &str) -> Response {
    written(
        status,
        json!({"errors": [{"title": message, "status": status.to_string(), "detail": message}]}),
    )
}

fn refuse(refusal: Refusal<'_>) -> Response {
    match refusal {
        Refusal::UnknownParameter(name) => error(400, &format!("The parameter {name} is not allowed")),
        Refusal::InvalidParameter(name) => error(400, &format!("{name} is not valid")),
        Refusal::InvalidId => error(404, "Record not found"),
        Refusal::NotFound(what) => error(404, &format!("{what} not found")),
        Refusal::MediaType => error(415, "The media type must be application/vnd.api+json"),
        Refusal::Body => error(400, "The body is no JSON object"),
        Refusal::UnknownField(field) | Refusal::InvalidField(field) => {
            error(422, &format!("{field} is not allowed or has the wrong type"))
        }
    }
}

fn world(state: &State, request: &Request, template: &str) -> Result<String, Response> {
    let key = request.header("x-api-key").unwrap_or_default();
    let found = state
        .world(|world| world.vendors.itglue.api_key == key)
        .ok_or_else(|| error(401, "Missing or invalid API key"))?;
    if template == PASSWORDS && !found.vendors.itglue.password_access {
        return Err(error(403, "The API key has no password access"));
    }
    Ok(found.name.clone())
}

fn keys(world: &World, base: &str) -> Value {
    let itglue = &world.vendors.itglue;
    json!({
        "credentials": {"address": format!("{base}/itglue"), "api_key": itglue.api_key},
        "company": itglue.organizations[0].0.to_string(),
    })
}

fn state(world: &World) -> Value {
    let view = |password: &Password| {
        let text = |name: &str| password.attributes.get(name).cloned();
        json!({
            "id": password.id, "company": password.organization, "name": text("name"), "username": text("username"),
            "password": text("password"), "notes": text("notes"),
        })
    };
    json!({"passwords": world.vendors.itglue.passwords.iter().map(view).collect::<Vec<_>>()})
}

fn page(request: &Request, records: Vec<Value>) -> Reply {
    let size = request.number("page[size]", 50, 1, LARGEST_PAGE)?;
    let current = request.number("page[number]", 1, 1, usize::MAX)?;
    let pages = records.len().div_ceil(size).max(1);
    let count = records.len();
    let shown = request::page(records, current, size);
    let next = (current < pages).then_some(current + 1);
    Ok(written(
        200,
        json!({
            "data": shown,
            "meta": {"current-page": current, "next-page": next, "total-pages": pages, "total-count": count},
            "links": {},
        }),
    ))
}

fn organizations(world: &mut World, request: &Request) -> Reply {
    request.only_query(&["page[number]", "page[size]", "sort", "filter[name]"])?;
    let wanted = |name: &str| request.query("filter[name]").is_none_or(|filter| filter == name);
    let all = world.vendors.itglue.organizations.iter();
    let all = all.filter(|(_, name)| wanted(name));
    let view = |(id, name): &(u64, String)| json!({"id": id.to_string(), "type": "organizations", "attributes": {"name": name}});
    page(request, all.map(view).collect())
}

/// The organization of the path.
fn organization(world: &World, request: &Request) -> Result<u64, Response> {
    let wanted: Option<u64> = request.param(0).parse().ok();
    let known = &world.vendors.itglue.organizations;
    wanted
        .filter(|wanted| known.iter().any(|(id, _)| id == wanted))
        .ok_or_else(|| error(404, "Record not found"))
}

fn shows_password(request: &Request) -> Result<bool, Response> {
    match request.query("show_password") {
        None | Some("true") => Ok(true),
        Some("false") => Ok(false),
        Some(_) => Err(error(400, "show_password must be true or false")),
    }
}

fn view(password: &Password, shown: bool) -> Value {
    let mut attributes = password.attributes.clone();
    if !shown {
        attributes.remove("password");
    }
    attributes.insert("organization-id".to_owned(), json!(password.organization));
    attributes.insert("archived".to_owned(), json!(false));
    attributes.insert("updated-at".to_owned(), json!(Utc::now().to_rfc3339()));
    json!({"id": password.id.to_string(), "type": "passwords", "attributes": attributes})
}

fn list(world: &mut World, request: &Request) -> Reply {
    request.only_query(&["page[number]", "page[size]", "sort", "filter[name]", "show_password"])?;
    let organization = organization(world, request)?;
    let shown = shows_password(request)?;
    let wanted = |password: &&Password| {
        let name = password.attributes.get("name").and_then(Value::as_str);
        password.organization == organization && request.query("filter[name]").is_none_or(|filter| name == Some(filter))
    };
    let all = world.vendors.itglue.passwords.iter().filter(wanted);
    page(request, all.map(|password| view(password, shown)).collect())
}

fn create(world: &mut World, request: &Request) -> Reply {
    const ATTRIBUTE: Table = &[
        (Kind::Text, "name username password url notes"),
        (Kind::Integer, "password-category-id password-folder-id"),
        (Kind::Flag, "restricted"),
    ];
    const DATA: Table = &[(Kind::Text, "type"), (Kind::Object(ATTRIBUTE), "attributes")];
    const BODY: Table = &[(Kind::Object(DATA), "data")];
    request.only_query(&["show_password"])?;
    let sent = request.json_of(MEDIA_TYPE)?;
    let organization = organization(world, request)?;
    let shown = shows_password(request)?;
    let sent = request.checked(sent, BODY)?;
    let data = sent.get("data").cloned().unwrap_or_default();
    let attributes = &data["attributes"];
    let filled = |name: &str| attributes[name].as_str().is_some_and(|text| !text.is_empty());
    if data["type"] != "passwords" || !filled("name") || !filled("password") {
        return Err(error(422, "type must be passwords, name and password can't be blank"));
    }
    if attributes["name"]
        .as_str()
        .is_some_and(|name| name.chars().count() > 255)
    {
        return Err(error(422, "name is too long (maximum is 255 characters)"));
    }
    for field in ["name", "username", "notes"] {
        let text = attributes[field].as_str().unwrap_or_default();
        world.shows("itglue", field, text, Shown::PlainOrHtml);
    }
    let made = view(world.vendors.itglue.add(organization, attributes), shown);
    world.count("passwords_written");
    Ok(written(201, json!({"data": made})))
}
