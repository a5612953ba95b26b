//! Assigns a licence where a seat is free, and reads it back.

use directory::{Assignment, AssignmentState, Graph};
use domain::fault::Fault;
use domain::ids::{OrgId, RequestId};
use domain::note;
use domain::request::{LicenseState, RequestKey};
use domain::variables::LicenseAssignmentMethod;
use serde::{Deserialize, Serialize};
use step::Context;

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
    NoSeat,
    /// Left to a technician.
    GivenUp,
}

pub(crate) async fn run(cx: &Context, input: Input) -> Result<Output, Fault> {
    let key = RequestKey {
        org: input.org,
        request: input.request,
    };
    let record = cx.begin(STEP, &key, input.run).await?;
    let Some(user) = &record.user else {
        return Err(Fault::Permanent("the user does not exist yet".to_owned()));
    };
    let Some(sku) = record.plan.licenses.iter().find(|sku| sku.part_number == input.sku) else {
        return Err(Fault::Permanent("the licence is not one of the request".to_owned()));
    };
    let settled = systems::settled(&cx.store, &key.org).await?;
    let graph = systems::graph(&cx.secrets, &settled.organisation).await?;
    let part_number = &sku.part_number;
    let refused = match try_assign(&graph, &user.id, &sku.id).await? {
        Assignment::Assigned => {
            let text = note::license_assigned(part_number, &user.upn);
            if settled.variables.license_assignment_method == LicenseAssignmentMethod::Group {
                let text = format!("{part_number} was assigned directly: this version does not assign by group yet");
                cx.store
                    .record_event(&key, STEP, "not_by_group", part_number, &text, true)
                    .await?;
            }
            settle(cx, &key, part_number, LicenseState::Assigned, "assigned", &text, false).await?;
            return Ok(Output::Assigned);
        }
        Assignment::NoSeat if !input.last => return Ok(Output::NoSeat),
        Assignment::NoSeat => note::seat_not_shown(part_number, &user.upn),
        Assignment::InvalidUsageLocation => note::usage_location_missing(part_number, &user.upn),
        Assignment::Refused(reason) => note::license_not_assigned(part_number, &user.upn, &reason),
    };
    settle(cx, &key, part_number, LicenseState::Skipped, "given_up", &refused, true).await?;
    Ok(Output::GivenUp)
}

async fn try_assign(graph: &Graph, user: &str, sku: &str) -> Result<Assignment, Fault> {
    if let Some(standing) = read_back(graph, user, sku).await? {
        return Ok(standing);
    }
    let seats = graph.subscribed_skus().await?;
    if seats
        .iter()
        .find(|entry| entry.sku.id == sku)
        .is_none_or(|entry| entry.free() == 0)
    {
        return Ok(Assignment::NoSeat);
    }
    match graph.assign_license(user, sku).await? {
        Assignment::Assigned => read_back(graph, user, sku)
            .await?
            .ok_or_else(|| Fault::Transient("the tenant does not show the licence yet".to_owned())),
        other => Ok(other),
    }
}

/// What the tenant says of the licence on the user.
async fn read_back(graph: &Graph, user: &str, sku: &str) -> Result<Option<Assignment>, Fault> {
    let licenses = graph.licenses_of(user).await?;
    let Some(license) = licenses.into_iter().find(|license| license.sku_id == sku) else {
        return Ok(None);
    };
    Ok(Some(match license.state {
        AssignmentState::Active => Assignment::Assigned,
        AssignmentState::Disabled => Assignment::Refused("it is disabled".to_owned()),
        AssignmentState::ActiveWithError(error) | AssignmentState::Error(error) => {
            Assignment::Refused(format!("Microsoft reports {error}"))
        }
    }))
}

async fn settle(
    cx: &Context,
    key: &RequestKey,
    part_number: &str,
    state: LicenseState,
    event: &str,
    text: &str,
    warning: bool,
) -> Result<(), Fault> {
    cx.store.set_license(key, part_number, state).await?;
    cx.store
        .queue_note(key, &format!("license-{part_number}"), text)
        .await?;
    cx.store
        .record_event(key, STEP, event, part_number, text, warning)
        .await?;
    // The seat is used or given up: the next purchase of this licence may begin.
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
        let answers = [Output::Assigned, Output::NoSeat, Output::GivenUp];
        assert_eq!(payloads::answers("assign-license", &answers), Ok(()));
    }
}
