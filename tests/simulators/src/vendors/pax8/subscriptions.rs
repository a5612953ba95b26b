//! Subscriptions: how much the company has of each product, and how it gets more.

use chrono::{Days, Utc};
use serde_json::{Value, json};

use super::{PROVISIONING_DETAIL, Subscription, TERMS, date, error, page, quantity};
use crate::{
    fields::{Kind, Table, is_uuid},
    records::text,
    request::{Reply, Request, Response},
    world::World,
};

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

pub fn status(subscription: &Subscription) -> &'static str {
    match subscription {
        Subscription { cancelled: true, .. } => "Cancelled",
        Subscription { active: true, .. } => "Active",
        _ => "PendingAutomated",
    }
}

pub fn view(world: &World, subscription: &Subscription) -> Value {
    let product = world
        .vendors
        .pax8
        .products
        .iter()
        .find(|product| product.id == subscription.product_id);
    let end = subscription
        .created
        .checked_add_days(Days::new(365))
        .unwrap_or(subscription.created);
    json!({
        "id": subscription.id, "companyId": world.vendors.pax8.company_id, "productId": subscription.product_id,
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

/// Activates an ordered subscription after enough reads of it. Its seats arrive in the tenant after that.
fn provision(world: &mut World, only: Option<&str>) {
    let delay = world.seat_delay;
    let mut delivered = Vec::new();
    for subscription in &mut world.vendors.pax8.subscriptions {
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

pub fn list(world: &mut World, request: &Request) -> Reply {
    request.only_query(&[
        "page",
        "size",
        "sort",
        "status",
        "billingTerm",
        "companyId",
        "productId",
    ])?;
    for name in ["companyId", "productId"] {
        if request.query(name).is_some_and(|value| !is_uuid(value)) {
            return Err(error(400, &format!("{name} must be a UUID")));
        }
    }
    let one_of = |name: &str, values: &[&str]| request.query(name).is_none_or(|value| values.contains(&value));
    if !one_of("status", STATUSES) || !one_of("billingTerm", TERMS) {
        return Err(error(400, "status or billingTerm has an unknown value"));
    }
    provision(world, None);
    let fits = |subscription: &Value| {
        ["companyId", "productId", "status", "billingTerm"].iter().all(|name| {
            request
                .query(name)
                .is_none_or(|wanted| subscription.get(name).and_then(Value::as_str) == Some(wanted))
        })
    };
    let all: Vec<Value> = world
        .vendors
        .pax8
        .subscriptions
        .iter()
        .map(|subscription| view(world, subscription))
        .collect();
    page(request, all.into_iter().filter(fits).collect())
}

pub fn get(world: &mut World, request: &Request) -> Reply {
    request.only_query(&[])?;
    let wanted = request.param(0);
    if world.is_hidden(wanted) {
        return Err(request.not_found("Subscription"));
    }
    provision(world, Some(wanted));
    let found = world
        .vendors
        .pax8
        .subscriptions
        .iter()
        .find(|subscription| subscription.id == wanted);
    Ok(Response::json(
        200,
        view(world, found.ok_or_else(|| request.not_found("Subscription"))?),
    ))
}

const PUT_FIELDS: Table = &[
    (Kind::Uuid, "id parentSubscriptionId companyId productId"),
    (
        Kind::Text,
        "vendorSubscriptionId vendorSkuId billingStart status currencyCode productName billingTerm",
    ),
    (Kind::Number, "quantity price partnerCost"),
    (Kind::Date, "startDate endDate createdDate updatedDate"),
    (Kind::Objects(PROVISIONING_DETAIL), "provisioningDetails"),
    (Kind::Object(COMMITMENT), "commitmentTerm"),
];

const COMMITMENT: Table = &[(Kind::Uuid, "id"), (Kind::Text, "term"), (Kind::Date, "endDate")];

pub fn put(world: &mut World, request: &Request) -> Reply {
    request.only_query(&[])?;
    let body = request.object(PUT_FIELDS)?;
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
    let wanted = request.param(0).to_owned();
    let subscription = world
        .vendors
        .pax8
        .subscriptions
        .iter_mut()
        .find(|subscription| subscription.id == wanted);
    let subscription = subscription.ok_or_else(|| request.not_found("Subscription"))?;
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
        .vendors
        .pax8
        .subscriptions
        .iter()
        .find(|subscription| subscription.id == wanted);
    Ok(Response::json(
        200,
        view(world, found.ok_or_else(|| request.not_found("Subscription"))?),
    ))
}
