//! The JSON responses of dry runs.

use chrono::{DateTime, SecondsFormat, Utc};
use domain::authority::{self, Because};
use domain::decision::Gate;
use domain::field::FieldError;
use domain::request::PlannedGroup;
use domain::role::Role;
use domain::variables::PasswordDestination;
use planning::{Checked, Entitlement, OffboardingFound, OnboardingFound};
use serde::Serialize;

/// The result of a dry run: what was found, what is not set up, and why the request would wait for approval.
pub(crate) struct DryRun<T> {
    pub(crate) checked: Checked<T>,
    pub(crate) warnings: Vec<FieldError>,
    pub(crate) because: Vec<Because>,
}

impl<T: Default> DryRun<T> {
    /// The dry run of a form that cannot be submitted because of errors.
    pub(crate) fn wrong(errors: Vec<FieldError>) -> Self {
        Self {
            checked: Checked::wrong(errors),
            warnings: Vec::new(),
            because: Vec::new(),
        }
    }
}

/// Whether the request would wait for approval.
#[derive(Serialize)]
struct Approval<'a> {
    required: bool,
    /// Completes "Needs approval, because ...".
    because: Vec<&'static str>,
    /// The addresses of the people who would be asked. `None` for a role that may not see people of the tenant.
    approvers: Option<&'a [String]>,
}

impl<'a> Approval<'a> {
    fn of(because: &[Because], approvers: &'a [String], role: Role) -> Self {
        Self {
            required: !because.is_empty(),
            because: because.iter().map(|because| because.label()).collect(),
            approvers: authority::may_see_names(role).then_some(approvers),
        }
    }
}

/// The JSON response of an onboarding's dry run.
#[derive(Serialize)]
pub(crate) struct OnboardingPreview<'a> {
    plan: OnboardingPlan<'a>,
    problems: &'a [FieldError],
    warnings: &'a [FieldError],
}

/// The known parts of the plan, even if there are errors.
#[derive(Serialize)]
struct OnboardingPlan<'a> {
    username: Option<&'a str>,
    licenses: Vec<License<'a>>,
    groups: Vec<Group<'a>>,
    copied_group_count: usize,
    approval: Approval<'a>,
    gates: &'a [Gate],
    password_places: &'a [PasswordDestination],
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
    copied: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
}

impl<'a> OnboardingPreview<'a> {
    /// The response for a role. A role that may not see other people's data gets only the number of a colleague's
    /// groups.
    pub(crate) fn of(dry_run: &'a DryRun<OnboardingFound>, role: Role) -> Self {
        let DryRun {
            checked,
            warnings,
            because,
        } = dry_run;
        let found = &checked.found;
        let licenses = found.licenses.iter().map(|license| License {
            part_number: &license.sku.part_number,
            sku_id: &license.sku.id,
            free_seats: license.free,
            reason: license.no_group.as_deref(),
        });
        let shown = |group: &&PlannedGroup| !group.copied || authority::may_see_names(role);
        let groups = found.groups.iter().filter(shown).map(|group| Group {
            name: &group.name,
            found: group.id.is_some(),
            addable: group.id.is_some() && group.reason.is_none(),
            copied: group.copied,
            reason: group.reason.as_deref(),
        });
        Self {
            plan: OnboardingPlan {
                username: found.username.as_ref().map(domain::contact::Upn::as_str),
                licenses: licenses.collect(),
                groups: groups.collect(),
                copied_group_count: found.groups.iter().filter(|group| group.copied).count(),
                approval: Approval::of(because, &checked.approvers, role),
                gates: &checked.gates,
                password_places: &found.password_places,
                start_at: checked.start_at.map(timestamp),
            },
            problems: &checked.errors,
            warnings,
        }
    }
}

/// The JSON response of an offboarding's dry run.
#[derive(Serialize)]
pub(crate) struct OffboardingPreview<'a> {
    plan: OffboardingPlan<'a>,
    problems: &'a [FieldError],
    warnings: &'a [FieldError],
}

#[derive(Serialize)]
struct OffboardingPlan<'a> {
    user: Option<Leaver<'a>>,
    block_sign_in: bool,
    groups: Vec<Loss<'a>>,
    group_count: usize,
    licenses: Vec<Loss<'a>>,
    license_count: usize,
    manager: Option<&'a str>,
    /// The request of a basic member that this one would replace.
    #[serde(skip_serializing_if = "Option::is_none")]
    supersedes: Option<&'a str>,
    approval: Approval<'a>,
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

impl<'a> OffboardingPreview<'a> {
    /// The response for a role. A role that may not see other people's data gets only the number of the leaver's groups
    /// and licenses.
    pub(crate) fn of(dry_run: &'a DryRun<OffboardingFound>, role: Role) -> Self {
        let DryRun {
            checked,
            warnings,
            because,
        } = dry_run;
        let found = &checked.found;
        let names = authority::may_see_names(role);
        let loss = |held: &'a Entitlement| Loss {
            name: &held.name,
            removed: held.stays.is_none(),
            reason: held.stays.as_deref(),
        };
        Self {
            plan: OffboardingPlan {
                user: found.user.as_ref().map(|user| Leaver {
                    id: &user.id,
                    upn: &user.upn,
                    name: &found.display_name,
                }),
                block_sign_in: found.blocks_sign_in,
                groups: found.groups.iter().filter(|_| names).map(loss).collect(),
                group_count: found.groups.len(),
                licenses: found.licenses.iter().filter(|_| names).map(loss).collect(),
                license_count: found.licenses.len(),
                manager: found.manager.as_deref().filter(|_| names),
                supersedes: found.supersedes.as_ref().map(|earlier| earlier.id.as_str()),
                approval: Approval::of(because, &checked.approvers, role),
                gates: &checked.gates,
                start_at: checked.start_at.map(timestamp),
            },
            problems: &checked.errors,
            warnings,
        }
    }
}

