//! Subscriptions of all customers of the account. Numbers are written as texts.

use serde_json::{Value, json};

use super::{let_in, let_in_customer, orders};
use crate::{
    request::{Reply, Request, Response},
    world::{Sku, World, id},
};

#[derive(Clone)]
pub struct Subscription {
    pub id: String,
    pub customer_id: String,
    /// Microsoft's id of the subscription.
    pub subscription_id: String,
    pub sku_id: String,
    pub part: String,
    /// The customer's name for it.
    pub name: String,
    pub product_name: String,
    pub offer: String,
    pub quantity: i64,
    pub status: &'static str,
}

impl Subscription {
    pub fn new(number: usize, customer_id: &str, sku: &Sku) -> Self {
        Self {
            id: number.to_string(),
            customer_id: customer_id.to_owned(),
            subscription_id: id(),
            sku_id: sku.id.clone(),
            part: sku.part.clone(),
            name: "Seats of the head office".to_owned(),
            product_name: sku.product_name.to_owned(),
            offer: sku.offer.to_owned(),
            quantity: sku.enabled,
            status: "active",
        }
    }

    /// The ids in TD SYNNEX's catalogue: product, sku, plan.
    pub fn catalogue(&self) -> [String; 3] {
        let sku = self.product_name.replace(' ', "-");
        [
            "Microsoft365EandFNCE-isvnlnce".to_owned(),
            sku,
            "Monthly---Annual-Commit-n15".to_owned(),
        ]
    }
}

fn view(subscription: &Subscription) -> Value {
    let [product, sku, plan] = subscription.catalogue();
    let info = json!({
        "productId": product, "productDisplayName": "Microsoft 365 NCE", "skuId": sku,
        "skuDisplayName": subscription.product_name, "planId": plan, "planDisplayName": "Monthly",
    });
    json!({
        "id": subscription.id, "customerId": subscription.customer_id, "subscriptionId": subscription.subscription_id,
        "subscriptionName": subscription.name, "ccpProductId": product, "ccpSkuId": sku, "ccpPlanId": plan,
        "subscriptionOfferId": format!("{}:CFQ7TTC0RN98", subscription.offer),
        "subscriptionTotalLicenses": subscription.quantity.to_string(), "subscriptionStatus": subscription.status,
        "subscriptionBillingTerm": "P1Y", "subscriptionBillingCycle": "monthly", "subscriptionRenewStatus": "ENABLED",
        "cancellationAllowedUntilDate": "2026-01-12T00:00:00Z", "ccpProductInfo": info,
        "mfgPartNumber": format!("{}:P1Y:M", subscription.offer),
    })
}

pub fn list(world: &mut World, request: &Request) -> Reply {
    let known = ["customerId", "subscription_id", "pagination.limit", "pagination.offset"];
    let_in(world, request, &known)?;
    orders::progress(world);
    let (limit, offset) = (
        request.number("pagination.limit", 10, 0, 1000)?,
        request.number("pagination.offset", 0, 0, 1_000_000)?,
    );
    let fits = |subscription: &&Subscription| {
        request
            .query("customerId")
            .is_none_or(|id| id == subscription.customer_id)
            && request
                .query("subscription_id")
                .is_none_or(|id| id == subscription.subscription_id)
    };
    let all: Vec<Value> = world
        .vendors
        .td_synnex
        .subscriptions
        .iter()
        .filter(fits)
        .map(view)
        .collect();
    let items: Vec<&Value> = all.iter().skip(offset).take(limit).collect();
    Ok(Response::json(
        200,
        json!({"items": items, "paginationResponse": {"totalSize": all.len()}}),
    ))
}

pub fn get(world: &mut World, request: &Request) -> Reply {
    let_in_customer(world, request, &[])?;
    orders::progress(world);
    let mut all = world.vendors.td_synnex.subscriptions.iter();
    let found = all.find(|found| found.id == request.param(2) && found.customer_id == request.param(1));
    Ok(Response::json(
        200,
        view(found.ok_or_else(|| request.not_found("subscription"))?),
    ))
}
