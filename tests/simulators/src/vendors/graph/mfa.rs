//! The tenant's requirements for sign-ins: security defaults, Conditional Access, the registration campaign and its
//! report.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{COLLECTION_QUERY, collection, entity, error, not_found, project, select, users::visible};
use crate::{
    request::{Reply, Request, Response},
    world::{Group, World, id},
};

pub struct Mfa {
    pub security_defaults: bool,
    pub policies: Vec<Map<String, Value>>,
    campaign: Value,
    /// By user id. Users who are missing are not in the report yet.
    registered: BTreeMap<String, Vec<String>>,
    pub refuse: Option<Refusal>,
}

/// Why none of this can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    Permission,
    License,
}

const POLICY: &[&str] = &[
    "id",
    "templateId",
    "displayName",
    "createdDateTime",
    "modifiedDateTime",
    "state",
    "conditions",
    "grantControls",
    "sessionControls",
];

impl Mfa {
    /// Makes two policies: one is on and targets `MFA Users`, one is report-only for all users. Security defaults
    /// replace both.
    pub fn new(security_defaults: bool, groups: &[Group], registered: &[&str]) -> Self {
        let targeted = json!({"displayName": "Require MFA for MFA Users", "conditions": {"users": {"includeGroups": ["MFA Users"]}}});
        let trial = json!({
            "displayName": "Require MFA for all users", "state": "enabledForReportingButNotEnforced",
            "conditions": {"users": {"includeUsers": ["All"]}},
        });
        let policies = if security_defaults {
            Vec::new()
        } else {
            vec![policy(&targeted, groups), policy(&trial, groups)]
        };
        let methods = || vec!["microsoftAuthenticatorPush".to_owned()];
        Self {
            security_defaults,
            policies,
            campaign: json!({
                "snoozeDurationInDays": 1, "state": "enabled", "excludeTargets": [],
                "includeTargets": [{"id": "all_users", "targetType": "group", "targetedAuthenticationMethod": "microsoftAuthenticator"}],
            }),
            registered: registered.iter().map(|id| ((*id).to_owned(), methods())).collect(),
            refuse: None,
        }
    }
}

/// Completes a policy. By default it is on, applies to all apps and to nobody, and requires MFA. Groups may be given
/// by name.
pub fn policy(said: &Value, groups: &[Group]) -> Map<String, Value> {
    let mut policy = json!({
        "id": id(), "templateId": null, "displayName": "", "createdDateTime": "2026-01-01T08:00:00Z",
        "modifiedDateTime": null, "state": "enabled", "sessionControls": null,
        "conditions": {
            "userRiskLevels": [], "signInRiskLevels": [], "clientAppTypes": ["all"], "servicePrincipalRiskLevels": [],
            "insiderRiskLevels": null, "platforms": null, "locations": null, "devices": null,
            "clientApplications": null, "authenticationFlows": null,
            "applications": {
                "includeApplications": ["All"], "excludeApplications": [], "includeUserActions": [],
                "includeAuthenticationContextClassReferences": [], "applicationFilter": null,
            },
            "users": {
                "includeUsers": [], "excludeUsers": [], "includeGroups": [], "excludeGroups": [], "includeRoles": [],
                "excludeRoles": [], "includeGuestsOrExternalUsers": null, "excludeGuestsOrExternalUsers": null,
            },
        },
        "grantControls": {
            "operator": "OR", "builtInControls": ["mfa"], "customAuthenticationFactors": [], "termsOfUse": [],
            "authenticationStrength": null,
        },
    });
    overlay(&mut policy, said);
    for list in ["includeGroups", "excludeGroups"] {
        let named = policy["conditions"]["users"][list].as_array_mut();
        for name in named.into_iter().flatten() {
            if let Some(group) = groups.iter().find(|group| *name == group.display_name) {
                *name = json!(group.id);
            }
        }
    }
    match policy {
        Value::Object(policy) => policy,
        _ => Map::new(),
    }
}

fn overlay(base: &mut Value, over: &Value) {
    match (base, over) {
        (Value::Object(base), Value::Object(over)) => {
            for (name, value) in over {
                overlay(base.entry(name.clone()).or_insert(Value::Null), value);
            }
        }
        (base, over) => *base = over.clone(),
    }
}

