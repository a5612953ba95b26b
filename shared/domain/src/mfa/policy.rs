//! A Conditional Access policy: which users it applies to, and its conditions. The fields are those of Graph that
//! matter for the MFA of a newly created member of the tenant.

use serde::de::{Deserializer, IgnoredAny};
use serde::{Deserialize, Serialize};

use super::Person;

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Policy {
    #[serde(deserialize_with = "or_default")]
    pub display_name: String,
    pub state: PolicyState,
    #[serde(deserialize_with = "or_default")]
    pub(super) conditions: Conditions,
    #[serde(deserialize_with = "or_default")]
    pub(super) grant_controls: GrantControls,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum PolicyState {
    Enabled,
    #[serde(rename = "enabledForReportingButNotEnforced")]
    ReportOnly,
    #[default]
    #[serde(other)]
    Disabled,
}

/// Whether and why a policy applies to the person, regardless of where and how they sign in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reach {
    AllUsers,
    TheUser,
    /// The person is in the included group with this id.
    Member(String),
    /// The policy excludes the person by name.
    Excluded,
    /// The person is in the excluded group with this id.
    ExcludedMember(String),
    /// The policy is only for members of other groups, given by id.
    OtherGroups(Vec<String>),
    /// The policy is for guests, directory roles, other people or service principals.
    Others(&'static str),
}

impl Reach {
    pub fn is_reached(&self) -> bool {
        matches!(self, Self::AllUsers | Self::TheUser | Self::Member(_))
    }
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Conditions {
    #[serde(deserialize_with = "or_default")]
    pub(super) applications: Applications,
    #[serde(deserialize_with = "or_default")]
    pub(super) users: Users,
    #[serde(deserialize_with = "or_default")]
    pub(super) platforms: Platforms,
    #[serde(deserialize_with = "or_default")]
    pub(super) locations: Locations,
    #[serde(deserialize_with = "or_default")]
    pub(super) client_app_types: Vec<String>,
    #[serde(deserialize_with = "or_default")]
    pub(super) sign_in_risk_levels: Vec<String>,
    #[serde(deserialize_with = "or_default")]
    pub(super) user_risk_levels: Vec<String>,
    pub(super) insider_risk_levels: Option<String>,
    #[serde(deserialize_with = "or_default")]
    pub(super) devices: Devices,
    #[serde(deserialize_with = "or_default")]
    pub(super) authentication_flows: Flows,
    #[serde(deserialize_with = "or_default")]
    pub(super) client_applications: ServicePrincipals,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Applications {
    #[serde(deserialize_with = "or_default")]
    pub(super) include_applications: Vec<String>,
    #[serde(deserialize_with = "or_default")]
    pub(super) exclude_applications: Vec<String>,
    #[serde(deserialize_with = "or_default")]
    pub(super) include_user_actions: Vec<String>,
    #[serde(deserialize_with = "or_default")]
    pub(super) include_authentication_context_class_references: Vec<String>,
    pub(super) application_filter: Option<IgnoredAny>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Users {
    #[serde(deserialize_with = "or_default")]
    pub(super) include_users: Vec<String>,
    #[serde(deserialize_with = "or_default")]
    pub(super) exclude_users: Vec<String>,
    #[serde(deserialize_with = "or_default")]
    pub(super) include_groups: Vec<String>,
    #[serde(deserialize_with = "or_default")]
    pub(super) exclude_groups: Vec<String>,
    #[serde(deserialize_with = "or_default")]
    pub(super) include_roles: Vec<String>,
    pub(super) include_guests_or_external_users: Option<IgnoredAny>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Platforms {
    #[serde(deserialize_with = "or_default")]
    pub(super) include_platforms: Vec<String>,
    #[serde(deserialize_with = "or_default")]
    pub(super) exclude_platforms: Vec<String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Locations {
    #[serde(deserialize_with = "or_default")]
    pub(super) include_locations: Vec<String>,
    #[serde(deserialize_with = "or_default")]
    pub(super) exclude_locations: Vec<String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Devices {
    pub(super) device_filter: Option<IgnoredAny>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Flows {
    pub(super) transfer_methods: Option<String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct ServicePrincipals {
    #[serde(deserialize_with = "or_default")]
    pub(super) include_service_principals: Vec<String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct GrantControls {
    pub(super) operator: Option<String>,
    #[serde(deserialize_with = "or_default")]
    pub(super) built_in_controls: Vec<String>,
    #[serde(deserialize_with = "or_default")]
    pub(super) custom_authentication_factors: Vec<String>,
    #[serde(deserialize_with = "or_default")]
    pub(super) terms_of_use: Vec<String>,
    pub(super) authentication_strength: Option<Strength>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Strength {
    pub(super) requirements_satisfied: Option<String>,
}

/// Graph writes an unset field as null or as empty; both become the default.
fn or_default<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(deserializer: D) -> Result<T, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

impl Policy {
    /// Whether the policy requires MFA. A custom authentication strength may allow a single factor.
    pub fn requires_mfa(&self) -> bool {
        let grant = &self.grant_controls;
        let strength = grant
            .authentication_strength
            .as_ref()
            .is_some_and(|strength| strength.requirements_satisfied.as_deref() != Some("none"));
        strength || has(&grant.built_in_controls, "mfa")
    }

    /// The ids of all groups that the policy includes or excludes.
    pub fn groups(&self) -> impl Iterator<Item = &String> {
        let users = &self.conditions.users;
        users.include_groups.iter().chain(&users.exclude_groups)
    }

    pub fn targets(&self, group: &str) -> bool {
        self.conditions.users.include_groups.iter().any(|id| id == group)
    }

    /// Returns whether the policy applies to the person, who is neither a guest nor in a directory role. Exclusion wins
    /// over inclusion.
    pub fn reach(&self, person: &Person) -> Reach {
        let users = &self.conditions.users;
        if self.conditions.applications.are_none() {
            return Reach::Others("it is for no app");
        }
        let member = |groups: &[String]| groups.iter().find(|id| person.groups.contains(*id)).cloned();
        if has(&users.exclude_users, &person.id) {
            return Reach::Excluded;
        }
        if let Some(group) = member(&users.exclude_groups) {
            return Reach::ExcludedMember(group);
        }
        if has(&users.include_users, "All") {
            return Reach::AllUsers;
        }
        if has(&users.include_users, &person.id) {
            return Reach::TheUser;
        }
        if let Some(group) = member(&users.include_groups) {
            return Reach::Member(group);
        }
        if !users.include_groups.is_empty() {
            return Reach::OtherGroups(users.include_groups.clone());
        }
        let guests = users.include_guests_or_external_users.is_some() || has(&users.include_users, GUESTS);
        let named = users.include_users.iter().any(|id| id != "None" && id != GUESTS);
        Reach::Others(
            if !self
                .conditions
                .client_applications
                .include_service_principals
                .is_empty()
            {
                "it is for service principals"
            } else if named {
                "it is for other users, by name"
            } else if !users.include_roles.is_empty() {
                "it is for directory roles"
            } else if guests {
                "it is for guests"
            } else {
                "it is for nobody"
            },
        )
    }
}

impl Applications {
    fn are_none(&self) -> bool {
        self.include_applications.iter().all(|app| app == "None")
            && self.include_user_actions.is_empty()
            && self.include_authentication_context_class_references.is_empty()
            && self.application_filter.is_none()
    }
}

/// Graph's value for guest and external users.
const GUESTS: &str = "GuestsOrExternalUsers";

pub(super) fn has(list: &[String], wanted: &str) -> bool {
    list.iter().any(|item| item == wanted)
}
