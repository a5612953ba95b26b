//! Changes of a tenant, apart from its seats: MFA policies, and licenses that users cannot have.

use axum::{
    body::Bytes,
    extract::{Path, State as AxumState},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Reply, Shared, read, sku_index, with, wrong};
use crate::{
    vendors::graph::mfa::{Refusal, policy},
    world::LicenseRule,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewMfa {
    #[serde(default)]
    security_defaults: bool,
    /// Policies as Graph has them. Missing properties have defaults, and groups may be given by name.
    #[serde(default)]
    policies: Vec<Value>,
    /// If given, nothing of it can be read.
    #[serde(default)]
    refuse: Option<Refusal>,
}

pub(super) async fn set_mfa(AxumState(app): Shared, Path(name): Path<String>, body: Bytes) -> Reply {
    let new: NewMfa = read(&body)?;
    with(&app, &name, |world| {
        let groups = &world.tenant.groups;
        let policies: Vec<_> = new.policies.iter().map(|said| policy(said, groups)).collect();
        if new.security_defaults && policies.iter().any(|policy| policy["state"] == "enabled") {
            return Err(wrong(
                "a tenant has either security defaults or policies that are enabled",
            ));
        }
        let mfa = &mut world.tenant.mfa;
        (mfa.security_defaults, mfa.policies, mfa.refuse) = (new.security_defaults, policies, new.refuse);
        Ok(json!({"security_defaults": mfa.security_defaults, "policies": mfa.policies}))
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewRule {
    sku: String,
    /// Microsoft's name for the error.
    error: String,
    /// The license that a user must have to avoid the error.
    #[serde(default)]
    unless: Option<String>,
}

/// Makes Microsoft refuse the license, directly and by group.
pub(super) async fn add_license_rule(AxumState(app): Shared, Path(name): Path<String>, body: Bytes) -> Reply {
    let new: NewRule = read(&body)?;
    with(&app, &name, |world| {
        let id = |sku: &str| Ok(world.tenant.skus[sku_index(world, sku)?].id.clone());
        let rule = LicenseRule {
            sku_id: id(&new.sku)?,
            error: new.error,
            unless: new.unless.as_deref().map(id).transpose()?,
        };
        world.tenant.license_rules.push(rule);
        Ok(json!({ "rules": world.tenant.license_rules.len() }))
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewLicenseGroup {
    name: String,
    sku: String,
    /// Whether a rule decides who is a member.
    #[serde(default)]
    dynamic: bool,
}

/// Adds a group that assigns a license.
pub(super) async fn add_license_group(AxumState(app): Shared, Path(name): Path<String>, body: Bytes) -> Reply {
    let new: NewLicenseGroup = read(&body)?;
    with(&app, &name, |world| {
        let sku_id = world.tenant.skus[sku_index(world, &new.sku)?].id.clone();
        let groups = &mut world.tenant.groups;
        let plain = groups.iter().find(|group| group.display_name == "MFA Users").cloned();
        let mut group = plain.ok_or_else(|| wrong("there is no group to make it like"))?;
        group.id = crate::world::id();
        group.mail_nickname = new.name.to_lowercase().replace(' ', "-");
        group.display_name = new.name;
        group.description = "Security group that carries a license".to_owned();
        group.membership_rule = new.dynamic.then(|| "(user.department -eq \"Sales\")".to_owned());
        group.licenses = vec![sku_id];
        group.members.clear();
        let id = group.id.clone();
        groups.push(group);
        Ok(json!({ "id": id }))
    })
}
