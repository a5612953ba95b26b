//! Licenses: the tenant's subscribed SKUs with their seats, and who has which.

use chrono::Utc;
use serde_json::{Map, Value, json};

use super::{
    bad_request, collection, context, entity, error, project, select,
    user_fields::DEFAULT,
    users::{view as user_view, visible},
};
use crate::{
    fields::{Kind, Table, is_uuid},
    request::{Reply, Request, Response},
    world::{License, LicenseRule, Sku, Tenant, User, World},
};

const SKU: &[&str] = &[
    "accountId",
    "accountName",
    "appliesTo",
    "capabilityStatus",
    "consumedUnits",
    "id",
    "prepaidUnits",
    "servicePlans",
    "skuId",
    "skuPartNumber",
    "subscriptionIds",
];

fn plans(sku: &Sku) -> Value {
    let plans = sku.plans.iter().map(|(name, id)| {
        json!({"servicePlanId": id, "servicePlanName": name, "provisioningStatus": "Success", "appliesTo": "User"})
    });
    Value::Array(plans.collect())
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(object) => object,
        _ => Map::new(),
    }
}

fn view(tenant: &Tenant, sku: &Sku) -> Map<String, Value> {
    object(json!({
        "id": format!("{}_{}", tenant.id, sku.id),
        "accountId": tenant.id,
        "accountName": tenant.display_name,
        "appliesTo": "User",
        "capabilityStatus": "Enabled",
        "consumedUnits": tenant.consumed(sku),
        "prepaidUnits": {"enabled": sku.enabled, "suspended": 0, "warning": 0, "lockedOut": 0},
        "servicePlans": plans(sku),
        "skuId": sku.id,
        "skuPartNumber": sku.part,
        "subscriptionIds": sku.subscription_ids,
    }))
}

pub fn list_skus(world: &mut World, request: &Request) -> Reply {
    if request.query("$filter").is_some() {
        return Err(error(
            400,
            "Request_UnsupportedQuery",
            "Filter is not supported for this entity set.",
        ));
    }
    request.only_query(&["$select"])?;
    let selected = select(request, "subscribedSku", |name| SKU.contains(&name))?;
    world.deliver_seats();
    let tenant = &world.tenant;
    let skus = tenant
        .skus
        .iter()
        .filter(|sku| sku.in_tenant)
        .map(|sku| view(tenant, sku))
        .collect();
    collection(request, "subscribedSkus", skus, selected.as_deref(), SKU)
}

pub fn get_sku(world: &mut World, request: &Request) -> Reply {
    request.only_query(&["$select"])?;
    let selected = select(request, "subscribedSku", |name| SKU.contains(&name))?;
    world.deliver_seats();
    let tenant = &world.tenant;
    let wanted = request.param(0);
    let sku = tenant
        .skus
        .iter()
        .find(|sku| sku.in_tenant && format!("{}_{}", tenant.id, sku.id) == wanted);
    let sku = sku.ok_or_else(|| super::not_found(wanted))?;
    Ok(entity(
        request,
        "subscribedSkus",
        project(&view(tenant, sku), selected.as_deref(), SKU),
    ))
}

const ASSIGN_FIELDS: Table = &[
    (Kind::Objects(LICENSE_FIELDS), "addLicenses"),
    (Kind::Texts, "removeLicenses"),
];

const LICENSE_FIELDS: Table = &[(Kind::Uuid, "skuId"), (Kind::Texts, "disabledPlans")];

