//! Ingram Micro: CloudBlue's Simple API of one reseller, with a customer and its subscriptions.

pub mod orders;
pub mod subscriptions;

use serde_json::{Map, Value, json};

use crate::{
    call::{Answer, Call, Operation, Outcome},
    fields::{self, Kind, Table},
    state::State,
    vendor::{Newcomer, Vendor},
    world::{Reading, Token, World, secret},
};
use orders::Order;
use subscriptions::Subscription;

pub const VENDOR: Vendor = Vendor {
    name: "ingram_micro",
    bases: &["/ingram_micro"],
    operations: OPERATIONS,
    error: |status, code, message| error(status, code, message),
    world,
    keys,
    state,
};

const OPERATIONS: &[Operation] = &[
    ("POST", TOKEN, token),
    ("GET", "/customers/{id}", customer),
    ("GET", "/subscriptions", subscriptions::list),
    ("GET", "/subscriptions/{id}", subscriptions::get),
    ("GET", "/orders", orders::list),
    ("POST", "/orders", orders::create),
    ("POST", "/orders/estimate", orders::estimate),
    ("GET", "/orders/{id}", orders::get),
];

const TOKEN: &str = "/token";
const SECONDS: u64 = 1500;

/// What one organisation has there.
pub struct IngramMicro {
    user_name: String,
    password: String,
    subscription_key: String,
    marketplace: String,
    tokens: Vec<Token>,
    pub customer_id: String,
    pub customer_name: String,
    pub subscriptions: Vec<Subscription>,
    pub orders: Vec<Order>,
    pub reading: Reading,
    /// Estimates list what would be paid for.
    pub estimates_list: bool,
    /// Orders end in an error.
    pub refuses: bool,
}

impl IngramMicro {
    pub fn new(newcomer: &Newcomer<'_>) -> Self {
        let customer_id = "1000027".to_owned();
        let sold = newcomer.skus.iter().filter(|sku| sku.in_tenant).enumerate();
        let subscriptions = sold.map(|(index, sku)| Subscription::new(1_000_201 + index, &customer_id, sku));
        Self {
            user_name: format!("{}.api", newcomer.name),
            password: secret(),
            subscription_key: secret(),
            marketplace: "us".to_owned(),
            tokens: Vec::new(),
            subscriptions: subscriptions.collect(),
            customer_id,
            customer_name: newcomer.company.to_owned(),
            orders: Vec::new(),
            reading: Reading::Total,
            estimates_list: true,
            refuses: false,
        }
    }
}

fn error(status: u16, code: &str, message: &str) -> Answer {
    Answer::json(status, json!({"code": code, "message": message}))
}

fn not_found(what: &str) -> Answer {
    error(404, "NotFound", &format!("{what} is not found"))
}

fn bad(message: &str) -> Answer {
    error(400, "BadRequest", message)
}

fn world(state: &State, call: &Call, template: &str) -> Result<String, Answer> {
    let mut worlds = state.worlds.values();
    let found = if template == TOKEN {
        let user = basic(call).map(|(user, _)| user);
        worlds.find(|world| user.as_ref() == Some(&world.vendors.ingram_micro.user_name))
    } else {
        let token = call.bearer().unwrap_or_default();
        worlds.find(|world| world.vendors.ingram_micro.tokens.iter().any(|known| known.is(token)))
    };
    found
        .map(|world| world.name.clone())
        .ok_or_else(|| error(401, "Unauthorized", "The credentials are not valid"))
}

fn basic(call: &Call) -> Option<(String, String)> {
    use base64::Engine;
    let encoded = call.header("authorization")?.strip_prefix("Basic ")?;
    let decoded = base64::engine::general_purpose::STANDARD.decode(encoded).ok()?;
    let (user, password) = std::str::from_utf8(&decoded).ok()?.split_once(':')?;
    Some((user.to_owned(), password.to_owned()))
}

