//! The next license that is not settled, and the way to it.

use chrono::Utc;
use directory::{Graph, LicenseOfUser};
use domain::authority;

use domain::request::{LicenseState, RequestKey, Skip, Sku, UserRef};
use domain::step_error::StepError;
use domain::submission::LicensePurchase;
use domain::variables::LicenseAssignmentMethod;
use integrations::OrgConfig;
use runtime::{Context, Input};
use serde::Serialize;
use store::effects::EffectState;
use store::requests::RequestRecord;

const STEP: &str = "find-license";

#[derive(Serialize)]
pub(crate) struct Output {
    outcome: NextAction,
    /// Part number; empty when all licenses are settled.
    sku: String,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum NextAction {
    /// All licenses are settled.
    None,
    /// A seat is free.
    Free,
    /// Bought or confirmed, or the group is processed: the seat has to show up.
    Await,
    Buy,
    /// A technician is asked to buy it.
    Ask,
}

pub(crate) async fn run(cx: &Context, input: Input) -> Result<Output, StepError> {
    let key = input.key();
    let record = cx.begin(STEP, &key, input.run).await?;
    let Some(user) = &record.user else {
        return Err(StepError::Permanent("the user does not exist yet".to_owned()));
    };
    if record.skipped.contains(&Skip::FindLicense) {
        return Ok(Output {
            outcome: NextAction::None,
            sku: String::new(),
        });
    }
    let config = integrations::request_config(&cx.store, &record).await?;
    let graph = integrations::graph(&cx.secrets, &config.organisation).await?;
    let state_of = |sku: &Sku| record.licenses.get(&sku.part_number).copied();
    let settled_one = |sku: &&Sku| matches!(state_of(sku), Some(LicenseState::Assigned | LicenseState::Skipped));
    let mut open: Vec<&Sku> = record.plan.licenses.iter().filter(|sku| !settled_one(sku)).collect();
    // What builds on another license comes after the others.
    open.sort_by_key(|sku| state_of(sku) == Some(LicenseState::Postponed));
    for sku in open {
        let state = state_of(sku);
        if let Some(way) = way(cx, &graph, &record, &config, user, sku, state).await? {
            return Ok(Output {
                outcome: way,
                sku: sku.part_number.clone(),
            });
        }
    }
    Ok(Output {
        outcome: NextAction::None,
        sku: String::new(),
    })
}

/// `None` if the license is settled now.
async fn way(
    cx: &Context,
    graph: &Graph,
    record: &RequestRecord,
    config: &OrgConfig,
    user: &UserRef,
    sku: &Sku,
    state: Option<LicenseState>,
) -> Result<Option<NextAction>, StepError> {
    let key = record.key();
    let part_number = &sku.part_number;
    let by_group = config.variables.license_assignment_method == LicenseAssignmentMethod::Group;
    let licensing = graph.licensing_of(&user.id).await?;
    let seat_lost = match seen(licensing.of(&sku.id, by_group), by_group, state) {
        Seen::Leads(way) => return Ok(Some(way)),
        Seen::SeatLost => true,
        Seen::Nothing => false,
    };
    let purchase: EffectState<serde::de::IgnoredAny, serde::de::IgnoredAny> = cx
        .store
        .effect(&key, &integrations::purchase_effect(part_number))
        .await?;
    if state == Some(LicenseState::Awaited) || matches!(purchase, EffectState::Done(_)) {
        if state == Some(LicenseState::Joined) {
            cx.store.set_license(&key, part_number, LicenseState::Awaited).await?;
        }
        return Ok(Some(NextAction::Await));
    }
    // Before a seat is bought that nothing would give to the user.
    if by_group
        && state.is_none()
        && let Err(why) = graph.license_group(&sku.id).await?.joinable()
    {
        let text = messages::license_group_missing(part_number, &user.upn, &why);
        skip(cx, &key, part_number, "no_group", &text).await?;
        return Ok(None);
    }
    let wish = record.job.onboarding()?.license_purchase;
    let buys = wish == LicensePurchase::Auto
        && config.variables.auto_purchase_license_if_none_available
        && integrations::has_distributor(config);
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
        return Ok(Some(if seat_lost { NextAction::Await } else { NextAction::Free }));
    }
    // An order that was begun is counted already.
    let begun = matches!(purchase, EffectState::Intended(_));
    if buys && (begun || may_buy(cx, record, config, part_number).await?) {
        return Ok(Some(NextAction::Buy));
    }
    if wish == LicensePurchase::None {
        let text = messages::license_not_wanted(part_number, &user.upn);
        skip(cx, &key, part_number, "not_wanted", &text).await?;
        return Ok(None);
    }
    Ok(Some(NextAction::Ask))
}

