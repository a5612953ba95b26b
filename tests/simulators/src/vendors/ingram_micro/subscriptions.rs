//! Subscriptions. Each may contain several products, which only its own page shows.

use serde_json::{Value, json};

use super::{let_in, orders, page};
use crate::{
    request::{Reply, Request, Response},
    world::{Sku, World, id},
};

#[derive(Clone)]
pub struct Subscription {
    pub id: String,
    pub customer_id: String,
    pub status: &'static str,
    pub lines: Vec<Line>,
}

#[derive(Clone)]
pub struct Line {
    pub sku_id: String,
    pub part: String,
    pub mpn: String,
    pub name: String,
    pub quantity: i64,
}

impl Subscription {
    pub fn new(number: usize, customer_id: &str, sku: &Sku) -> Self {
        let line = Line {
            sku_id: sku.id.clone(),
            part: sku.part.clone(),
            mpn: format!("{}:P1Y:M", sku.offer),
            name: format!("{} [New Commerce Experience]", sku.product_name),
            quantity: sku.enabled,
        };
        // A subscription may also contain products that are no licenses.
        let support = Line {
            sku_id: String::new(),
            part: String::new(),
            mpn: "SUPPORT-24X7".to_owned(),
            name: "Support".to_owned(),
            quantity: 1,
        };
        Self {
            id: number.to_string(),
            customer_id: customer_id.to_owned(),
            status: "active",
            lines: vec![support, line],
        }
    }
}

fn brief(subscription: &Subscription) -> Value {
    json!({
        "id": subscription.id, "name": "Microsoft 365 (NCE)", "customerId": subscription.customer_id,
        "status": subscription.status, "renewalStatus": true, "creationDate": "2026-01-05", "renewalDate": "2027-01-05",
        "billingPeriod": {"type": "month", "duration": 1}, "subscriptionPeriod": {"type": "year", "duration": 1},
    })
}

pub fn list(world: &mut World, request: &Request) -> Reply {
    let_in(
        world,
        request,
        &[
            "customerId",
            "creationDateFrom",
            "creationDateTo",
            "status",
            "offset",
            "limit",
        ],
    )?;
    orders::progress(world);
    let fits = |subscription: &&Subscription| {
        request
            .query("customerId")
            .is_none_or(|id| id == subscription.customer_id)
            && request
                .query("status")
                .is_none_or(|status| status == subscription.status)
    };
    let all = world.vendors.ingram_micro.subscriptions.iter().filter(fits);
    page(request, all.map(brief).collect())
}

pub fn get(world: &mut World, request: &Request) -> Reply {
    let_in(world, request, &[])?;
    orders::progress(world);
    let mut all = world.vendors.ingram_micro.subscriptions.iter();
    let found = all.find(|subscription| subscription.id == request.param(0));
    let subscription = found.ok_or_else(|| request.not_found("The subscription"))?;
    let product = |line: &Line| {
        json!({
            "id": format!("PRD{}", line.mpn.len()), "mpn": line.mpn, "vendor": "Microsoft", "name": line.name,
            "quantity": line.quantity, "vendorSubscriptionId": id(),
        })
    };
    let mut response = brief(subscription);
    response["products"] = subscription.lines.iter().map(product).collect();
    response["planId"] = json!(10_005);
    Ok(Response::json(200, response))
}