pub fn assign(world: &mut World, request: &Request) -> Reply {
    request.only_query(&[])?;
    let body = request.object(ASSIGN_FIELDS)?;
    let list = |name: &str| body.get(name).and_then(Value::as_array).cloned();
    let (Some(add), Some(remove)) = (list("addLicenses"), list("removeLicenses")) else {
        return Err(bad_request(
            "One or more parameters of the operation 'assignLicense' are missing from the request payload. The missing parameters are: addLicenses, removeLicenses.",
        ));
    };
    let user_id = visible(world, request.param(0))?.id.clone();
    let mut wanted = Vec::new();
    for license in &add {
        let sku_id = license.get("skuId").and_then(Value::as_str).unwrap_or_default();
        let sku = world.tenant.sku(sku_id);
        let sku = sku.ok_or_else(|| {
            bad_request(&format!(
                "License {sku_id} does not correspond to a valid company License."
            ))
        })?;
        let disabled = license
            .get("disabledPlans")
            .and_then(Value::as_array)
            .cloned()
            .unwrap_or_default();
        let disabled: Vec<String> = disabled.iter().filter_map(Value::as_str).map(str::to_owned).collect();
        if let Some(unknown) = disabled.iter().find(|plan| !sku.plans.iter().any(|(_, id)| id == plan)) {
            return Err(bad_request(&format!(
                "The service plan {unknown} is not part of the license {sku_id}."
            )));
        }
        wanted.push((sku.id.clone(), disabled));
    }
    let removed: Vec<&str> = remove.iter().filter_map(Value::as_str).collect();
    let user = visible(world, &user_id)?;
    if let Some(sku_id) = removed.iter().find(|id| !is_uuid(id) || !user.has(id)) {
        return Err(bad_request(&format!(
            "User does not have a corresponding license {sku_id}."
        )));
    }
    let direct = |id: &str| {
        let mut own = user.licenses.iter().filter(|license| license.by_group.is_none());
        own.any(|license| license.sku_id.eq_ignore_ascii_case(id))
    };
    if !removed.iter().all(|id| direct(id)) {
        return Err(bad_request(
            "User license is inherited from a group membership and it cannot be removed directly from the user.",
        ));
    }
    if leaves_dependent(&world.tenant, user_id.as_str(), &removed) {
        return Err(refusal("DependencyViolation"));
    }
    let user = visible(world, &user_id)?;
    if !wanted.is_empty() && user.text("usageLocation").is_empty() {
        return Err(bad_request(
            "License assignment cannot be done for user with invalid usage location.",
        ));
    }
    for (sku_id, _) in &wanted {
        if let Some(error) = violation(&world.tenant, &user_id, sku_id) {
            return Err(refusal(&error));
        }
        let has = world.tenant.user(&user_id).is_some_and(|user| user.has(sku_id));
        let free = world.tenant.sku(sku_id).map_or(0, |sku| world.tenant.free(sku));
        if !has && free < 1 {
            return Err(bad_request(&format!(
                "Subscription with SKU {sku_id} does not have any available licenses."
            )));
        }
    }
    for (sku_id, disabled_plans) in wanted {
        if give(&mut world.tenant, &user_id, &sku_id, disabled_plans) {
            world.count("licenses_assigned");
        }
    }
    let user = visible(world, &user_id)?;
    let before = user.licenses.len();
    user.licenses.retain(|license| {
        license.by_group.is_some() || !removed.iter().any(|id| license.sku_id.eq_ignore_ascii_case(id))
    });
    let taken = before > user.licenses.len();
    let mut response = project(&user_view(user), None, DEFAULT);
    response.insert(
        "assignedLicenses".to_owned(),
        user_view(user).remove("assignedLicenses").unwrap_or_default(),
    );
    response.insert("@odata.context".to_owned(), context(request, "users/$entity"));
    if taken {
        world.count("licenses_removed");
    }
    Ok(Response::json(200, Value::Object(response)))
}