fn keys(world: &World, base: &str) -> Value {
    let ingram = &world.vendors.ingram_micro;
    json!({
        "credentials": {
            "address": format!("{base}/ingram_micro"), "user_name": ingram.user_name, "password": ingram.password,
            "subscription_key": ingram.subscription_key, "marketplace": ingram.marketplace,
        },
        "company": ingram.customer_id,
    })
}

fn state(world: &World) -> Value {
    let ingram = &world.vendors.ingram_micro;
    let lines = ingram.subscriptions.iter().flat_map(|subscription| {
        let line = |line: &subscriptions::Line| json!({"id": subscription.id, "sku": line.part, "quantity": line.quantity, "status": subscription.status});
        subscription.lines.iter().map(line).collect::<Vec<_>>()
    });
    json!({
        "subscriptions": lines.collect::<Vec<_>>(),
        "orders": ingram.orders.iter().map(orders::details).collect::<Vec<_>>(),
    })
}

/// The gateway's key, and nothing in the query but what the operation takes.
fn let_in(world: &World, call: &Call, query: &[&str]) -> Result<(), Answer> {
    if call.header("x-subscription-key") != Some(&world.vendors.ingram_micro.subscription_key) {
        return Err(error(401, "Unauthorized", "The subscription key is not valid"));
    }
    match call.unknown_query(query) {
        Some(unknown) => Err(bad(&format!("{unknown} is not known"))),
        None => Ok(()),
    }
}

fn body(call: &Call, table: Table) -> Result<Map<String, Value>, Answer> {
    if call.content_type() != "application/json" {
        return Err(error(415, "UnsupportedMediaType", "application/json is expected"));
    }
    let body = call.json_object().ok_or_else(|| bad("The body is no JSON object"))?;
    fields::check(&body, table).map_err(|problem| bad(&format!("{} is not valid", problem.field())))?;
    Ok(body)
}

fn token(world: &mut World, call: &Call) -> Outcome {
    let_in(world, call, &[])?;
    let body = body(call, |name| (name == "marketplace").then_some(Kind::Text))?;
    let ingram = &mut world.vendors.ingram_micro;
    let right = basic(call).is_some_and(|(_, password)| password == ingram.password);
    if !right || body.get("marketplace").and_then(Value::as_str) != Some(&ingram.marketplace) {
        return Err(error(401, "Unauthorized", "The credentials are not valid"));
    }
    let token = Token::new(SECONDS);
    let answer = json!({"token": token.value, "expiresInSeconds": SECONDS});
    ingram.tokens.push(token);
    Ok(Answer::json(200, answer))
}

fn customer(world: &mut World, call: &Call) -> Outcome {
    let_in(world, call, &[])?;
    let ingram = &world.vendors.ingram_micro;
    if call.param(0) != ingram.customer_id {
        return Err(not_found("The customer"));
    }
    let contact = json!({
        "type": "admin", "firstName": "Morgan", "lastName": "Manager", "email": format!("mmanager@{}", world.domain()),
        "phoneNumber": "44##2012345678#",
    });
    Ok(Answer::json(
        200,
        json!({
            "id": ingram.customer_id, "name": ingram.customer_name, "status": "active", "language": "en",
            "address": {"streetAddress": "1 Gangway", "city": "London", "postalCode": "E1 1AA", "countryCode": "GB"},
            "contactPersons": [contact], "resellerId": "1000001",
        }),
    ))
}

/// The part of a list that `offset` and `limit` ask for.
fn page(call: &Call, all: &[Value]) -> Outcome {
    let number = |name: &str, default: usize, least: usize| match call.query(name).map(str::parse::<usize>) {
        None => Ok(default),
        Some(Ok(number)) if number >= least => Ok(number),
        Some(_) => Err(bad(&format!("{name} is not valid"))),
    };
    let (offset, limit) = (number("offset", 0, 0)?, number("limit", 10, 1)?.min(1000));
    let data: Vec<&Value> = all.iter().skip(offset).take(limit).collect();
    let pagination = json!({"offset": offset, "limit": limit, "total": all.len()});
    Ok(Answer::json(200, json!({"data": data, "pagination": pagination})))
}
