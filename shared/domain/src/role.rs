//! The roles of an organisation's members, and what each role may do.

use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Submits requests that always wait for approval, and sees only their own.
    #[default]
    Basic,
    /// Submits without approval unless the organisation requires it, and sees all requests of the organisation.
    PowerUser,
    /// Has the rights of a power user; also decides on licenses, rehires leavers, and cancels, reschedules and resumes
    /// requests.
    Technician,
    /// Has the rights of a power user, and decides approvals.
    Approver,
    /// May do everything in the organisation, including changing its variables.
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

    /// Whether the role may submit requests, and see and change its own ones.
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

    /// Whether the role may leave out a failed step when it resumes a request.
    pub fn skips_steps(self) -> bool {
        self == Self::Admin
    }

    pub fn sees_kept_passwords(self) -> bool {
        self == Self::Admin
    }

    /// Whether the role may decide anything.
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
