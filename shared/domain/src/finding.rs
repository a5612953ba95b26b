//! What a check of an outside system found.

use crate::step_error::StepError;

/// One thing that was looked at, such as "status Waiting", and what is there or what is wrong with it.
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
