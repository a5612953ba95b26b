//! The licenses that the tenant has, and those assigned to users.

use domain::request::Sku;
use domain::step_error::StepError;
use serde::Deserialize;
use serde_json::json;

use crate::groups::{self, Group, GroupBody};
use crate::odata::GraphError;
use crate::{Graph, Reading, SYSTEM, not_there_yet, refused, still_spreading};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubscribedSku {
    pub sku: Sku,
    pub enabled: u32,
    /// Seats that are past their term but still work.
    pub warning: u32,
    pub consumed: u32,
    /// `Enabled`, `Warning`, `Suspended`, `LockedOut` or `Deleted`.
    pub capability_status: String,
    /// `User` or `Company`.
    pub applies_to: String,
}

impl SubscribedSku {
    /// The number of seats that can be assigned to a person now.
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
    /// The user has no usage location, or one where this license isn't sold.
    InvalidUsageLocation,
    /// The license depends on one that the user does not have yet.
    Dependency,
    /// The license breaks a licensing rule, given by Microsoft's name, such as `MutuallyExclusiveViolation`.
    Violation(&'static str),
    /// A short reason, as text for a ticket.
    Refused(String),
}

const MUTUALLY_EXCLUSIVE: &str = "MutuallyExclusiveViolation";

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AssignmentState {
    Active,
    /// The license works, but not completely.
    ActiveWithError(String),
    Disabled,
    /// The license does not work; Microsoft's error name, such as `CountViolation`.
    Error(String),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LicenseOfUser {
    pub sku_id: String,
    pub state: AssignmentState,
    /// The id of the group that provides the license; `None` if it is assigned directly.
    pub by_group: Option<String>,
}

impl LicenseOfUser {
    /// Microsoft's name of the license's error, if it has one.
    pub fn error(&self) -> Option<&str> {
        match &self.state {
            AssignmentState::Active | AssignmentState::Disabled => None,
            AssignmentState::ActiveWithError(error) | AssignmentState::Error(error) => Some(error),
        }
    }

    pub fn lacks_a_seat(&self) -> bool {
        self.error() == Some("CountViolation")
    }
}

/// A user's licenses, and the usage location that they need.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Licensing {
    pub usage_location: Option<String>,
    pub licenses: Vec<LicenseOfUser>,
}

impl Licensing {
    /// The user's assignment of this license: an active one of any kind, otherwise the one of the requested kind.
    pub fn of(&self, sku_id: &str, by_group: bool) -> Option<&LicenseOfUser> {
        let of_sku = || self.licenses.iter().filter(|license| license.sku_id == sku_id);
        let active = of_sku().find(|license| license.state == AssignmentState::Active);
        active.or_else(|| of_sku().find(|license| license.by_group.is_some() == by_group))
    }
}

/// The groups that provide a license.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LicenseGroup {
    One(Group),
    None,
    /// The names of the groups.
    Several(Vec<String>),
}

impl LicenseGroup {
    /// The group to add a user to for the license, or why there is none, as text for a ticket.
    pub fn joinable(self) -> Result<Group, String> {
        match self {
            Self::One(group) => match group.kind.refuses_members() {
                None => Ok(group),
                Some(why) => Err(format!("the group \"{}\" carries it, but {why}", group.name)),
            },
            Self::None => Err("no group of the tenant carries it".to_owned()),
            Self::Several(names) => Err(format!(
                "several groups carry it ({}), and Gangway can't choose between them",
                names.join(", ")
            )),
        }
    }
}

impl Graph {
    pub async fn subscribed_skus(&self) -> Result<Vec<SubscribedSku>, StepError> {
        let found: Vec<SkuBody> = self
            .list("list the licenses", self.url(&["subscribedSkus"], &[]), Reading::Plain)
            .await?;
        Ok(found.into_iter().map(SubscribedSku::from).collect())
    }

    /// Assigns a license. Repeating the call takes no second seat.
    pub async fn assign_license(&self, user_id: &str, sku_id: &str) -> Result<Assignment, StepError> {
        const OPERATION: &str = "assign the license";
        let body = json!({ "addLicenses": [{ "skuId": sku_id, "disabledPlans": [] }], "removeLicenses": [] });
        let request = self
            .http
            .post(self.url(&["users", user_id, "assignLicense"], &[]))
            .json(&body);
        let reply = self.send(OPERATION, request).await?;
        if reply.is_success() {
            return Ok(Assignment::Assigned);
        }
        if still_spreading(&reply) {
            return Err(not_there_yet(OPERATION));
        }
        match (reply.status(), reply.error_body::<GraphError>()) {
            // Microsoft's error for two concurrent changes of one user.
            (409, _) => Err(StepError::Transient(format!(
                "{SYSTEM} was changing the user just then ({OPERATION}: 409)"
            ))),
            (400, Some(error)) => Ok(refusal(&error)),
            _ => Err(refused(&reply)),
        }
    }

    /// The user's licenses and their states. An assignment takes time, especially by group.
    pub async fn licensing_of(&self, user_id: &str) -> Result<Licensing, StepError> {
        const OPERATION: &str = "read the user's licenses";
        let select = "id,usageLocation,licenseAssignmentStates";
        let url = self.url(&["users", user_id], &[("$select", select)]);
        let reply = self.get(OPERATION, url).await?;
        match reply.status() {
            404 => Err(not_there_yet(OPERATION)),
            _ if reply.is_success() => {
                let body: LicensesBody = reply.json()?;
                let states = body.license_assignment_states.unwrap_or_default();
                Ok(Licensing {
                    usage_location: body.usage_location,
                    licenses: states.into_iter().filter_map(StateBody::into_license).collect(),
                })
            }
            _ => Err(refused(&reply)),
        }
    }

