//! The form of an offboarding.

use chrono_tz::Tz;
use domain::authority;
use domain::role::Role;
use domain::variables::OrgVariables;
use planning::{Held, LeaverChecked};
use web::{Base, Visit};

use super::{Fact, Fields, Filled, Kind, Page, Section, reasons, start_words, waits_for};
use crate::preview::Look;

impl<'a> Page<'a> {
    pub(crate) fn offboarding(
        base: &Base,
        visit: &'a Visit,
        variables: &OrgVariables,
        filled: &Filled,
        look: Option<Look<LeaverChecked>>,
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
fn shown(look: &Look<LeaverChecked>, role: Role, zone: Tz) -> Option<Vec<Fact>> {
    let checked = &look.checked;
    let user = checked.user.as_ref()?;
    let names = authority::may_see_names(role);
    let held = |list: &[Held]| match (names, list.len()) {
        (true, _) => list.iter().map(words).collect(),
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
        Fact::new(
            "Who leaves",
            vec![format!("{}, {}", checked.display_name, user.upn)],
            "",
        ),
        Fact::new("Sign-in", vec![sign_in.to_owned()], ""),
        Fact::new("Groups", held(&checked.groups), "None"),
        Fact::new("Licenses", held(&checked.licenses), "None"),
        Fact::new("Manager", manager, "Nobody known"),
        Fact::new(
            "Takes the place of",
            supersedes.into_iter().collect(),
            "No other request",
        ),
        Fact::new("Waits for", waits_for(&checked.gates), "Nobody"),
        Fact::new("Needs approval, because", reasons(&look.because), "It needs none"),
        Fact::new("Begins", start_words(checked.start_at, zone), ""),
    ])
}

fn words(held: &Held) -> String {
    match &held.stays {
        None => format!("{}: will be removed", held.name),
        Some(why) => format!("{}: stays, {why}", held.name),
    }
}
