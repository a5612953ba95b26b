//! A request to onboard or offboard one person: its states, its plan and its timeline.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::authority::Because;
use crate::decision::Gate;
use crate::field::InvalidValue;
use crate::ids::{OrgId, RequestId};
use crate::role::Role;
use crate::timeline::{Event, StepName};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    WaitingApproval,
    Scheduled,
    Running,
    WaitingLicense,
    Completed,
    CompletedWithWarnings,
    Denied,
    Cancelled,
    Failed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    Completed,
    CompletedWithWarnings,
    Denied,
    Cancelled,
    Failed,
}

impl Status {
    pub const ALL: [Self; 9] = [
        Self::WaitingApproval,
        Self::Scheduled,
        Self::Running,
        Self::WaitingLicense,
        Self::Completed,
        Self::CompletedWithWarnings,
        Self::Denied,
        Self::Cancelled,
        Self::Failed,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::WaitingApproval => "waiting_approval",
            Self::Scheduled => "scheduled",
            Self::Running => "running",
            Self::WaitingLicense => "waiting_license",
            Self::Completed => "completed",
            Self::CompletedWithWarnings => "completed_with_warnings",
            Self::Denied => "denied",
            Self::Cancelled => "cancelled",
            Self::Failed => "failed",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == text)
    }

    pub fn outcome(self) -> Option<Outcome> {
        match self {
            Self::Completed => Some(Outcome::Completed),
            Self::CompletedWithWarnings => Some(Outcome::CompletedWithWarnings),
            Self::Denied => Some(Outcome::Denied),
            Self::Cancelled => Some(Outcome::Cancelled),
            Self::Failed => Some(Outcome::Failed),
            Self::WaitingApproval | Self::Scheduled | Self::Running | Self::WaitingLicense => None,
        }
    }
}

impl From<Outcome> for Status {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Completed => Self::Completed,
            Outcome::CompletedWithWarnings => Self::CompletedWithWarnings,
            Outcome::Denied => Self::Denied,
            Outcome::Cancelled => Self::Cancelled,
            Outcome::Failed => Self::Failed,
        }
    }
}

/// The end that an execution reports. Whether a completed request has warnings follows from its timeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum End {
    Completed,
    Denied,
    Cancelled,
    Failed,
}

impl End {
    pub fn outcome(self, with_warnings: bool) -> Outcome {
        match self {
            Self::Completed if with_warnings => Outcome::CompletedWithWarnings,
            Self::Completed => Outcome::Completed,
            Self::Denied => Outcome::Denied,
            Self::Cancelled => Outcome::Cancelled,
            Self::Failed => Outcome::Failed,
        }
    }
}

/// The status that the ticket should have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TicketStatus {
    Working,
    /// A person must act.
    Waiting,
    Complete,
}

/// A ticket in the PSA, or the place that mails stand in for one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TicketRef {
    /// `connectwise`, `email_only`, ...
    pub system: String,
    pub id: String,
}

/// The account that Gangway made, or the leaver's account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserRef {
    pub id: String,
    pub upn: String,
}

/// A license as the tenant knows it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Sku {
    pub id: String,
    pub part_number: String,
}

/// The member who asked, or the program: a program with a token counts as the member who owns the token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Requester {
    /// Member id, or `token:ORG/ID`.
    pub id: String,
    /// The member who asked or who owns the token, as `ORG/MEMBER`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<String>,
    /// The address of that member.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
}

impl Requester {
    /// The name that people are shown: the address, or the id where there is none.
    pub fn known_as(&self) -> &str {
        self.email.as_deref().unwrap_or(&self.id)
    }
}

/// How far one license of the request has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LicenseState {
    Assigned,
    /// Bought, or confirmed by a technician; the seat has not shown up yet.
    Awaited,
    /// The user is in the group that carries it; Microsoft gives it in its own time.
    Joined,
    /// It builds on another license, so it is tried again, once, after the request's other licenses.
    Postponed,
    /// Given up, rejected, timed out or not wanted: a technician assigns it by hand.
    Skipped,
}

/// A step that an admin may leave out when it has failed: the rest can go on without it. Stored under the step's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "StepName", into = "StepName")]
pub enum Skip {
    ClaimStart,
    /// Leaves out every step of every license.
    FindLicense,
    AddGroups,
    ReportMfa,
    BlockSignIn,
    RemoveLicenses,
    RemoveGroups,
}

impl Skip {
    pub const NAMES: &'static [&'static str] = &[
        Self::ClaimStart.as_str(),
        Self::FindLicense.as_str(),
        Self::AddGroups.as_str(),
        Self::ReportMfa.as_str(),
        Self::BlockSignIn.as_str(),
        Self::RemoveLicenses.as_str(),
        Self::RemoveGroups.as_str(),
    ];

    /// What leaves out this step, given the name of the step that failed. None if the rest needs the step.
    pub fn of(step: &str) -> Option<Self> {
        match StepName::parse(step)? {
            StepName::AssignLicense
            | StepName::PurchaseLicense
            | StepName::CheckPurchase
            | StepName::RequestLicense => Some(Self::FindLicense),
            step => step.try_into().ok(),
        }
    }

    pub const fn step(self) -> StepName {
        match self {
            Self::ClaimStart => StepName::ClaimStart,
            Self::FindLicense => StepName::FindLicense,
            Self::AddGroups => StepName::AddGroups,
            Self::ReportMfa => StepName::ReportMfa,
            Self::BlockSignIn => StepName::BlockSignIn,
            Self::RemoveLicenses => StepName::RemoveLicenses,
            Self::RemoveGroups => StepName::RemoveGroups,
        }
    }

    pub const fn as_str(self) -> &'static str {
        self.step().as_str()
    }
}

