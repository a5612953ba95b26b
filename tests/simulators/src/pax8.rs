//! Pax8: companies, products, subscriptions and orders of one partner. Seats bought here show up in the tenant later.

use chrono::{DateTime, Days, SecondsFormat, Utc};
use serde_json::{Map, Value, json};

use crate::{
    call::{Answer, Call, Operation, Outcome},
    fields::{self, Kind, Table, is_uuid},
    state::State,
    world::{Order, Product, Subscription, Token, World, id},
};

pub const OPERATIONS: &[Operation] = &[
    ("POST", TOKEN, token),
    ("GET", "/companies", list_companies),
    ("GET", "/companies/{id}", get_company),
    ("GET", "/products", list_products),
    ("GET", "/products/{id}", get_product),
    ("GET", "/products/{id}/dependencies", dependencies),
    ("GET", "/products/{id}/provision-details", provision_details),
    ("GET", "/subscriptions", list_subscriptions),
    ("GET", "/subscriptions/{id}", get_subscription),
    ("PUT", "/subscriptions/{id}", put_subscription),
    ("GET", "/orders", list_orders),
    ("POST", "/orders", create_order),
    ("GET", "/orders/{id}", get_order),
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
const STATUSES: &[&str] = &[
    "Active",
    "Cancelled",
    "PendingManual",
    "PendingAutomated",
    "PendingCancel",
    "WaitingForDetails",
    "Trial",
    "Converted",
    "PendingActivation",
    "Activated",
];

pub fn error(status: u16, message: &str) -> Answer {
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

fn not_found(what: &str) -> Answer {
    error(404, &format!("{what} not found"))
}

pub fn world(state: &State, call: &Call, template: &str) -> Result<String, Answer> {
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

fn product(product: &Product) -> Value {
    json!({
        "id": product.id, "name": product.name, "vendorName": "Microsoft", "shortDescription": product.name,
        "sku": format!("MST-{}", product.vendor_sku), "vendorSku": product.vendor_sku, "altVendorSku": product.sku_id,
        "requiresCommitment": true,
    })
}

fn find_product<'a>(world: &'a World, call: &Call) -> Result<&'a Product, Answer> {
    world
        .distributor
        .products
        .iter()
        .find(|product| product.id == call.param(0))
        .ok_or_else(|| not_found("Product"))
}

fn list_products(world: &mut World, call: &Call) -> Outcome {
    only_query(call, &["page", "size", "sort", "search", "vendorName"])?;
    let search = call.query("search").unwrap_or_default().to_lowercase();
    let of_vendor = call
        .query("vendorName")
        .is_none_or(|name| name.eq_ignore_ascii_case("Microsoft"));
    let products: Vec<Value> = world
        .distributor
        .products
        .iter()
        .map(product)
        .filter(|product| {
            let hit = |name: &str| {
                product
                    .get(name)
                    .and_then(Value::as_str)
                    .unwrap_or_default()
                    .to_lowercase()
                    .contains(&search)
            };
            of_vendor && ["id", "name", "sku", "vendorSku", "vendorName"].into_iter().any(hit)
        })
        .collect();
    page(call, &products)
}

fn get_product(world: &mut World, call: &Call) -> Outcome {
    let product_found = find_product(world, call)?;
    let mut answer = product(product_found);
    if let Some(answer) = answer.as_object_mut() {
        answer.insert("description".to_owned(), json!(product_found.name));
    }
    Ok(Answer::json(200, answer))
}

fn dependencies(world: &mut World, call: &Call) -> Outcome {
    let product = find_product(world, call)?;
    Ok(Answer::json(
        200,
        json!({
            "commitmentDependencies": [{
                "id": product.commitment_id, "term": "1-Year", "autoRenew": true, "renewalWindowDaysBeforeTermEnd": 30,
                "renewalWindowDaysAfterTermEnd": 0, "allowForQuantityIncrease": true, "allowForQuantityDecrease": false,
                "allowForEarlyCancellation": false, "cancellationFeeApplied": true, "isTransferable": false,
            }],
            "productDependencies": [],
        }),
    ))
}

fn provision_details(world: &mut World, call: &Call) -> Outcome {
    find_product(world, call)?;
    Ok(Answer::json(
        200,
        json!({"content": [{
            "label": "Microsoft domain", "key": "msDomain", "values": [], "description": "The onmicrosoft.com domain of the tenant",
            "valueType": "Input",
        }]}),
    ))
}

fn date(date: DateTime<Utc>) -> String {
    date.to_rfc3339_opts(SecondsFormat::Millis, true)
}

pub fn status(subscription: &Subscription) -> &'static str {
    match subscription {
        Subscription { cancelled: true, .. } => "Cancelled",
        Subscription { active: true, .. } => "Active",
        _ => "PendingAutomated",
    }
}

