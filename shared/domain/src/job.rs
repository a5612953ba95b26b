//! What a request does: it onboards or offboards a person.

use std::fmt;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::field::choice;
use crate::step_error::StepError;
use crate::submission::{Field, Form, Offboarding, Onboarding, Overridden};
use crate::text::unlinked;
use crate::variables::OrgVariables;

choice! {
    Kind { Onboarding = "onboarding", Offboarding = "offboarding" }
}

impl Kind {
    /// The form field that holds the job's date.
    pub fn date_field(self) -> &'static str {
        match self {
            Self::Onboarding => "start_date",
            Self::Offboarding => "last_day",
        }
    }

    /// The label of that date for people.
    pub fn date_label(self) -> &'static str {
        match self {
            Self::Onboarding => "Start date",
            Self::Offboarding => "Last day",
        }
    }
}

/// A phrase naming the kind of request and its person: "onboarding of Ada Lovelace".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct About<'a> {
    pub kind: Kind,
    pub name: &'a str,
}

impl fmt::Display for About<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {}", self.kind, unlinked(self.name))
    }
}

/// The submitted and validated form. It is stored under the name of its kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(
    clippy::large_enum_variant,
    reason = "there is one a request, and most of them are the large one"
)]
pub enum Job {
    Onboarding(Onboarding),
    Offboarding(Offboarding),
}

impl From<Onboarding> for Job {
    fn from(form: Onboarding) -> Self {
        Self::Onboarding(form)
    }
}

impl From<Offboarding> for Job {
    fn from(form: Offboarding) -> Self {
        Self::Offboarding(form)
    }
}

impl Job {
    pub fn kind(&self) -> Kind {
        match self {
            Self::Onboarding(_) => Kind::Onboarding,
            Self::Offboarding(_) => Kind::Offboarding,
        }
    }

    pub fn ticket_id(&self) -> Option<&str> {
        match self {
            Self::Onboarding(form) => form.ticket_id.as_deref(),
            Self::Offboarding(form) => form.ticket_id.as_deref(),
        }
    }

    /// The start date of an onboarding, or the last day of an offboarding.
    pub fn date(&self) -> Option<NaiveDate> {
        match self {
            Self::Onboarding(form) => form.start_date,
            Self::Offboarding(form) => form.last_day,
        }
    }

    /// The organisation's variables with the request's overrides applied.
    pub fn settings(&self, variables: OrgVariables) -> OrgVariables {
        self.override_variables(variables).variables
    }

    /// The names of the request's overrides that differ from variables the parent has locked.
    pub fn against_locks(&self, variables: OrgVariables) -> Vec<&'static str> {
        self.override_variables(variables).refused
    }

    fn override_variables(&self, variables: OrgVariables) -> Overridden {
        match self {
            Self::Onboarding(form) => Onboarding::override_variables(&form.clone().into(), variables),
            Self::Offboarding(form) => Offboarding::override_variables(&form.clone().into(), variables),
        }
    }

    /// Every field of the form with its value as people read it, or `None` if it was not given.
    pub fn values(&self) -> Vec<(&'static Field, Option<String>)> {
        match self {
            Self::Onboarding(form) => form.values(),
            Self::Offboarding(form) => form.values(),
        }
    }

    /// The onboarding, for steps that only an onboarding has. Any other kind is an error.
    pub fn onboarding(&self) -> Result<&Onboarding, StepError> {
        match self {
            Self::Onboarding(form) => Ok(form),
            Self::Offboarding(_) => Err(StepError::Permanent("the request is no onboarding".to_owned())),
        }
    }

    /// The offboarding, for steps that only an offboarding has. Any other kind is an error.
    pub fn offboarding(&self) -> Result<&Offboarding, StepError> {
        match self {
            Self::Offboarding(form) => Ok(form),
            Self::Onboarding(_) => Err(StepError::Permanent("the request is no offboarding".to_owned())),
        }
    }
}
