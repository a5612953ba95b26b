//! Wakes a state that waits for its gate to decide.

use aws_sdk_sfn::error::SdkError;
use aws_sdk_sfn::operation::send_task_success::SendTaskSuccessError;
use domain::step_error::StepError;

/// The result of waking a state. The gate's record is the truth either way: the state after the wait reads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivered {
    Yes,
    /// No task waits with this token: it was woken before, timed out, or was stopped.
    NobodyWaits,
}

/// Wakes the task that waits with `token`. Its output is empty: the decision is in the gate's record.
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
