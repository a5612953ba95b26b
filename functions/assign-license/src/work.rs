//! Assigns a license if a seat is free, directly or through the group that provides it, and reads the result back.

mod attempt;

use directory::{Graph, GroupMatch};
use domain::licensing::Action;
use domain::request::{LicenseState, Sku};
use domain::step_error::StepError;
use domain::timeline::{Event, StepName};
use serde::{Deserialize, Serialize};
use steps::{Step, StepContext, licensing};

use attempt::{Attempt, Done};

pub(crate) struct AssignLicense;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Input {
    /// The license's part number.
    sku: String,
    /// Whether the wait for the seat is over. Without a seat now, a technician assigns the license later.
    last: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case", tag = "outcome")]
pub(crate) enum Output {
    Assigned,
    /// There is no seat yet, or the group has not provided the license yet: try again later.
    NoSeat,
    /// The last seat was taken while the group was processed, and none is on order.
    SeatLost,
    /// The license waits until the request's other licenses are assigned or given up.
    Postponed,
    /// The license is left to a technician.
    GivenUp,
}

impl Step for AssignLicense {
    const NAME: StepName = StepName::AssignLicense;
    type Input = Input;
    type Output = Output;

    async fn run(cx: &StepContext, input: Input) -> Result<Output, StepError> {
        let user = cx.user()?;
        let sku = cx.sku(&input.sku)?;
        let graph = cx.graph().await?;
        let country = cx.record.job.onboarding()?.usage_location.as_ref();
        let attempt = Attempt {
            graph: &graph,
            user: &user.id,
            sku: &sku.id,
            by_group: cx.licenses_by_group().await?,
            country: country.or(cx.config().await?.variables.usage_location.as_ref()),
            state: cx.record.licenses.get(&sku.part_number).copied(),
            others_open: others_open(cx, sku),
            last: input.last,
        };
        let Done { action, group } = attempt.make().await?;
        let action = if input.last { action.at_last() } else { action };
        let part_number = &*sku.part_number;
        match action {
            Action::Finish => {
                let text = assigned(&graph, part_number, &user.upn, group).await?;
                end(cx, part_number, LicenseState::Assigned, Event::Assigned, &text).await?;
                Ok(Output::Assigned)
            }
            Action::GiveUp(why) => {
                let text = licensing::why_not(part_number, &user.upn, &why);
                end(cx, part_number, LicenseState::Skipped, Event::GivenUp, &text).await?;
                Ok(Output::GivenUp)
            }
            Action::Postpone => {
                postpone(cx, part_number).await?;
                Ok(Output::Postponed)
            }
            Action::Join => {
                report_joined(cx, part_number, &group.unwrap_or_default()).await?;
                Ok(Output::NoSeat)
            }
            Action::FindSeat => Ok(Output::SeatLost),
            Action::Assign | Action::ProcessAgain | Action::AwaitSeat | Action::AwaitGroup => Ok(Output::NoSeat),
        }
    }
}

/// Whether another license of the request has not been tried yet.
fn others_open(cx: &StepContext, sku: &Sku) -> bool {
    let tried = [LicenseState::Assigned, LicenseState::Skipped, LicenseState::Postponed];
    let open = |other: &&Sku| {
        let state = cx.record.licenses.get(&other.part_number);
        *other != sku && !state.is_some_and(|state| tried.contains(state))
    };
    cx.record.plan.licenses.iter().any(|other| open(&other))
}

/// The text for the ticket. `group` is the id of the group that provides the license.
async fn assigned(graph: &Graph, part_number: &str, upn: &str, group: Option<String>) -> Result<String, StepError> {
    let Some(id) = group else {
        return Ok(messages::license_assigned(part_number, upn));
    };
    let name = match graph.group(&id).await? {
        GroupMatch::One(group) => group.name,
        GroupMatch::None | GroupMatch::Several(_) => id,
    };
    Ok(messages::license_assigned_by_group(part_number, upn, &name))
}

async fn postpone(cx: &StepContext, part_number: &str) -> Result<(), StepError> {
    let postponed = LicenseState::Postponed;
    cx.store.set_license(&cx.key, part_number, postponed).await?;
    let text = format!("{part_number} builds on another license: tried again after the others");
    cx.report(Event::Postponed, text).once(part_number).send().await
}

async fn report_joined(cx: &StepContext, part_number: &str, group: &str) -> Result<(), StepError> {
    // A promised seat stays promised, because the request waits for that very seat.
    let state = cx.record.licenses.get(part_number);
    if matches!(state, None | Some(LicenseState::Joined)) {
        let joined = LicenseState::Joined;
        cx.store.set_license(&cx.key, part_number, joined).await?;
    }
    let text = format!("{part_number} comes with the group {group}");
    cx.report(Event::Joined, text).once(part_number).send().await
}

async fn end(
    cx: &StepContext,
    part_number: &str,
    state: LicenseState,
    event: Event,
    text: &str,
) -> Result<(), StepError> {
    cx.end_license(part_number, state, event, text).await?;
    // The seat is used or given up, so the next purchase of this license may begin.
    let key = &cx.key;
    cx.store.release_lease(&key.org, part_number, &key.request).await
}

steps::payload_tests!(
    AssignLicense,
    [
        Output::Assigned,
        Output::NoSeat,
        Output::SeatLost,
        Output::Postponed,
        Output::GivenUp,
    ]
);