/// Whether Gangway spends the organisation's money on its own: on somebody's authority, and so many times a day.
async fn may_buy(
    cx: &Context,
    record: &RequestRecord,
    config: &OrgConfig,
    part_number: &str,
) -> Result<bool, StepError> {
    let why = if !authority::may_buy_seats(&record.plan) {
        "nobody has approved the request".to_owned()
    } else {
        let variables = &config.variables;
        let day = Utc::now().with_timezone(&variables.timezone).date_naive();
        let most = variables.max_seats_bought_per_day.get();
        if cx.store.count_seat(&record.key(), part_number, day, most).await? {
            return Ok(true);
        }
        format!("the organisation's limit for a day is reached (max_seats_bought_per_day is {most})")
    };
    let text = messages::seat_not_bought(part_number, &why);
    cx.store
        .queue_note(&record.key(), &format!("not-bought-{part_number}"), &text)
        .await?;
    cx.store
        .record_event(&record.key(), STEP, "not_bought", part_number, &text, false)
        .await?;
    Ok(false)
}

/// What the tenant says of the license on the user.
#[derive(Debug, PartialEq, Eq)]
enum Seen {
    Nothing,
    /// The user is in the group, and somebody else was quicker.
    SeatLost,
    Leads(NextAction),
}

fn seen(found: Option<&LicenseOfUser>, by_group: bool, state: Option<LicenseState>) -> Seen {
    let processed = by_group && matches!(state, Some(LicenseState::Joined | LicenseState::Postponed));
    match found {
        Some(license) if by_group && license.lacks_a_seat() => Seen::SeatLost,
        // Reported by the step that assigns, also where an earlier run died before it could say so; what is tried
        // again is looked at until there is no time left.
        Some(_) if state != Some(LicenseState::Postponed) || !by_group => Seen::Leads(NextAction::Free),
        Some(_) => Seen::Leads(NextAction::Await),
        None if processed => Seen::Leads(NextAction::Await),
        None => Seen::Nothing,
    }
}

async fn skip(cx: &Context, key: &RequestKey, part_number: &str, event: &str, text: &str) -> Result<(), StepError> {
    cx.store.set_license(key, part_number, LicenseState::Skipped).await?;
    cx.store
        .queue_note(key, &format!("license-{part_number}"), text)
        .await?;
    cx.store.record_event(key, STEP, event, part_number, text, true).await
}

#[cfg(test)]
mod tests {
    use directory::AssignmentState;

    use super::*;

    #[test]
    fn what_is_seen_leads_on_and_never_in_a_circle() {
        let license = |state| LicenseOfUser {
            sku_id: "s".into(),
            state,
            by_group: Some("g".into()),
        };
        let active = license(AssignmentState::Active);
        let no_seat = license(AssignmentState::Error("CountViolation".into()));
        let needs = license(AssignmentState::Error("DependencyViolation".into()));
        let (joined, postponed) = (Some(LicenseState::Joined), Some(LicenseState::Postponed));
        for (found, state, expected) in [
            (None, None, Seen::Nothing),
            (None, Some(LicenseState::Awaited), Seen::Nothing),
            (None, joined, Seen::Leads(NextAction::Await)),
            (None, postponed, Seen::Leads(NextAction::Await)),
            (Some(&active), joined, Seen::Leads(NextAction::Free)),
            (Some(&active), postponed, Seen::Leads(NextAction::Await)),
            (Some(&needs), joined, Seen::Leads(NextAction::Free)),
            (Some(&needs), postponed, Seen::Leads(NextAction::Await)),
            (Some(&no_seat), joined, Seen::SeatLost),
            (Some(&no_seat), postponed, Seen::SeatLost),
        ] {
            assert_eq!(seen(found, true, state), expected, "{found:?} {state:?}");
        }
        assert_eq!(seen(None, false, postponed), Seen::Nothing, "tried again at once");
        assert_eq!(seen(Some(&active), false, None), Seen::Leads(NextAction::Free));
    }
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
        let answers = [
            NextAction::None,
            NextAction::Free,
            NextAction::Await,
            NextAction::Buy,
            NextAction::Ask,
        ]
        .map(|outcome| Output {
            outcome,
            sku: "SPB".to_owned(),
        });
        assert_eq!(payloads::answers("find-license", &answers), Ok(()));
    }
}
