//! The tenant itself: organisation and domains.

use serde_json::{Map, Value, json};

use super::{COLLECTION_QUERY, collection, entity, not_found, select};
use crate::{
    request::{Reply, Request},
    world::{Domain, World},
};

const ORGANIZATION: &[&str] = &[
    "id",
    "displayName",
    "countryLetterCode",
    "defaultUsageLocation",
    "verifiedDomains",
    "tenantType",
];
const DOMAIN: &[&str] = &[
    "id",
    "authenticationType",
    "isAdminManaged",
    "isDefault",
    "isInitial",
    "isRoot",
    "isVerified",
    "supportedServices",
];

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(object) => object,
        _ => Map::new(),
    }
}

pub fn organization(world: &mut World, request: &Request) -> Reply {
    request.only_query(&["$select"])?;
    let selected = select(request, "organization", |name| ORGANIZATION.contains(&name))?;
    let domains: Vec<Value> = world
        .tenant
        .domains
        .iter()
        .map(|domain| {
            json!({
                "name": domain.name, "isDefault": domain.is_default, "isInitial": domain.is_initial,
                "type": "Managed", "capabilities": "Email, OfficeCommunicationsOnline",
            })
        })
        .collect();
    let organization = object(json!({
        "id": world.tenant.id, "displayName": world.tenant.display_name, "countryLetterCode": "GB",
        "defaultUsageLocation": null, "tenantType": "AAD", "verifiedDomains": domains,
    }));
    collection(
        request,
        "organization",
        vec![organization],
        selected.as_deref(),
        ORGANIZATION,
    )
}

fn view(domain: &Domain) -> Map<String, Value> {
    object(json!({
        "id": domain.name, "authenticationType": "Managed", "isAdminManaged": true, "isDefault": domain.is_default,
        "isInitial": domain.is_initial, "isRoot": true, "isVerified": true,
        "supportedServices": ["Email", "OfficeCommunicationsOnline"],
    }))
}

pub fn domains(world: &mut World, request: &Request) -> Reply {
    request.only_query(COLLECTION_QUERY)?;
    let selected = select(request, "domain", |name| DOMAIN.contains(&name))?;
    let domains = world.tenant.domains.iter().map(view).collect();
    collection(request, "domains", domains, selected.as_deref(), DOMAIN)
}

pub fn domain(world: &mut World, request: &Request) -> Reply {
    request.only_query(&["$select"])?;
    let name = request.param(0);
    let domain = world
        .tenant
        .domains
        .iter()
        .find(|domain| domain.name.eq_ignore_ascii_case(name));
    Ok(entity(request, "domains", view(domain.ok_or_else(|| not_found(name))?)))
}
