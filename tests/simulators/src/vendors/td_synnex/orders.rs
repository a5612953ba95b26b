//! Orders that change subscriptions. The world says whether their quantity is a total.

use serde_json::{Value, json};

use super::{bad, let_in_customer};
use crate::{
    fields::{Kind, Table},
    request::{Reply, Request, Response},
    world::World,
};

pub struct Order {
    pub id: String,
    pub customer_id: String,
    pub reference: String,
    /// The line item as it was sent.
    pub item: Value,
    /// How many more reads there are until the order is done.
    pub reads: u32,
    pub status: &'static str,
}

impl Order {
    fn resource(&self) -> &str {
        self.item.get("resourceId").and_then(Value::as_str).unwrap_or_default()
    }

    fn quantity(&self) -> i64 {
        self.item.get("quantity").and_then(Value::as_i64).unwrap_or_default()
    }
}

pub fn view(account: &str, order: &Order) -> Value {
    json!({
        "name": format!("accounts/{account}/customers/{}/orders/{}", order.customer_id, order.id),
        "referenceId": order.reference, "displayName": "An order", "status": order.status,
        "createTime": "2026-11-22T08:00:00Z", "orderItems": [order.item],
    })
}

/// Counts a read, and moves orders forward.
pub fn progress(world: &mut World) {
    let delay = world.seat_delay;
    let td_synnex = &mut world.vendors.td_synnex;
    let mut bought = Vec::new();
    for order in td_synnex.orders.iter_mut().filter(|order| order.status == "PROCESSING") {
        if order.reads > 0 {
            order.reads -= 1;
            continue;
        }
        let mut subscriptions = td_synnex.subscriptions.iter_mut();
        let found = subscriptions.find(|subscription| subscription.subscription_id == order.resource());
        let Some(subscription) = found.filter(|_| !td_synnex.refuses) else {
            order.status = "FAILED";
            continue;
        };
        let after = td_synnex
            .order_quantity
            .applied(subscription.quantity, order.quantity());
        bought.push((subscription.sku_id.clone(), after - subscription.quantity));
        subscription.quantity = after;
        order.status = "COMPLETED";
    }
    for (sku_id, seats) in bought.into_iter().filter(|(_, seats)| *seats > 0) {
        *world.effects.entry("seats_bought").or_default() += u32::try_from(seats).unwrap_or(u32::MAX);
        world.buy_seats(&sku_id, seats, delay);
    }
}

pub fn list(world: &mut World, request: &Request) -> Reply {
    let_in_customer(world, request, &["pageSize"])?;
    let size = request.number("pageSize", 10, 0, 1000)?;
    progress(world);
    let td_synnex = &world.vendors.td_synnex;
    let shown = td_synnex.orders.iter().take(size);
    let shown: Vec<Value> = shown.map(|order| view(&td_synnex.account_id, order)).collect();
    let next = if td_synnex.orders.len() > size { "more" } else { "" };
    // The answer to a customer who has never ordered.
    if shown.is_empty() {
        return Ok(Response::json(200, json!({})));
    }
    Ok(Response::json(200, json!({"orders": shown, "nextPageToken": next})))
}

pub fn get(world: &mut World, request: &Request) -> Reply {
    let_in_customer(world, request, &[])?;
    progress(world);
    let td_synnex = &world.vendors.td_synnex;
    let found = td_synnex.orders.iter().find(|order| order.id == request.param(2));
    let order = found.ok_or_else(|| request.not_found("order"))?;
    Ok(Response::json(200, view(&td_synnex.account_id, order)))
}

const ORDER_FIELDS: Table = &[
    (Kind::Text, "referenceId displayName"),
    (Kind::Objects(ITEM_FIELDS), "orderItems"),
];

const ATTRIBUTE: Table = &[(Kind::Text, "name value")];

const ITEM_FIELDS: Table = &[
    (
        Kind::Text,
        "referenceId productId skuId planId action providerName resourceId",
    ),
    (Kind::Integer, "quantity"),
    (Kind::Objects(ATTRIBUTE), "attributes"),
];

pub fn create(world: &mut World, request: &Request) -> Reply {
    let_in_customer(world, request, &[])?;
    progress(world);
    let body = request.object(ORDER_FIELDS)?;
    let items = body.get("orderItems").and_then(Value::as_array);
    let [item] = items.map(Vec::as_slice).unwrap_or_default() else {
        return Err(bad("one order item is expected"));
    };
    let text = |name: &str| item.get(name).and_then(Value::as_str).unwrap_or_default();
    let reads = world.seat_delay;
    let td_synnex = &mut world.vendors.td_synnex;
    let mut subscriptions = td_synnex.subscriptions.iter();
    let found = subscriptions.find(|found| {
        found.subscription_id == text("resourceId")
            && found.customer_id == td_synnex.customer_id
            && found.status == "active"
    });
    let found = found.ok_or_else(|| bad("resourceId is no active subscription"))?;
    if [text("productId"), text("skuId"), text("planId")] != found.catalogue().each_ref().map(String::as_str) {
        return Err(bad("the product is another one than the subscription's"));
    }
    let attributes = json!([{"name": "operations", "value": "updatesubscription"}]);
    if text("action") != "UPDATE" || item.get("attributes") != Some(&attributes) {
        return Err(bad("only updates of the quantity are simulated"));
    }
    if !item
        .get("quantity")
        .and_then(Value::as_i64)
        .is_some_and(|quantity| (1..=10_000).contains(&quantity))
    {
        return Err(bad("quantity is not valid"));
    }
    let order = Order {
        id: (880_000 + td_synnex.orders.len()).to_string(),
        customer_id: td_synnex.customer_id.clone(),
        reference: body
            .get("referenceId")
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned(),
        item: item.clone(),
        reads,
        status: "PROCESSING",
    };
    let response = view(&td_synnex.account_id, &order);
    td_synnex.orders.push(order);
    world.count("orders_created");
    Ok(Response::json(200, response))
}