pub fn view(world: &World, subscription: &Subscription) -> Value {
    let product = world
        .distributor
        .products
        .iter()
        .find(|product| product.id == subscription.product_id);
    let end = subscription
        .created
        .checked_add_days(Days::new(365))
        .unwrap_or(subscription.created);
    json!({
        "id": subscription.id, "companyId": world.distributor.company_id, "productId": subscription.product_id,
        "vendorSubscriptionId": subscription.vendor_subscription_id,
        "vendorSkuId": product.map(|product| product.vendor_sku), "quantity": subscription.quantity,
        "startDate": date(subscription.created), "endDate": date(end), "createdDate": date(subscription.created),
        "updatedDate": date(subscription.updated), "billingStart": subscription.created.format("%Y-%m-%d").to_string(),
        "status": status(subscription), "price": subscription.price, "currencyCode": "USD",
        "partnerCost": subscription.price, "productName": product.map(|product| product.name),
        "billingTerm": subscription.billing_term,
        "commitmentTerm": {"id": product.map(|product| product.commitment_id.as_str()), "term": "1-Year", "endDate": date(end)},
    })
}

/// An ordered subscription becomes active after it was looked at often enough; its seats then still have to arrive.
fn provision(world: &mut World, only: Option<&str>) {
    let delay = world.seat_delay;
    let mut delivered = Vec::new();
    for subscription in &mut world.distributor.subscriptions {
        if subscription.active || subscription.cancelled || only.is_some_and(|id| id != subscription.id) {
            continue;
        }
        if subscription.provisioning_reads > 0 {
            subscription.provisioning_reads -= 1;
        } else {
            subscription.active = true;
            delivered.push((
                subscription.sku_id.clone(),
                subscription.vendor_subscription_id.clone(),
                subscription.quantity,
            ));
        }
    }
    for (sku_id, vendor_id, quantity) in delivered {
        if let Some(sku) = world.tenant.skus.iter_mut().find(|sku| sku.id == sku_id) {
            sku.subscription_ids.push(vendor_id);
        }
        world.buy_seats(&sku_id, quantity, delay);
    }
}

fn list_subscriptions(world: &mut World, call: &Call) -> Outcome {
    only_query(
        call,
        &[
            "page",
            "size",
            "sort",
            "status",
            "billingTerm",
            "companyId",
            "productId",
        ],
    )?;
    for name in ["companyId", "productId"] {
        if call.query(name).is_some_and(|value| !is_uuid(value)) {
            return Err(error(400, &format!("{name} must be a UUID")));
        }
    }
    let one_of = |name: &str, values: &[&str]| call.query(name).is_none_or(|value| values.contains(&value));
    if !one_of("status", STATUSES) || !one_of("billingTerm", TERMS) {
        return Err(error(400, "status or billingTerm has an unknown value"));
    }
    provision(world, None);
    let fits = |subscription: &&Value| {
        ["companyId", "productId", "status", "billingTerm"].iter().all(|name| {
            call.query(name)
                .is_none_or(|wanted| subscription.get(name).and_then(Value::as_str) == Some(wanted))
        })
    };
    let all: Vec<Value> = world
        .distributor
        .subscriptions
        .iter()
        .map(|subscription| view(world, subscription))
        .collect();
    page(call, &all.iter().filter(fits).cloned().collect::<Vec<_>>())
}

fn get_subscription(world: &mut World, call: &Call) -> Outcome {
    only_query(call, &[])?;
    let wanted = call.param(0);
    if world.is_hidden(wanted) {
        return Err(not_found("Subscription"));
    }
    provision(world, Some(wanted));
    let found = world
        .distributor
        .subscriptions
        .iter()
        .find(|subscription| subscription.id == wanted);
    Ok(Answer::json(
        200,
        view(world, found.ok_or_else(|| not_found("Subscription"))?),
    ))
}

