//! The next licence that is not settled, and the way to it.

use directory::{AssignmentState, Graph};
use domain::fault::Fault;
use domain::note;
use domain::request::{LicenseState, RequestKey, Sku, UserRef};
use domain::submission::LicensePurchase;
use domain::variables::LicenseAssignmentMethod;
use serde::Serialize;
use step::{Context, Input};
use store::effects::Standing;
use store::requests::RequestRecord;
use systems::Settled;

const STEP: &str = "find-license";

#[derive(Serialize)]
pub(crate) struct Output {
    outcome: Way,
    /// Part number; empty when all licences are settled.
    sku: String,
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Way {
    /// All licences are settled.
    None,
    /// A seat is free.
    Free,
    /// Bought or confirmed, or the group is processed: the seat has to show up.
    Await,
    Buy,
    /// A technician is asked to buy it.
    Ask,
}

pub(crate) async fn run(cx: &Context, input: Input) -> Result<Output, Fault> {
    let key = input.key();
    let record = cx.begin(STEP, &key, input.run).await?;
    let Some(user) = &record.user else {
        return Err(Fault::Permanent("the user does not exist yet".to_owned()));
    };
    let settled = systems::settled(&cx.store, &key.org).await?;
    let graph = systems::graph(&cx.secrets, &settled.organisation).await?;
    let state_of = |sku: &Sku| record.licenses.get(&sku.part_number).copied();
    let settled_one = |sku: &&Sku| matches!(state_of(sku), Some(LicenseState::Assigned | LicenseState::Skipped));
    let mut open: Vec<&Sku> = record.plan.licenses.iter().filter(|sku| !settled_one(sku)).collect();
    // What builds on another licence comes after the others.
    open.sort_by_key(|sku| state_of(sku) == Some(LicenseState::Postponed));
    for sku in open {
        let state = state_of(sku);
        if let Some(way) = way(cx, &graph, &record, &settled, user, sku, state).await? {
            return Ok(Output {
                outcome: way,
                sku: sku.part_number.clone(),
            });
        }
    }
    Ok(Output {
        outcome: Way::None,
        sku: String::new(),
    })
}

/// `None` if the licence is settled now.
async fn way(
    cx: &Context,
    graph: &Graph,
    record: &RequestRecord,
    settled: &Settled,
    user: &UserRef,
    sku: &Sku,
    state: Option<LicenseState>,
) -> Result<Option<Way>, Fault> {
    let key = record.key();
    let part_number = &sku.part_number;
    let by_group = settled.variables.license_assignment_method == LicenseAssignmentMethod::Group;
    let licensing = graph.licensing_of(&user.id).await?;
    let found = licensing.of(&sku.id, by_group);
    let no_seat = AssignmentState::Error("CountViolation".to_owned());
    // The user is in the group, and somebody else was quicker.
    let seat_lost = by_group && found.is_some_and(|license| license.state == no_seat);
    if by_group && state == Some(LicenseState::Postponed) && !seat_lost {
        return Ok(Some(Way::Await));
    }
    if found.is_some() && !seat_lost {
        // Assigned by a run that died before it could say so: the step that assigns reads it back and reports.
        return Ok(Some(Way::Free));
    }
    let purchase: Standing<serde::de::IgnoredAny, serde::de::IgnoredAny> =
        cx.store.standing(&key, &systems::purchase_effect(part_number)).await?;
    if state == Some(LicenseState::Awaited) || matches!(purchase, Standing::Done(_)) {
        if state == Some(LicenseState::Joined) {
            cx.store.set_license(&key, part_number, LicenseState::Awaited).await?;
        }
        return Ok(Some(Way::Await));
    }
    if state == Some(LicenseState::Joined) && !seat_lost {
        return Ok(Some(Way::Await));
    }
    // Before a seat is bought that nothing would give to the user.
    if by_group
        && state.is_none()
        && let Err(why) = graph.license_group(&sku.id).await?.joinable()
    {
        let text = note::license_group_missing(part_number, &user.upn, &why);
        skip(cx, &key, part_number, "no_group", &text).await?;
        return Ok(None);
    }
    let wish = record.onboarding.license_purchase;
    let buys = wish == LicensePurchase::Auto
        && settled.variables.auto_purchase_license_if_none_available
        && systems::has_distributor(settled);
    let skus = graph.subscribed_skus().await?;
    let free = skus
        .iter()
        .find(|entry| entry.sku.id == sku.id)
        .is_some_and(|entry| entry.free() > 0);
    // A seat that shows up while another request waits for the one it bought is that request's.
    let promised = cx
        .store
        .lease_holder(&key.org, part_number)
        .await?
        .is_some_and(|holder| holder != key.request);
    if free && !(promised && buys) {
        return Ok(Some(if seat_lost { Way::Await } else { Way::Free }));
    }
    if buys {
        return Ok(Some(Way::Buy));
    }
    if wish == LicensePurchase::None {
        let text = note::license_not_wanted(part_number, &user.upn);
        skip(cx, &key, part_number, "not_wanted", &text).await?;
        return Ok(None);
    }
    Ok(Some(Way::Ask))
}

async fn skip(cx: &Context, key: &RequestKey, part_number: &str, event: &str, text: &str) -> Result<(), Fault> {
    cx.store.set_license(key, part_number, LicenseState::Skipped).await?;
    cx.store
        .queue_note(key, &format!("license-{part_number}"), text)
        .await?;
    cx.store.record_event(key, STEP, event, part_number, text, true).await
}

#[cfg(test)]
mod payload_tests {
    use super::*;

    #[test]
    fn takes_what_the_state_machine_sends() {
        assert_eq!(payloads::accepted::<Input>("find-license"), Ok(()));
    }

    #[test]
    fn answers_what_the_state_machine_picks() {
        let answers = [Way::None, Way::Free, Way::Await, Way::Buy, Way::Ask].map(|outcome| Output {
            outcome,
            sku: "SPB".to_owned(),
        });
        assert_eq!(payloads::answers("find-license", &answers), Ok(()));
    }
}
