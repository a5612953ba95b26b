//! The catalogue.

use serde_json::{Value, json};

use super::{Product, page};
use crate::{
    request::{Reply, Request, Response},
    world::World,
};

fn product(product: &Product) -> Value {
    json!({
        "id": product.id, "name": product.name, "vendorName": "Microsoft", "shortDescription": product.name,
        "sku": format!("MST-{}", product.vendor_sku), "vendorSku": product.vendor_sku, "altVendorSku": product.sku_id,
        "requiresCommitment": true,
    })
}

fn find_product<'a>(world: &'a World, request: &Request) -> Result<&'a Product, Response> {
    world
        .vendors
        .pax8
        .products
        .iter()
        .find(|product| product.id == request.param(0))
        .ok_or_else(|| request.not_found("Product"))
}

pub fn list(world: &mut World, request: &Request) -> Reply {
    request.only_query(&["page", "size", "sort", "search", "vendorName"])?;
    let search = request.query("search").unwrap_or_default().to_lowercase();
    let of_vendor = request
        .query("vendorName")
        .is_none_or(|name| name.eq_ignore_ascii_case("Microsoft"));
    let products: Vec<Value> = world
        .vendors
        .pax8
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
    page(request, products)
}

pub fn get(world: &mut World, request: &Request) -> Reply {
    let product_found = find_product(world, request)?;
    let mut response = product(product_found);
    if let Some(response) = response.as_object_mut() {
        response.insert("description".to_owned(), json!(product_found.name));
    }
    Ok(Response::json(200, response))
}

pub fn dependencies(world: &mut World, request: &Request) -> Reply {
    let product = find_product(world, request)?;
    Ok(Response::json(
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

pub fn provision_details(world: &mut World, request: &Request) -> Reply {
    find_product(world, request)?;
    Ok(Response::json(
        200,
        json!({"content": [{
            "label": "Microsoft domain", "key": "msDomain", "values": [], "description": "The onmicrosoft.com domain of the tenant",
            "valueType": "Input",
        }]}),
    ))
}