/// Assigns the license, which also gives the user a mailbox. Returns whether the user got anything new.
fn give(tenant: &mut Tenant, user_id: &str, sku_id: &str, disabled_plans: Vec<String>) -> bool {
    let Some(user) = tenant.user_mut(user_id) else {
        return false;
    };
    let new = !user.has(sku_id);
    let direct = |license: &&mut License| license.by_group.is_none() && license.sku_id == sku_id;
    match user.licenses.iter_mut().find(direct) {
        Some(license) => license.disabled_plans = disabled_plans,
        None => user.licenses.push(License {
            sku_id: sku_id.to_owned(),
            disabled_plans,
            by_group: None,
            error: None,
            at: Utc::now(),
        }),
    }
    provision_mailbox(user);
    new
}

/// Microsoft's name for the error if the user cannot have the license, whether or not there is a free seat.
pub fn violation(tenant: &Tenant, user_id: &str, sku_id: &str) -> Option<String> {
    let user = tenant.user(user_id)?;
    let helps = |rule: &LicenseRule| rule.unless.as_ref().is_some_and(|sku| user.has(sku));
    let mut rules = tenant.license_rules.iter().filter(|rule| rule.sku_id == sku_id);
    rules.find(|rule| !helps(rule)).map(|rule| rule.error.clone())
}

/// Whether the user would keep a license that depends on one of those that are removed.
fn leaves_dependent(tenant: &Tenant, user_id: &str, removed: &[&str]) -> bool {
    let among = |id: &str| removed.iter().any(|removed| removed.eq_ignore_ascii_case(id));
    let builds_on_removed = |rule: &LicenseRule| {
        let base = rule.unless.as_deref().is_some_and(among);
        rule.error == "DependencyViolation" && base && !among(&rule.sku_id)
    };
    tenant.user(user_id).is_some_and(|user| {
        let mut rules = tenant.license_rules.iter().filter(|rule| builds_on_removed(rule));
        rules.any(|rule| user.has(&rule.sku_id))
    })
}

/// Graph's wording of the error when a license is assigned or removed directly.
fn refusal(error: &str) -> Response {
    bad_request(match error {
        "DependencyViolation" => {
            "License assignment failed because service plan 9aaf7827-d63c-4b61-89c3-182f06f82e5c depends on the service plan(s) 57ff2da0-773e-42df-b2af-ffb7a2317929."
        }
        "MutuallyExclusiveViolation" => {
            "License assignment failed because service plans 9aaf7827-d63c-4b61-89c3-182f06f82e5c, 57ff2da0-773e-42df-b2af-ffb7a2317929 are mutually exclusive."
        }
        _ => "License assignment failed.",
    })
}

pub fn provision_mailbox(user: &mut User) {
    let address = user.upn().to_owned();
    if user.text("mail").is_empty() {
        user.properties.insert("mail".to_owned(), json!(address));
    }
    if user
        .properties
        .get("proxyAddresses")
        .and_then(Value::as_array)
        .is_none_or(Vec::is_empty)
    {
        user.properties
            .insert("proxyAddresses".to_owned(), json!([format!("SMTP:{address}")]));
    }
}

pub fn details(world: &mut World, request: &Request) -> Reply {
    request.only_query(&["$select"])?;
    let known = ["id", "servicePlans", "skuId", "skuPartNumber"];
    let selected = select(request, "licenseDetails", |name| {
        ["id", "servicePlans", "skuId", "skuPartNumber"].contains(&name)
    })?;
    let user_id = visible(world, request.param(0))?.id.clone();
    let tenant = &world.tenant;
    let licenses = tenant
        .user(&user_id)
        .map(|user| user.licenses.as_slice())
        .unwrap_or_default();
    let details = licenses
        .iter()
        .filter(|license| license.active())
        .filter_map(|license| {
            let sku = tenant.sku(&license.sku_id)?;
            let id = format!("{user_id}_{}", sku.id);
            Some(object(
                json!({"id": id, "skuId": sku.id, "skuPartNumber": sku.part, "servicePlans": plans(sku)}),
            ))
        });
    collection(
        request,
        &format!("users('{user_id}')/licenseDetails"),
        details.collect(),
        selected.as_deref(),
        &known,
    )
}