    pub async fn license_group(&self, sku_id: &str) -> Result<LicenseGroup, StepError> {
        let select = format!("{},assignedLicenses", groups::SELECT);
        let query = [("$filter", "assignedLicenses/any()"), ("$select", select.as_str())];
        let found: Vec<LicensedGroupBody> = self
            .list("list the license groups", self.url(&["groups"], &query), Reading::Plain)
            .await?;
        let carries = |body: &LicensedGroupBody| body.assigned_licenses.iter().any(|license| license.sku_id == sku_id);
        let mut carrying: Vec<Group> = found
            .into_iter()
            .filter(carries)
            .map(|body| body.group.into())
            .collect();
        Ok(match carrying.len() {
            0 | 1 => carrying.pop().map_or(LicenseGroup::None, LicenseGroup::One),
            _ => LicenseGroup::Several(carrying.into_iter().map(|group| group.name).collect()),
        })
    }

    /// Asks Microsoft to retry the failed assignments of licenses from groups.
    pub async fn reprocess_licenses(&self, user_id: &str) -> Result<(), StepError> {
        const OPERATION: &str = "have the licenses by group processed again";
        let url = self.url(&["users", user_id, "reprocessLicenseAssignment"], &[]);
        let reply = self.send(OPERATION, self.http.post(url)).await?;
        match reply.status() {
            404 => Err(not_there_yet(OPERATION)),
            _ if reply.is_success() => Ok(()),
            _ => Err(refused(&reply)),
        }
    }
}

fn refusal(error: &GraphError) -> Assignment {
    if error.says("available licenses") || error.has_code("CountViolation") {
        Assignment::NoSeat
    } else if error.says("usage location") {
        Assignment::InvalidUsageLocation
    } else if error.says("mutually exclusive") || error.says("conflicting service plans") {
        Assignment::Violation(MUTUALLY_EXCLUSIVE)
    } else if error.says("depend") {
        Assignment::Dependency
    } else {
        Assignment::Refused(format!("{SYSTEM} answers {}", error.code()))
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SkuBody {
    sku_id: String,
    sku_part_number: String,
    #[serde(default)]
    capability_status: Option<String>,
    #[serde(default)]
    applies_to: Option<String>,
    consumed_units: Option<i64>,
    prepaid_units: Option<Units>,
}

#[derive(Default, Deserialize)]
struct Units {
    enabled: Option<i64>,
    warning: Option<i64>,
}

impl From<SkuBody> for SubscribedSku {
    fn from(body: SkuBody) -> Self {
        let count = |number: Option<i64>| u32::try_from(number.unwrap_or_default()).unwrap_or_default();
        let prepaid = body.prepaid_units.unwrap_or_default();
        Self {
            sku: Sku {
                id: body.sku_id,
                part_number: body.sku_part_number,
            },
            enabled: count(prepaid.enabled),
            warning: count(prepaid.warning),
            consumed: count(body.consumed_units),
            capability_status: body.capability_status.unwrap_or_default(),
            applies_to: body.applies_to.unwrap_or_default(),
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct LicensesBody {
    usage_location: Option<String>,
    license_assignment_states: Option<Vec<StateBody>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct LicensedGroupBody {
    #[serde(flatten)]
    group: GroupBody,
    #[serde(default)]
    assigned_licenses: Vec<AssignedBody>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AssignedBody {
    sku_id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct StateBody {
    sku_id: Option<String>,
    state: Option<String>,
    error: Option<String>,
    assigned_by_group: Option<String>,
}

impl StateBody {
    fn into_license(self) -> Option<LicenseOfUser> {
        let error = self
            .error
            .filter(|error| error != "None")
            .unwrap_or_else(|| "no reason given".to_owned());
        let state = match self.state.as_deref() {
            Some("Active") => AssignmentState::Active,
            Some("ActiveWithError") => AssignmentState::ActiveWithError(error),
            Some("Disabled") => AssignmentState::Disabled,
            _ => AssignmentState::Error(error),
        };
        Some(LicenseOfUser {
            sku_id: self.sku_id?,
            state,
            by_group: self.assigned_by_group,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sku(enabled: u32, warning: u32, consumed: u32, capability_status: &str) -> SubscribedSku {
        SubscribedSku {
            sku: Sku {
                id: "1".into(),
                part_number: "SPB".into(),
            },
            enabled,
            warning,
            consumed,
            capability_status: capability_status.into(),
            applies_to: "User".into(),
        }
    }

    #[test]
    fn free_seats_are_those_that_can_be_assigned() {
        assert_eq!(sku(25, 0, 14, "Enabled").free(), 11);
        assert_eq!(sku(0, 5, 3, "Warning").free(), 2);
        assert_eq!(sku(5, 0, 9, "Enabled").free(), 0, "more may be assigned than there are");
        assert_eq!(sku(5, 0, 0, "Suspended").free(), 0);
        assert_eq!(
            SubscribedSku {
                applies_to: "Company".into(),
                ..sku(5, 0, 0, "Enabled")
            }
            .free(),
            0
        );
    }
}
