//! Licences: what the tenant has, and who has them.

use domain::fault::Fault;
use domain::request::Sku;
use serde::Deserialize;
use serde_json::json;

use crate::odata::GraphError;
use crate::{Graph, Reading, SYSTEM, not_there_yet, refused, still_spreading};

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
        let found: Vec<SkuBody> = self
            .list("list the licences", self.url(&["subscribedSkus"], &[]), Reading::Plain)
            .await?;
        Ok(found.into_iter().map(SubscribedSku::from).collect())
    }

    /// Repeating it takes no second seat.
    pub async fn assign_license(&self, user_id: &str, sku_id: &str) -> Result<Assignment, Fault> {
        const OPERATION: &str = "assign the licence";
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
            // Microsoft's word for two changes of one user at once.
            (409, _) => Err(Fault::Transient(format!(
                "{SYSTEM} was changing the user just then ({OPERATION}: 409)"
            ))),
            (400, Some(error)) => Ok(refusal(&error)),
            _ => Err(refused(&reply)),
        }
    }

    /// What the user has and in which state; assigning is not instant.
    pub async fn licenses_of(&self, user_id: &str) -> Result<Vec<LicenseOfUser>, Fault> {
        const OPERATION: &str = "read the user's licences";
        let url = self.url(&["users", user_id], &[("$select", "id,licenseAssignmentStates")]);
        let reply = self.get(OPERATION, url).await?;
        match reply.status() {
            404 => Err(not_there_yet(OPERATION)),
            _ if reply.is_success() => {
                let states = reply
                    .json::<LicensesBody>()?
                    .license_assignment_states
                    .unwrap_or_default();
                Ok(states.into_iter().filter_map(StateBody::into_license).collect())
            }
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
        Assignment::Refused("it conflicts with another licence of the user".to_owned())
    } else if error.says("depend") {
        Assignment::Refused("a licence that it builds on is missing".to_owned())
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
    license_assignment_states: Option<Vec<StateBody>>,
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
