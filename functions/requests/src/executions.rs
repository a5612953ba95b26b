//! The next execution of a request takes over from the one before.

use aws_sdk_sfn::error::SdkError;
use aws_sdk_sfn::operation::start_execution::StartExecutionError;
use aws_sdk_sfn::operation::stop_execution::StopExecutionError;
use domain::fault::Fault;
use domain::request::RequestKey;
use serde_json::json;

pub(crate) struct Executions {
    client: aws_sdk_sfn::Client,
    state_machine: String,
}

/// Where an execution begins in the state machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Enter {
    Plan,
    Cancelled,
}

impl Enter {
    fn as_str(self) -> &'static str {
        match self {
            Self::Plan => "plan",
            Self::Cancelled => "cancelled",
        }
    }
}

impl Executions {
    pub(crate) fn new(client: aws_sdk_sfn::Client, state_machine: String) -> Self {
        Self { client, state_machine }
    }

    /// Stops execution `run` - 1 and starts `run`. May be repeated.
    pub(crate) async fn take_over(&self, key: &RequestKey, run: u32, enter: Enter) -> Result<(), Fault> {
        if let Some(before) = run.checked_sub(1) {
            self.stop(key, before).await?;
        }
        self.start(key, run, enter).await
    }

    async fn stop(&self, key: &RequestKey, run: u32) -> Result<(), Fault> {
        let arn = execution_arn(&self.state_machine, &key.request.execution_name(run))?;
        let stopped = self
            .client
            .stop_execution()
            .execution_arn(arn)
            .error("TakenOver")
            .cause("The next execution of the request goes on.")
            .send()
            .await;
        match stopped {
            Ok(_) => Ok(()),
            Err(SdkError::ServiceError(error)) => match error.err() {
                StopExecutionError::ExecutionDoesNotExist(_) => Ok(()),
                StopExecutionError::InvalidArn(_) => Err(Fault::Permanent(
                    "Step Functions does not know the execution's name".to_owned(),
                )),
                _ => Err(Fault::Transient("Step Functions did not stop an execution".to_owned())),
            },
            Err(_) => Err(Fault::Transient("Step Functions could not be reached".to_owned())),
        }
    }

    async fn start(&self, key: &RequestKey, run: u32, enter: Enter) -> Result<(), Fault> {
        let started = self
            .client
            .start_execution()
            .state_machine_arn(&self.state_machine)
            .name(key.request.execution_name(run))
            .input(input(key, run, enter))
            .send()
            .await;
        match started {
            Ok(_) => Ok(()),
            Err(SdkError::ServiceError(error)) => match error.err() {
                StartExecutionError::ExecutionAlreadyExists(_) => Ok(()),
                StartExecutionError::StateMachineDoesNotExist(_)
                | StartExecutionError::InvalidArn(_)
                | StartExecutionError::InvalidName(_)
                | StartExecutionError::InvalidExecutionInput(_) => {
                    Err(Fault::Permanent("Step Functions refused an execution".to_owned()))
                }
                _ => Err(Fault::Transient("Step Functions did not start an execution".to_owned())),
            },
            Err(_) => Err(Fault::Transient("Step Functions could not be reached".to_owned())),
        }
    }
}

fn input(key: &RequestKey, run: u32, enter: Enter) -> String {
    json!({"org": key.org, "request": key.request, "run": run, "enter": enter.as_str()}).to_string()
}

fn execution_arn(state_machine: &str, name: &str) -> Result<String, Fault> {
    match state_machine.split_once(":stateMachine:") {
        Some((before, machine)) => Ok(format!("{before}:execution:{machine}:{name}")),
        None => Err(Fault::Permanent(
            "STATE_MACHINE_ARN is not the ARN of a state machine".to_owned(),
        )),
    }
}

#[cfg(test)]
mod tests {
    use domain::request::Status;

    use super::*;
    use crate::routes::tests::record;

    #[test]
    fn execution_arns_come_from_the_machines() {
        let arn = execution_arn(
            "arn:aws:states:eu-central-1:000000000000:stateMachine:gangway-onboarding",
            "r1-2",
        );
        assert_eq!(
            arn.unwrap(),
            "arn:aws:states:eu-central-1:000000000000:execution:gangway-onboarding:r1-2"
        );
        assert!(execution_arn("arn:aws:lambda:x", "r1-2").is_err());
    }

    #[test]
    fn executions_carry_ids_only() {
        let key = record("m1", "Ada", Status::Cancelled).key();
        let input: serde_json::Value = serde_json::from_str(&input(&key, 2, Enter::Cancelled)).unwrap();
        assert_eq!(
            input,
            json!({"org": "acme", "request": key.request.as_str(), "run": 2, "enter": "cancelled"})
        );
    }
}
