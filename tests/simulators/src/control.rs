//! The control API: worlds, faults, and reports. Tests use it, and the command that sets up a demo.

mod tenant;

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::{Path, Query, State as AxumState},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};

use crate::{
    faults::{Fault, Rule, same_operation},
    proxy::{self, AwsRule},
    report,
    server::App,
    setup::{self, NewWorld},
    vendors::{NewTicket, VENDORS, Vendor},
    world::{Author, License, World},
};

type Shared = AxumState<Arc<App>>;
type Reply = Result<Json<Value>, Refused>;

pub struct Refused(StatusCode, String);

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        (self.0, Json(json!({ "error": self.1 }))).into_response()
    }
}

fn wrong(message: impl Into<String>) -> Refused {
    Refused(StatusCode::BAD_REQUEST, message.into())
}

fn unknown(what: &str) -> Refused {
    Refused(StatusCode::NOT_FOUND, format!("there is no {what}"))
}

/// Parses a body of any content type, and refuses unknown fields. The error names the field, because no field here
/// holds a secret.
fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Refused> {
    serde_json::from_slice(body).map_err(|error| wrong(error.to_string()))
}

pub fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/health", get(async || Json(json!({"ok": true}))))
        .route("/control/worlds", get(list_worlds).post(create_world))
        .route("/control/worlds/{name}", get(show_world).delete(delete_world))
        .route("/control/worlds/{name}/keys", get(show_keys))
        .route("/control/worlds/{name}/seats", post(set_seats))
        .route("/control/worlds/{name}/take-seats", post(take_seats))
        .route("/control/worlds/{name}/buy-seats", post(buy_seats))
        .route("/control/worlds/{name}/seat-delay", post(set_seat_delay))
        .route("/control/worlds/{name}/users", post(add_user))
        .route("/control/worlds/{name}/mfa", post(tenant::set_mfa))
        .route("/control/worlds/{name}/license-rules", post(tenant::add_license_rule))
        .route("/control/worlds/{name}/license-groups", post(tenant::add_license_group))
        .route("/control/worlds/{name}/tickets", post(add_ticket))
        .route("/control/graph/{tenant}/sign-in", post(sign_in))
        .route("/control/requests/{name}", get(show_requests).delete(forget_requests))
        .route(
            "/control/faults",
            get(list_faults).post(add_fault).delete(remove_faults),
        )
        .route(
            "/control/aws-rules",
            get(list_aws_rules).post(add_aws_rule).delete(remove_aws_rules),
        )
        .route("/control/operations", get(list_operations))
        .route("/control/contracts", get(show_contracts))
}

async fn create_world(AxumState(app): Shared, body: axum::body::Bytes) -> Result<(StatusCode, Json<Value>), Refused> {
    let wanted: NewWorld = read(&body)?;
    let world = setup::world(&wanted).map_err(wrong)?;
    let keys = report::keys(&world, &app.base);
    let mut state = app.state.lock();
    if state.worlds.contains_key(&wanted.name) {
        return Err(Refused(
            StatusCode::CONFLICT,
            format!("there is a world called {} already", wanted.name),
        ));
    }
    state.worlds.insert(wanted.name, world);
    Ok((StatusCode::CREATED, Json(keys)))
}

async fn list_worlds(AxumState(app): Shared) -> Json<Value> {
    let state = app.state.lock();
    Json(json!({ "worlds": state.worlds.keys().collect::<Vec<_>>() }))
}

async fn show_world(AxumState(app): Shared, Path(name): Path<String>) -> Reply {
    with(&app, &name, |world| Ok(report::state(world)))
}

async fn show_keys(AxumState(app): Shared, Path(name): Path<String>) -> Reply {
    let base = app.base.clone();
    with(&app, &name, |world| Ok(report::keys(world, &base)))
}

async fn delete_world(AxumState(app): Shared, Path(name): Path<String>) -> Result<StatusCode, Refused> {
    let mut state = app.state.lock();
    state.faults.retain(|fault| fault.rule.world != name);
    state
        .worlds
        .remove(&name)
        .map(|_| StatusCode::NO_CONTENT)
        .ok_or_else(|| unknown("such world"))
}

fn with(app: &App, name: &str, work: impl FnOnce(&mut World) -> Result<Value, Refused>) -> Reply {
    let mut state = app.state.lock();
    let world = state.worlds.get_mut(name).ok_or_else(|| unknown("such world"))?;
    work(world).map(Json)
}

