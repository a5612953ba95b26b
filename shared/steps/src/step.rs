//! The trait that each step of the state machine implements.

use domain::step_error::StepError;
use domain::timeline::StepName;
use runtime::Clients;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{StepContext, payload};

/// A step of the state machine. Step Functions and Lambda may run it more than once, so it must have each of its
/// effects only once.
pub trait Step {
    const NAME: StepName;
    const ENTRY: Entry = Entry::Begins;
    /// The step's own input, besides the request and the number of the execution. Unknown fields are refused.
    type Input: DeserializeOwned;
    type Output: Serialize;

    fn run(cx: &StepContext, input: Self::Input) -> impl Future<Output = Result<Self::Output, StepError>>;

    /// The output of a step whose request is gone or was taken over by another execution.
    fn superseded() -> Result<Self::Output, StepError> {
        Err(StepError::Permanent(
            "another execution has taken over, or the request is gone".to_owned(),
        ))
    }
}

/// What a step records when it begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entry {
    /// The request records this step as the current one, so that a failure is reported as this step's.
    Begins,
    /// The step records the request's end. The request keeps naming the previous step, which may be the one that
    /// failed.
    WritesEnd,
}

/// The main function of the step `S`.
pub fn serve<S: Step>() -> Result<(), runtime::Error> {
    runtime::serve(S::NAME, async |clients: &Clients, event: serde_json::Value| {
        let (execution, input) = payload::parse::<S::Input>(event)?;
        match StepContext::enter(clients, S::NAME, S::ENTRY, execution).await? {
            Some(cx) => S::run(&cx, input).await,
            None => S::superseded(),
        }
    })
}
