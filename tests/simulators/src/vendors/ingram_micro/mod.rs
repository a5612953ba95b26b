//! Ingram Micro: CloudBlue's Simple API for one reseller, with a customer and its subscriptions.

pub mod orders;
pub mod subscriptions;

use serde_json::{Value, json};

use crate::{
    fields::Kind,
    request::{Operation, Refusal, Reply, Request, Response},
    state::State,
    vendors::{Organisation, Vendor},
    world::{OrderQuantity, Token, World, secret},
};
use orders::Order;
use subscriptions::Subscription;

pub const VENDOR: Vendor = Vendor {
    name: "ingram_micro",
    bases: &["/ingram_micro"],
    operations: OPERATIONS,
    error: |status, code, message| error(status, code, message),
    refuse,
    world,
    keys,
    state,
    by_hand: None,
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

/// What one organisation has at Ingram Micro.
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
    pub order_quantity: OrderQuantity,
    /// Whether estimates list what would be paid for.
    pub estimates_list: bool,
    /// Whether orders end in an error.
    pub refuses: bool,
}

impl IngramMicro {
    pub fn new(organisation: &Organisation<'_>) -> Self {
        let customer_id = "1000027".to_owned();
        let sold = organisation.skus.iter().filter(|sku| sku.in_tenant).enumerate();
        let subscriptions = sold.map(|(index, sku)| Subscription::new(1_000_201 + index, &customer_id, sku));
        Self {
            user_name: format!("{}.api", organisation.name),
            password: secret(),
            subscription_key: secret(),
            marketplace: "us".to_owned(),
            tokens: Vec::new(),
            subscriptions: subscriptions.collect(),
            customer_id,
            customer_name: organisation.company.to_owned(),
            orders: Vec::new(),
            order_quantity: OrderQuantity::Total,
            estimates_list: true,
            refuses: false,
        }
    }
}

fn error(status: u16, code: &str, message: &str) -> Response {
    Response::json(status, json!({"code": code, "message": message}))
}

fn bad(message: &str) -> Response {
    error(400, "BadRequest", message)
}

fn refuse(refusal: Refusal<'_>) -> Response {
    match refusal {
        Refusal::UnknownParameter(name) => bad(&format!("{name} is not known")),
        Refusal::InvalidParameter(name) => bad(&format!("{name} is not valid")),
        Refusal::InvalidId => error(404, "NotFound", "Not found"),
        Refusal::NotFound(what) => error(404, "NotFound", &format!("{what} is not found")),
        Refusal::MediaType => error(415, "UnsupportedMediaType", "application/json is expected"),
        Refusal::Body => bad("The body is no JSON object"),
        Refusal::UnknownField(field) | Refusal::InvalidField(field) => bad(&format!("{field} is not valid")),
    }
}

fn world(state: &State, request: &Request, template: &str) -> Result<String, Response> {
    let found = if template == TOKEN {
        let given = request.basic().unwrap_or_default();
        let user = given.split(':').next().unwrap_or_default();
        state.world(|world| world.vendors.ingram_micro.user_name == user)
    } else {
        let token = request.bearer().unwrap_or_default();
        state.world(|world| world.vendors.ingram_micro.tokens.iter().any(|known| known.is(token)))
    };
    found
        .map(|world| world.name.clone())
        .ok_or_else(|| error(401, "Unauthorized", "The credentials are not valid"))
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

/// Checks the gateway's key, and that the query has only the operation's parameters.
fn let_in(world: &World, request: &Request, query: &[&str]) -> Result<(), Response> {
    if request.header("x-subscription-key") != Some(&world.vendors.ingram_micro.subscription_key) {
        return Err(error(401, "Unauthorized", "The subscription key is not valid"));
    }
    request.only_query(query)
}

fn token(world: &mut World, request: &Request) -> Reply {
    let_in(world, request, &[])?;
    let body = request.object(&[(Kind::Text, "marketplace")])?;
    let ingram = &mut world.vendors.ingram_micro;
    let right = request.basic() == Some(format!("{}:{}", ingram.user_name, ingram.password));
    if !right || body.get("marketplace").and_then(Value::as_str) != Some(&ingram.marketplace) {
        return Err(error(401, "Unauthorized", "The credentials are not valid"));
    }
    let token = Token::new(SECONDS);
    let response = json!({"token": token.value, "expiresInSeconds": SECONDS});
    ingram.tokens.push(token);
    Ok(Response::json(200, response))
}

fn customer(world: &mut World, request: &Request) -> Reply {
    let_in(world, request, &[])?;
    let ingram = &world.vendors.ingram_micro;
    if request.param(0) != ingram.customer_id {
        return Err(request.not_found("The customer"));
    }
    let contact = json!({
        "type": "admin", "firstName": "Morgan", "lastName": "Manager", "email": format!("mmanager@{}", world.domain()),
        "phoneNumber": "44##2012345678#",
    });
    Ok(Response::json(
        200,
        json!({
            "id": ingram.customer_id, "name": ingram.customer_name, "status": "active", "language": "en",
            "address": {"streetAddress": "1 Gangway", "city": "London", "postalCode": "E1 1AA", "countryCode": "GB"},
            "contactPersons": [contact], "resellerId": "1000001",
        }),
    ))
}

/// The part of a list that `offset` and `limit` select.
fn page(request: &Request, all: Vec<Value>) -> Reply {
    let offset = request.number("offset", 0, 0, usize::MAX)?;
    let limit = request.number("limit", 10, 1, usize::MAX)?.min(1000);
    let pagination = json!({"offset": offset, "limit": limit, "total": all.len()});
    let data: Vec<Value> = all.into_iter().skip(offset).take(limit).collect();
    Ok(Response::json(200, json!({"data": data, "pagination": pagination})))
}
