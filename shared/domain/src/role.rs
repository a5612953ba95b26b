//! What a member of an organisation may do.

use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Submits, and sees own requests; offboardings only where somebody approves them.
    Basic,
    /// Sees all requests; decides on licences, cancels, reschedules, resumes.
    Technician,
    /// Sees all requests and decides approvals.
    Approver,
    /// Everything in the organisation, its settings included.
    Admin,
}

impl Role {
    pub const ALL: [Self; 4] = [Self::Basic, Self::Technician, Self::Approver, Self::Admin];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Basic => "basic",
            Self::Technician => "technician",
            Self::Approver => "approver",
            Self::Admin => "admin",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == text)
    }

    /// Submits, and sees and changes what they asked for.
    pub fn submits(self) -> bool {
        Self::ALL.contains(&self)
    }

    pub fn sees_all_requests(self) -> bool {
        self != Self::Basic
    }

    /// Whether an offboarding may begin that nobody has approved.
    pub fn offboards_unasked(self) -> bool {
        self != Self::Basic
    }

    pub fn cancels_and_reschedules(self) -> bool {
        matches!(self, Self::Technician | Self::Admin)
    }

    pub fn resumes(self) -> bool {
        matches!(self, Self::Technician | Self::Admin)
    }

    /// Leaves a failed step out when a request is resumed.
    pub fn skips_steps(self) -> bool {
        self == Self::Admin
    }

    pub fn sees_kept_passwords(self) -> bool {
        self == Self::Admin
    }

    /// Whether anything waits for this role's decision.
    pub fn decides(self) -> bool {
        self.decides_approvals() || self.decides_licenses()
    }

    pub fn decides_approvals(self) -> bool {
        matches!(self, Self::Approver | Self::Admin)
    }

    pub fn decides_licenses(self) -> bool {
        matches!(self, Self::Technician | Self::Admin)
    }

    pub fn sees_variables(self) -> bool {
        self != Self::Basic
    }

    pub fn edits_variables(self) -> bool {
        self == Self::Admin
    }

    pub fn manages_members(self) -> bool {
        self == Self::Admin
    }

    pub fn manages_tokens(self) -> bool {
        self == Self::Admin
    }

    pub fn sets_credentials(self) -> bool {
        self == Self::Admin
    }

    pub fn sees_audit(self) -> bool {
        self == Self::Admin
    }
}
