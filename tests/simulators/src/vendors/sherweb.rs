//! Sherweb: the service provider's API. Amendments are processed later and can be tracked. Nothing has pages.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::{
    fields::{Kind, Table, is_uuid},
    request::{Operation, Refusal, Reply, Request, Response},
    state::State,
    vendors::{Organisation, Vendor},
    world::{Token, World, id, secret},
};

pub const VENDOR: Vendor = Vendor {
    name: "sherweb",
    bases: &["/sherweb"],
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
    ("GET", "/service-provider/v1/customers", customers),
    ("GET", "/service-provider/v1/billing/subscriptions", subscriptions),
    (
        "GET",
        "/service-provider/v1/billing/subscriptions/details",
        subscriptions,
    ),
    ("POST", "/service-provider/v1/billing/subscriptions/amendments", amend),
    ("GET", "/service-provider/v1/tracking/{trackingId}", tracking),
];

const TOKEN: &str = "/auth/oidc/connect/token";
const SECONDS: u64 = 3600;

/// What one organisation has at Sherweb.
pub struct Sherweb {
    client_id: String,
    client_secret: String,
    subscription_key: String,
    tokens: Vec<Token>,
    company_id: String,
    pub company_name: String,
    pub subscriptions: Vec<Subscription>,
    amendments: Vec<Amendment>,
    /// Whether amendments end in failure.
    pub refuses: bool,
}

#[derive(Clone)]
pub struct Subscription {
    pub id: String,
    pub sku_id: String,
    pub part: String,
    pub product_name: String,
    /// The SKU in Sherweb's own catalogue.
    pub sku: String,
    pub quantity: i64,
}

struct Amendment {
    tracking_id: String,
    subscription: String,
    quantity: i64,
    /// How many more reads there are until the amendment is done.
    reads: u32,
    status: Status,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Status {
    Queued,
    Processing,
    Success,
    Failure,
}

impl Status {
    fn word(self) -> &'static str {
        match self {
            Self::Queued => "Queued",
            Self::Processing => "Processing",
            Self::Success => "Success",
            Self::Failure => "Failure",
        }
    }
}

impl Sherweb {
    pub fn new(organisation: &Organisation<'_>) -> Self {
        let sold = organisation.skus.iter().filter(|sku| sku.in_tenant).enumerate();
        let subscriptions = sold.map(|(index, sku)| Subscription {
            id: id(),
            sku_id: sku.id.clone(),
            part: sku.part.clone(),
            product_name: format!("{} (NCE - 1 Year)", sku.product_name),
            sku: format!("SW-{}", 41_000 + index),
            quantity: sku.enabled,
        });
        Self {
            client_id: id(),
            client_secret: secret(),
            subscription_key: secret(),
            tokens: Vec::new(),
            company_id: id(),
            company_name: organisation.company.to_owned(),
            subscriptions: subscriptions.collect(),
            amendments: Vec::new(),
            refuses: false,
        }
    }
}

fn error(status: u16, message: &str) -> Response {
    let (title, detail) = match status {
        401 => ("Unauthorized", message),
        404 => ("Not Found", message),
        429 => ("Too Many Requests", "Rate limit is exceeded. Try again in 1 seconds."),
        _ => ("Bad Request", message),
    };
    Response::json(
        status,
        json!({"type": format!("https://httpstatuses.io/{status}"), "title": title, "status": status, "detail": detail, "instance": id()}),
    )
}

fn refuse(refusal: Refusal<'_>) -> Response {
    match refusal {
        Refusal::UnknownParameter(name) => error(400, &format!("{name} is not known")),
        Refusal::InvalidParameter(name) => error(400, &format!("{name} is not valid")),
        Refusal::InvalidId => error(404, "Not found"),
        Refusal::NotFound(what) => error(404, &format!("The {what} was not found.")),
        Refusal::MediaType => error(415, "application/json is expected"),
        Refusal::Body => error(400, "The body is no JSON object"),
        Refusal::UnknownField(field) | Refusal::InvalidField(field) => error(400, &format!("{field} is not valid")),
    }
}

