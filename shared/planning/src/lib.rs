//! Validates a submission against the tenant and builds its plan, before anything is changed: for the form's dry run, at
//! submission, and again when a scheduled request wakes. Every mistake is named by the field it is about.

mod approval;
mod groups;
mod licenses;
mod manager;
mod offboarding;
mod onboarding;
mod username;

use chrono::{DateTime, Utc};
use directory::{Graph, User};
use domain::contact::Upn;
use domain::decision::Gate;
use domain::field::FieldError;
use domain::integration::Organisation;
use domain::request::{Plan, UserRef};
use domain::step_error::StepError;
use domain::variables::OrgVariables;
use store::Store;

pub use approval::Asks;
pub use licenses::LicenseFound;
pub use offboarding::{Entitlement, OffboardingFound};
pub use onboarding::OnboardingFound;

/// Plans the requests of one organisation. A failed look-up is an error of the step and never a finding.
#[derive(Clone, Copy)]
pub struct Planner<'a> {
    pub store: &'a Store,
    pub graph: &'a Graph,
    pub organisation: &'a Organisation,
    /// The organisation's variables without a request's overrides.
    pub variables: &'a OrgVariables,
    pub now: DateTime<Utc>,
}

/// The findings of a check, as far as it could look. For example, an invalid domain leaves no username, but licenses
/// are still checked.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Checked<T> {
    /// `None` if there is an error.
    pub plan: Option<Plan>,
    pub errors: Vec<FieldError>,
    /// The addresses of all people who would be asked for approval; empty if none is needed.
    pub approvers: Vec<String>,
    /// The gates at which the execution will wait, as things are now.
    pub gates: Vec<Gate>,
    pub start_at: Option<DateTime<Utc>>,
    /// What was found in the tenant.
    pub found: T,
}

impl<T: Default> Checked<T> {
    /// A check that could not look anything up.
    pub fn wrong(errors: Vec<FieldError>) -> Self {
        Self {
            errors,
            ..Self::default()
        }
    }
}

impl Planner<'_> {
    /// The account with this name, or `None` if no name is given or the tenant has no such account.
    async fn user(&self, upn: Option<&Upn>) -> Result<Option<User>, StepError> {
        match upn {
            Some(upn) => self.graph.user(upn.as_str()).await,
            None => Ok(None),
        }
    }
}

/// Collects errors in the order of the checks.
struct Errors(Vec<FieldError>);

impl Errors {
    fn extend(&mut self, errors: impl IntoIterator<Item = FieldError>) {
        self.0.extend(errors);
    }

    /// The value of a check, or `None` after collecting its error.
    fn keep<T>(&mut self, checked: Result<T, FieldError>) -> Option<T> {
        checked.map_err(|error| self.0.push(error)).ok()
    }
}

fn user_ref(user: &User) -> UserRef {
    UserRef {
        id: user.id.clone(),
        upn: user.upn.clone(),
    }
}

#[cfg(test)]
mod tests;
