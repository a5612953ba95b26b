//! Pax8: companies, products, subscriptions and orders of one partner. Seats bought here show up in the tenant later.

pub mod orders;
pub mod products;
pub mod subscriptions;

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Map, Value, json};

use crate::{
    call::{Answer, Call, Operation, Outcome},
    fields::{self, Kind, Table},
    state::State,
    vendor::Vendor,
    world::{Subscription, Token, World},
};

pub const VENDOR: Vendor = Vendor {
    name: "pax8",
    bases: &["/pax8/v1"],
    operations: OPERATIONS,
    error: |status, _, message| error(status, message),
    world,
    keys: |world, _| json!({"credentials": credentials(world), "company": world.distributor.company_id}),
    state: |world| json!({"subscriptions": subscriptions_of(world)}),
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

fn error(status: u16, message: &str) -> Answer {
    let kind = match status {
        400 | 422 => "BadRequest",
        401 => "Unauthorized",
        404 => "NotFound",
        429 => "TooManyRequests",
        _ => "Error",
    };
    Answer::json(
        status,
        json!({"type": kind, "message": message, "instance": "", "status": status, "details": []}),
    )
}

pub fn credentials(world: &World) -> Value {
    json!({"client_id": world.distributor.client_id, "client_secret": world.distributor.client_secret})
}

pub fn subscriptions_of(world: &World) -> Vec<Value> {
    let view = |subscription: &Subscription| {
        let part = world.tenant.skus.iter().find(|sku| sku.id == subscription.sku_id);
        json!({
            "id": subscription.id, "sku": part.map(|sku| &sku.part), "product_id": subscription.product_id,
            "quantity": subscription.quantity, "status": subscriptions::status(subscription), "puts": subscription.puts,
        })
    };
    world.distributor.subscriptions.iter().map(view).collect()
}

fn not_found(what: &str) -> Answer {
    error(404, &format!("{what} not found"))
}

fn world(state: &State, call: &Call, template: &str) -> Result<String, Answer> {
    let found = if template == TOKEN {
        let body = call.json_object().unwrap_or_default();
        let client = body
            .get("client_id")
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned();
        state
            .worlds
            .values()
            .find(|world| world.distributor.client_id == client)
    } else {
        let token = call.bearer().unwrap_or_default();
        state
            .worlds
            .values()
            .find(|world| world.distributor.tokens.iter().any(|known| known.is(token)))
    };
    found
        .map(|world| world.name.clone())
        .ok_or_else(|| error(401, "Unauthorized"))
}

fn body(call: &Call, table: Table) -> Result<Map<String, Value>, Answer> {
    if call.content_type() != "application/json" {
        return Err(error(415, "Content-Type must be application/json"));
    }
    let body = call
        .json_object()
        .ok_or_else(|| error(400, "The body is no JSON object"))?;
    fields::check(&body, table).map_err(|problem| {
        error(
            400,
            &format!("The field {} is not known or has the wrong type", problem.field()),
        )
    })?;
    Ok(body)
}

fn text<'a>(body: &'a Map<String, Value>, name: &str) -> &'a str {
    body.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn token(world: &mut World, call: &Call) -> Outcome {
    fn table(name: &str) -> Option<Kind> {
        matches!(name, "client_id" | "client_secret" | "audience" | "grant_type").then_some(Kind::Text)
    }
    let body = body(call, table)?;
    if text(&body, "audience") != "https://api.pax8.com" || text(&body, "grant_type") != "client_credentials" {
        return Err(error(
            400,
            "audience must be https://api.pax8.com and grant_type client_credentials",
        ));
    }
    if text(&body, "client_secret") != world.distributor.client_secret {
        return Err(error(401, "Unauthorized"));
    }
    let token = Token::new(SECONDS);
    let answer = json!({"access_token": token.value, "expires_in": SECONDS, "token_type": "Bearer"});
    world.distributor.tokens.push(token);
    Ok(Answer::json(200, answer))
}

fn only_query(call: &Call, known: &[&str]) -> Result<(), Answer> {
    call.unknown_query(known).map_or(Ok(()), |option| {
        Err(error(400, &format!("The parameter {option} is not supported")))
    })
}

fn page(call: &Call, content: &[Value]) -> Outcome {
    let number = |name: &str, default: usize, least: usize, most: usize| match call.query(name).map(str::parse::<usize>)
    {
        None => Ok(default),
        Some(Ok(number)) if (least..=most).contains(&number) => Ok(number),
        Some(_) => Err(error(400, &format!("{name} must be between {least} and {most}"))),
    };
    let size = number("size", 10, 1, 200)?;
    let page = number("page", 0, 0, 1_000_000)?;
    let shown: Vec<&Value> = content.iter().skip(page * size).take(size).collect();
    let totals = json!({"size": size, "totalElements": content.len(), "totalPages": content.len().div_ceil(size), "number": page});
    Ok(Answer::json(200, json!({"content": shown, "page": totals})))
}

fn company(world: &World) -> Value {
    json!({
        "id": world.distributor.company_id, "name": world.distributor.company_name, "phone": "555-555-5555",
        "address": {"street": "1 Gangway", "city": "London", "postalCode": "E1 1AA", "country": "GB"},
        "website": format!("https://{}", world.domain()), "billOnBehalfOfEnabled": false, "selfServiceAllowed": false,
        "orderApprovalRequired": false, "status": "Active", "updatedDate": date(world.created),
    })
}

fn list_companies(world: &mut World, call: &Call) -> Outcome {
    only_query(call, &["page", "size", "sort", "status"])?;
    let wanted = call.query("status").is_none_or(|status| status == "Active");
    let companies = if wanted { vec![company(world)] } else { Vec::new() };
    page(call, &companies)
}

fn get_company(world: &mut World, call: &Call) -> Outcome {
    if call.param(0) == world.distributor.company_id {
        Ok(Answer::json(200, company(world)))
    } else {
        Err(not_found("Company"))
    }
}

fn date(date: DateTime<Utc>) -> String {
    date.to_rfc3339_opts(SecondsFormat::Millis, true)
}

fn provisioning_detail(name: &str) -> Option<Kind> {
    match name {
        "label" | "key" | "description" | "valueType" => Some(Kind::Text),
        "values" | "possibleValues" => Some(Kind::Texts),
        _ => None,
    }
}

/// A whole number of at least one, as an integer or written with a zero fraction.
fn quantity(value: &Value) -> Result<i64, Answer> {
    let refuse = || error(400, "quantity must be a whole number of at least 1");
    value
        .as_i64()
        .filter(|quantity| (1..=10_000).contains(quantity))
        .ok_or_else(refuse)
}
