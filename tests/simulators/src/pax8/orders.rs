//! Orders: products that the company has no subscription to yet.

use chrono::Utc;
use serde_json::{Value, json};

use super::{TERMS, body, error, not_found, only_query, page, provisioning_detail, quantity, text};
use crate::{
    call::{Answer, Call, Outcome},
    fields::Kind,
    world::{Order, Subscription, World, id},
};

fn order_view(world: &World, order: &Order) -> Value {
    json!({
        "id": order.id, "companyId": world.distributor.company_id, "createdDate": order.created.format("%Y-%m-%d").to_string(),
        "orderedBy": "Pax8 Partner", "isScheduled": false, "lineItems": order.line_items,
    })
}

pub fn list(world: &mut World, call: &Call) -> Outcome {
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

pub fn get(world: &mut World, call: &Call) -> Outcome {
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

pub fn create(world: &mut World, call: &Call) -> Outcome {
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
            "companyId": world.distributor.company_id,
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
