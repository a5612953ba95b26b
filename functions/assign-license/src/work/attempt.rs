//! One attempt to give the license to the user: looks up the facts, and does what [`domain::licensing`] says.

use directory::{Added, Assignment, Graph, Group, Licensing};
use domain::country::CountryCode;
use domain::licensing::{Action, License, Missing, OnUser};
use domain::request::LicenseState;
use domain::step_error::StepError;
use steps::licensing;

pub(super) struct Attempt<'a> {
    pub(super) graph: &'a Graph,
    pub(super) user: &'a str,
    pub(super) sku: &'a str,
    pub(super) by_group: bool,
    /// The country in which the license is used, if the request or the organisation names one.
    pub(super) country: Option<&'a CountryCode>,
    pub(super) state: Option<LicenseState>,
    /// Whether another license of the request, on which this one may depend, has not been tried yet.
    pub(super) others_open: bool,
    /// Whether there is no further attempt.
    pub(super) last: bool,
}

/// The last action of an attempt: done here, or left to the next step.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Done {
    pub(super) action: Action,
    /// The id of the group that provides the license, or the name of the group that the user joined.
    pub(super) group: Option<String>,
}

impl From<Action> for Done {
    fn from(action: Action) -> Self {
        Self { action, group: None }
    }
}

impl Attempt<'_> {
    pub(super) async fn make(&self) -> Result<Done, StepError> {
        let mut of_user = self.graph.licensing_of(self.user).await?;
        if let (None, Some(country)) = (&of_user.usage_location, self.country) {
            self.graph.set_usage_location(self.user, country.as_str()).await?;
        }
        let mut license = License {
            by_group: self.by_group,
            state: self.state,
            on_user: self.on_user(&of_user),
            group: None,
            seat_is_free: None,
        };
        let mut group = None;
        loop {
            match license.action(self.others_open, self.last) {
                Err(Missing::Group) => license.group = Some(self.find_group(&mut group).await?),
                Err(_) => license.seat_is_free = Some(licensing::seat_is_free(self.graph, self.sku).await?),
                Ok(Action::Assign) => self.assign(&mut license, &mut of_user).await?,
                Ok(Action::Join) => {
                    let Some(group) = group.take() else {
                        return Err(StepError::Permanent("the license group was not looked up".to_owned()));
                    };
                    match self.join(group).await? {
                        Ok(done) => return Ok(done),
                        Err(why) => license.group = Some(Err(why)),
                    }
                }
                Ok(Action::ProcessAgain) => {
                    self.graph.reprocess_licenses(self.user).await?;
                    return Ok(Action::ProcessAgain.into());
                }
                Ok(Action::Finish) => {
                    let assigned = of_user.of(self.sku, self.by_group);
                    return Ok(Done {
                        action: Action::Finish,
                        group: assigned.and_then(|license| license.by_group.clone()),
                    });
                }
                Ok(action) => return Ok(action.into()),
            }
        }
    }

    fn on_user(&self, of_user: &Licensing) -> OnUser {
        licensing::on_user(of_user.of(self.sku, self.by_group))
    }

    async fn find_group(&self, found: &mut Option<Group>) -> Result<Result<(), String>, StepError> {
        let group = self.graph.license_group(self.sku).await?.joinable();
        Ok(group.map(|group| *found = Some(group)))
    }

    /// Adds the user to the group, or returns why that is impossible.
    async fn join(&self, group: Group) -> Result<Result<Done, String>, StepError> {
        Ok(match self.graph.add_member(&group.id, self.user).await? {
            Added::Added | Added::AlreadyMember => Ok(Done {
                action: Action::Join,
                group: Some(group.name),
            }),
            Added::Refused(why) => Err(format!("the group \"{}\" carries it, but {why}", group.name)),
        })
    }

    /// Assigns the license and reads the result.
    async fn assign(&self, license: &mut License, of_user: &mut Licensing) -> Result<(), StepError> {
        match self.graph.assign_license(self.user, self.sku).await? {
            Assignment::Assigned => {
                *of_user = self.graph.licensing_of(self.user).await?;
                license.on_user = self.on_user(of_user);
                if license.on_user == OnUser::Nothing {
                    return Err(StepError::Transient(
                        "the tenant does not show the license yet".to_owned(),
                    ));
                }
            }
            Assignment::NoSeat => license.seat_is_free = Some(false),
            Assignment::InvalidUsageLocation => license.on_user = OnUser::NoUsageLocation,
            Assignment::Dependency => license.on_user = OnUser::LacksAnother,
            Assignment::Violation(name) => license.on_user = OnUser::Violates(name.to_owned()),
            Assignment::Refused(reason) => license.on_user = OnUser::Refused(reason),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