fn world(state: &State, request: &Request, template: &str) -> Result<String, Response> {
    let found = if template == TOKEN {
        let form = form(request)?;
        state.world(|world| {
            form.get("client_id")
                .is_some_and(|id| *id == world.vendors.sherweb.client_id)
        })
    } else {
        let token = request.bearer().unwrap_or_default();
        state.world(|world| world.vendors.sherweb.tokens.iter().any(|known| known.is(token)))
    };
    found
        .map(|world| world.name.clone())
        .ok_or_else(|| error(401, "The credentials are not valid."))
}

fn keys(world: &World, _: &str) -> Value {
    let sherweb = &world.vendors.sherweb;
    json!({
        "credentials": {
            "client_id": sherweb.client_id, "client_secret": sherweb.client_secret,
            "subscription_key": sherweb.subscription_key,
        },
        "company": sherweb.company_id,
    })
}

fn state(world: &World) -> Value {
    let sherweb = &world.vendors.sherweb;
    let subscription = |subscription: &Subscription| json!({"id": subscription.id, "sku": subscription.part, "quantity": subscription.quantity, "status": "active"});
    let order = |amendment: &Amendment| json!({"id": amendment.tracking_id, "subscription": amendment.subscription, "quantity": amendment.quantity, "status": amendment.status.word()});
    json!({
        "subscriptions": sherweb.subscriptions.iter().map(subscription).collect::<Vec<_>>(),
        "orders": sherweb.amendments.iter().map(order).collect::<Vec<_>>(),
    })
}

fn form(request: &Request) -> Result<BTreeMap<String, String>, Response> {
    let form = request.form().ok_or_else(|| error(400, "A form is expected."))?;
    Ok(form.into_iter().collect())
}

fn token(world: &mut World, request: &Request) -> Reply {
    let form = form(request)?;
    let field = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
    let known = ["client_id", "client_secret", "scope", "grant_type"];
    if form.keys().any(|name| !known.contains(&name.as_str()))
        || field("grant_type") != "client_credentials"
        || field("scope") != "service-provider"
    {
        return Err(error(400, "invalid_request"));
    }
    let sherweb = &mut world.vendors.sherweb;
    if field("client_secret") != sherweb.client_secret {
        return Err(error(400, "invalid_client"));
    }
    let token = Token::new(SECONDS);
    let response = json!({"access_token": token.value, "expires_in": SECONDS, "token_type": "Bearer"});
    sherweb.tokens.push(token);
    Ok(Response::json(200, response))
}

/// Checks the gateway's key, and that the query has only the operation's parameters.
fn let_in(world: &World, request: &Request, query: &[&str]) -> Result<(), Response> {
    let sherweb = &world.vendors.sherweb;
    if request.header("ocp-apim-subscription-key") != Some(&sherweb.subscription_key) {
        return Err(error(401, "Access denied due to missing or invalid subscription key."));
    }
    request.only_query(query)?;
    if query.contains(&"customerId") {
        match request.query("customerId") {
            Some(id) if id == sherweb.company_id => {}
            Some(id) if is_uuid(id) => return Err(error(404, "The customer was not found.")),
            _ => return Err(error(400, "customerId is required and must be a UUID")),
        }
    }
    Ok(())
}

fn customers(world: &mut World, request: &Request) -> Reply {
    let_in(world, request, &[])?;
    let sherweb = &world.vendors.sherweb;
    let other = json!({"id": "11111111-1111-4111-8111-111111111111", "displayName": "Somebody Else"});
    let ours = json!({"id": sherweb.company_id, "displayName": sherweb.company_name});
    Ok(Response::json(200, json!({"items": [other, ours]})))
}

