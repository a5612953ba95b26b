//! Looks up the facts for [`domain::licensing`], and reports how a license ended.

use directory::{AssignmentState, Graph, LicenseOfUser};
use domain::licensing::{COUNT_VIOLATION, DEPENDENCY_VIOLATION, OnUser, Why};
use domain::request::{LicenseState, Sku};
use domain::step_error::StepError;
use domain::timeline::Event;
use domain::variables::LicenseAssignmentMethod;

use crate::StepContext;

/// What the tenant shows of the license on the user.
pub fn on_user(license: Option<&LicenseOfUser>) -> OnUser {
    let Some(license) = license else {
        return OnUser::Nothing;
    };
    match license.error() {
        None if license.state == AssignmentState::Active => OnUser::Active,
        None => OnUser::Disabled,
        Some(COUNT_VIOLATION) => OnUser::LacksSeat,
        Some(DEPENDENCY_VIOLATION) => OnUser::LacksAnother,
        Some(other) => OnUser::Violates(other.to_owned()),
    }
}

pub async fn seat_is_free(graph: &Graph, sku_id: &str) -> Result<bool, StepError> {
    let skus = graph.subscribed_skus().await?;
    Ok(skus.iter().any(|entry| entry.sku.id == sku_id && entry.free() > 0))
}

/// Why the license is left to a technician, as text for the ticket.
pub fn why_not(part_number: &str, upn: &str, why: &Why) -> String {
    match why {
        Why::NotWanted => messages::license_not_wanted(part_number, upn),
        Why::NoGroup(why) => messages::license_group_missing(part_number, upn, why),
        Why::SeatNotShown => messages::seat_not_shown(part_number, upn),
        Why::GroupSlow => messages::license_group_slow(part_number, upn),
        Why::NoUsageLocation => messages::usage_location_missing(part_number, upn),
        Why::Violation(name) => messages::license_not_assigned(part_number, upn, &messages::license_violation(name)),
        Why::Refused(why) => messages::license_not_assigned(part_number, upn, why),
    }
}

impl StepContext {
    /// The license of the request with this part number.
    pub fn sku(&self, part_number: &str) -> Result<&Sku, StepError> {
        let mut licenses = self.record.plan.licenses.iter();
        let sku = licenses.find(|sku| sku.part_number == part_number);
        sku.ok_or_else(|| StepError::Permanent("the license is not one of the request".to_owned()))
    }

    /// Whether the organisation assigns licenses by group.
    pub async fn licenses_by_group(&self) -> Result<bool, StepError> {
        let method = self.config().await?.variables.license_assignment_method;
        Ok(method == LicenseAssignmentMethod::Group)
    }

    /// Records and reports that a license is assigned, or left to a technician, which is a warning.
    pub async fn end_license(
        &self,
        part_number: &str,
        state: LicenseState,
        event: Event,
        text: &str,
    ) -> Result<(), StepError> {
        self.store.set_license(&self.key, part_number, state).await?;
        self.report(event, text)
            .once(part_number)
            .warning_if(state == LicenseState::Skipped)
            .noted(format!("license-{part_number}"))
            .send()
            .await
    }
}
