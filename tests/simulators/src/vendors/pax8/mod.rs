//! Pax8: companies, products, subscriptions and orders of one partner. Seats bought here appear in the tenant later.

pub mod orders;
pub mod products;
pub mod subscriptions;

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};

use crate::{
    fields::{Kind, Table},
    records::text,
    request::{self, Operation, Refusal, Reply, Request, Response},
    state::State,
    vendors::{Organisation, Vendor},
    world::{Sku, Token, World, id, secret},
};

pub const VENDOR: Vendor = Vendor {
    name: "pax8",
    bases: &["/pax8/v1"],
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
    ("GET", "/companies", list_companies),
    ("GET", "/companies/{id}", get_company),
    ("GET", "/products", products::list),
    ("GET", "/products/{id}", products::get),
    ("GET", "/products/{id}/dependencies", products::dependencies),
    ("GET", "/products/{id}/provision-details", products::provision_details),
    ("GET", "/subscriptions", subscriptions::list),
    ("GET", "/subscriptions/{id}", subscriptions::get),
    ("PUT", "/subscriptions/{id}", subscriptions::put),
    ("GET", "/orders", orders::list),
    ("POST", "/orders", orders::create),
    ("GET", "/orders/{id}", orders::get),
];

const TOKEN: &str = "/token";
const SECONDS: u64 = 86_400;
const TERMS: &[&str] = &[
    "Monthly",
    "Annual",
    "2-Year",
    "3-Year",
    "One-Time",
    "Trial",
    "Activation",
];

/// What the partner of this world has at Pax8.
pub struct Pax8 {
    client_id: String,
    client_secret: String,
    tokens: Vec<Token>,
    pub company_id: String,
    pub company_name: String,
    pub products: Vec<Product>,
    pub subscriptions: Vec<Subscription>,
    pub orders: Vec<Order>,
}

pub struct Product {
    pub id: String,
    pub sku_id: String,
    pub name: &'static str,
    pub vendor_sku: &'static str,
    pub commitment_id: String,
    pub price: f64,
}

pub struct Subscription {
    pub id: String,
    pub product_id: String,
    pub sku_id: String,
    pub vendor_subscription_id: String,
    pub quantity: i64,
    /// How many reads of an ordered subscription there are until it is active.
    pub provisioning_reads: u32,
    pub active: bool,
    pub cancelled: bool,
    pub billing_term: String,
    pub price: f64,
    pub created: DateTime<Utc>,
    pub updated: DateTime<Utc>,
    pub puts: u32,
}

pub struct Order {
    pub id: String,
    pub created: DateTime<Utc>,
    pub line_items: Vec<Value>,
}

impl Pax8 {
    pub fn new(organisation: &Organisation<'_>) -> Self {
        let product = |sku: &Sku| Product {
            id: id(),
            sku_id: sku.id.clone(),
            name: sku.product_name,
            vendor_sku: sku.offer,
            commitment_id: id(),
            price: sku.price,
        };
        let products: Vec<Product> = organisation.skus.iter().map(product).collect();
        let sold = organisation.skus.iter().zip(&products).filter(|(sku, _)| sku.in_tenant);
        let subscriptions = sold.map(|(sku, product)| Subscription {
            vendor_subscription_id: sku.subscription_ids.first().cloned().unwrap_or_default(),
            active: true,
            ..Subscription::new(product, sku.enabled, "Monthly")
        });
        Self {
            client_id: id(),
            client_secret: secret(),
            tokens: Vec::new(),
            company_id: id(),
            company_name: organisation.company.to_owned(),
            subscriptions: subscriptions.collect(),
            products,
            orders: Vec::new(),
        }
    }
}

impl Subscription {
    /// A subscription that is not active yet.
    pub fn new(product: &Product, quantity: i64, billing_term: &str) -> Self {
        Self {
            id: id(),
            product_id: product.id.clone(),
            sku_id: product.sku_id.clone(),
            vendor_subscription_id: id(),
            quantity,
            provisioning_reads: 0,
            active: false,
            cancelled: false,
            billing_term: billing_term.to_owned(),
            price: product.price,
            created: Utc::now(),
            updated: Utc::now(),
            puts: 0,
        }
    }
}

fn error(status: u16, message: &str) -> Response {
    let kind = match status {
        400 | 422 => "BadRequest",
        401 => "Unauthorized",
        404 => "NotFound",
        429 => "TooManyRequests",
        _ => "Error",
    };
    Response::json(
        status,
        json!({"type": kind, "message": message, "instance": "", "status": status, "details": []}),
    )
}

fn refuse(refusal: Refusal<'_>) -> Response {
    match refusal {
        Refusal::UnknownParameter(name) => error(400, &format!("The parameter {name} is not supported")),
        Refusal::InvalidParameter(name) => error(400, &format!("{name} is out of range")),
        Refusal::InvalidId => error(404, "Not found"),
        Refusal::NotFound(what) => error(404, &format!("{what} not found")),
        Refusal::MediaType => error(415, "Content-Type must be application/json"),
        Refusal::Body => error(400, "The body is no JSON object"),
        Refusal::UnknownField(field) | Refusal::InvalidField(field) => {
            error(400, &format!("The field {field} is not known or has the wrong type"))
        }
    }
}

