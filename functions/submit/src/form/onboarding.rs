//! The plan of an onboarding for people.

use domain::authority;
use domain::contact::Upn;
use domain::request::PlannedGroup;
use domain::role::Role;
use planning::OnboardingFound;

use super::{PlanRow, PlanView, reasons, start_words, waits_for};
use crate::preview::DryRun;

/// Returns `None` if nothing could be looked up.
pub(crate) fn rows(dry_run: &DryRun<OnboardingFound>, view: PlanView) -> Option<Vec<PlanRow>> {
    let (checked, found) = (&dry_run.checked, &dry_run.checked.found);
    if found.username.is_none() && found.licenses.is_empty() && found.groups.is_empty() {
        return None;
    }
    let username = found.username.as_ref().map(Upn::to_string);
    let licenses = found.licenses.iter().map(|license| match &license.no_group {
        None => format!("{}: {} free", license.sku.part_number, license.free),
        Some(why) => format!("{}: {} free, but {why}", license.sku.part_number, license.free),
    });
    let places = found.password_places.iter().map(|place| place.label().to_owned());
    Some(vec![
        PlanRow::new("Username", username.into_iter().collect(), "Not known yet"),
        PlanRow::new("Licenses", licenses.collect(), "None"),
        PlanRow::new("Groups", group_lines(&found.groups, view.role), "None"),
        PlanRow::new("Waits for", waits_for(&checked.gates), "Nobody"),
        PlanRow::new("Needs approval, because", reasons(&dry_run.because), "It needs none"),
        PlanRow::new("Password", places.collect(), "Reaches nobody: an admin has to show it"),
        PlanRow::new("Start", start_words(checked.start_at, view.zone), ""),
    ])
}

/// The groups. A role that may not see other people's data sees only the number of a colleague's groups.
fn group_lines(groups: &[PlannedGroup], role: Role) -> Vec<String> {
    let names = authority::may_see_names(role);
    let line = |group: &PlannedGroup| {
        let copied = if group.copied { ", copied" } else { "" };
        match &group.reason {
            None => format!("{}{copied}", group.name),
            Some(reason) => format!("{}{copied}: cannot be added, {reason}", group.name),
        }
    };
    let visible = |group: &&PlannedGroup| names || !group.copied;
    let mut lines: Vec<String> = groups.iter().filter(visible).map(line).collect();
    let hidden = groups.len() - lines.len();
    if hidden > 0 {
        lines.push(format!("{hidden} of the colleague's"));
    }
    lines
}
