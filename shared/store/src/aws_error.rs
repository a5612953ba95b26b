//! Converts AWS errors to [`StepError`]s, without anything that the request contained.

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use domain::step_error::StepError;

/// The error names that AWS uses for a temporary failure.
const TRANSIENT: [&str; 9] = [
    "ThrottlingException",
    "Throttling",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "InternalServerError",
    "InternalServiceError",
    "TransactionInProgressException",
    "TransactionConflictException",
    "ServiceUnavailable",
];

pub(crate) fn aws_error<E, R>(operation: &str, error: &SdkError<E, R>) -> StepError
where
    E: ProvideErrorMetadata,
{
    match error {
        SdkError::ServiceError(service) => {
            let code = service.err().code().unwrap_or("an unknown error");
            let message = format!("{operation}: AWS answered {code}");
            if TRANSIENT.contains(&code) {
                StepError::Transient(message)
            } else {
                StepError::Permanent(message)
            }
        }
        SdkError::ConstructionFailure(_) => {
            StepError::Permanent(format!("{operation}: the request could not be built"))
        }
        _ => StepError::Transient(format!("{operation}: AWS could not be reached or did not answer")),
    }
}

pub(crate) fn stored_shape(table: &str) -> StepError {
    StepError::Permanent(format!(
        "an item of table {table} has not the shape this version expects"
    ))
}
