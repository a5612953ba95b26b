//! What a member of an organisation may do.

use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Asks: each submission waits for approval. Sees own requests.
    #[default]
    Basic,
    /// Submits on their own authority where approval is off, and sees all requests of the organisation.
    PowerUser,
    /// What a power user may, and: decides on licenses, brings leavers back, cancels, reschedules, resumes.
    Technician,
    /// What a power user may, and decides approvals.
    Approver,
    /// Everything in the organisation, its variables included.
    Admin,
}

impl Role {
    pub const ALL: [Self; 5] = [
        Self::Basic,
        Self::PowerUser,
        Self::Technician,
        Self::Approver,
        Self::Admin,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Basic => "basic",
            Self::PowerUser => "power_user",
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

    /// Whether a member of a parent organisation acts in its children with this role.
    pub fn acts_in_children(self) -> bool {
        matches!(self, Self::Technician | Self::Approver | Self::Admin)
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
        matches!(self, Self::Technician | Self::Approver | Self::Admin)
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
