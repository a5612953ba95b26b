//! After the wait at a gate: what stands counts, and where nothing stands, time decides by the same write.

use domain::decision::{Decision, Gate};
use domain::ids::{OrgId, RequestId};

use domain::request::{LicenseState, RequestKey, Status};
use domain::step_error::StepError;
use runtime::Context;
use serde::{Deserialize, Serialize};
use store::gates::{GateRecord, NewDecision};
use store::requests::RequestRecord;
use store::timeline::Of;

const STEP: &str = "settle-gate";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Input {
    org: OrgId,
    request: RequestId,
    run: u32,
    gate: Gate,
}

#[derive(Serialize)]
pub(crate) struct Output {
    decision: Decision,
}

pub(crate) async fn run(cx: &Context, input: Input) -> Result<Output, StepError> {
    let key = RequestKey {
        org: input.org,
        request: input.request,
    };
    let request = cx.begin(STEP, &key, input.run).await?;
    // The state machine says that it is the approval; the request knows at which gate.
    let place = match input.gate {
        Gate::Approval(_) => request.plan.approval_gate(),
        license => license,
    };
    let silence = place.when_nobody_answers();
    let gate = match cx.store.gate(&key, &place).await? {
        Some(_) => {
            let time = NewDecision {
                decision: silence,
                by: "time",
                who: "time",
                via: "time",
                reason: None,
                version: None,
            };
            Some(cx.store.decide(&key, &place, time).await?.gate)
        }
        // The state that asks failed before anybody could be asked.
        None => None,
    };
    let decision = gate.as_ref().and_then(|gate| gate.decision).unwrap_or(silence);
    record(cx, &request, &place, decision, gate.as_ref()).await?;
    let waited = match &place {
        Gate::Approval(_) => Status::WaitingApproval,
        Gate::License(_) => Status::WaitingLicense,
    };
    if decision != Decision::Cancelled {
        // Where it does not wait any more, an earlier run of this step has moved it on.
        cx.store
            .move_status(&key, input.run, &[waited], Status::Running)
            .await?;
    }
    runtime::metric_by("GateDecisions", 1.0, Some(("Decision", decision.as_str())));
    Ok(Output { decision })
}

async fn record(
    cx: &Context,
    request: &RequestRecord,
    gate: &Gate,
    decision: Decision,
    record: Option<&GateRecord>,
) -> Result<(), StepError> {
    let by = record.and_then(|gate| gate.decided_by.as_deref()).unwrap_or_default();
    let reason = record.and_then(|gate| gate.reason.as_ref());
    let key = &request.key();
    let about = request.about();
    let upn = request.user.as_ref().map_or(&request.plan.upn, |user| &user.upn);
    let text = match gate {
        Gate::Approval(_) => match decision {
            Decision::Approved => messages::approved(about, by),
            Decision::Denied => messages::denied(about, by, reason),
            Decision::Cancelled => return Ok(()),
            _ => messages::approval_expired(about),
        },
        Gate::License(part_number) => match decision {
            Decision::Confirmed => messages::purchase_confirmed(part_number, by),
            Decision::Rejected => messages::purchase_rejected(part_number, upn, by),
            _ => messages::PURCHASE_TIMED_OUT.to_owned(),
        },
    };
    if let Gate::License(part_number) = gate {
        let state = match decision {
            Decision::Confirmed => LicenseState::Awaited,
            _ => LicenseState::Skipped,
        };
        cx.store.set_license(key, part_number, state).await?;
    }
    cx.store.queue_note(key, &format!("decided-{gate}"), &text).await?;
    let warning = matches!(gate, Gate::License(_)) && decision != Decision::Confirmed;
    let mut detail = match (gate, decision.by_person()) {
        (Gate::License(part_number), true) => format!("{part_number}: purchase {} by {by}", decision.label()),
        (Gate::License(part_number), false) => format!("{part_number}: {}", decision.label()),
        (Gate::Approval(_), true) => format!("{} by {by}", decision.label()),
        (Gate::Approval(_), false) => decision.label().to_owned(),
    };
    if let Some(reason) = reason {
        detail.push_str(&format!(". Reason: {reason}"));
    }
    let people = match decision.by_person() {
        true => vec![by.to_owned()],
        false => Vec::new(),
    };
    let of = Of {
        detail: &detail,
        people: &people,
        warning,
    };
    cx.store
        .record_event_of(key, STEP, decision.as_str(), &gate.key(), of)
        .await
}

#[cfg(test)]
mod payload_tests {
    use super::*;

    #[test]
    fn takes_what_the_state_machine_sends() {
        assert_eq!(payloads::accepted::<Input>("settle-gate"), Ok(()));
    }

    #[test]
    fn answers_what_the_state_machine_picks() {
        let answers = Decision::ALL
            .iter()
            .map(|decision| Output { decision: *decision })
            .collect::<Vec<_>>();
        assert_eq!(payloads::answers("settle-gate", &answers), Ok(()));
    }
}
