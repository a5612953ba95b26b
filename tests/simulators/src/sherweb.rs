//! Sherweb: the service provider's API. Amendments are taken for later and tracked; nothing has pages.

use serde_json::{Map, Value, json};

use crate::{
    call::{Answer, Call, Operation, Outcome},
    fields::{self, Kind, Table, is_uuid},
    state::State,
    vendor::{Newcomer, Vendor},
    world::{Token, World, id, secret},
};

pub const VENDOR: Vendor = Vendor {
    name: "sherweb",
    bases: &["/sherweb"],
    operations: OPERATIONS,
    error: |status, _, message| error(status, message),
    world,
    keys,
    state,
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

/// What one organisation has there.
pub struct Sherweb {
    client_id: String,
    client_secret: String,
    subscription_key: String,
    tokens: Vec<Token>,
    company_id: String,
    pub company_name: String,
    pub subscriptions: Vec<Subscription>,
    amendments: Vec<Amendment>,
    /// Amendments end in failure.
    pub refuses: bool,
}

#[derive(Clone)]
pub struct Subscription {
    pub id: String,
    pub sku_id: String,
    pub part: String,
    pub product_name: String,
    /// In Sherweb's own catalogue.
    pub sku: String,
    pub quantity: i64,
}

struct Amendment {
    tracking_id: String,
    subscription: String,
    quantity: i64,
    /// Looks at anything until it is done.
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
    pub fn new(newcomer: &Newcomer<'_>) -> Self {
        let sold = newcomer.skus.iter().filter(|sku| sku.in_tenant).enumerate();
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
            company_name: newcomer.company.to_owned(),
            subscriptions: subscriptions.collect(),
            amendments: Vec::new(),
            refuses: false,
        }
    }
}

fn error(status: u16, message: &str) -> Answer {
    let (title, detail) = match status {
        401 => ("Unauthorized", message),
        404 => ("Not Found", message),
        429 => ("Too Many Requests", "Rate limit is exceeded. Try again in 1 seconds."),
        _ => ("Bad Request", message),
    };
    Answer::json(
        status,
        json!({"type": format!("https://httpstatuses.io/{status}"), "title": title, "status": status, "detail": detail, "instance": id()}),
    )
}

fn world(state: &State, call: &Call, template: &str) -> Result<String, Answer> {
    let mut worlds = state.worlds.values();
    let found = if template == TOKEN {
        let form = form(call)?;
        worlds.find(|world| {
            form.get("client_id")
                .is_some_and(|id| *id == world.vendors.sherweb.client_id)
        })
    } else {
        let token = call.bearer().unwrap_or_default();
        worlds.find(|world| world.vendors.sherweb.tokens.iter().any(|known| known.is(token)))
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

fn form(call: &Call) -> Result<std::collections::BTreeMap<String, String>, Answer> {
    if call.content_type() != "application/x-www-form-urlencoded" {
        return Err(error(400, "A form is expected."));
    }
    serde_urlencoded::from_bytes(&call.body).map_err(|_| error(400, "The form can't be read."))
}

fn token(world: &mut World, call: &Call) -> Outcome {
    let form = form(call)?;
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
    let answer = json!({"access_token": token.value, "expires_in": SECONDS, "token_type": "Bearer"});
    sherweb.tokens.push(token);
    Ok(Answer::json(200, answer))
}

/// The gateway's key, and nothing in the query but what the operation takes.
fn let_in(world: &World, call: &Call, query: &[&str]) -> Result<(), Answer> {
    let sherweb = &world.vendors.sherweb;
    if call.header("ocp-apim-subscription-key") != Some(&sherweb.subscription_key) {
        return Err(error(401, "Access denied due to missing or invalid subscription key."));
    }
    if let Some(unknown) = call.unknown_query(query) {
        return Err(error(400, &format!("{unknown} is not known")));
    }
    if query.contains(&"customerId") {
        match call.query("customerId") {
            Some(id) if id == sherweb.company_id => {}
            Some(id) if is_uuid(id) => return Err(error(404, "The customer was not found.")),
            _ => return Err(error(400, "customerId is required and must be a UUID")),
        }
    }
    Ok(())
}

fn customers(world: &mut World, call: &Call) -> Outcome {
    let_in(world, call, &[])?;
    let sherweb = &world.vendors.sherweb;
    let other = json!({"id": "11111111-1111-4111-8111-111111111111", "displayName": "Somebody Else"});
    let ours = json!({"id": sherweb.company_id, "displayName": sherweb.company_name});
    Ok(Answer::json(200, json!({"items": [other, ours]})))
}

/// What was ordered goes on a step with every look.
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
            // Seats can't be given back during the term.
            _ => amendment.status = Status::Failure,
        }
    }
    for (sku_id, seats) in bought.into_iter().filter(|(_, seats)| *seats > 0) {
        *world.effects.entry("seats_bought").or_default() += u32::try_from(seats).unwrap_or(u32::MAX);
        world.buy_seats(&sku_id, seats, delay);
    }
}

fn subscriptions(world: &mut World, call: &Call) -> Outcome {
    let_in(world, call, &["customerId"])?;
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
    Ok(Answer::json(200, json!({ "items": items })))
}

fn body(call: &Call, table: Table) -> Result<Map<String, Value>, Answer> {
    if call.content_type() != "application/json" {
        return Err(error(415, "application/json is expected"));
    }
    let body = call
        .json_object()
        .ok_or_else(|| error(400, "The body is no JSON object"))?;
    fields::check(&body, table).map_err(|problem| error(400, &format!("{} is not valid", problem.field())))?;
    Ok(body)
}

fn amendment_fields(name: &str) -> Option<Kind> {
    fn each(name: &str) -> Option<Kind> {
        match name {
            "subscriptionId" => Some(Kind::Uuid),
            "newQuantity" => Some(Kind::Integer),
            _ => None,
        }
    }
    (name == "subscriptionAmendmentParameters").then_some(Kind::Objects(each))
}

fn amend(world: &mut World, call: &Call) -> Outcome {
    let_in(world, call, &["customerId"])?;
    let body = body(call, amendment_fields)?;
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
    let answer = json!({"subscriptionsAmendmentId": id(), "trackingId": {"requestTrackingId": amendment.tracking_id}});
    sherweb.amendments.push(amendment);
    world.count("orders_created");
    Ok(Answer::json(200, answer))
}

fn tracking(world: &mut World, call: &Call) -> Outcome {
    let_in(world, call, &[])?;
    progress(world);
    let mut amendments = world.vendors.sherweb.amendments.iter();
    let found = amendments.find(|amendment| amendment.tracking_id == call.param(0));
    let found = found.ok_or_else(|| error(404, "The request was not found."))?;
    Ok(Answer::json(200, json!(found.status.word())))
}
