//! Whether a new user will be asked for multi-factor authentication (MFA), by what the directory says of security
//! defaults and Conditional Access. Gangway enforces nothing; a technician reads what to change.

mod conditions;
mod policy;

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

pub use conditions::joined;
pub use policy::{Policy, PolicyState, Reach};

/// What the directory let be read of one thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer<T> {
    Given(T),
    /// Gangway's application has not this permission.
    NotPermitted(&'static str),
    /// The tenant has no license for it.
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

/// The user, and the groups they are in, also through other groups.
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

/// The registration campaign, with Graph's names.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Campaign {
    /// `enabled`, `disabled`, or `default`: as Microsoft decides.
    pub state: String,
    #[serde(default)]
    pub include_targets: Vec<Target>,
    #[serde(default)]
    pub exclude_targets: Vec<Target>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Target {
    /// Of a user or group, or `all_users`.
    pub id: String,
}

impl Campaign {
    pub fn includes(&self, person: &Person) -> bool {
        let is_for =
            |target: &Target| target.id == "all_users" || target.id == person.id || person.groups.contains(&target.id);
        self.state != "disabled" && self.include_targets.iter().any(is_for) && !self.exclude_targets.iter().any(is_for)
    }
}

/// What the user has registered, with Graph's names.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Registration {
    pub is_mfa_registered: bool,
    #[serde(default)]
    pub methods_registered: Vec<String>,
}

/// All that decides.
#[derive(Debug, Clone)]
pub struct Facts {
    pub person: Person,
    pub security_defaults: Answer<bool>,
    pub policies: Answer<Vec<Policy>>,
    pub campaign: Answer<Option<Campaign>>,
    /// None: not in the report yet.
    pub registration: Answer<Option<Registration>>,
    /// The group that the variable `mfa_group` names.
    pub mfa_group: Option<Group>,
    /// Names of groups by their ids.
    pub names: BTreeMap<String, String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Asked,
    /// Only under the conditions of the policies that reach the user.
    OnlyIf,
    NotAsked,
    /// What decides could not be read.
    Unknown,
}

/// A policy that requires MFA, seen from the user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judged {
    pub name: String,
    pub state: PolicyState,
    pub reach: Reach,
    /// In words; none if it always asks.
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
    /// Those that apply come first.
    pub policies: Vec<Judged>,
    /// What to change so that the user is asked; none if they are.
    pub changes: Vec<Change>,
}

/// Something that a technician can do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Into one of the groups, by their ids, which the policy targets.
    AddToGroup {
        groups: Vec<String>,
        policy: String,
    },
    /// The policy leaves its members out.
    TakeOutOfGroup {
        group: String,
        policy: String,
    },
    /// The policy leaves the user out by name.
    Include {
        policy: String,
    },
    /// It is report-only or off.
    TurnOn {
        policy: String,
    },
    /// No policy that is on targets it.
    TargetMfaGroup,
    SecurityDefaults,
    NewPolicy,
}

/// One is enough; a tenant with fifty policies that are off needs no fifty proposals.
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
        // A tenant has the one or the other.
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
        // Who is asked sometimes is not helped by another policy that asks sometimes.
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