impl fmt::Display for Skip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl From<Skip> for StepName {
    fn from(skip: Skip) -> Self {
        skip.step()
    }
}

impl TryFrom<StepName> for Skip {
    type Error = InvalidValue;
    fn try_from(step: StepName) -> Result<Self, InvalidValue> {
        match step {
            StepName::ClaimStart => Ok(Self::ClaimStart),
            StepName::FindLicense => Ok(Self::FindLicense),
            StepName::AddGroups => Ok(Self::AddGroups),
            StepName::ReportMfa => Ok(Self::ReportMfa),
            StepName::BlockSignIn => Ok(Self::BlockSignIn),
            StepName::RemoveLicenses => Ok(Self::RemoveLicenses),
            StepName::RemoveGroups => Ok(Self::RemoveGroups),
            _ => Err(InvalidValue("must be a step that the rest can go on without")),
        }
    }
}

/// A group that a request adds, as submission found it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedGroup {
    /// As asked for, or the group's own name where it is a colleague's.
    pub name: String,
    /// None if there is no such group, or several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// It is one of the colleague's groups.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub copied: bool,
    /// Why it can't be added.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Everything that submission found out and fixed. The approver sees it and the steps carry it out; nothing in it is looked
/// up again by name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    pub upn: String,
    /// All sign-in and mail addresses of a leaver, or of somebody who comes back: an address identifies that person.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub subject_addresses: Vec<String>,
    /// All sign-in and mail addresses of the requester's account in the tenant, if there is one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub requester_addresses: Vec<String>,
    pub display_name: String,
    /// The licenses that an onboarding gives.
    pub licenses: Vec<Sku>,
    /// The groups that an onboarding adds.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<PlannedGroup>,
    /// The requester's role at submission.
    #[serde(default)]
    pub submitted_as: Role,
    pub approval_required: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub approval_because: Vec<Because>,
    /// Addresses that are asked; never the requester's.
    pub approvers: Vec<String>,
    /// The manager's address among `approvers`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approving_manager: Option<String>,
    /// Counts how often approval was asked for again because the approved plan changed.
    #[serde(default)]
    pub approval_again: u32,
    /// Counts the changes of what approvers see, so that a decision is about what they saw.
    #[serde(default)]
    pub version: u32,
    /// Id of the disabled account that is enabled again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rehired: Option<String>,
    /// The account of the manager that the form names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manager: Option<UserRef>,
    /// The manager who may get the password: the directory's for a rehire, else the form's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password_manager: Option<UserRef>,
    /// The waiting request of a basic member about the same person, which this one took the place of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supersedes: Option<RequestId>,
    /// Set when the work waits for the start date, or for the last day to be over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_at: Option<DateTime<Utc>>,
    /// The person who moved an approved date last; the approvers get a mail about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub moved_by: Option<String>,
}

impl Plan {
    /// The gate where approval is decided now.
    pub fn approval_gate(&self) -> Gate {
        Gate::Approval(self.approval_again)
    }
}

/// One line of what happened. Names are texts, see [`crate::timeline`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimelineEvent {
    pub at: DateTime<Utc>,
    pub step: String,
    pub event: String,
    pub detail: String,
    /// The run ends `completed_with_warnings` if one of its events is a warning.
    #[serde(default)]
    pub warning: bool,
    /// Of a step that failed: the execution that it failed in. A later one may make up for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed_in: Option<u32>,
    /// The people whom the detail names, written as it names them: the person who did it, or the people who were asked. Readers
    /// who may not know them see something else. The same words elsewhere, in a reason for example, are not replaced.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub people: Vec<String>,
}

impl TimelineEvent {
    pub fn is(&self, event: Event) -> bool {
        self.event == event.as_str()
    }
}

/// The key of everything that belongs to a request: (organisation, request).
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct RequestKey {
    pub org: OrgId,
    pub request: RequestId,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_that_the_rest_needs_cannot_be_skipped() {
        for step in [
            "prepare",
            "request-approval",
            "settle-gate",
            "plan-start",
            "create-user",
            "hand-over-password",
            "ticket",
            "summarise",
        ] {
            assert_eq!(Skip::of(step), None, "{step}");
        }
        assert_eq!(Skip::of("assign-license"), Some(Skip::FindLicense));
        for name in Skip::NAMES {
            let skip = Skip::of(name).unwrap();
            assert_eq!(skip.as_str(), *name);
            assert_eq!(serde_json::to_value(skip).unwrap(), *name);
            assert_eq!(serde_json::from_value::<Skip>((*name).into()).unwrap(), skip);
        }
        assert!(serde_json::from_value::<Skip>("create-user".into()).is_err());
    }
}
