//! The catalogue.

use serde_json::{Value, json};

use super::{not_found, only_query, page};
use crate::{
    call::{Answer, Call, Outcome},
    world::{Product, World},
};

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

pub fn list(world: &mut World, call: &Call) -> Outcome {
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

pub fn get(world: &mut World, call: &Call) -> Outcome {
    let product_found = find_product(world, call)?;
    let mut answer = product(product_found);
    if let Some(answer) = answer.as_object_mut() {
        answer.insert("description".to_owned(), json!(product_found.name));
    }
    Ok(Answer::json(200, answer))
}

pub fn dependencies(world: &mut World, call: &Call) -> Outcome {
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

pub fn provision_details(world: &mut World, call: &Call) -> Outcome {
    find_product(world, call)?;
    Ok(Answer::json(
        200,
        json!({"content": [{
            "label": "Microsoft domain", "key": "msDomain", "values": [], "description": "The onmicrosoft.com domain of the tenant",
            "valueType": "Input",
        }]}),
    ))
}
