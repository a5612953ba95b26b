//! Wakes a state that waits at its gate.

use aws_sdk_sfn::error::SdkError;
use aws_sdk_sfn::operation::send_task_success::SendTaskSuccessError;
use domain::step_error::StepError;

/// The result of waking a state. In both cases the state after the wait reads the decision from the gate's record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivered {
    Yes,
    /// No task waits with this token: it was already woken, timed out or stopped.
    NobodyWaits,
}

/// Wakes the task that waits with `token`. The output is empty, because the decision is in the gate's record.
pub async fn deliver(client: &aws_sdk_sfn::Client, token: &str) -> Result<Delivered, StepError> {
    match client.send_task_success().task_token(token).output("{}").send().await {
        Ok(_) => Ok(Delivered::Yes),
        Err(SdkError::ServiceError(error)) => match error.err() {
            SendTaskSuccessError::InvalidToken(_)
            | SendTaskSuccessError::TaskDoesNotExist(_)
            | SendTaskSuccessError::TaskTimedOut(_) => Ok(Delivered::NobodyWaits),
            _ => Err(StepError::Transient("Step Functions refused a decision".to_owned())),
        },
        Err(_) => Err(StepError::Transient(
            "Step Functions could not be told of a decision".to_owned(),
        )),
    }
}
