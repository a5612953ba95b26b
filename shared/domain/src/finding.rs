//! The results of checking an outside system.

use crate::step_error::StepError;

/// The result for one checked item, such as "status Waiting": what was found, or what is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    pub what: String,
    pub result: Result<String, StepError>,
}

impl Finding {
    pub fn new(what: impl Into<String>, result: Result<String, StepError>) -> Self {
        Self {
            what: what.into(),
            result,
        }
    }
}
