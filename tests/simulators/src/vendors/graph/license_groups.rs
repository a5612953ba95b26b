//! Licenses by group. Some time after somebody has joined a group, Microsoft assigns its licenses or records an error
//! at the user. New memberships also appear in lists only after some time.

use chrono::Utc;
use serde_json::json;

use super::{
    context,
    licenses::{provision_mailbox, violation},
    no_body, project,
    user_fields::DEFAULT,
    users::{view, visible},
};
use crate::{
    request::{Reply, Request, Response},
    world::{License, World},
};

/// Changes that have not reached the users yet.
#[derive(Default)]
pub struct Joining {
    pub licenses: Vec<Pending>,
    /// Members (group, user) that lists show from the next read on.
    unlisted: Vec<(String, String)>,
}

pub struct Pending {
    user: String,
    pub group: String,
    pub sku_id: String,
    /// How many more reads of the user there are until it is decided.
    pub reads: u32,
}

/// Records that somebody has become a member.
pub fn joined(world: &mut World, group_id: &str, user_id: &str, skus: Vec<String>) {
    let joining = &mut world.tenant.joining;
    joining.unlisted.push((group_id.to_owned(), user_id.to_owned()));
    for sku_id in skus {
        await_license(world, group_id, user_id, sku_id);
    }
}

pub fn left(world: &mut World, group_id: &str, user_id: &str) {
    let joining = &mut world.tenant.joining;
    joining
        .unlisted
        .retain(|(group, user)| group != group_id || user != user_id);
    joining
        .licenses
        .retain(|pending| pending.group != group_id || pending.user != user_id);
}

/// Groups of the user that this read of a list does not show yet. The next one will.
pub fn unlisted(world: &mut World, user_id: &str) -> Vec<String> {
    let (hidden, kept) = std::mem::take(&mut world.tenant.joining.unlisted)
        .into_iter()
        .partition::<Vec<_>, _>(|(_, user)| user == user_id);
    world.tenant.joining.unlisted = kept;
    hidden.into_iter().map(|(group, _)| group).collect()
}

fn await_license(world: &mut World, group_id: &str, user_id: &str, sku_id: String) {
    let reads = world.seat_delay;
    let pending = &mut world.tenant.joining.licenses;
    let there = |other: &Pending| other.user == user_id && other.group == group_id && other.sku_id == sku_id;
    if !pending.iter().any(there) {
        pending.push(Pending {
            user: user_id.to_owned(),
            group: group_id.to_owned(),
            sku_id,
            reads,
        });
    }
}

/// Counts a read of the user, and decides what has waited long enough.
pub fn process(world: &mut World, user_id: &str) {
    let mut due = Vec::new();
    world.tenant.joining.licenses.retain_mut(|pending| {
        if pending.user != user_id {
            return true;
        }
        if pending.reads > 0 {
            pending.reads -= 1;
            return true;
        }
        due.push((pending.group.clone(), pending.sku_id.clone()));
        false
    });
    for (group_id, sku_id) in due {
        decide(world, user_id, &group_id, &sku_id);
    }
}

fn decide(world: &mut World, user_id: &str, group_id: &str, sku_id: &str) {
    let tenant = &mut world.tenant;
    let free = tenant.sku(sku_id).map_or(0, |sku| tenant.free(sku));
    let has = tenant.user(user_id).is_some_and(|user| user.has(sku_id));
    let error = violation(tenant, user_id, sku_id).or_else(|| (!has && free < 1).then(|| "CountViolation".to_owned()));
    let Some(user) = tenant.user_mut(user_id) else { return };
    let earlier = |license: &License| license.sku_id == sku_id && license.by_group.as_deref() == Some(group_id);
    user.licenses.retain(|license| !earlier(license));
    let given = error.is_none();
    user.licenses.push(License {
        sku_id: sku_id.to_owned(),
        disabled_plans: Vec::new(),
        by_group: Some(group_id.to_owned()),
        error,
        at: Utc::now(),
    });
    if given {
        provision_mailbox(user);
    }
    if given && !has {
        world.count("licenses_assigned");
    }
}

pub fn reprocess(world: &mut World, request: &Request) -> Reply {
    request.only_query(&[])?;
    no_body(request)?;
    let user = visible(world, request.param(0))?;
    let (user_id, failed) = (
        user.id.clone(),
        user.licenses.iter().filter(|license| !license.active()),
    );
    let again: Vec<(String, String)> = failed
        .filter_map(|license| Some((license.by_group.clone()?, license.sku_id.clone())))
        .collect();
    let mut response = project(&view(user), None, DEFAULT);
    response.insert("@odata.context".to_owned(), context(request, "users/$entity"));
    for (group_id, sku_id) in again {
        await_license(world, &group_id, &user_id, sku_id);
    }
    world.count("licenses_reprocessed");
    Ok(Response::json(200, json!(response)))
}
