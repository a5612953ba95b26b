//! The answer of a dry run.

use chrono::{DateTime, SecondsFormat, Utc};
use domain::decision::Gate;
use domain::field::FieldProblem;
use domain::variables::PasswordPlace;
use planning::{Checked, Held, LeaverChecked};
use serde::Serialize;

/// What a check found: a plan with what is wrong, and what is not set up.
pub(crate) struct Look<T> {
    pub(crate) checked: T,
    pub(crate) warnings: Vec<FieldProblem>,
}

impl<T> Look<T> {
    /// Of something that cannot be submitted anyway.
    pub(crate) fn wrong(checked: T) -> Self {
        Self {
            checked,
            warnings: Vec::new(),
        }
    }
}

#[derive(Serialize)]
pub(crate) struct Preview<'a> {
    plan: Shown<'a>,
    problems: &'a [FieldProblem],
    warnings: &'a [FieldProblem],
}

/// What is known of the plan, also when something is wrong.
#[derive(Serialize)]
struct Shown<'a> {
    username: Option<&'a str>,
    licenses: Vec<License<'a>>,
    groups: Vec<Group<'a>>,
    gates: &'a [Gate],
    password_places: &'a [PasswordPlace],
    start_at: Option<String>,
}

#[derive(Serialize)]
struct License<'a> {
    part_number: &'a str,
    sku_id: &'a str,
    free_seats: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
}

#[derive(Serialize)]
struct Group<'a> {
    name: &'a str,
    found: bool,
    addable: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
}

impl<'a> Preview<'a> {
    pub(crate) fn of(look: &'a Look<Checked>) -> Self {
        let Look { checked, warnings } = look;
        let licenses = checked.licenses.iter().map(|license| License {
            part_number: &license.sku.part_number,
            sku_id: &license.sku.id,
            free_seats: license.free,
            reason: license.no_group.as_deref(),
        });
        let groups = checked.groups.iter().map(|group| Group {
            name: &group.name,
            found: group.found,
            addable: group.addable,
            reason: group.reason,
        });
        Self {
            plan: Shown {
                username: checked.username.as_ref().map(domain::contact::Upn::as_str),
                licenses: licenses.collect(),
                groups: groups.collect(),
                gates: &checked.gates,
                password_places: &checked.password_places,
                start_at: checked.start_at.map(timestamp),
            },
            problems: &checked.problems,
            warnings,
        }
    }
}

/// The same of an offboarding.
#[derive(Serialize)]
pub(crate) struct LeaverPreview<'a> {
    plan: Leaving<'a>,
    problems: &'a [FieldProblem],
    warnings: &'a [FieldProblem],
}

#[derive(Serialize)]
struct Leaving<'a> {
    user: Option<Leaver<'a>>,
    block_sign_in: bool,
    groups: Vec<Loss<'a>>,
    licenses: Vec<Loss<'a>>,
    manager: Option<&'a str>,
    gates: &'a [Gate],
    start_at: Option<String>,
}

#[derive(Serialize)]
struct Leaver<'a> {
    id: &'a str,
    upn: &'a str,
    name: &'a str,
}

#[derive(Serialize)]
struct Loss<'a> {
    name: &'a str,
    removed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
}

impl<'a> LeaverPreview<'a> {
    pub(crate) fn of(look: &'a Look<LeaverChecked>) -> Self {
        let Look { checked, warnings } = look;
        let loss = |held: &'a Held| Loss {
            name: &held.name,
            removed: held.stays.is_none(),
            reason: held.stays.as_deref(),
        };
        Self {
            plan: Leaving {
                user: checked.user.as_ref().map(|user| Leaver {
                    id: &user.id,
                    upn: &user.upn,
                    name: &checked.display_name,
                }),
                block_sign_in: checked.blocks_sign_in,
                groups: checked.groups.iter().map(loss).collect(),
                licenses: checked.licenses.iter().map(loss).collect(),
                manager: checked.manager.as_deref(),
                gates: &checked.gates,
                start_at: checked.start_at.map(timestamp),
            },
            problems: &checked.problems,
            warnings,
        }
    }
}