/// Counts a read, and moves amendments forward.
fn progress(world: &mut World) {
    let (delay, refuses) = (world.seat_delay, world.vendors.sherweb.refuses);
    let mut bought = Vec::new();
    let sherweb = &mut world.vendors.sherweb;
    for amendment in &mut sherweb.amendments {
        if !matches!(amendment.status, Status::Queued | Status::Processing) {
            continue;
        }
        if amendment.reads > 0 {
            amendment.reads -= 1;
            amendment.status = Status::Processing;
            continue;
        }
        let found = sherweb.subscriptions.iter_mut();
        let found = found
            .into_iter()
            .find(|subscription| subscription.id == amendment.subscription);
        match found {
            Some(subscription) if !refuses && amendment.quantity >= subscription.quantity => {
                bought.push((subscription.sku_id.clone(), amendment.quantity - subscription.quantity));
                subscription.quantity = amendment.quantity;
                amendment.status = Status::Success;
            }
            // Seats cannot be given back during the term.
            _ => amendment.status = Status::Failure,
        }
    }
    for (sku_id, seats) in bought.into_iter().filter(|(_, seats)| *seats > 0) {
        *world.effects.entry("seats_bought").or_default() += u32::try_from(seats).unwrap_or(u32::MAX);
        world.buy_seats(&sku_id, seats, delay);
    }
}

fn subscriptions(world: &mut World, request: &Request) -> Reply {
    let_in(world, request, &["customerId"])?;
    progress(world);
    let view = |subscription: &Subscription| {
        json!({
            "id": subscription.id, "productName": subscription.product_name, "sku": subscription.sku,
            "description": subscription.product_name, "quantity": subscription.quantity, "billingCycle": "Monthly",
            "purchaseDate": "2026-01-05T00:00:00", "fees": {"recurringFee": 18.0, "currency": "USD"},
            "commitmentTerm": {"type": "Yearly", "termEndDate": "2027-01-05T00:00:00"},
        })
    };
    let items: Vec<Value> = world.vendors.sherweb.subscriptions.iter().map(view).collect();
    Ok(Response::json(200, json!({ "items": items })))
}

const EACH: Table = &[(Kind::Uuid, "subscriptionId"), (Kind::Integer, "newQuantity")];

const AMENDMENT_FIELDS: Table = &[(Kind::Objects(EACH), "subscriptionAmendmentParameters")];

fn amend(world: &mut World, request: &Request) -> Reply {
    let_in(world, request, &["customerId"])?;
    let body = request.object(AMENDMENT_FIELDS)?;
    let wanted = body.get("subscriptionAmendmentParameters").and_then(Value::as_array);
    let [wanted] = wanted.map(Vec::as_slice).unwrap_or_default() else {
        return Err(error(400, "One subscriptionAmendmentParameters is expected"));
    };
    let subscription = wanted.get("subscriptionId").and_then(Value::as_str).unwrap_or_default();
    let quantity = wanted.get("newQuantity").and_then(Value::as_i64);
    let quantity = quantity.filter(|quantity| (0..=10_000).contains(quantity));
    let quantity = quantity.ok_or_else(|| error(400, "newQuantity is required"))?;
    let reads = world.seat_delay;
    let sherweb = &mut world.vendors.sherweb;
    if !sherweb.subscriptions.iter().any(|known| known.id == subscription) {
        return Err(error(404, "The subscription was not found."));
    }
    let amendment = Amendment {
        tracking_id: id(),
        subscription: subscription.to_owned(),
        quantity,
        reads,
        status: Status::Queued,
    };
    let response =
        json!({"subscriptionsAmendmentId": id(), "trackingId": {"requestTrackingId": amendment.tracking_id}});
    sherweb.amendments.push(amendment);
    world.count("orders_created");
    Ok(Response::json(200, response))
}

fn tracking(world: &mut World, request: &Request) -> Reply {
    let_in(world, request, &[])?;
    progress(world);
    let mut amendments = world.vendors.sherweb.amendments.iter();
    let found = amendments.find(|amendment| amendment.tracking_id == request.param(0));
    let found = found.ok_or_else(|| error(404, "The request was not found."))?;
    Ok(Response::json(200, json!(found.status.word())))
}
