//! A step of the state machine.

use domain::step_error::StepError;
use domain::timeline::StepName;
use runtime::Clients;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{StepContext, payload};

/// A step of the state machine. Step Functions and Lambda may run it more than once: whatever it does, it does once over
/// all runs.
pub trait Step {
    const NAME: StepName;
    const ENTRY: Entry = Entry::Begins;
    /// What the state machine sends besides the request and the number of the execution; refuses unknown fields.
    type Input: DeserializeOwned;
    type Output: Serialize;

    fn run(cx: &StepContext, input: Self::Input) -> impl Future<Output = Result<Self::Output, StepError>>;

    /// What the step returns if another execution works on the request by now, or the request is gone.
    fn superseded() -> Result<Self::Output, StepError> {
        Err(StepError::Permanent(
            "another execution has taken over, or the request is gone".to_owned(),
        ))
    }
}

/// How a step takes up its request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entry {
    /// The request names it as the step that began last: a failure is then reported as this step's.
    Begins,
    /// The step writes the end: the request goes on naming the step that began before it, which may be the one that failed.
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