fn put_fields(name: &str) -> Option<Kind> {
    match name {
        "id" | "parentSubscriptionId" | "companyId" | "productId" => Some(Kind::Uuid),
        "vendorSubscriptionId"
        | "vendorSkuId"
        | "billingStart"
        | "status"
        | "currencyCode"
        | "productName"
        | "billingTerm" => Some(Kind::Text),
        "quantity" | "price" | "partnerCost" => Some(Kind::Number),
        "startDate" | "endDate" | "createdDate" | "updatedDate" => Some(Kind::Date),
        "provisioningDetails" => Some(Kind::Objects(provisioning_detail)),
        "commitmentTerm" => Some(Kind::Object(commitment)),
        _ => None,
    }
}

fn provisioning_detail(name: &str) -> Option<Kind> {
    match name {
        "label" | "key" | "description" | "valueType" => Some(Kind::Text),
        "values" | "possibleValues" => Some(Kind::Texts),
        _ => None,
    }
}

fn commitment(name: &str) -> Option<Kind> {
    match name {
        "id" => Some(Kind::Uuid),
        "term" => Some(Kind::Text),
        "endDate" => Some(Kind::Date),
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

fn put_subscription(world: &mut World, call: &Call) -> Outcome {
    only_query(call, &[])?;
    let body = body(call, put_fields)?;
    if !["price", "billingTerm", "quantity", "startDate"]
        .iter()
        .any(|name| body.contains_key(*name))
    {
        return Err(error(
            400,
            "One of price, billingTerm, quantity and startDate is required",
        ));
    }
    if body.contains_key("billingTerm") && !TERMS.contains(&text(&body, "billingTerm")) {
        return Err(error(400, "billingTerm has an unknown value"));
    }
    let wanted = call.param(0).to_owned();
    let subscription = world
        .distributor
        .subscriptions
        .iter_mut()
        .find(|subscription| subscription.id == wanted);
    let subscription = subscription.ok_or_else(|| not_found("Subscription"))?;
    if !subscription.active || subscription.cancelled {
        return Err(error(400, "The subscription is not active"));
    }
    let mut bought = 0;
    if let Some(value) = body.get("quantity") {
        let quantity = quantity(value)?;
        if quantity < subscription.quantity {
            return Err(error(400, "The quantity can't be decreased during the commitment term"));
        }
        bought = quantity - subscription.quantity;
        subscription.quantity = quantity;
    }
    if let Some(price) = body.get("price").and_then(Value::as_f64) {
        subscription.price = price;
    }
    if body.contains_key("billingTerm") {
        text(&body, "billingTerm").clone_into(&mut subscription.billing_term);
    }
    subscription.updated = Utc::now();
    subscription.puts += 1;
    let sku_id = subscription.sku_id.clone();
    world.count("subscription_puts");
    if bought > 0 {
        *world.effects.entry("seats_bought").or_default() += u32::try_from(bought).unwrap_or(u32::MAX);
        let delay = world.seat_delay;
        world.buy_seats(&sku_id, bought, delay);
    }
    let found = world
        .distributor
        .subscriptions
        .iter()
        .find(|subscription| subscription.id == wanted);
    Ok(Answer::json(
        200,
        view(world, found.ok_or_else(|| not_found("Subscription"))?),
    ))
}

fn order_view(world: &World, order: &Order) -> Value {
    json!({
        "id": order.id, "companyId": world.distributor.company_id, "createdDate": order.created.format("%Y-%m-%d").to_string(),
        "orderedBy": "Pax8 Partner", "isScheduled": false, "lineItems": order.line_items,
    })
}

fn list_orders(world: &mut World, call: &Call) -> Outcome {
    only_query(call, &["page", "size", "companyId"])?;
    let ours = call
        .query("companyId")
        .is_none_or(|id| id == world.distributor.company_id);
    let orders = world
        .distributor
        .orders
        .iter()
        .filter(|_| ours)
        .map(|order| order_view(world, order));
    page(call, &orders.collect::<Vec<_>>())
}

fn get_order(world: &mut World, call: &Call) -> Outcome {
    let order = world.distributor.orders.iter().find(|order| order.id == call.param(0));
    Ok(Answer::json(
        200,
        order_view(world, order.ok_or_else(|| not_found("Order"))?),
    ))
}

fn order_fields(name: &str) -> Option<Kind> {
    match name {
        "companyId" | "id" | "orderedByUserId" => Some(Kind::Uuid),
        "orderedBy" | "orderedByUserEmail" | "createdDate" => Some(Kind::Text),
        "isScheduled" => Some(Kind::Flag),
        "lineItems" => Some(Kind::Objects(line_fields)),
        _ => None,
    }
}

fn line_fields(name: &str) -> Option<Kind> {
    match name {
        "id" | "productId" | "commitmentTermId" | "parentSubscriptionId" | "companyId" => Some(Kind::Uuid),
        "provisionStartDate" => Some(Kind::Date),
        "billingTerm" => Some(Kind::Text),
        "lineItemNumber" | "parentLineItemNumber" | "quantity" => Some(Kind::Number),
        "provisioningDetails" => Some(Kind::Objects(provisioning_detail)),
        _ => None,
    }
}

fn create_order(world: &mut World, call: &Call) -> Outcome {
    only_query(call, &["isMock"])?;
    let mock = match call.query("isMock") {
        None | Some("false") => false,
        Some("true") => true,
        Some(_) => return Err(error(400, "isMock must be true or false")),
    };
    let body = body(call, order_fields)?;
    if text(&body, "companyId") != world.distributor.company_id {
        return Err(error(404, "Company not found"));
    }
    let lines = body
        .get("lineItems")
        .and_then(Value::as_array)
        .filter(|lines| !lines.is_empty());
    let lines = lines.ok_or_else(|| error(400, "lineItems is required"))?;
    let mut subscriptions = Vec::new();
    for line in lines {
        subscriptions.push(ordered(world, line)?);
    }
    let mut items = Vec::new();
    for (line, subscription) in lines.iter().zip(&subscriptions) {
        items.push(json!({
            "id": id(), "productId": subscription.product_id, "subscriptionId": subscription.id,
            "companyId": world.distributor.company_id, "lineItemNumber": line.get("lineItemNumber"),
            "billingTerm": subscription.billing_term, "quantity": subscription.quantity,
            "commitmentTermId": line.get("commitmentTermId"),
        }));
    }
    let order = Order {
        id: id(),
        created: Utc::now(),
        line_items: items,
    };
    let answer = order_view(world, &order);
    if !mock {
        let bought: i64 = subscriptions.iter().map(|subscription| subscription.quantity).sum();
        world.distributor.subscriptions.extend(subscriptions);
        world.distributor.orders.push(order);
        world.count("orders_created");
        *world.effects.entry("seats_bought").or_default() += u32::try_from(bought).unwrap_or(u32::MAX);
    }
    Ok(Answer::json(200, answer))
}

/// The subscription that a line item asks for.
fn ordered(world: &World, line: &Value) -> Result<Subscription, Answer> {
    let field = |name: &str| line.get(name).and_then(Value::as_str).unwrap_or_default();
    for name in ["productId", "lineItemNumber", "quantity", "billingTerm"] {
        if line.get(name).is_none() {
            return Err(error(400, &format!("lineItems: {name} is required")));
        }
    }
    let product = world
        .distributor
        .products
        .iter()
        .find(|product| product.id == field("productId"));
    let product = product.ok_or_else(|| not_found("Product"))?;
    if !TERMS.contains(&field("billingTerm")) {
        return Err(error(400, "billingTerm has an unknown value"));
    }
    if field("commitmentTermId") != product.commitment_id {
        return Err(error(
            400,
            "commitmentTermId is required and must be one of the product's dependencies",
        ));
    }
    Ok(Subscription {
        id: id(),
        product_id: product.id.clone(),
        sku_id: product.sku_id.clone(),
        vendor_subscription_id: id(),
        quantity: quantity(line.get("quantity").unwrap_or(&Value::Null))?,
        provisioning_reads: world.seat_delay,
        active: false,
        cancelled: false,
        billing_term: field("billingTerm").to_owned(),
        price: product.price,
        created: Utc::now(),
        updated: Utc::now(),
        puts: 0,
    })
}
