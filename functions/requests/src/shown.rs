//! Texts and values about a request that pages and JSON share.

use domain::request::{Outcome, Status};
use store::requests::RequestRecord;
use web::ProblemDetails;

/// The outcome, or `None` until it is recorded. A cancelled request still has its ticket to update.
pub(crate) fn outcome(record: &RequestRecord) -> Option<Outcome> {
    record.ended_at.and_then(|_| record.status.outcome())
}

/// The label of a status on pages.
pub(crate) fn label(status: &Status) -> String {
    status.as_str().replace('_', " ")
}

pub(crate) fn path(record: &RequestRecord) -> String {
    format!("/orgs/{}/requests/{}", record.org, record.id)
}

/// 409: the request's status no longer allows the change.
pub(crate) fn too_late(status: Status) -> ProblemDetails {
    ProblemDetails::conflict(format!("The request is {}: too late for this.", label(&status)))
        .with("request_status", status.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_late_error_names_the_status() {
        let problem = too_late(Status::WaitingLicense).to_json();
        assert_eq!(problem["status"], 409);
        assert_eq!(problem["request_status"], "waiting_license");
        assert_eq!(problem["detail"], "The request is waiting license: too late for this.");
    }
}
