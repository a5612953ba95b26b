//! A world as JSON: how to talk to its vendors, and its state. It never contains a user's password.

use serde_json::{Map, Value, json};

use crate::{
    vendors::{VENDORS, graph::groups},
    world::{Group, User, World},
};

/// The vendors that an organisation has unless a test chooses others. Both answers repeat their state at the top.
pub const PSA: &str = "connectwise";
const DISTRIBUTOR: &str = "pax8";

/// Everything that sets up a new organisation.
pub fn keys(world: &World, base: &str) -> Value {
    let tenant = &world.tenant;
    let login = |local: &str| format!("{local}@{}", world.domain());
    let vendors: Map<String, Value> = VENDORS
        .iter()
        .map(|vendor| (vendor.name.to_owned(), (vendor.keys)(world, base)))
        .collect();
    let (psa, distributor) = (&vendors[PSA], &vendors[DISTRIBUTOR]);
    let groups: Vec<Value> = tenant
        .groups
        .iter()
        .map(
            |group| json!({"id": group.id, "name": group.display_name, "kind": kind(group), "addable": addable(group)}),
        )
        .collect();
    json!({
        "name": world.name,
        "company": tenant.display_name,
        "page": format!("{base}/worlds/{}", world.name),
        "domain": world.domain(),
        "initial_domain": tenant.domains.iter().find(|domain| domain.is_initial).map(|domain| &domain.name),
        "tenant_id": tenant.id,
        "psa_company": psa["company"],
        "distributor_company": distributor["company"],
        "credentials": {
            "graph": vendors["graph"]["credentials"], PSA: psa["credentials"], DISTRIBUTOR: distributor["credentials"],
        },
        "urls": {
            "graph": format!("{base}/graph/v1.0"), "login": format!("{base}/login"), PSA: format!("{base}/{PSA}"),
            DISTRIBUTOR: format!("{base}/{DISTRIBUTOR}/v1"),
        },
        "psa": {
            "board": psa["location"], "status_new": psa["status_new"], "status_working": psa["status_working"],
            "status_waiting": psa["status_waiting"], "status_complete": psa["status_complete"],
            "priority": "Priority 3 - Medium", "type": "New User", "member": psa["tech_id"],
            "work_role": psa["work_role"],
        },
        "skus": distributor["skus"],
        "people": {
            "manager": login("mmanager"), "colleague": login("ccolleague"), "approver": login("aapprover"),
            "deleted": login("ddeleted"),
        },
        "groups": groups,
        "vendors": vendors,
    })
}

pub fn kind(group: &Group) -> &'static str {
    match group {
        Group { on_premises: true, .. } => "on-premises security",
        Group {
            membership_rule: Some(_),
            ..
        } => "dynamic security",
        Group { unified: true, .. } => "microsoft 365",
        Group {
            mail: Some(_),
            security_enabled: true,
            ..
        } => "mail-enabled security",
        Group { mail: Some(_), .. } => "distribution list",
        _ => "security",
    }
}

fn addable(group: &Group) -> bool {
    ["microsoft 365", "security"].contains(&kind(group))
}

/// The whole state, for assertions.
pub fn state(world: &World) -> Value {
    let tenant = &world.tenant;
    let skus: Map<String, Value> = tenant
        .skus
        .iter()
        .filter(|sku| sku.in_tenant)
        .map(|sku| {
            let seats = json!({
                "sku_id": sku.id, "enabled": sku.enabled, "consumed": tenant.consumed(sku), "free": tenant.free(sku),
                "taken_elsewhere": sku.taken_elsewhere,
            });
            (sku.part.clone(), seats)
        })
        .collect();
    let present = || tenant.users.iter().filter(|user| user.deleted.is_none());
    let groups: Vec<Value> = tenant
        .groups
        .iter()
        .map(|group| {
            let members = present().filter(|user| group.members.contains(&user.id)).map(User::upn);
            json!({"id": group.id, "name": group.display_name, "kind": kind(group), "members": members.collect::<Vec<_>>(), "graph": groups::view(group)})
        })
        .collect();
    let deleted = tenant
        .users
        .iter()
        .filter(|user| user.deleted.is_some())
        .map(|user| user_state(world, user));
    let vendors: Map<String, Value> = VENDORS
        .iter()
        .map(|vendor| (vendor.name.to_owned(), (vendor.state)(world)))
        .collect();
    json!({
        "name": world.name,
        "created": world.created,
        "users": present().map(|user| user_state(world, user)).collect::<Vec<_>>(),
        "deleted_users": deleted.collect::<Vec<_>>(),
        "seats": skus,
        "seat_delay": world.seat_delay,
        "seats_on_their_way": world.pending_seats.iter().map(|seats| json!({"sku_id": seats.sku_id, "quantity": seats.quantity, "reads": seats.reads})).collect::<Vec<_>>(),
        "groups": groups,
        "security_defaults": tenant.mfa.security_defaults,
        "policies": tenant.mfa.policies,
        "tickets": vendors[PSA]["tickets"],
        "subscriptions": vendors[DISTRIBUTOR]["subscriptions"],
        "orders": vendors[DISTRIBUTOR]["orders"],
        "effects": world.effects,
        "active": world.active.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "vendors": vendors,
    })
}

fn user_state(world: &World, user: &User) -> Value {
    let tenant = &world.tenant;
    let groups = tenant
        .groups
        .iter()
        .filter(|group| group.members.contains(&user.id))
        .map(|group| &group.display_name);
    let licenses: Vec<Value> = user
        .licenses
        .iter()
        .map(|license| {
            let sku = tenant.skus.iter().find(|sku| sku.id == license.sku_id);
            json!({"sku": sku.map(|sku| &sku.part), "sku_id": license.sku_id, "active": license.active(), "error": license.error, "by_group": license.by_group})
        })
        .collect();
    json!({
        "id": user.id,
        "upn": user.upn(),
        "display_name": user.text("displayName"),
        "mail": user.text("mail"),
        "enabled": user.properties.get("accountEnabled"),
        "must_change_password": user.must_change_password,
        "usage_location": user.text("usageLocation"),
        "licenses": licenses,
        "groups": groups.collect::<Vec<_>>(),
        "manager": user.manager.as_ref().and_then(|id| tenant.user(id)).map(User::upn),
        "extension_attribute_15": user.extension_attribute_15(),
        "sessions_revoked": user.sessions_revoked,
        "created": user.created,
        "properties": user.properties,
    })
}
