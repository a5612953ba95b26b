//! Executions of the state machine. They are named REQUEST-N, so starting the same one twice starts it once.

use aws_sdk_sfn::error::SdkError;
use aws_sdk_sfn::operation::start_execution::StartExecutionError;
use aws_sdk_sfn::operation::stop_execution::StopExecutionError;
use domain::job::Kind;
use domain::request::RequestKey;
use domain::step_error::StepError;
use serde::{Deserialize, Serialize};

/// The point at which an execution enters the state machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Enter {
    Start,
    /// The state that plans the start date, after the date was changed.
    Plan,
    Cancelled,
    Failed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Started {
    Now,
    /// An execution of this name already exists.
    Before,
}

#[derive(Serialize)]
struct Input<'a> {
    org: &'a str,
    request: &'a str,
    /// Selects the branch of the state machine.
    kind: Kind,
    run: u32,
    enter: Enter,
}

/// Starts execution `run` of the request.
pub async fn start(
    client: &aws_sdk_sfn::Client,
    state_machine: &str,
    key: &RequestKey,
    kind: Kind,
    run: u32,
    enter: Enter,
) -> Result<Started, StepError> {
    let input = Input {
        org: key.org.as_str(),
        request: key.request.as_str(),
        kind,
        run,
        enter,
    };
    let input =
        serde_json::to_string(&input).map_err(|_| StepError::Permanent("an input could not be written".to_owned()))?;
    let result = client
        .start_execution()
        .state_machine_arn(state_machine)
        .name(key.request.execution_name(run))
        .input(input)
        .send()
        .await;
    match result {
        Ok(_) => Ok(Started::Now),
        Err(SdkError::ServiceError(error)) if matches!(error.err(), StartExecutionError::ExecutionAlreadyExists(_)) => {
            Ok(Started::Before)
        }
        Err(_) => Err(StepError::Transient(
            "Step Functions did not start an execution".to_owned(),
        )),
    }
}

/// Stops execution `run` if it is running.
pub async fn stop(
    client: &aws_sdk_sfn::Client,
    state_machine: &str,
    key: &RequestKey,
    run: u32,
    cause: &str,
) -> Result<(), StepError> {
    let execution = state_machine.replacen(":stateMachine:", ":execution:", 1);
    let arn = format!("{execution}:{}", key.request.execution_name(run));
    match client
        .stop_execution()
        .execution_arn(arn)
        .error("Superseded")
        .cause(cause)
        .send()
        .await
    {
        Ok(_) => Ok(()),
        Err(SdkError::ServiceError(error)) if matches!(error.err(), StopExecutionError::ExecutionDoesNotExist(_)) => {
            Ok(())
        }
        Err(_) => Err(StepError::Transient(
            "Step Functions did not stop an execution".to_owned(),
        )),
    }
}
