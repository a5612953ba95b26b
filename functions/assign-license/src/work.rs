//! Assigns a license where a seat is free, directly or by the group that carries it, and reads it back.

mod attempt;

use directory::Graph;
use domain::ids::{OrgId, RequestId};

use domain::request::{LicenseState, RequestKey, Sku, UserRef};
use domain::step_error::StepError;
use domain::variables::LicenseAssignmentMethod;
use runtime::Context;
use serde::{Deserialize, Serialize};
use store::requests::RequestRecord;

use attempt::{Attempt, Job};

const STEP: &str = "assign-license";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Input {
    org: OrgId,
    request: RequestId,
    run: u32,
    /// Part number.
    sku: String,
    /// The wait for the seat is over: without one now, a technician assigns it later.
    last: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case", tag = "outcome")]
pub(crate) enum Output {
    Assigned,
    /// There is none yet, or the group has not given it yet: look again later.
    NoSeat,
    /// The last seat went while the group was processed, and none is on its way.
    SeatLost,
    /// Until the request's other licenses are settled.
    Postponed,
    /// Left to a technician.
    GivenUp,
}

pub(crate) async fn run(cx: &Context, input: Input) -> Result<Output, StepError> {
    let key = RequestKey {
        org: input.org,
        request: input.request,
    };
    let record = cx.begin(STEP, &key, input.run).await?;
    let Some(user) = &record.user else {
        return Err(StepError::Permanent("the user does not exist yet".to_owned()));
    };
    let Some(sku) = record.plan.licenses.iter().find(|sku| sku.part_number == input.sku) else {
        return Err(StepError::Permanent("the license is not one of the request".to_owned()));
    };
    let config = integrations::request_config(&cx.store, &record).await?;
    let graph = integrations::graph(&cx.secrets, &config.organisation).await?;
    let country = record.job.onboarding()?.usage_location.as_ref();
    let job = Job {
        graph: &graph,
        user: &user.id,
        sku: &sku.id,
        by_group: config.variables.license_assignment_method == LicenseAssignmentMethod::Group,
        country: country.or(config.variables.usage_location.as_ref()),
        state: record.licenses.get(&sku.part_number).copied(),
        others_open: others_open(&record, sku),
        last: input.last,
    };
    match job.attempt().await? {
        Attempt::Assigned { by_group } => {
            let text = assigned(&graph, sku, user, by_group).await?;
            settle(cx, &key, sku, LicenseState::Assigned, "assigned", &text, false).await?;
            Ok(Output::Assigned)
        }
        Attempt::Postponed => {
            let part_number = &sku.part_number;
            cx.store.set_license(&key, part_number, LicenseState::Postponed).await?;
            let text = format!("{part_number} builds on another license: tried again after the others");
            cx.store
                .record_event(&key, STEP, "postponed", part_number, &text, false)
                .await?;
            Ok(Output::Postponed)
        }
        Attempt::Joined(group) if !input.last => {
            // A seat that was promised stays so: what the request waits for is that seat.
            if matches!(job.state, None | Some(LicenseState::Joined)) {
                cx.store
                    .set_license(&key, &sku.part_number, LicenseState::Joined)
                    .await?;
            }
            let text = format!("{} comes with the group {group}", sku.part_number);
            cx.store
                .record_event(&key, STEP, "joined", &sku.part_number, &text, false)
                .await?;
            Ok(Output::NoSeat)
        }
        Attempt::NoSeat | Attempt::Processing if !input.last => Ok(Output::NoSeat),
        Attempt::SeatLost if !input.last => Ok(Output::SeatLost),
        given_up => {
            let text = why_not(&sku.part_number, &user.upn, given_up);
            settle(cx, &key, sku, LicenseState::Skipped, "given_up", &text, true).await?;
            Ok(Output::GivenUp)
        }
    }
}

/// Whether a license of the request is yet to be tried for the first time.
fn others_open(record: &RequestRecord, sku: &Sku) -> bool {
    let tried = [LicenseState::Assigned, LicenseState::Skipped, LicenseState::Postponed];
    let open = |other: &&Sku| {
        let state = record.licenses.get(&other.part_number);
        *other != sku && !state.is_some_and(|state| tried.contains(state))
    };
    record.plan.licenses.iter().any(|other| open(&other))
}

async fn assigned(graph: &Graph, sku: &Sku, user: &UserRef, by_group: Option<String>) -> Result<String, StepError> {
    let Some(id) = by_group else {
        return Ok(messages::license_assigned(&sku.part_number, &user.upn));
    };
    let name = match graph.group(&id).await? {
        directory::GroupMatch::One(group) => group.name,
        directory::GroupMatch::None | directory::GroupMatch::Several(_) => id,
    };
    Ok(messages::license_assigned_by_group(&sku.part_number, &user.upn, &name))
}

fn why_not(part_number: &str, upn: &str, attempt: Attempt) -> String {
    match attempt {
        Attempt::NoSeat => messages::seat_not_shown(part_number, upn),
        Attempt::SeatLost => {
            messages::license_not_assigned(part_number, upn, &messages::license_violation("CountViolation"))
        }
        Attempt::Joined(_) | Attempt::Processing => messages::license_group_slow(part_number, upn),
        Attempt::NoUsageLocation => messages::usage_location_missing(part_number, upn),
        Attempt::NoGroup(why) => messages::license_group_missing(part_number, upn, &why),
        Attempt::Refused(reason) => messages::license_not_assigned(part_number, upn, &reason),
        Attempt::Assigned { .. } | Attempt::Postponed => String::new(),
    }
}

async fn settle(
    cx: &Context,
    key: &RequestKey,
    sku: &Sku,
    state: LicenseState,
    event: &str,
    text: &str,
    warning: bool,
) -> Result<(), StepError> {
    let part_number = &sku.part_number;
    cx.store.set_license(key, part_number, state).await?;
    cx.store
        .queue_note(key, &format!("license-{part_number}"), text)
        .await?;
    cx.store
        .record_event(key, STEP, event, part_number, text, warning)
        .await?;
    // The seat is used or given up: the next purchase of this license may begin.
    cx.store.release_lease(&key.org, part_number, &key.request).await
}

#[cfg(test)]
mod payload_tests {
    use super::*;

    #[test]
    fn takes_what_the_state_machine_sends() {
        assert_eq!(payloads::accepted::<Input>("assign-license"), Ok(()));
    }

    #[test]
    fn answers_what_the_state_machine_picks() {
        let answers = [
            Output::Assigned,
            Output::NoSeat,
            Output::SeatLost,
            Output::Postponed,
            Output::GivenUp,
        ];
        assert_eq!(payloads::answers("assign-license", &answers), Ok(()));
    }
}