fn world(state: &State, request: &Request, template: &str) -> Result<String, Response> {
    let found = if template == TOKEN {
        let body = request.json_object().unwrap_or_default();
        state.world(|world| world.vendors.pax8.client_id == text(&body, "client_id"))
    } else {
        let token = request.bearer().unwrap_or_default();
        state.world(|world| world.vendors.pax8.tokens.iter().any(|known| known.is(token)))
    };
    found
        .map(|world| world.name.clone())
        .ok_or_else(|| error(401, "Unauthorized"))
}

fn keys(world: &World, _: &str) -> Value {
    let pax8 = &world.vendors.pax8;
    // Maps part numbers to the names of the world's SKUs at Pax8.
    let skus = world.tenant.skus.iter().filter_map(|sku| {
        let product = pax8.products.iter().find(|product| product.sku_id == sku.id)?;
        let mut subscriptions = pax8.subscriptions.iter();
        let subscription = subscriptions.find(|subscription| subscription.sku_id == sku.id);
        let ids = json!({
            "sku_id": sku.id, "product_id": product.id, "commitment_term_id": product.commitment_id,
            "subscription_id": subscription.map(|subscription| &subscription.id),
        });
        Some((sku.part.clone(), ids))
    });
    json!({
        "credentials": {"client_id": pax8.client_id, "client_secret": pax8.client_secret}, "company": pax8.company_id,
        "skus": skus.collect::<serde_json::Map<_, _>>(),
    })
}

fn state(world: &World) -> Value {
    let pax8 = &world.vendors.pax8;
    let subscription = |subscription: &Subscription| {
        let sku = world.tenant.skus.iter().find(|sku| sku.id == subscription.sku_id);
        json!({
            "id": subscription.id, "sku": sku.map(|sku| &sku.part), "product_id": subscription.product_id,
            "quantity": subscription.quantity, "status": subscriptions::status(subscription), "puts": subscription.puts,
        })
    };
    let order = |order: &Order| json!({"id": order.id, "created": order.created, "line_items": order.line_items});
    json!({
        "subscriptions": pax8.subscriptions.iter().map(subscription).collect::<Vec<_>>(),
        "orders": pax8.orders.iter().map(order).collect::<Vec<_>>(),
    })
}

const SIGN_IN: Table = &[(Kind::Text, "client_id client_secret audience grant_type")];

fn token(world: &mut World, request: &Request) -> Reply {
    let body = request.object(SIGN_IN)?;
    if text(&body, "audience") != "https://api.pax8.com" || text(&body, "grant_type") != "client_credentials" {
        return Err(error(
            400,
            "audience must be https://api.pax8.com and grant_type client_credentials",
        ));
    }
    if text(&body, "client_secret") != world.vendors.pax8.client_secret {
        return Err(error(401, "Unauthorized"));
    }
    let token = Token::new(SECONDS);
    let response = json!({"access_token": token.value, "expires_in": SECONDS, "token_type": "Bearer"});
    world.vendors.pax8.tokens.push(token);
    Ok(Response::json(200, response))
}

/// A page of a list. Pages count from 0.
fn page(request: &Request, content: Vec<Value>) -> Reply {
    let size = request.number("size", 10, 1, 200)?;
    let page = request.number("page", 0, 0, 1_000_000)?;
    let count = content.len();
    let totals = json!({"size": size, "totalElements": count, "totalPages": count.div_ceil(size), "number": page});
    let shown = request::page(content, page + 1, size);
    Ok(Response::json(200, json!({"content": shown, "page": totals})))
}

fn company(world: &World) -> Value {
    json!({
        "id": world.vendors.pax8.company_id, "name": world.vendors.pax8.company_name, "phone": "555-555-5555",
        "address": {"street": "1 Gangway", "city": "London", "postalCode": "E1 1AA", "country": "GB"},
        "website": format!("https://{}", world.domain()), "billOnBehalfOfEnabled": false, "selfServiceAllowed": false,
        "orderApprovalRequired": false, "status": "Active", "updatedDate": date(world.created),
    })
}

fn list_companies(world: &mut World, request: &Request) -> Reply {
    request.only_query(&["page", "size", "sort", "status"])?;
    let wanted = request.query("status").is_none_or(|status| status == "Active");
    let companies = if wanted { vec![company(world)] } else { Vec::new() };
    page(request, companies)
}

fn get_company(world: &mut World, request: &Request) -> Reply {
    if request.param(0) == world.vendors.pax8.company_id {
        Ok(Response::json(200, company(world)))
    } else {
        Err(request.not_found("Company"))
    }
}

fn date(date: DateTime<Utc>) -> String {
    date.to_rfc3339_opts(SecondsFormat::Millis, true)
}

const PROVISIONING_DETAIL: Table = &[
    (Kind::Text, "label key description valueType"),
    (Kind::Texts, "values possibleValues"),
];

/// Parses a whole number of at least one, written as an integer or with a zero fraction.
fn quantity(value: &Value) -> Result<i64, Response> {
    let refuse = || error(400, "quantity must be a whole number of at least 1");
    value
        .as_i64()
        .filter(|quantity| (1..=10_000).contains(quantity))
        .ok_or_else(refuse)
}
