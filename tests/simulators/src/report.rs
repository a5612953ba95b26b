//! A world as JSON: what is needed to talk to it, and what has become of it. Never a user's password.

use serde_json::{Map, Value, json};

use crate::{
    connectwise::{self, tickets},
    graph::groups,
    pax8,
    vendor::VENDORS,
    world::{Group, User, World},
};

/// Everything that a new organisation is set up with.
pub fn keys(world: &World, base: &str) -> Value {
    let tenant = &world.tenant;
    let login = |local: &str| format!("{local}@{}", world.domain());
    let subscriptions: Map<String, Value> = tenant
        .skus
        .iter()
        .filter_map(|sku| {
            let product = world
                .distributor
                .products
                .iter()
                .find(|product| product.sku_id == sku.id)?;
            let subscription = world
                .distributor
                .subscriptions
                .iter()
                .find(|subscription| subscription.sku_id == sku.id);
            let ids = json!({
                "sku_id": sku.id, "product_id": product.id, "commitment_term_id": product.commitment_id,
                "subscription_id": subscription.map(|subscription| &subscription.id),
            });
            Some((sku.part.clone(), ids))
        })
        .collect();
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
        "psa_company": "20",
        "distributor_company": world.distributor.company_id,
        "credentials": {
            "graph": {"client_id": tenant.client_id, "client_secret": tenant.client_secret},
            "connectwise": connectwise::credentials(world, base),
            "pax8": pax8::credentials(world),
        },
        "urls": {
            "graph": format!("{base}/graph/v1.0"), "login": format!("{base}/login"),
            "connectwise": format!("{base}/connectwise"), "pax8": format!("{base}/pax8/v1"),
        },
        "psa": {
            "board": "Onboarding", "status_new": "New", "status_working": "In Progress", "status_waiting": "Waiting",
            "status_complete": "Closed", "priority": "Priority 3 - Medium", "type": "New User", "member": "ttech",
            "work_role": "Engineer",
        },
        "skus": subscriptions,
        "people": {
            "manager": login("mmanager"), "colleague": login("ccolleague"), "approver": login("aapprover"),
            "deleted": login("ddeleted"),
        },
        "groups": groups,
        "vendors": VENDORS.iter().map(|vendor| (vendor.name.to_owned(), (vendor.keys)(world, base))).collect::<Map<_, _>>(),
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
        "tickets": world.psa.tickets.iter().map(ticket_state).collect::<Vec<_>>(),
        "subscriptions": pax8::subscriptions_of(world),
        "orders": world.distributor.orders.iter().map(|order| json!({"id": order.id, "created": order.created, "line_items": order.line_items})).collect::<Vec<_>>(),
        "effects": world.effects,
        "active": world.active.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "vendors": VENDORS.iter().map(|vendor| (vendor.name.to_owned(), (vendor.state)(world))).collect::<Map<_, _>>(),
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

pub fn ticket_state(ticket: &crate::world::Ticket) -> Value {
    let view = tickets::view(ticket);
    let name = |field: &str| view.get(field).and_then(|of| of.get("name")).cloned();
    let notes: Vec<Value> = ticket
        .notes
        .iter()
        .map(|note| {
            json!({
                "id": note.id, "text": note.text, "internal": note.internal, "discussion": note.discussion,
                "resolution": note.resolution, "created": note.created,
            })
        })
        .collect();
    json!({
        "id": ticket.id,
        "summary": view.get("summary"),
        "status": name("status"),
        "statuses": ticket.statuses,
        "board": name("board"),
        "location": name("board"),
        "priority": name("priority"),
        "company": name("company"),
        "owner": name("owner"),
        "work_role": name("workRole"),
        "external_xref": view.get("externalXRef"),
        "marker": view.get("externalXRef"),
        "contact": name("contact").or_else(|| view.get("contactEmailAddress").cloned()),
        "site": name("site"),
        "type": name("type"),
        "closed": view.get("closedFlag"),
        "notes": notes,
        "created": ticket.created,
    })
}
