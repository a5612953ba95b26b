//! AWS errors as faults, without what the request held.

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use domain::step_error::StepError;

/// Names that AWS uses for "not now".
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

/// Which parts of a transaction failed on their condition; `None` if it failed for another reason.
pub(crate) fn failed_conditions<R>(error: &SdkError<TransactWriteItemsError, R>) -> Option<Vec<bool>> {
    let SdkError::ServiceError(service) = error else {
        return None;
    };
    let TransactWriteItemsError::TransactionCanceledException(cancelled) = service.err() else {
        return None;
    };
    let failed: Vec<bool> = cancelled
        .cancellation_reasons()
        .iter()
        .map(|r| r.code() == Some("ConditionalCheckFailed"))
        .collect();
    failed.contains(&true).then_some(failed)
}

/// Two transactions met on one item: the caller reads again and decides.
pub(crate) fn is_conflict<R>(error: &SdkError<TransactWriteItemsError, R>) -> bool {
    let SdkError::ServiceError(service) = error else {
        return false;
    };
    match service.err() {
        TransactWriteItemsError::TransactionCanceledException(cancelled) => cancelled
            .cancellation_reasons()
            .iter()
            .any(|r| r.code() == Some("TransactionConflict")),
        TransactWriteItemsError::TransactionInProgressException(_) => true,
        _ => false,
    }
}
