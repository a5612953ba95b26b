//! Password Pusher. A push needs no credentials, so the path names the world: `/pwpush/acme/api/v2/pushes`.

use chrono::{DateTime, Duration, SecondsFormat, Utc};
use serde_json::{Map, Value, json};

use crate::{
    fields::{Kind, Table},
    render::Shown,
    request::{Operation, Refusal, Reply, Request, Response},
    state::State,
    vendors::{Organisation, Vendor},
    world::{World, secret},
};

pub const VENDOR: Vendor = Vendor {
    name: "pwpush",
    bases: &["/pwpush"],
    operations: OPERATIONS,
    error: |status, _, message| error(status, message),
    refuse,
    world,
    keys,
    state,
    by_hand: None,
};

const OPERATIONS: &[Operation] = &[
    ("GET", "/{world}/api/v2/version", version),
    ("POST", "/{world}/api/v2/pushes", |world, request| {
        is_new(world)?;
        create(world, request, "push")
    }),
    ("GET", "/{world}/api/v2/pushes/active", active),
    ("POST", "/{world}/p.json", |world, request| {
        create(world, request, "password")
    }),
];

const PAGE: usize = 50;

/// What one organisation has at PWPush.
pub struct PwPush {
    pub api_token: String,
    /// Whether the server accepts pushes without a token.
    pub anonymous: bool,
    /// Whether it is an older server, which only has API version 1.
    pub v1_only: bool,
    pub pushes: Vec<Push>,
}

pub struct Push {
    pub token: String,
    /// Whether it was made with a token, and so has an owner.
    pub owned: bool,
    /// The fields as they were sent.
    pub fields: Map<String, Value>,
    pub expired: bool,
    pub views: i64,
    pub created: DateTime<Utc>,
}

impl PwPush {
    pub fn new(_newcomer: &Organisation<'_>) -> Self {
        Self {
            api_token: secret(),
            anonymous: true,
            v1_only: false,
            pushes: Vec::new(),
        }
    }

    pub fn add(&mut self, owned: bool, fields: &Value) -> &mut Push {
        self.pushes.push(Push {
            token: secret(),
            owned,
            fields: fields.as_object().cloned().unwrap_or_default(),
            expired: false,
            views: 0,
            created: Utc::now(),
        });
        let last = self.pushes.len() - 1;
        &mut self.pushes[last]
    }
}

fn error(status: u16, message: &str) -> Response {
    Response::json(status, json!({ "error": message }))
}

/// Rails' answer for an address that does not exist.
fn is_new(world: &World) -> Result<(), Response> {
    match world.vendors.pwpush.v1_only {
        true => Err(error(404, "not-found")),
        false => Ok(()),
    }
}

fn refuse(refusal: Refusal<'_>) -> Response {
    match refusal {
        Refusal::UnknownParameter(name) => error(400, &format!("{name} is not permitted")),
        Refusal::InvalidParameter(name) => error(400, &format!("{name} is out of range")),
        Refusal::InvalidId => error(404, "not-found"),
        Refusal::NotFound(what) => error(404, &format!("{what} not found")),
        Refusal::MediaType => error(415, "Content-Type must be application/json"),
        Refusal::Body => error(400, "param is missing or the value is empty"),
        Refusal::UnknownField(field) | Refusal::InvalidField(field) => error(400, &format!("{field} is not permitted")),
    }
}

fn world(state: &State, request: &Request, _: &str) -> Result<String, Response> {
    let name = request.param(0);
    let world = state.worlds.get(name).ok_or_else(|| error(404, "not-found"))?;
    if request.headers.contains_key("authorization") && !is_owner(world, request) {
        return Err(Response::empty(401));
    }
    Ok(name.to_owned())
}

fn is_owner(world: &World, request: &Request) -> bool {
    request.bearer() == Some(&world.vendors.pwpush.api_token)
}

fn keys(world: &World, base: &str) -> Value {
    json!({
        "credentials": {"address": format!("{base}/pwpush/{}", world.name), "api_token": world.vendors.pwpush.api_token},
        "url": format!("{base}/pwpush/{}", world.name),
    })
}

fn state(world: &World) -> Value {
    let view = |push: &Push| {
        let field = |name: &str| push.fields.get(name).cloned();
        json!({
            "token": push.token, "payload": field("payload"), "retrieval_step": field("retrieval_step"),
            "expire_after_days": field("expire_after_days"), "expire_after_views": field("expire_after_views"),
            "note": field("note"), "owned": push.owned, "views": push.views,
        })
    };
    json!({"pushes": world.vendors.pwpush.pushes.iter().map(view).collect::<Vec<_>>()})
}

