//! The form of an offboarding.

use chrono_tz::Tz;
use domain::authority;
use domain::role::Role;
use domain::variables::OrgVariables;
use planning::{Entitlement, OffboardingChecked};
use web::{Base, OrgScope};

use super::{Fields, FormValues, Kind, Page, PlanRow, Section, reasons, start_words, waits_for};
use crate::preview::DryRun;

impl<'a> Page<'a> {
    pub(crate) fn offboarding(
        base: &Base,
        visit: &'a OrgScope,
        variables: &OrgVariables,
        filled: &FormValues,
        look: Option<DryRun<OffboardingChecked>>,
    ) -> Self {
        let role = visit.caller.role;
        let (plan, problems, warnings) = match look {
            Some(look) => (
                shown(&look, role, variables.timezone),
                look.checked.problems,
                look.warnings,
            ),
            None => (None, Vec::new(), Vec::new()),
        };
        let fields = Fields {
            filled,
            problems: &problems,
        };
        let sections = fields.offboarding(variables, role);
        Self {
            approval: reasons(&authority::always_because(role, variables)),
            warnings,
            ..Self::new(base, visit, "offboardings", filled, sections, plan, problems)
        }
    }
}

impl Fields<'_> {
    /// Without the fields that the role may not use.
    fn offboarding(&self, variables: &OrgVariables, role: Role) -> Vec<Section> {
        let text = |name, label, hint| self.input(Kind::Text, name, label, hint);
        let last_day = if variables.allow_scheduled_user_creation {
            "Empty: at once. The account is closed on the day after it, at the organisation's start time."
        } else {
            "Only a day that is over: waiting for one is turned off here. Empty: at once."
        };
        let mut sections = vec![
            Section::new(
                "Person",
                vec![
                    text("user", "Who leaves", "Sign-in name, such as name@example.com."),
                    text("reason", "Reason", "Stands on the ticket."),
                    self.input(Kind::Date, "last_day", "Last day", last_day),
                    text(
                        "manager",
                        "Manager",
                        "Is told in the end. Empty: as the directory has it.",
                    ),
                ],
            ),
            Section::new(
                "Account",
                vec![
                    self.switch(
                        "offboarding_deactivate_user",
                        "Block sign-in",
                        "",
                        variables.offboarding_deactivate_user,
                    ),
                    self.switch(
                        "offboarding_remove_groups",
                        "Remove from groups",
                        "",
                        variables.offboarding_remove_groups,
                    ),
                ],
            ),
        ];
        sections.extend(self.ticket(role).map(|ticket| Section::new("Ticket", vec![ticket])));
        sections
    }
}

/// None where there is no such account.
fn shown(look: &DryRun<OffboardingChecked>, role: Role, zone: Tz) -> Option<Vec<PlanRow>> {
    let checked = &look.checked;
    let user = checked.user.as_ref()?;
    let names = authority::may_see_names(role);
    let held = |list: &[Entitlement]| match (names, list.len()) {
        (true, _) => list.iter().map(label).collect(),
        (false, 0) => Vec::new(),
        (false, count) => vec![count.to_string()],
    };
    let sign_in = if checked.blocks_sign_in {
        "Will be blocked, and all sessions revoked"
    } else {
        "Stays as it is"
    };
    let manager = match (&checked.manager, names) {
        (Some(_), false) => vec!["Known".to_owned()],
        (manager, _) => manager.iter().cloned().collect(),
    };
    let supersedes = checked
        .supersedes
        .as_ref()
        .map(|earlier| format!("Request {}", earlier.id));
    Some(vec![
        PlanRow::new(
            "Who leaves",
            vec![format!("{}, {}", checked.display_name, user.upn)],
            "",
        ),
        PlanRow::new("Sign-in", vec![sign_in.to_owned()], ""),
        PlanRow::new("Groups", held(&checked.groups), "None"),
        PlanRow::new("Licenses", held(&checked.licenses), "None"),
        PlanRow::new("Manager", manager, "Nobody known"),
        PlanRow::new(
            "Takes the place of",
            supersedes.into_iter().collect(),
            "No other request",
        ),
        PlanRow::new("Waits for", waits_for(&checked.gates), "Nobody"),
        PlanRow::new("Needs approval, because", reasons(&look.because), "It needs none"),
        PlanRow::new("Begins", start_words(checked.start_at, zone), ""),
    ])
}

fn label(held: &Entitlement) -> String {
    match &held.stays {
        None => format!("{}: will be removed", held.name),
        Some(why) => format!("{}: stays, {why}", held.name),
    }
}
