//! What all pages and answers say of a request in the same way.

use domain::request::{Outcome, Status};
use store::requests::RequestRecord;
use web::ProblemDetails;

/// None until the end is written: a cancelled request still has its ticket to be told.
pub(crate) fn outcome(record: &RequestRecord) -> Option<Outcome> {
    record.ended_at.and_then(|_| record.status.outcome())
}

/// For pages.
pub(crate) fn label(status: &Status) -> String {
    status.as_str().replace('_', " ")
}

pub(crate) fn path(record: &RequestRecord) -> String {
    format!("/orgs/{}/requests/{}", record.org, record.id)
}

/// 409: the request is past the point where it could be changed so.
pub(crate) fn too_late(status: Status) -> ProblemDetails {
    ProblemDetails::conflict(format!("The request is {}: too late for this.", label(&status)))
        .with("request_status", status.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_late_says_what_the_request_is() {
        let problem = too_late(Status::WaitingLicense).to_json();
        assert_eq!(problem["status"], 409);
        assert_eq!(problem["request_status"], "waiting_license");
        assert_eq!(problem["detail"], "The request is waiting license: too late for this.");
    }
}