fn view(push: &Push, base: &str) -> Value {
    let number = |name: &str, default: i64| push.fields.get(name).and_then(Value::as_i64).unwrap_or(default);
    let flag = |name: &str| push.fields.get(name).and_then(Value::as_bool).unwrap_or_default();
    let text = |name: &str| push.fields.get(name).cloned().unwrap_or_default();
    let date = |at: DateTime<Utc>| at.to_rfc3339_opts(SecondsFormat::Millis, true);
    let days = number("expire_after_days", 7);
    let gone = (Utc::now() - push.created).num_days();
    let step = if flag("retrieval_step") { "/r" } else { "" };
    let url = format!("{base}/p/{}{step}", push.token);
    json!({
        "expire_after_views": number("expire_after_views", 5), "expired": push.expired, "url_token": push.token,
        "deletable_by_viewer": flag("deletable_by_viewer"), "retrieval_step": flag("retrieval_step"),
        "expired_on": push.expired.then(|| date(push.created + Duration::days(days))), "passphrase": null,
        "created_at": date(push.created), "updated_at": date(push.created), "expire_after_days": days,
        "days_remaining": (days - gone).max(0),
        "views_remaining": (number("expire_after_views", 5) - push.views).max(0), "deleted": push.expired,
        "json_url": format!("{url}.json"), "html_url": url, "note": text("note"), "name": text("name"),
    })
}

fn base(world: &World, request: &Request) -> String {
    format!("{}/{}", request.base, world.name)
}

fn version(world: &mut World, _: &Request) -> Reply {
    is_new(world)?;
    Ok(Response::json(
        200,
        json!({"application_version": "2.11.4", "api_version": "2.1", "edition": "oss"}),
    ))
}

fn create(world: &mut World, request: &Request, wrapper: &str) -> Reply {
    const PUSH: Table = &[
        (Kind::Text, "payload kind passphrase name note"),
        (Kind::Integer, "expire_after_days expire_after_views"),
        (Kind::Flag, "deletable_by_viewer retrieval_step"),
    ];
    let owned = is_owner(world, request);
    if !owned && !world.vendors.pwpush.anonymous {
        return Err(Response::empty(401));
    }
    if request.content_type() != "application/json" {
        return Err(request.refuse(Refusal::MediaType));
    }
    let missing = || error(400, &format!("param is missing or the value is empty: {wrapper}"));
    let body = request.json_object().ok_or_else(missing)?;
    let sent = body.get(wrapper).and_then(Value::as_object).ok_or_else(missing)?;
    if body.len() > 1 {
        return Err(error(400, "found unpermitted parameters"));
    }
    request.check(sent, PUSH)?;
    for field in ["name", "note"] {
        let text = sent.get(field).and_then(Value::as_str).unwrap_or_default();
        world.shows("pwpush", field, text, Shown::PlainOrHtml);
    }
    if sent.get("payload").and_then(Value::as_str).is_none_or(str::is_empty) {
        return Err(Response::json(422, json!({"payload": ["is required"]})));
    }
    // The server silently replaces numbers out of range with its defaults.
    let within = |name: &str, most: i64| {
        sent.get(name)
            .and_then(Value::as_i64)
            .is_none_or(|n| (1..=most).contains(&n))
    };
    if !within("expire_after_days", 90) || !within("expire_after_views", 100) {
        return Err(error(400, "the simulator takes no number out of range"));
    }
    let base = base(world, request);
    let made = view(world.vendors.pwpush.add(owned, &Value::Object(sent.clone())), &base);
    world.count("pushes_created");
    Ok(Response::json(201, made))
}

/// The owner's pushes, newest first.
fn active(world: &mut World, request: &Request) -> Reply {
    is_new(world)?;
    if !is_owner(world, request) {
        return Err(Response::empty(401));
    }
    request.only_query(&["page"])?;
    let page = request.number("page", 1, 1, 200)?;
    let base = base(world, request);
    let own = world.vendors.pwpush.pushes.iter().rev();
    let own = own.filter(|push| push.owned && !push.expired);
    let shown = own.skip((page - 1) * PAGE).take(PAGE).map(|push| view(push, &base));
    Ok(Response::json(200, Value::Array(shown.collect())))
}