/// Finds the SKU by part number or id.
fn sku_index(world: &World, sku: &str) -> Result<usize, Refused> {
    let found = world
        .tenant
        .skus
        .iter()
        .position(|known| known.part == sku || known.id == sku);
    found.ok_or_else(|| wrong(format!("sku: there is no {sku}")))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Seats {
    sku: String,
    enabled: Option<i64>,
    free: Option<i64>,
}

async fn set_seats(AxumState(app): Shared, Path(name): Path<String>, body: axum::body::Bytes) -> Reply {
    let seats: Seats = read(&body)?;
    with(&app, &name, |world| {
        let index = sku_index(world, &seats.sku)?;
        let consumed = world.tenant.consumed(&world.tenant.skus[index]);
        let sku = &mut world.tenant.skus[index];
        sku.enabled = match (seats.enabled, seats.free) {
            (Some(enabled), None) if enabled >= 0 => enabled,
            (None, Some(free)) if free >= 0 => consumed + free,
            _ => return Err(wrong("either enabled or free, 0 or more")),
        };
        sku.in_tenant = true;
        Ok(report::state(world)["seats"].clone())
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Take {
    sku: Option<String>,
    #[serde(default)]
    leave: i64,
}

async fn take_seats(AxumState(app): Shared, Path(name): Path<String>, body: axum::body::Bytes) -> Reply {
    let take: Take = read(&body)?;
    with(&app, &name, |world| {
        if let Some(sku) = &take.sku {
            sku_index(world, sku)?;
        }
        world.tenant.take_seats(take.sku.as_deref(), take.leave);
        Ok(report::state(world)["seats"].clone())
    })
}

fn one() -> i64 {
    1
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Buy {
    sku: String,
    #[serde(default = "one")]
    quantity: i64,
    reads: Option<u32>,
}

/// A technician buys seats by hand, elsewhere, so Gangway does not see the purchase.
async fn buy_seats(AxumState(app): Shared, Path(name): Path<String>, body: axum::body::Bytes) -> Reply {
    let buy: Buy = read(&body)?;
    with(&app, &name, |world| {
        let index = sku_index(world, &buy.sku)?;
        let sku_id = world.tenant.skus[index].id.clone();
        let reads = buy.reads.unwrap_or(world.seat_delay);
        world.buy_seats(&sku_id, buy.quantity, reads);
        Ok(report::state(world)["seats"].clone())
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SeatDelay {
    reads: u32,
}

async fn set_seat_delay(AxumState(app): Shared, Path(name): Path<String>, body: axum::body::Bytes) -> Reply {
    let delay: SeatDelay = read(&body)?;
    with(&app, &name, |world| {
        world.seat_delay = delay.reads;
        Ok(json!({ "seat_delay": delay.reads }))
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewUser {
    upn: String,
    #[serde(default)]
    first_name: Option<String>,
    #[serde(default)]
    last_name: Option<String>,
    #[serde(default)]
    licenses: Vec<String>,
    #[serde(default)]
    deleted: bool,
    /// If given, the user has this number and no mailbox.
    #[serde(default)]
    mobile_phone: Option<String>,
}

/// Adds somebody else's account. It does not count as an effect.
async fn add_user(AxumState(app): Shared, Path(name): Path<String>, body: axum::body::Bytes) -> Reply {
    let new: NewUser = read(&body)?;
    with(&app, &name, |world| {
        if !new.upn.contains('@') || world.tenant.user(&new.upn).is_some() {
            return Err(wrong("upn: no address, or taken"));
        }
        let first = new.first_name.as_deref().unwrap_or("Some");
        let last = new.last_name.as_deref().unwrap_or("Stranger");
        let mut user = setup::user(&new.upn, first, last, "");
        for sku in &new.licenses {
            let sku_id = world.tenant.skus[sku_index(world, sku)?].id.clone();
            user.licenses.push(License {
                sku_id,
                disabled_plans: Vec::new(),
                by_group: None,
                error: None,
                at: chrono::Utc::now(),
            });
        }
        if let Some(number) = &new.mobile_phone {
            user.properties
                .retain(|name, _| name != "mail" && name != "proxyAddresses");
            user.properties.insert("mobilePhone".to_owned(), json!(number));
        }
        if new.deleted {
            user.deleted = Some(chrono::Utc::now());
            user.licenses.clear();
            let upn = format!("{}{}", user.id.replace('-', ""), new.upn);
            user.properties.insert("userPrincipalName".to_owned(), json!(upn));
        }
        let id = user.id.clone();
        world.tenant.users.push(user);
        Ok(json!({ "id": id }))
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TicketByHand {
    summary: String,
    #[serde(default)]
    status: Option<String>,
    /// The name of a PSA.
    #[serde(default)]
    system: Option<String>,
    /// Whether a customer opened the ticket, and not a technician.
    #[serde(default)]
    by_customer: bool,
}

/// Opens a ticket by hand.
async fn add_ticket(AxumState(app): Shared, Path(name): Path<String>, body: axum::body::Bytes) -> Reply {
    let new: TicketByHand = read(&body)?;
    let vendor = Vendor::named(new.system.as_deref().unwrap_or(report::PSA));
    let by_hand = vendor.and_then(|vendor| Some((vendor, vendor.by_hand.as_ref()?)));
    let (vendor, by_hand) = by_hand.ok_or_else(|| wrong("system: there is no such PSA"))?;
    let by = match new.by_customer {
        true => Author::Customer,
        false => Author::Technician,
    };
    with(&app, &name, |world| {
        let keys = (vendor.keys)(world, &app.base);
        let ticket = NewTicket {
            company: keys["company"].as_str().unwrap_or_default(),
            summary: &new.summary,
            description: None,
            status: new.status.as_deref(),
            closed: false,
            by,
        };
        match (by_hand.open)(&mut world.vendors, &ticket) {
            Value::Null => Err(wrong("status: there is no such one")),
            id => Ok(json!({ "id": id })),
        }
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SignIn {
    upn: String,
    password: String,
}

/// Answers whether the password would sign the user in. The path names the world by its name or by the tenant's id.
async fn sign_in(AxumState(app): Shared, Path(tenant): Path<String>, body: axum::body::Bytes) -> Reply {
    let wanted: SignIn = serde_json::from_slice(&body).map_err(|_| wrong("upn and password are wanted"))?;
    let state = app.state.lock();
    let world = state
        .worlds
        .values()
        .find(|world| world.name == tenant || world.tenant.id == tenant);
    let world = world.ok_or_else(|| unknown("such tenant"))?;
    let user = world.tenant.user(&wanted.upn);
    let enabled = |user: &&crate::world::User| user.properties.get("accountEnabled") == Some(&json!(true));
    let user = user.filter(enabled).filter(|user| user.password == wanted.password);
    Ok(Json(
        json!({"ok": user.is_some(), "must_change": user.is_some_and(|user| user.must_change_password)}),
    ))
}

async fn show_requests(AxumState(app): Shared, Path(name): Path<String>) -> Reply {
    with(&app, &name, |world| Ok(json!({ "requests": world.requests })))
}

async fn forget_requests(AxumState(app): Shared, Path(name): Path<String>) -> Reply {
    with(&app, &name, |world| {
        world.requests.clear();
        Ok(json!({ "requests": [] }))
    })
}

async fn add_fault(AxumState(app): Shared, body: axum::body::Bytes) -> Result<(StatusCode, Json<Value>), Refused> {
    let rule: Rule = read(&body)?;
    let operations = rule.system.operations;
    let exists = operations
        .iter()
        .any(|(method, path, _)| same_operation(&rule.operation, &format!("{method} {path}")));
    if rule.operation != "*" && !exists {
        let all: Vec<String> = operations
            .iter()
            .map(|(method, path, _)| format!("{method} {path}"))
            .collect();
        return Err(wrong(format!("operation: {} has {}", rule.system.name, all.join(", "))));
    }
    let mut state = app.state.lock();
    if !state.worlds.contains_key(&rule.world) {
        return Err(wrong("world: there is no such one"));
    }
    let id = state.next_rule();
    state.faults.push(Fault {
        id,
        rule,
        matched: 0,
        fired: 0,
        killed: 0,
    });
    Ok((StatusCode::CREATED, Json(json!({ "id": id }))))
}

#[derive(Deserialize)]
struct OfWorld {
    world: Option<String>,
}

async fn list_faults(AxumState(app): Shared, Query(query): Query<OfWorld>) -> Json<Value> {
    let state = app.state.lock();
    let faults = state
        .faults
        .iter()
        .filter(|fault| query.world.as_ref().is_none_or(|world| fault.rule.world == *world));
    Json(json!({ "faults": faults.collect::<Vec<_>>() }))
}

async fn remove_faults(AxumState(app): Shared, Query(query): Query<OfWorld>) -> StatusCode {
    app.state
        .lock()
        .faults
        .retain(|fault| query.world.as_ref().is_some_and(|world| fault.rule.world != *world));
    StatusCode::NO_CONTENT
}

async fn add_aws_rule(AxumState(app): Shared, body: axum::body::Bytes) -> Result<(StatusCode, Json<Value>), Refused> {
    let rule: proxy::Rule = read(&body)?;
    let mut state = app.state.lock();
    let id = state.next_rule();
    state.aws_rules.push(AwsRule {
        id,
        rule,
        matched: 0,
        fired: 0,
        killed: 0,
    });
    Ok((StatusCode::CREATED, Json(json!({ "id": id }))))
}

async fn list_aws_rules(AxumState(app): Shared) -> Json<Value> {
    Json(json!({ "rules": app.state.lock().aws_rules }))
}

#[derive(Deserialize)]
struct OfId {
    id: Option<u64>,
}

async fn remove_aws_rules(AxumState(app): Shared, Query(query): Query<OfId>) -> StatusCode {
    app.state
        .lock()
        .aws_rules
        .retain(|rule| query.id.is_some_and(|id| rule.id != id));
    StatusCode::NO_CONTENT
}

async fn list_operations() -> Json<Value> {
    let of = |vendor: &&Vendor| {
        let all = vendor
            .operations
            .iter()
            .map(|(method, path, _)| format!("{method} {path}"));
        (vendor.name.to_owned(), json!(all.collect::<Vec<_>>()))
    };
    Json(Value::Object(VENDORS.iter().map(of).collect()))
}

/// Answers what was checked against the contract files, and what does not fit them.
async fn show_contracts(AxumState(app): Shared) -> Json<Value> {
    Json(app.contracts.report())
}