fn permitted(world: &World) -> Result<(), Response> {
    match world.tenant.mfa.refuse {
        None => Ok(()),
        Some(Refusal::Permission) => Err(error(
            403,
            "AccessDenied",
            "You cannot perform the requested operation, required scopes are missing in the token.",
        )),
        Some(Refusal::License) => Err(error(
            403,
            "AccessDenied",
            "Your tenant is not licensed for this feature.",
        )),
    }
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(object) => object,
        _ => Map::new(),
    }
}

/// These two requests need no license.
fn needs_no_license(world: &World) -> Result<(), Response> {
    match world.tenant.mfa.refuse {
        Some(Refusal::License) => Ok(()),
        _ => permitted(world),
    }
}

pub fn security_defaults(world: &mut World, request: &Request) -> Reply {
    const KNOWN: &[&str] = &["id", "displayName", "description", "isEnabled"];
    request.only_query(&["$select"])?;
    let selected = select(request, "identitySecurityDefaultsEnforcementPolicy", |name| {
        KNOWN.contains(&name)
    })?;
    needs_no_license(world)?;
    let policy = object(json!({
        "id": "00000000-0000-0000-0000-000000000005", "displayName": "Security Defaults",
        "description": "A set of basic identity security mechanisms", "isEnabled": world.tenant.mfa.security_defaults,
    }));
    let shown = project(&policy, selected.as_deref(), KNOWN);
    Ok(entity(
        request,
        "policies/identitySecurityDefaultsEnforcementPolicy",
        shown,
    ))
}

pub fn methods_policy(world: &mut World, request: &Request) -> Reply {
    const KNOWN: &[&str] = &[
        "id",
        "displayName",
        "description",
        "lastModifiedDateTime",
        "policyVersion",
        "reconfirmationInDays",
        "registrationEnforcement",
    ];
    request.only_query(&["$select"])?;
    let selected = select(request, "authenticationMethodsPolicy", |name| KNOWN.contains(&name))?;
    needs_no_license(world)?;
    let policy = object(json!({
        "id": "authenticationMethodsPolicy", "displayName": "Authentication Methods Policy",
        "description": "The tenant-wide policy that controls which authentication methods are allowed",
        "lastModifiedDateTime": "2026-01-01T08:00:00Z", "policyVersion": "1.5", "reconfirmationInDays": null,
        "registrationEnforcement": {"authenticationMethodsRegistrationCampaign": world.tenant.mfa.campaign},
    }));
    let shown = project(&policy, selected.as_deref(), KNOWN);
    Ok(entity(request, "authenticationMethodsPolicy", shown))
}

pub fn policies(world: &mut World, request: &Request) -> Reply {
    request.only_query(COLLECTION_QUERY)?;
    let selected = select(request, "conditionalAccessPolicy", |name| POLICY.contains(&name))?;
    permitted(world)?;
    let policies = world.tenant.mfa.policies.clone();
    collection(
        request,
        "identity/conditionalAccess/policies",
        policies,
        selected.as_deref(),
        POLICY,
    )
}

pub fn registration(world: &mut World, request: &Request) -> Reply {
    const KNOWN: &[&str] = &[
        "id",
        "userPrincipalName",
        "userDisplayName",
        "isMfaRegistered",
        "isMfaCapable",
        "methodsRegistered",
    ];
    request.only_query(&["$select"])?;
    let selected = select(request, "userRegistrationDetails", |name| KNOWN.contains(&name))?;
    permitted(world)?;
    let user = visible(world, request.param(0))?;
    let (user_id, upn, name) = (
        user.id.clone(),
        user.upn().to_owned(),
        user.text("displayName").to_owned(),
    );
    let methods = world
        .tenant
        .mfa
        .registered
        .get(&user_id)
        .ok_or_else(|| not_found(&user_id))?;
    let any = !methods.is_empty();
    let details = object(json!({
        "id": user_id, "userPrincipalName": upn, "userDisplayName": name, "isMfaRegistered": any, "isMfaCapable": any,
        "methodsRegistered": methods,
    }));
    let shown = project(&details, selected.as_deref(), KNOWN);
    Ok(entity(
        request,
        "reports/authenticationMethods/userRegistrationDetails",
        shown,
    ))
}
