//! The plan of an offboarding for people.

use domain::authority;
use planning::{Entitlement, OffboardingFound};

use super::{PlanRow, PlanView, reasons, start_words, waits_for};
use crate::preview::DryRun;

/// Returns `None` if there is no such account.
pub(crate) fn rows(dry_run: &DryRun<OffboardingFound>, view: PlanView) -> Option<Vec<PlanRow>> {
    let (checked, found) = (&dry_run.checked, &dry_run.checked.found);
    let user = found.user.as_ref()?;
    let names = authority::may_see_names(view.role);
    let held = |list: &[Entitlement]| match (names, list.len()) {
        (true, _) => list.iter().map(label).collect(),
        (false, 0) => Vec::new(),
        (false, count) => vec![count.to_string()],
    };
    let sign_in = if found.blocks_sign_in {
        "Will be blocked, and all sessions revoked"
    } else {
        "Stays as it is"
    };
    let manager = match (&found.manager, names) {
        (Some(_), false) => vec!["Known".to_owned()],
        (manager, _) => manager.iter().cloned().collect(),
    };
    let supersedes = found
        .supersedes
        .as_ref()
        .map(|earlier| format!("Request {}", earlier.id));
    Some(vec![
        PlanRow::new("Who leaves", vec![format!("{}, {}", found.display_name, user.upn)], ""),
        PlanRow::new("Sign-in", vec![sign_in.to_owned()], ""),
        PlanRow::new("Groups", held(&found.groups), "None"),
        PlanRow::new("Licenses", held(&found.licenses), "None"),
        PlanRow::new("Manager", manager, "Nobody known"),
        PlanRow::new(
            "Takes the place of",
            supersedes.into_iter().collect(),
            "No other request",
        ),
        PlanRow::new("Waits for", waits_for(&checked.gates), "Nobody"),
        PlanRow::new("Needs approval, because", reasons(&dry_run.because), "It needs none"),
        PlanRow::new("Begins", start_words(checked.start_at, view.zone), ""),
    ])
}

fn label(held: &Entitlement) -> String {
    match &held.stays {
        None => format!("{}: will be removed", held.name),
        Some(why) => format!("{}: stays, {why}", held.name),
    }
}