fn timestamp(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// A check that could not look anything up.
pub(crate) fn unchecked(problems: Vec<FieldProblem>) -> Checked {
    Checked {
        plan: None,
        problems,
        username: None,
        licenses: Vec::new(),
        groups: Vec::new(),
        gates: Vec::new(),
        password_places: Vec::new(),
        start_at: None,
    }
}

#[cfg(test)]
mod tests {
    use domain::contact::Upn;
    use domain::request::Sku;
    use planning::{GroupFound, LicenseFound};
    use serde_json::json;

    use super::*;

    #[test]
    fn the_names_are_the_apis() {
        let sku = Sku {
            id: "cbdc14ab-d96c-4c30-b9f4-6ada7cdc1d46".to_owned(),
            part_number: "SPB".to_owned(),
        };
        let checked = Checked {
            username: Upn::parse("ada@contoso.com").ok(),
            licenses: vec![LicenseFound {
                sku,
                free: 0,
                no_group: Some("no group of the tenant carries it".to_owned()),
            }],
            groups: vec![GroupFound {
                name: "All".to_owned(),
                found: true,
                addable: false,
                reason: Some("its members follow from a rule"),
            }],
            gates: vec![Gate::Approval, Gate::License("SPB".to_owned())],
            password_places: vec![PasswordPlace::TicketNote, PasswordPlace::Manager],
            start_at: "2026-12-01T08:00:00Z".parse().ok(),
            ..unchecked(vec![FieldProblem::new("manager", "is wrong")])
        };
        let warnings = vec![FieldProblem::new("default_psa", "is not set up")];
        assert_eq!(
            serde_json::to_value(Preview::of(&Look { checked, warnings })).expect("JSON"),
            json!({
                "plan": {
                    "username": "ada@contoso.com",
                    "licenses": [{"part_number": "SPB", "sku_id": "cbdc14ab-d96c-4c30-b9f4-6ada7cdc1d46", "free_seats": 0,
                        "reason": "no group of the tenant carries it"}],
                    "groups": [{"name": "All", "found": true, "addable": false, "reason": "its members follow from a rule"}],
                    "gates": ["approval", "license-SPB"],
                    "password_places": ["ticket_note", "manager"],
                    "start_at": "2026-12-01T08:00:00Z",
                },
                "problems": [{"field": "manager", "message": "is wrong"}],
                "warnings": [{"field": "default_psa", "message": "is not set up"}],
            })
        );
    }

    #[test]
    fn what_a_leaver_loses_has_names_too() {
        let held = |name: &str, stays: Option<&str>| Held {
            name: name.to_owned(),
            stays: stays.map(str::to_owned),
        };
        let checked = LeaverChecked {
            user: Some(domain::request::UserRef {
                id: "1".to_owned(),
                upn: "ada@contoso.com".to_owned(),
            }),
            display_name: "Ada".to_owned(),
            blocks_sign_in: true,
            groups: vec![held("Sales", None), held("All", Some("its members follow from a rule"))],
            licenses: vec![held("SPB", None)],
            manager: Some("charles@contoso.com".to_owned()),
            gates: vec![Gate::Approval],
            ..crate::offboard::unchecked(Vec::new())
        };
        assert_eq!(
            serde_json::to_value(LeaverPreview::of(&Look::wrong(checked))).expect("JSON"),
            json!({
                "plan": {
                    "user": {"id": "1", "upn": "ada@contoso.com", "name": "Ada"},
                    "block_sign_in": true,
                    "groups": [
                        {"name": "Sales", "removed": true},
                        {"name": "All", "removed": false, "reason": "its members follow from a rule"},
                    ],
                    "licenses": [{"name": "SPB", "removed": true}],
                    "manager": "charles@contoso.com",
                    "gates": ["approval"],
                    "start_at": null,
                },
                "problems": [],
                "warnings": [],
            })
        );
    }
}
