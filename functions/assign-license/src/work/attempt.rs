//! One look at the license on the user, and one step towards it.

use directory::{Added, Assignment, AssignmentState, Graph, LicenseOfUser};
use domain::country::CountryCode;
use domain::request::LicenseState;
use domain::step_error::StepError;
use messages::license_violation;

const DEPENDENCY: &str = "DependencyViolation";

pub(super) struct Job<'a> {
    pub(super) graph: &'a Graph,
    pub(super) user: &'a str,
    pub(super) sku: &'a str,
    pub(super) by_group: bool,
    /// Where the license is used, if the request or the organisation says so.
    pub(super) country: Option<&'a CountryCode>,
    pub(super) state: Option<LicenseState>,
    /// Another license of the request, which this one may build on, is yet to be tried.
    pub(super) others_open: bool,
    /// There is no further look.
    pub(super) last: bool,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Attempt {
    /// With the id of the group it comes through.
    Assigned {
        by_group: Option<String>,
    },
    NoSeat,
    /// The user is in the group, and the seat went to somebody else.
    SeatLost,
    /// The user is in the group of this name now.
    Joined(String),
    /// Microsoft takes its time.
    Processing,
    Postponed,
    NoUsageLocation,
    /// Why no group can give it.
    NoGroup(String),
    Refused(String),
}

impl Job<'_> {
    pub(super) async fn attempt(&self) -> Result<Attempt, StepError> {
        let licensing = self.graph.licensing_of(self.user).await?;
        if let (None, Some(country)) = (&licensing.usage_location, self.country) {
            self.graph.set_usage_location(self.user, country.as_str()).await?;
        }
        match licensing.of(self.sku, self.by_group) {
            Some(license) => self.state(license).await,
            None if self.by_group => self.join().await,
            None => self.assign().await,
        }
    }

    /// What the tenant says of the license on the user.
    async fn state(&self, license: &LicenseOfUser) -> Result<Attempt, StepError> {
        match license.error() {
            None if license.state == AssignmentState::Active => Ok(Attempt::Assigned {
                by_group: license.by_group.clone(),
            }),
            None => Ok(Attempt::Refused("it is disabled".to_owned())),
            Some(_) if self.by_group && license.lacks_a_seat() => self.after_a_lost_seat().await,
            Some(DEPENDENCY) => self.dependency().await,
            Some(other) => Ok(Attempt::Refused(license_violation(other))),
        }
    }

    async fn after_a_lost_seat(&self) -> Result<Attempt, StepError> {
        if self.has_free_seat().await? {
            return self.process_again().await;
        }
        Ok(match self.state {
            Some(LicenseState::Awaited) => Attempt::NoSeat,
            _ => Attempt::SeatLost,
        })
    }

    async fn dependency(&self) -> Result<Attempt, StepError> {
        let postponed = self.state == Some(LicenseState::Postponed);
        if !postponed && self.others_open {
            Ok(Attempt::Postponed)
        } else if postponed && self.by_group && !self.last {
            self.process_again().await
        } else {
            Ok(Attempt::Refused(license_violation(DEPENDENCY)))
        }
    }

    async fn process_again(&self) -> Result<Attempt, StepError> {
        self.graph.reprocess_licenses(self.user).await?;
        Ok(Attempt::Processing)
    }

    async fn join(&self) -> Result<Attempt, StepError> {
        if self.state == Some(LicenseState::Joined) {
            return Ok(Attempt::Processing);
        }
        let group = match self.graph.license_group(self.sku).await?.joinable() {
            Ok(group) => group,
            Err(why) => return Ok(Attempt::NoGroup(why)),
        };
        if !self.has_free_seat().await? {
            return Ok(Attempt::NoSeat);
        }
        Ok(match self.graph.add_member(&group.id, self.user).await? {
            Added::Added | Added::AlreadyMember => Attempt::Joined(group.name),
            Added::Refused(why) => Attempt::NoGroup(format!("the group \"{}\" carries it, but {why}", group.name)),
        })
    }

    async fn assign(&self) -> Result<Attempt, StepError> {
        if !self.has_free_seat().await? {
            return Ok(Attempt::NoSeat);
        }
        match self.graph.assign_license(self.user, self.sku).await? {
            Assignment::Assigned => match self.graph.licensing_of(self.user).await?.of(self.sku, false) {
                Some(license) => self.state(license).await,
                None => Err(StepError::Transient(
                    "the tenant does not show the license yet".to_owned(),
                )),
            },
            Assignment::NoSeat => Ok(Attempt::NoSeat),
            Assignment::InvalidUsageLocation => Ok(Attempt::NoUsageLocation),
            Assignment::Dependency => self.dependency().await,
            Assignment::Violation(name) => Ok(Attempt::Refused(license_violation(name))),
            Assignment::Refused(reason) => Ok(Attempt::Refused(reason)),
        }
    }

    async fn has_free_seat(&self) -> Result<bool, StepError> {
        let skus = self.graph.subscribed_skus().await?;
        Ok(skus.iter().any(|entry| entry.sku.id == self.sku && entry.free() > 0))
    }
}

#[cfg(test)]
mod tests;
