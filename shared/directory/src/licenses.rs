//! Licences: what the tenant has, and who has them.

use domain::fault::Fault;
use domain::request::Sku;

use crate::{Graph, unwritten};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubscribedSku {
    pub sku: Sku,
    pub enabled: u32,
    /// Seats past their term that still work.
    pub warning: u32,
    pub consumed: u32,
    /// `Enabled`, `Warning`, `Suspended`, `LockedOut`, `Deleted`.
    pub capability_status: String,
    /// `User` or `Company`.
    pub applies_to: String,
}

impl SubscribedSku {
    /// Seats that can be assigned to a person now.
    pub fn free(&self) -> u32 {
        let usable = matches!(self.capability_status.as_str(), "Enabled" | "Warning") && self.applies_to == "User";
        if usable {
            self.enabled.saturating_add(self.warning).saturating_sub(self.consumed)
        } else {
            0
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Assignment {
    Assigned,
    NoSeat,
    /// The user has none, or one where this licence isn't sold.
    InvalidUsageLocation,
    /// A short reason fit for a ticket.
    Refused(String),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AssignmentState {
    Active,
    /// Works, but not wholly.
    ActiveWithError(String),
    Disabled,
    /// With Microsoft's error name, as `CountViolation`.
    Error(String),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LicenseOfUser {
    pub sku_id: String,
    pub state: AssignmentState,
    /// The licence group it comes through, if not assigned directly.
    pub by_group: Option<String>,
}

impl Graph {
    pub async fn subscribed_skus(&self) -> Result<Vec<SubscribedSku>, Fault> {
        unwritten()
    }

    /// Repeating it takes no second seat.
    pub async fn assign_license(&self, user_id: &str, sku_id: &str) -> Result<Assignment, Fault> {
        let _ = (user_id, sku_id);
        unwritten()
    }

    pub async fn licenses_of(&self, user_id: &str) -> Result<Vec<LicenseOfUser>, Fault> {
        let _ = user_id;
        unwritten()
    }
}
