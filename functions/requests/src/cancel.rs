//! Cancelling: one conditional write, then what follows from it. Each part may run again.

use domain::request::{RequestKey, Status};
use domain::step_error::StepError;
use web::{OrgScope, ProblemDetails};

use crate::routes::App;

/// The request may move on between reading and writing; it has few states in which it can be cancelled.
const ATTEMPTS: usize = 3;

impl App {
    pub(crate) async fn cancel(&self, visit: &OrgScope, key: &RequestKey) -> Result<(), ProblemDetails> {
        for _ in 0..ATTEMPTS {
            let record = self.load(key).await?;
            match record.status {
                // By this call or an earlier one, which may have crashed before the rest.
                Status::Cancelled => {
                    let client = self.executions.client();
                    return Ok(runtime::finish_cancelling(&self.web.store, client, &record, who(visit), None).await?);
                }
                Status::WaitingApproval | Status::Scheduled => {
                    self.web.store.cancel(&record, &visit.caller.id).await?;
                }
                status => return Err(too_late(status)),
            }
        }
        let gate = self.load(key).await?.plan.approval_gate();
        match self.web.store.gate(key, &gate).await?.and_then(|gate| gate.decision) {
            Some(decision) => Err(ProblemDetails::conflict(format!(
                "The request was just {}.",
                decision.label()
            ))),
            None => Err(StepError::Transient("the request is on its way to its gate".to_owned()).into()),
        }
    }
}

pub(crate) fn too_late(status: Status) -> ProblemDetails {
    ProblemDetails::conflict(format!(
        "The request is {}: too late for this.",
        crate::one::label(&status)
    ))
    .with("request_status", status.as_str())
}

/// For notes and the timeline.
pub(crate) fn who(visit: &OrgScope) -> &str {
    visit.caller.known_as()
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
