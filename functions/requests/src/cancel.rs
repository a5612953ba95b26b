//! Cancels a request in one conditional write, with what follows from it. Each part may run again.

use domain::request::{RequestKey, Status};
use domain::step_error::StepError;
use web::{OrgScope, ProblemDetails};

use crate::app::App;
use crate::shown::too_late;

/// The request may change its status between read and write, but it has few statuses in which it can be cancelled.
const ATTEMPTS: usize = 3;

impl App {
    pub(crate) async fn cancel(&self, scope: &OrgScope, key: &RequestKey) -> Result<(), ProblemDetails> {
        for _ in 0..ATTEMPTS {
            let record = self.load(key).await?;
            match record.status {
                // This call or an earlier one cancelled it; an earlier one may have died before the rest.
                Status::Cancelled => {
                    let client = self.executions.client();
                    return Ok(runtime::finish_cancelling(
                        &self.web.store,
                        client,
                        &record,
                        scope.caller.known_as(),
                        None,
                    )
                    .await?);
                }
                Status::WaitingApproval | Status::Scheduled => {
                    self.web.store.cancel(&record, &scope.caller.id).await?;
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
