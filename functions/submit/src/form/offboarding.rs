//! The form of an offboarding.

use chrono_tz::Tz;
use domain::decision::Gate;
use domain::variables::OrgVariables;
use planning::{Held, LeaverChecked};
use web::{Base, Visit};

use super::{Fact, Fields, Filled, Kind, Page, Section, start_words};
use crate::preview::Look;

impl<'a> Page<'a> {
    pub(crate) fn offboarding(
        base: &Base,
        visit: &'a Visit,
        variables: &OrgVariables,
        filled: &Filled,
        look: Option<Look<LeaverChecked>>,
    ) -> Self {
        let (plan, problems, warnings) = match look {
            Some(Look { checked, warnings }) => (shown(&checked, variables.timezone), checked.problems, warnings),
            None => (None, Vec::new(), Vec::new()),
        };
        let fields = Fields {
            filled,
            problems: &problems,
        };
        let sections = fields.offboarding(variables);
        Self {
            warnings,
            ..Self::new(base, visit, "offboardings", filled, sections, plan, problems)
        }
    }
}

impl Fields<'_> {
    fn offboarding(&self, variables: &OrgVariables) -> Vec<Section> {
        let text = |name, label, hint| self.input(Kind::Text, name, label, hint);
        let last_day = if variables.allow_scheduled_user_creation {
            "Empty: at once. The account is closed on the day after it, at the organisation's start time."
        } else {
            "Only a day that is over: waiting for one is turned off here. Empty: at once."
        };
        vec![
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
            Section::new(
                "Ticket",
                vec![text("ticket_id", "Ticket", "Number of a ticket that is there already.")],
            ),
        ]
    }
}

/// None where there is no such account.
fn shown(checked: &LeaverChecked, zone: Tz) -> Option<Vec<Fact>> {
    let user = checked.user.as_ref()?;
    let held = |list: &[Held]| list.iter().map(words).collect();
    let sign_in = if checked.blocks_sign_in {
        "Will be blocked, and all sessions revoked"
    } else {
        "Stays as it is"
    };
    let gates = checked.gates.iter().map(|gate| match gate {
        Gate::Approval => "An approver must agree".to_owned(),
        Gate::License(part_number) => format!("A technician must buy {part_number}"),
    });
    Some(vec![
        Fact::new(
            "Who leaves",
            vec![format!("{}, {}", checked.display_name, user.upn)],
            "",
        ),
        Fact::new("Sign-in", vec![sign_in.to_owned()], ""),
        Fact::new("Groups", held(&checked.groups), "None"),
        Fact::new("Licenses", held(&checked.licenses), "None"),
        Fact::new("Manager", checked.manager.iter().cloned().collect(), "Nobody known"),
        Fact::new("Waits for", gates.collect(), "Nobody"),
        Fact::new("Begins", start_words(checked.start_at, zone), ""),
    ])
}

fn words(held: &Held) -> String {
    match &held.stays {
        None => format!("{}: will be removed", held.name),
        Some(why) => format!("{}: stays, {why}", held.name),
    }
}
