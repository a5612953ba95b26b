//! Orders of products for which the company has no subscription yet.

use chrono::Utc;
use serde_json::{Value, json};

use super::{Order, PROVISIONING_DETAIL, Subscription, TERMS, error, page, quantity};
use crate::{
    fields::{Kind, Table},
    records::text,
    request::{Reply, Request, Response},
    world::{World, id},
};

fn order_view(world: &World, order: &Order) -> Value {
    json!({
        "id": order.id, "companyId": world.vendors.pax8.company_id, "createdDate": order.created.format("%Y-%m-%d").to_string(),
        "orderedBy": "Pax8 Partner", "isScheduled": false, "lineItems": order.line_items,
    })
}

pub fn list(world: &mut World, request: &Request) -> Reply {
    request.only_query(&["page", "size", "companyId"])?;
    let ours = request
        .query("companyId")
        .is_none_or(|id| id == world.vendors.pax8.company_id);
    let orders = world
        .vendors
        .pax8
        .orders
        .iter()
        .filter(|_| ours)
        .map(|order| order_view(world, order));
    page(request, orders.collect())
}

pub fn get(world: &mut World, request: &Request) -> Reply {
    let order = world
        .vendors
        .pax8
        .orders
        .iter()
        .find(|order| order.id == request.param(0));
    Ok(Response::json(
        200,
        order_view(world, order.ok_or_else(|| request.not_found("Order"))?),
    ))
}

const ORDER_FIELDS: Table = &[
    (Kind::Uuid, "companyId id orderedByUserId"),
    (Kind::Text, "orderedBy orderedByUserEmail createdDate"),
    (Kind::Flag, "isScheduled"),
    (Kind::Objects(LINE_FIELDS), "lineItems"),
];

const LINE_FIELDS: Table = &[
    (
        Kind::Uuid,
        "id productId commitmentTermId parentSubscriptionId companyId",
    ),
    (Kind::Date, "provisionStartDate"),
    (Kind::Text, "billingTerm"),
    (Kind::Number, "lineItemNumber parentLineItemNumber quantity"),
    (Kind::Objects(PROVISIONING_DETAIL), "provisioningDetails"),
];

pub fn create(world: &mut World, request: &Request) -> Reply {
    request.only_query(&["isMock"])?;
    let mock = match request.query("isMock") {
        None | Some("false") => false,
        Some("true") => true,
        Some(_) => return Err(error(400, "isMock must be true or false")),
    };
    let body = request.object(ORDER_FIELDS)?;
    if text(&body, "companyId") != world.vendors.pax8.company_id {
        return Err(error(404, "Company not found"));
    }
    let lines = body
        .get("lineItems")
        .and_then(Value::as_array)
        .filter(|lines| !lines.is_empty());
    let lines = lines.ok_or_else(|| error(400, "lineItems is required"))?;
    let mut subscriptions = Vec::new();
    for line in lines {
        subscriptions.push(ordered(world, request, line)?);
    }
    let mut items = Vec::new();
    for (line, subscription) in lines.iter().zip(&subscriptions) {
        items.push(json!({
            "id": id(), "productId": subscription.product_id, "subscriptionId": subscription.id,
            "companyId": world.vendors.pax8.company_id,
            "billingTerm": subscription.billing_term, "quantity": subscription.quantity,
            "commitmentTermId": line.get("commitmentTermId"),
        }));
    }
    let order = Order {
        id: id(),
        created: Utc::now(),
        line_items: items,
    };
    let response = order_view(world, &order);
    if !mock {
        let bought: i64 = subscriptions.iter().map(|subscription| subscription.quantity).sum();
        world.vendors.pax8.subscriptions.extend(subscriptions);
        world.vendors.pax8.orders.push(order);
        world.count("orders_created");
        *world.effects.entry("seats_bought").or_default() += u32::try_from(bought).unwrap_or(u32::MAX);
    }
    Ok(Response::json(200, response))
}

/// The subscription that a line item orders.
fn ordered(world: &World, request: &Request, line: &Value) -> Result<Subscription, Response> {
    let field = |name: &str| line.get(name).and_then(Value::as_str).unwrap_or_default();
    for name in ["productId", "lineItemNumber", "quantity", "billingTerm"] {
        if line.get(name).is_none() {
            return Err(error(400, &format!("lineItems: {name} is required")));
        }
    }
    let product = world
        .vendors
        .pax8
        .products
        .iter()
        .find(|product| product.id == field("productId"));
    let product = product.ok_or_else(|| request.not_found("Product"))?;
    if !TERMS.contains(&field("billingTerm")) {
        return Err(error(400, "billingTerm has an unknown value"));
    }
    if field("commitmentTermId") != product.commitment_id {
        return Err(error(
            400,
            "commitmentTermId is required and must be one of the product's dependencies",
        ));
    }
    let quantity = quantity(line.get("quantity").unwrap_or(&Value::Null))?;
    Ok(Subscription {
        provisioning_reads: world.seat_delay,
        ..Subscription::new(product, quantity, field("billingTerm"))
    })
}
