//! Cancelling: one conditional write, then what follows from it. Each part may run again.

use domain::decision::Gate;
use domain::fault::Fault;
use domain::note;
use domain::request::{RequestKey, Status};
use store::requests::RequestRecord;
use web::{Problem, Visit};

use crate::routes::App;
use step::Enter;

/// The request may move on between reading and writing; it has few states in which it can be cancelled.
const ATTEMPTS: usize = 3;

impl App {
    pub(crate) async fn cancel(&self, visit: &Visit, key: &RequestKey) -> Result<(), Problem> {
        for _ in 0..ATTEMPTS {
            let record = self.load(key).await?;
            match record.status {
                // By this call or an earlier one, which may have crashed before the rest.
                Status::Cancelled => return Ok(self.finish_cancelling(visit, &record).await?),
                Status::WaitingApproval | Status::Scheduled => {
                    self.web.store.cancel(&record, &visit.caller.id).await?;
                }
                status => return Err(too_late(status)),
            }
        }
        match self
            .web
            .store
            .gate(key, &Gate::Approval)
            .await?
            .and_then(|gate| gate.decision)
        {
            Some(decision) => Err(Problem::conflict(format!("The request was just {}.", decision.words()))),
            None => Err(Fault::Transient("the request is on its way to its gate".to_owned()).into()),
        }
    }

    async fn finish_cancelling(&self, visit: &Visit, record: &RequestRecord) -> Result<(), Fault> {
        if record.ended_at.is_some() {
            return Ok(());
        }
        let key = record.key();
        let by = who(visit);
        let store = &self.web.store;
        store
            .record_event(
                &key,
                "cancel",
                "cancelled",
                "once",
                &format!("Cancelled by {by}"),
                false,
            )
            .await?;
        store
            .queue_note(&key, "cancelled", &note::cancelled(record.about(), by))
            .await?;
        self.executions
            .take_over(record.kind(), &key, record.run, Enter::Cancelled)
            .await
    }
}

pub(crate) fn too_late(status: Status) -> Problem {
    Problem::conflict(format!(
        "The request is {}: too late for this.",
        crate::one::words(&status)
    ))
    .with("request_status", status.as_str())
}

/// For notes and the timeline.
pub(crate) fn who(visit: &Visit) -> &str {
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
