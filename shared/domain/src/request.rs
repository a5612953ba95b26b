//! One person to onboard or offboard, and what became of it.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::authority::Because;
use crate::decision::Gate;
use crate::field::choice;
use crate::ids::{OrgId, RequestId};
use crate::role::Role;

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

/// How an execution says that it ends; whether a completed one has warnings, its timeline tells.
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

/// What the ticket's status should say.
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

/// The account that Gangway made, or the leaver's.
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

/// Who asked: a member, or a program with a token, which counts as the member who owns it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Requester {
    /// Member id, or `token:ORG/ID`.
    pub id: String,
    /// `ORG/MEMBER`: the member who asked, or who owns the token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<String>,
    /// The member's, or the owner's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
}

impl Requester {
    /// The name that people are shown: the address, or the id where there is none.
    pub fn known_as(&self) -> &str {
        self.email.as_deref().unwrap_or(&self.id)
    }
}

/// What became of one license of the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LicenseState {
    Assigned,
    /// Bought or confirmed; the seat is looked for.
    Awaited,
    /// The user is in the group that carries it; Microsoft gives it in its own time.
    Joined,
    /// It builds on another license, so it is tried again, once, when the others of the request are settled.
    Postponed,
    /// Given up, rejected, timed out or not wanted: a technician assigns it by hand.
    Skipped,
}

choice! {
    /// A step that an admin may leave out when it has failed: the rest can go on without it.
    Skip {
        ClaimStart = "claim-start",
        /// With all that follows for each license.
        FindLicense = "find-license",
        AddGroups = "add-groups",
        ReportMfa = "report-mfa",
        BlockSignIn = "block-sign-in",
        RemoveLicenses = "remove-licenses",
        RemoveGroups = "remove-groups",
    }
}

impl Skip {
    /// By the name of the step that failed.
    pub fn of(step: &str) -> Option<Self> {
        match step {
            "assign-license" | "purchase-license" | "check-purchase" | "request-license" => Some(Self::FindLicense),
            _ => Self::parse(step),
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

/// What submission found out and fixed: what the approver sees, and what runs. Nothing in it is looked up again by name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    pub upn: String,
    /// All sign-in and mail addresses of a leaver, or of somebody who comes back: whoever comes with one is that person.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub subject_addresses: Vec<String>,
    /// All sign-in and mail addresses of the requester's account in the tenant, if there is one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub requester_addresses: Vec<String>,
    pub display_name: String,
    /// That an onboarding gives.
    pub licenses: Vec<Sku>,
    /// That an onboarding adds.
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
    /// The one of `approvers` that stands for the manager.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approving_manager: Option<String>,
    /// How often approval was asked for anew, because what was approved changed.
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
    /// The manager who may get the password: for a rehire the one whom the directory has, else the form's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password_manager: Option<UserRef>,
    /// The waiting request of a basic member about the same person, which this one took the place of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supersedes: Option<RequestId>,
    /// Set when the work waits for the start date, or for the last day to be over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_at: Option<DateTime<Utc>>,
    /// Who moved an approved date last; the approvers are told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub moved_by: Option<String>,
}

impl Plan {
    /// The gate where approval is decided now.
    pub fn approval_gate(&self) -> Gate {
        Gate::Approval(self.approval_again)
    }
}

/// One line of what happened.
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
    /// Whom the detail names, as it names them: who did it, or who was asked. Readers who may not know them are shown something
    /// else. Other words that look the same, in a reason say, are somebody's own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub people: Vec<String>,
}

/// Where a request's data hangs together: (organisation, request).
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
            assert_eq!(Skip::of(name).map(Skip::as_str), Some(*name));
        }
    }
}