fn timestamp(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

#[cfg(test)]
mod tests {
    use domain::contact::Upn;
    use domain::request::Sku;
    use planning::LicenseFound;
    use serde_json::json;

    use super::*;

    #[test]
    fn onboarding_preview_has_the_names_of_the_api() {
        let sku = Sku {
            id: "cbdc14ab-d96c-4c30-b9f4-6ada7cdc1d46".to_owned(),
            part_number: "SPB".to_owned(),
        };
        let found = OnboardingFound {
            username: Upn::parse("ada@contoso.com").ok(),
            licenses: vec![LicenseFound {
                sku,
                free: 0,
                no_group: Some("no group of the tenant carries it".to_owned()),
            }],
            groups: vec![
                PlannedGroup {
                    name: "All".to_owned(),
                    id: Some("g1".to_owned()),
                    copied: false,
                    reason: Some("its members follow from a rule".to_owned()),
                },
                PlannedGroup {
                    name: "Board".to_owned(),
                    id: Some("g2".to_owned()),
                    copied: true,
                    reason: None,
                },
            ],
            password_places: vec![PasswordDestination::TicketNote, PasswordDestination::Manager],
        };
        let checked = Checked {
            approvers: vec!["it@contoso.com".to_owned()],
            gates: vec![Gate::Approval(0), Gate::License("SPB".to_owned())],
            start_at: "2026-12-01T08:00:00Z".parse().ok(),
            found,
            ..Checked::wrong(vec![FieldError::new("manager", "is wrong")])
        };
        let warnings = vec![FieldError::new("default_psa", "is not set up")];
        let dry_run = DryRun {
            checked,
            warnings,
            because: vec![Because::ApprovalIsOn, Because::Rehire],
        };
        let basic = serde_json::to_value(OnboardingPreview::of(&dry_run, Role::Basic)).expect("JSON");
        assert_eq!(basic["plan"]["groups"].as_array().map(Vec::len), Some(1));
        assert_eq!(basic["plan"]["copied_group_count"], 1);
        assert_eq!(basic["plan"]["approval"]["approvers"], json!(null));
        assert_eq!(
            serde_json::to_value(OnboardingPreview::of(&dry_run, Role::PowerUser)).expect("JSON"),
            json!({
                "plan": {
                    "username": "ada@contoso.com",
                    "licenses": [{"part_number": "SPB", "sku_id": "cbdc14ab-d96c-4c30-b9f4-6ada7cdc1d46", "free_seats": 0,
                        "reason": "no group of the tenant carries it"}],
                    "groups": [
                        {"name": "All", "found": true, "addable": false, "copied": false,
                            "reason": "its members follow from a rule"},
                        {"name": "Board", "found": true, "addable": true, "copied": true},
                    ],
                    "copied_group_count": 1,
                    "approval": {
                        "required": true,
                        "because": ["every request of this organisation does", "it enables a leaver's account again"],
                        "approvers": ["it@contoso.com"],
                    },
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
    fn offboarding_preview_has_the_names_of_the_api() {
        let held = |name: &str, stays: Option<&str>| Entitlement {
            name: name.to_owned(),
            stays: stays.map(str::to_owned),
        };
        let found = OffboardingFound {
            user: Some(domain::request::UserRef {
                id: "1".to_owned(),
                upn: "ada@contoso.com".to_owned(),
            }),
            display_name: "Ada".to_owned(),
            blocks_sign_in: true,
            groups: vec![held("Sales", None), held("All", Some("its members follow from a rule"))],
            licenses: vec![held("SPB", None)],
            manager: Some("charles@contoso.com".to_owned()),
            ..OffboardingFound::default()
        };
        let mut dry_run = DryRun::wrong(Vec::new());
        dry_run.checked.found = found;
        dry_run.checked.gates = vec![Gate::Approval(0)];
        let basic = serde_json::to_value(OffboardingPreview::of(&dry_run, Role::Basic)).expect("JSON");
        for (name, hidden) in [("groups", json!([])), ("licenses", json!([])), ("manager", json!(null))] {
            assert_eq!(basic["plan"][name], hidden, "{name}");
        }
        assert_eq!(
            (&basic["plan"]["group_count"], &basic["plan"]["license_count"]),
            (&json!(2), &json!(1))
        );
        assert_eq!(
            serde_json::to_value(OffboardingPreview::of(&dry_run, Role::Technician)).expect("JSON"),
            json!({
                "plan": {
                    "user": {"id": "1", "upn": "ada@contoso.com", "name": "Ada"},
                    "block_sign_in": true,
                    "groups": [
                        {"name": "Sales", "removed": true},
                        {"name": "All", "removed": false, "reason": "its members follow from a rule"},
                    ],
                    "group_count": 2,
                    "licenses": [{"name": "SPB", "removed": true}],
                    "license_count": 1,
                    "manager": "charles@contoso.com",
                    "approval": {"required": false, "because": [], "approvers": []},
                    "gates": ["approval"],
                    "start_at": null,
                },
                "problems": [],
                "warnings": [],
            })
        );
    }
}
