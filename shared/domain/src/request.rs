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

/// The result that an execution reports. Whether a completed request has warnings follows from its timeline.
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
    /// A person has to act.
    Waiting,
    Complete,
}

/// A ticket in the PSA, or the id that stands for one when notes are mails.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TicketRef {
    /// The system's name, such as `connectwise` or `email_only`.
    pub system: String,
    pub id: String,
}

/// The account that Gangway created, or the leaver's account.
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

/// The member or program that submitted a request. A program with a token counts as the member who owns the token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Requester {
    /// The member's id, or `token:ORG/ID`.
    pub id: String,
    /// The submitting member or the owner of the token, as `ORG/MEMBER`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<String>,
    /// The member's address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
}

impl Requester {
    /// The name that people see: the address, or the id if there is no address.
    pub fn known_as(&self) -> &str {
        self.email.as_deref().unwrap_or(&self.id)
    }
}

/// The progress of one license of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LicenseState {
    Assigned,
    /// The seat was bought by Gangway, or its purchase confirmed by a technician, but it has not appeared in the tenant
    /// yet.
    Awaited,
    /// The user is in the group that provides the license, and Microsoft has not assigned it yet.
    Joined,
    /// The license depends on another one, so it is tried once more after the request's other licenses.
    Postponed,
    /// The license was given up, rejected, timed out or not wanted. A technician assigns it by hand.
    Skipped,
}

/// A step that an admin may leave out after it failed, because the other steps do not need it. It is stored under the
/// step's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "StepName", into = "StepName")]
pub enum Skip {
    ClaimStart,
    /// Leaves out every license step of every license.
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

    /// What to skip when the step with this name failed, or `None` if later steps need it.
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

/// A group that a request adds the user to, as found in the tenant at submission.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedGroup {
    /// The name in the form, or the group's own name if it was copied from a colleague.
    pub name: String,
    /// `None` if no group or several groups have this name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Whether the group was copied from a colleague.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub copied: bool,
    /// Why the user can't be added to the group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Everything that the submission looked up and decided. The approver sees this plan and the steps carry it out; they
/// look up nothing again by name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    pub upn: String,
    /// All sign-in and mail addresses of the leaver or of the rehired person. Each address identifies that person.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub subject_addresses: Vec<String>,
    /// All sign-in and mail addresses of the requester's account in the tenant, if there is one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub requester_addresses: Vec<String>,
    pub display_name: String,
    /// The licenses that an onboarding assigns.
    pub licenses: Vec<Sku>,
    /// The groups that an onboarding adds the user to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<PlannedGroup>,
    /// The requester's role at submission.
    #[serde(default)]
    pub submitted_as: Role,
    pub approval_required: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub approval_because: Vec<Because>,
    /// The addresses of the people asked for approval; never the requester's.
    pub approvers: Vec<String>,
    /// The manager's address among `approvers`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approving_manager: Option<String>,
    /// How often approval was requested again because the approved plan changed.
    #[serde(default)]
    pub approval_again: u32,
    /// How often the content shown to approvers changed. A decision is valid only for the version that the approver
    /// saw.
    #[serde(default)]
    pub version: u32,
    /// The id of the disabled account that a rehire enables again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rehired: Option<String>,
    /// The account of the manager that the form names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manager: Option<UserRef>,
    /// The manager who may receive the password: the one in the directory for a rehire, otherwise the one in the form.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password_manager: Option<UserRef>,
    /// The waiting request of a basic member about the same person that this request replaced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supersedes: Option<RequestId>,
    /// When the work starts, if it waits for the start date or for the end of the last day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_at: Option<DateTime<Utc>>,
    /// The person who last changed an approved date. The approvers are mailed about the change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub moved_by: Option<String>,
}

impl Plan {
    /// The gate at which approval is currently decided.
    pub fn approval_gate(&self) -> Gate {
        Gate::Approval(self.approval_again)
    }
}

/// One event of a request. Its names are stored as texts; see [`crate::timeline`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimelineEvent {
    pub at: DateTime<Utc>,
    pub step: String,
    pub event: String,
    pub detail: String,
    /// A request with a warning ends as `completed_with_warnings`.
    #[serde(default)]
    pub warning: bool,
    /// The number of the execution in which the step failed. A later execution may make up for the failure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed_in: Option<u32>,
    /// The people named in the detail, spelled as in the detail: the person who acted, or the people who were asked.
    /// Readers who may not see these names get a replacement. The same words elsewhere, for example in a reason, are
    /// not replaced.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub people: Vec<String>,
}

impl TimelineEvent {
    pub fn is(&self, event: Event) -> bool {
        self.event == event.as_str()
    }
}

/// The key of everything that belongs to a request: its organisation and its id.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct RequestKey {
    pub org: OrgId,
    pub request: RequestId,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_that_others_need_cannot_be_skipped() {
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
