//! Orders that change subscriptions. The world says whether their quantity is a total.

use chrono::Utc;
use serde_json::{Map, Value, json};

use super::{bad, error, let_in, page};
use crate::{
    fields::{Kind, Table},
    request::{Reply, Request, Response},
    world::World,
};

pub struct Order {
    pub id: String,
    pub customer_id: String,
    pub po_number: Option<String>,
    pub subscription: String,
    pub mpn: String,
    pub quantity: i64,
    /// How many more reads there are until the order is done.
    pub reads: u32,
    pub status: &'static str,
}

/// A change that can be ordered.
struct Wanted {
    subscription: String,
    mpn: String,
    quantity: i64,
    now: i64,
}

fn brief(order: &Order) -> Value {
    json!({
        "id": order.id, "orderNumber": format!("SO{:0>6}", order.id), "type": "change", "customerId": order.customer_id,
        "poNumber": order.po_number.as_deref().unwrap_or_default(), "creationDate": Utc::now().to_rfc3339(),
        "status": order.status, "statusCode": "CP",
    })
}

pub fn details(order: &Order) -> Value {
    let mut response = brief(order);
    response["products"] = json!([{
        "subscriptionId": order.subscription, "mpn": order.mpn, "vendor": "Microsoft", "quantity": order.quantity,
    }]);
    response
}

/// Counts a read, and moves orders forward.
pub fn progress(world: &mut World) {
    let delay = world.seat_delay;
    let ingram = &mut world.vendors.ingram_micro;
    let mut bought = Vec::new();
    for order in &mut ingram.orders {
        match order.status {
            "submitted" | "processing" if order.reads > 0 => {
                order.reads -= 1;
                order.status = "processing";
            }
            "submitted" | "processing" => {
                let mut subscriptions = ingram.subscriptions.iter_mut();
                let found = subscriptions.find(|subscription| subscription.id == order.subscription);
                let mut lines = found.into_iter().flat_map(|subscription| &mut subscription.lines);
                let Some(line) = lines.find(|line| line.mpn == order.mpn).filter(|_| !ingram.refuses) else {
                    order.status = "error";
                    continue;
                };
                let after = ingram.order_quantity.applied(line.quantity, order.quantity);
                bought.push((line.sku_id.clone(), after - line.quantity));
                line.quantity = after;
                order.status = "completed";
            }
            _ => {}
        }
    }
    for (sku_id, seats) in bought.into_iter().filter(|(_, seats)| *seats > 0) {
        *world.effects.entry("seats_bought").or_default() += u32::try_from(seats).unwrap_or(u32::MAX);
        world.buy_seats(&sku_id, seats, delay);
    }
}

pub fn list(world: &mut World, request: &Request) -> Reply {
    let known = [
        "customerId",
        "subscriptionId",
        "orderNumber",
        "status",
        "creationTimeFrom",
        "creationTimeTo",
        "statusCode",
        "offset",
        "limit",
    ];
    let_in(world, request, &known)?;
    progress(world);
    let fits = |order: &&Order| {
        request.query("customerId").is_none_or(|id| id == order.customer_id)
            && request.query("status").is_none_or(|status| status == order.status)
    };
    let all = world.vendors.ingram_micro.orders.iter().filter(fits);
    page(request, all.map(brief).collect())
}

pub fn get(world: &mut World, request: &Request) -> Reply {
    let_in(world, request, &[])?;
    progress(world);
    let mut all = world.vendors.ingram_micro.orders.iter();
    let found = all.find(|order| order.id == request.param(0));
    Ok(Response::json(
        200,
        details(found.ok_or_else(|| request.not_found("The order"))?),
    ))
}

const ORDER_FIELDS: Table = &[
    (Kind::Text, "type customerId poNumber"),
    (Kind::Objects(PRODUCT_FIELDS), "products"),
];

const PERIOD: Table = &[(Kind::Text, "type"), (Kind::Integer, "duration")];

const PRODUCT_FIELDS: Table = &[
    (Kind::Text, "subscriptionId mpn vendor"),
    (Kind::Number, "quantity"),
    (Kind::Object(PERIOD), "billingPeriod subscriptionPeriod"),
];

fn wanted(world: &World, request: &Request, body: &Map<String, Value>) -> Result<Wanted, Response> {
    let ingram = &world.vendors.ingram_micro;
    let text = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default();
    if text("type") != "change" {
        return Err(bad("only change orders are simulated"));
    }
    if text("customerId") != ingram.customer_id {
        return Err(request.not_found("The customer"));
    }
    let lines = body.get("products").and_then(Value::as_array);
    let [line] = lines.map(Vec::as_slice).unwrap_or_default() else {
        return Err(bad("one product is expected"));
    };
    let text = |name: &str| line.get(name).and_then(Value::as_str).unwrap_or_default();
    let mut subscriptions = ingram.subscriptions.iter();
    let found =
        subscriptions.find(|found| found.id == text("subscriptionId") && found.customer_id == ingram.customer_id);
    let found = found.ok_or_else(|| request.not_found("The subscription"))?;
    if found.status != "active" {
        return Err(bad("the subscription is not active"));
    }
    let product = found.lines.iter().find(|line| line.mpn == text("mpn"));
    let product = product.ok_or_else(|| request.not_found("The product"))?;
    let quantity = line.get("quantity").and_then(Value::as_i64);
    let quantity = quantity.filter(|quantity| (1..=10_000).contains(quantity));
    Ok(Wanted {
        subscription: found.id.clone(),
        mpn: product.mpn.clone(),
        quantity: quantity.ok_or_else(|| bad("quantity is not valid"))?,
        now: product.quantity,
    })
}

pub fn estimate(world: &mut World, request: &Request) -> Reply {
    let_in(world, request, &[])?;
    let body = request.object(ORDER_FIELDS)?;
    let wanted = wanted(world, request, &body)?;
    let ingram = &world.vendors.ingram_micro;
    let more = ingram.order_quantity.applied(wanted.now, wanted.quantity) - wanted.now;
    let mut response = Value::Object(body);
    response["total"] = json!({"currency": "USD", "amount": format!("{}.00", more * 18)});
    if ingram.estimates_list {
        let month = json!({"type": "month", "duration": 1.0});
        response["details"] = json!([{
            "type": "recurring", "mpn": wanted.mpn, "quantity": more, "duration": month, "description": "Recurring",
        }]);
    }
    Ok(Response::json(200, response))
}

pub fn create(world: &mut World, request: &Request) -> Reply {
    let_in(world, request, &[])?;
    progress(world);
    let body = request.object(ORDER_FIELDS)?;
    let wanted = wanted(world, request, &body)?;
    let reads = world.seat_delay;
    let ingram = &mut world.vendors.ingram_micro;
    let open = |order: &Order| ["submitted", "processing"].contains(&order.status);
    if ingram
        .orders
        .iter()
        .any(|order| open(order) && order.subscription == wanted.subscription)
    {
        return Err(error(409, "Conflict", "the subscription is being provisioned"));
    }
    let order = Order {
        id: (1_000_300 + ingram.orders.len()).to_string(),
        customer_id: ingram.customer_id.clone(),
        po_number: body.get("poNumber").and_then(Value::as_str).map(str::to_owned),
        subscription: wanted.subscription,
        mpn: wanted.mpn,
        quantity: wanted.quantity,
        reads,
        status: "submitted",
    };
    let response = details(&order);
    ingram.orders.push(order);
    world.count("orders_created");
    Ok(Response::json(200, response))
}
