//! Runs after the wait at a gate. A recorded decision counts. If nobody decided, the timeout decides with the same
//! conditional write as a click.

use domain::decision::{Decision, Gate, Reason};
use domain::job::About;
use domain::request::{LicenseState, Status};
use domain::step_error::StepError;
use domain::timeline::StepName;
use serde::{Deserialize, Serialize};
use steps::{Step, StepContext};
use store::gates::NewDecision;

pub(crate) struct SettleGate;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Input {
    gate: Gate,
}

#[derive(Serialize)]
pub(crate) struct Output {
    decision: Decision,
}

impl Step for SettleGate {
    const NAME: StepName = StepName::SettleGate;
    type Input = Input;
    type Output = Output;

    async fn run(cx: &StepContext, input: Input) -> Result<Output, StepError> {
        // The state machine says only that it is the approval; the request knows which gate.
        let gate = match input.gate {
            Gate::Approval(_) => cx.record.plan.approval_gate(),
            license => license,
        };
        let decided = Decided::at(cx, gate).await?;
        decided.report(cx).await?;
        decided.move_on(cx).await?;
        let decision = decided.decision;
        runtime::metric_by("GateDecisions", 1.0, Some(("Decision", decision.as_str())));
        Ok(Output { decision })
    }
}

/// A decided gate.
struct Decided {
    gate: Gate,
    decision: Decision,
    /// The decider's name for people; empty if nobody was asked.
    by: String,
    reason: Option<Reason>,
}

impl Decided {
    async fn at(cx: &StepContext, gate: Gate) -> Result<Self, StepError> {
        let silence = gate.when_nobody_answers();
        let record = match cx.store.gate(&cx.key, &gate).await? {
            Some(_) => {
                let time = NewDecision {
                    decision: silence,
                    by: "time",
                    who: "time",
                    via: "time",
                    reason: None,
                    version: None,
                };
                Some(cx.store.decide(&cx.key, &gate, time).await?.gate)
            }
            // The asking state failed before anybody could be asked.
            None => None,
        };
        let decision = record.as_ref().and_then(|gate| gate.decision);
        let (by, reason) = record.map(|gate| (gate.decided_by, gate.reason)).unwrap_or_default();
        Ok(Self {
            gate,
            decision: decision.unwrap_or(silence),
            by: by.unwrap_or_default(),
            reason,
        })
    }

    async fn report(&self, cx: &StepContext) -> Result<(), StepError> {
        let Self { gate, decision, .. } = self;
        let text = match gate {
            // The call that cancelled the request has reported it.
            Gate::Approval(_) if *decision == Decision::Cancelled => return Ok(()),
            Gate::Approval(_) => self.of_approval(cx.record.about()),
            Gate::License(part_number) => {
                cx.store.set_license(&cx.key, part_number, self.license()).await?;
                self.of_license(part_number, cx.upn())
            }
        };
        let people = match decision.by_person() {
            true => vec![self.by.clone()],
            false => Vec::new(),
        };
        cx.report((*decision).into(), self.detail())
            .once(gate.key())
            .naming(&people)
            .warning_if(!gate.is_approval() && *decision != Decision::Confirmed)
            .note(format!("decided-{gate}"), text)
            .send()
            .await
    }

    fn of_approval(&self, about: About<'_>) -> String {
        match self.decision {
            Decision::Approved => messages::approved(about, &self.by),
            Decision::Denied => messages::denied(about, &self.by, self.reason.as_ref()),
            _ => messages::approval_expired(about),
        }
    }

    fn of_license(&self, part_number: &str, upn: &str) -> String {
        match self.decision {
            Decision::Confirmed => messages::purchase_confirmed(part_number, &self.by),
            Decision::Rejected => messages::purchase_rejected(part_number, upn, &self.by),
            _ => messages::PURCHASE_TIMED_OUT.to_owned(),
        }
    }

    fn license(&self) -> LicenseState {
        match self.decision {
            Decision::Confirmed => LicenseState::Awaited,
            _ => LicenseState::Skipped,
        }
    }

    /// The detail for the timeline.
    fn detail(&self) -> String {
        let Self { gate, decision, by, .. } = self;
        let label = decision.label();
        let detail = match (gate, decision.by_person()) {
            (Gate::License(part_number), true) => format!("{part_number}: purchase {label} by {by}"),
            (Gate::License(part_number), false) => format!("{part_number}: {label}"),
            (Gate::Approval(_), true) => format!("{label} by {by}"),
            (Gate::Approval(_), false) => label.to_owned(),
        };
        match &self.reason {
            Some(reason) => format!("{detail}. Reason: {reason}"),
            None => detail,
        }
    }

    async fn move_on(&self, cx: &StepContext) -> Result<(), StepError> {
        let waited = match &self.gate {
            Gate::Approval(_) => Status::WaitingApproval,
            Gate::License(_) => Status::WaitingLicense,
        };
        if self.decision != Decision::Cancelled {
            // If the request no longer waits, an earlier run of this step changed its status.
            cx.store
                .move_status(&cx.key, cx.run, &[waited], Status::Running)
                .await?;
        }
        Ok(())
    }
}

steps::payload_tests!(
    SettleGate,
    Decision::ALL
        .iter()
        .map(|decision| Output { decision: *decision })
        .collect::<Vec<_>>()
);
