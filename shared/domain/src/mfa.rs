//! Predicts whether a new user will be asked for multi-factor authentication (MFA), from the tenant's security defaults
//! and Conditional Access policies. Gangway enforces nothing; the report tells a technician what to change.

mod conditions;
mod policy;

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

pub use conditions::joined;
pub use policy::{Policy, PolicyState, Reach};

/// The result of reading one thing from the directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer<T> {
    Given(T),
    /// Gangway's application lacks this permission.
    NotPermitted(&'static str),
    /// The tenant has no license for the feature.
    NotLicensed,
}

impl<T> Answer<T> {
    pub fn map<U>(self, with: impl FnOnce(T) -> U) -> Answer<U> {
        match self {
            Self::Given(found) => Answer::Given(with(found)),
            Self::NotPermitted(permission) => Answer::NotPermitted(permission),
            Self::NotLicensed => Answer::NotLicensed,
        }
    }
}

/// The user and their groups, including nested membership.
#[derive(Debug, Clone, Default)]
pub struct Person {
    pub id: String,
    pub groups: BTreeSet<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    pub id: String,
    pub name: String,
}

/// The registration campaign, with Graph's field names.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Campaign {
    /// `enabled`, `disabled`, or `default`, which means that Microsoft decides.
    pub state: String,
    #[serde(default)]
    pub include_targets: Vec<Target>,
    #[serde(default)]
    pub exclude_targets: Vec<Target>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Target {
    /// The id of a user or group, or `all_users`.
    pub id: String,
}

impl Campaign {
    pub fn includes(&self, person: &Person) -> bool {
        let is_for =
            |target: &Target| target.id == "all_users" || target.id == person.id || person.groups.contains(&target.id);
        self.state != "disabled" && self.include_targets.iter().any(is_for) && !self.exclude_targets.iter().any(is_for)
    }
}

/// What the user has registered, with Graph's field names.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Registration {
    pub is_mfa_registered: bool,
    #[serde(default)]
    pub methods_registered: Vec<String>,
}

/// All facts that decide the verdict.
#[derive(Debug, Clone)]
pub struct Facts {
    pub person: Person,
    pub security_defaults: Answer<bool>,
    pub policies: Answer<Vec<Policy>>,
    pub campaign: Answer<Option<Campaign>>,
    /// `None` if the user is not in the report yet.
    pub registration: Answer<Option<Registration>>,
    /// The group that the variable `mfa_group` names.
    pub mfa_group: Option<Group>,
    /// The names of groups by their ids.
    pub names: BTreeMap<String, String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Asked,
    /// MFA is asked for only under the conditions of the policies that apply to the user.
    OnlyIf,
    NotAsked,
    /// A deciding fact could not be read.
    Unknown,
}

/// A policy that requires MFA, evaluated for the user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judged {
    pub name: String,
    pub state: PolicyState,
    pub reach: Reach,
    /// Text for people; empty if the policy always asks.
    pub conditions: Vec<String>,
}

impl Judged {
    pub fn applies(&self) -> bool {
        self.state == PolicyState::Enabled && self.reach.is_reached()
    }
}

#[derive(Debug, Clone)]
pub struct Report {
    pub verdict: Verdict,
    /// The policies that apply come first.
    pub policies: Vec<Judged>,
    /// What to change so that the user is asked; empty if they already are.
    pub changes: Vec<Change>,
}

/// A change that a technician can make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Add the user to one of these groups, given by id, which the policy targets.
    AddToGroup {
        groups: Vec<String>,
        policy: String,
    },
    /// Remove the user from a group that the policy excludes.
    TakeOutOfGroup {
        group: String,
        policy: String,
    },
    /// Stop excluding the user by name.
    Include {
        policy: String,
    },
    /// Turn on a policy that is report-only or off.
    TurnOn {
        policy: String,
    },
    /// Let a policy target the MFA group; no enabled policy does.
    TargetMfaGroup,
    SecurityDefaults,
    NewPolicy,
}

/// One change is enough, so a tenant with fifty disabled policies does not get fifty proposals.
const MOST_CHANGES: usize = 5;

pub fn report(facts: &Facts) -> Report {
    let all: &[Policy] = match &facts.policies {
        Answer::Given(policies) => policies,
        Answer::NotPermitted(_) | Answer::NotLicensed => &[],
    };
    let mut policies: Vec<Judged> = all
        .iter()
        .filter(|policy| policy.requires_mfa())
        .map(|policy| Judged {
            name: policy.display_name.clone(),
            state: policy.state,
            reach: policy.reach(&facts.person),
            conditions: policy.conditions(),
        })
        .collect();
    policies.sort_by_key(|judged| (judged.state, !judged.reach.is_reached(), judged.conditions.len()));
    let any_enabled = all.iter().any(|policy| policy.state == PolicyState::Enabled);
    let verdict = verdict(facts, &policies, any_enabled);
    let changes = match verdict {
        Verdict::Asked | Verdict::Unknown => Vec::new(),
        Verdict::OnlyIf | Verdict::NotAsked => changes(facts, all, &policies, verdict, any_enabled),
    };
    Report {
        verdict,
        policies,
        changes,
    }
}

fn verdict(facts: &Facts, policies: &[Judged], any_enabled: bool) -> Verdict {
    let security_defaults = match facts.security_defaults {
        Answer::Given(on) => Some(on),
        // A tenant uses either security defaults or Conditional Access.
        _ if any_enabled => Some(false),
        _ => None,
    };
    let mut applying = policies.iter().filter(|judged| judged.applies());
    let known = security_defaults.is_some() && !matches!(facts.policies, Answer::NotPermitted(_));
    if security_defaults == Some(true) || applying.clone().any(|judged| judged.conditions.is_empty()) {
        Verdict::Asked
    } else if applying.next().is_some() {
        Verdict::OnlyIf
    } else if known {
        Verdict::NotAsked
    } else {
        Verdict::Unknown
    }
}

fn changes(facts: &Facts, all: &[Policy], policies: &[Judged], verdict: Verdict, any_enabled: bool) -> Vec<Change> {
    let mut changes = Vec::new();
    for judged in policies {
        // A user who is asked sometimes gains nothing from another policy that asks only sometimes.
        if verdict == Verdict::OnlyIf && !judged.conditions.is_empty() {
            continue;
        }
        let policy = judged.name.clone();
        let change = match (judged.state, judged.reach.clone()) {
            (PolicyState::Enabled, Reach::OtherGroups(groups)) => Change::AddToGroup { groups, policy },
            (PolicyState::Enabled, Reach::ExcludedMember(group)) => Change::TakeOutOfGroup { group, policy },
            (PolicyState::Enabled, Reach::Excluded) => Change::Include { policy },
            (PolicyState::ReportOnly | PolicyState::Disabled, reach) if reach.is_reached() => Change::TurnOn { policy },
            _ => continue,
        };
        if changes.len() < MOST_CHANGES {
            changes.push(change);
        }
    }
    let targets = |group: &Group| {
        let on = |policy: &&Policy| policy.state == PolicyState::Enabled && policy.requires_mfa();
        all.iter().filter(on).any(|policy| policy.targets(&group.id))
    };
    if verdict == Verdict::NotAsked {
        if facts.mfa_group.as_ref().is_some_and(|group| !targets(group)) {
            changes.push(Change::TargetMfaGroup);
        }
        if !any_enabled {
            changes.push(Change::SecurityDefaults);
        }
        if changes.is_empty() {
            changes.push(Change::NewPolicy);
        }
    }
    changes
}
