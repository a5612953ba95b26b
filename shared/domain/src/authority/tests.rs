use serde_json::json;

use super::*;
use crate::submission::{Offboarding, Onboarding};

fn onboarding(more: &[(&str, serde_json::Value)]) -> Job {
    let mut body = json!({"first_name": "Ada", "last_name": "Lovelace"});
    for (name, value) in more {
        body[*name] = value.clone();
    }
    Job::Onboarding(Onboarding::parse(&body).expect("right"))
}

fn offboarding() -> Job {
    Job::Offboarding(Offboarding::parse(&json!({"user": "ada@contoso.com"})).expect("right"))
}

fn variables(approval: bool) -> OrgVariables {
    OrgVariables {
        require_approval_for_new_users: approval,
        ..OrgVariables::default()
    }
}

/// Renders an answer as one word: `on`, `approval` with its reasons, or `refused` with its fields.
fn answer(facts: &Facts) -> String {
    match facts.decide() {
        Answer::GoOn => "on".to_owned(),
        Answer::NeedsApproval(because) => format!("approval {because:?}"),
        Answer::Refused(fields) => {
            let fields: Vec<_> = fields.into_iter().map(|problem| problem.field).collect();
            format!("refused {fields:?}")
        }
    }
}

fn answers(job: &Job, approval: bool) -> [String; 5] {
    Role::ALL.map(|role| answer(&Facts::new(role, job, &variables(approval))))
}

/// One row for each thing a request can do, with the answers to basic, power_user, technician, approver and admin, with
/// approval off and on.
#[test]
fn authority_table_by_role_and_fact() {
    const ON: &str = "on";
    const BASIC: &str = "approval [BasicAsks]";
    const REHIRE: &str = "approval [Rehire]";
    const NO_REHIRE: &str = r#"refused ["rehire"]"#;
    const ASKED: &str = "approval [ApprovalIsOn]";
    const ASKED_BASIC: &str = "approval [ApprovalIsOn, BasicAsks]";
    const ASKED_REHIRE: &str = "approval [ApprovalIsOn, Rehire]";
    const LOOSE: &str = r#"refused ["set_password_to_never_expire"]"#;
    const TICKET: &str = r#"refused ["ticket_id"]"#;
    const TIGHT: &str = r#"refused ["send_password_via_sms_or_email"]"#;
    let rows = [
        (
            "a plain onboarding",
            onboarding(&[]),
            [BASIC, ON, ON, ON, ON],
            [ASKED_BASIC, ASKED, ASKED, ASKED, ASKED],
        ),
        (
            "an offboarding",
            offboarding(),
            [BASIC, ON, ON, ON, ON],
            [ASKED_BASIC, ASKED, ASKED, ASKED, ASKED],
        ),
        (
            "groups, copied groups and licenses",
            onboarding(&[
                ("groups", json!(["Sales"])),
                ("copy_groups_from", json!("ceo@contoso.com")),
                ("licenses", json!(["SPB"])),
            ]),
            ["approval [BasicAsks, Groups, CopiedGroups, Licenses]", ON, ON, ON, ON],
            [
                "approval [ApprovalIsOn, BasicAsks, Groups, CopiedGroups, Licenses]",
                ASKED,
                ASKED,
                ASKED,
                ASKED,
            ],
        ),
        (
            "a rehire",
            onboarding(&[("username", json!("cfo")), ("rehire", json!(true))]),
            [NO_REHIRE, REHIRE, ON, REHIRE, ON],
            [NO_REHIRE, ASKED_REHIRE, ASKED, ASKED_REHIRE, ASKED],
        ),
        (
            "a ticket that is there already",
            onboarding(&[("ticket_id", json!("1234"))]),
            [TICKET, ON, ON, ON, ON],
            [TICKET, ASKED, ASKED, ASKED, ASKED],
        ),
        (
            "a looser password",
            onboarding(&[("set_password_to_never_expire", json!(true))]),
            [LOOSE, LOOSE, ON, LOOSE, ON],
            [LOOSE, LOOSE, ASKED, LOOSE, ASKED],
        ),
        (
            "a tighter password",
            onboarding(&[("send_password_via_sms_or_email", json!(false))]),
            [TIGHT, ON, ON, ON, ON],
            [TIGHT, ASKED, ASKED, ASKED, ASKED],
        ),
    ];
    for (what, job, off, on) in rows {
        assert_eq!(answers(&job, false), off, "{what}, approval off");
        assert_eq!(answers(&job, true), on, "{what}, approval on");
    }
}

/// No role of the child organisation may override a variable that the parent locked, whether the override tightens or
/// loosens.
#[test]
fn no_role_overrides_a_locked_variable() {
    let tight = [("send_password_via_sms_or_email", json!(false))];
    let loose = [("set_password_to_never_expire", json!(true))];
    let leaver = |more: &[(&str, serde_json::Value)]| {
        let mut body = json!({"user": "ada@contoso.com"});
        for (name, value) in more {
            body[*name] = value.clone();
        }
        Job::Offboarding(Offboarding::parse(&body).expect("right"))
    };
    let cases = [
        (onboarding(&tight), "send_password_via_sms_or_email"),
        (onboarding(&loose), "set_password_to_never_expire"),
        (onboarding(&[("password_style", json!("passphrase"))]), "password_style"),
        (
            onboarding(&[("onboarding_password_save_location", json!(["hudu"]))]),
            "onboarding_password_save_location",
        ),
        (
            leaver(&[("offboarding_deactivate_user", json!(false))]),
            "offboarding_deactivate_user",
        ),
        (
            leaver(&[("offboarding_remove_groups", json!(false))]),
            "offboarding_remove_groups",
        ),
    ];
    for (job, field) in cases {
        let locked = OrgVariables {
            locked: [field.to_owned()].into(),
            ..variables(false)
        };
        let refused = format!("refused [\"{field}\"]");
        for role in Role::ALL {
            assert_eq!(answer(&Facts::new(role, &job, &locked)), refused, "{role:?}");
        }
        let admin = answer(&Facts::new(Role::Admin, &job, &variables(false)));
        assert_eq!(admin, "on", "{field} without a lock");
        // A lock set after the submission also applies to the steps still to come.
        assert_eq!(job.settings(locked.clone()), locked, "{field}");
    }
}

#[test]
fn override_equal_to_the_locked_value_is_accepted() {
    let job = onboarding(&[("set_password_to_never_expire", json!(true))]);
    let locked = OrgVariables {
        set_password_to_never_expire: true,
        locked: ["set_password_to_never_expire".to_owned()].into(),
        ..variables(false)
    };
    assert_eq!(answer(&Facts::new(Role::Technician, &job, &locked)), "on");
}

#[test]
fn only_technicians_and_admins_may_offboard_urgently() {
    let answers = Role::ALL.map(|role| {
        answer(&Facts {
            urgent: true,
            ..Facts::new(role, &offboarding(), &variables(false))
        })
    });
    let refused = r#"refused ["urgent"]"#;
    assert_eq!(answers, [refused, refused, "on", refused, "on"]);
}

#[test]
fn refusal_names_each_field_its_rule_and_allowed_roles() {
    let job = onboarding(&[
        ("username", json!("cfo")),
        ("rehire", json!(true)),
        ("require_password_change_on_first_login", json!(false)),
        ("store_password_in_ticket", json!(false)),
    ]);
    let Answer::Refused(problems) = Facts::new(Role::Basic, &job, &variables(true)).decide() else {
        panic!("a basic member may do none of it");
    };
    let fields: Vec<_> = problems.iter().map(|problem| problem.field.as_str()).collect();
    assert_eq!(
        fields,
        [
            "rehire",
            "require_password_change_on_first_login",
            "store_password_in_ticket"
        ]
    );
    for problem in problems {
        let FieldError { field, message } = problem;
        assert!(
            message.contains("the role basic") && message.ends_with("may"),
            "{field} {message}"
        );
    }
}

#[test]
fn override_loosens_only_compared_with_the_variable() {
    let loosened = |settings: &[(&str, serde_json::Value)], variables: &OrgVariables| {
        let facts = Facts::new(Role::PowerUser, &onboarding(settings), variables);
        facts.passwords.iter().any(|setting| setting.loosens)
    };
    let strict = OrgVariables {
        send_password_via_sms_or_email: false,
        store_password_in_ticket: false,
        auto_store_password_in_documentation: false,
        ..OrgVariables::default()
    };
    let lax = OrgVariables {
        require_password_change_on_first_login: false,
        set_password_to_never_expire: true,
        ..OrgVariables::default()
    };
    let cases = [
        ("require_password_change_on_first_login", json!(false), true, false),
        ("require_password_change_on_first_login", json!(true), false, false),
        ("set_password_to_never_expire", json!(true), true, false),
        ("set_password_to_never_expire", json!(false), false, false),
        ("store_password_in_ticket", json!(true), true, false),
        ("send_password_via_sms_or_email", json!(true), true, false),
        ("auto_store_password_in_documentation", json!(true), true, false),
        ("auto_store_password_in_documentation", json!(false), false, false),
        ("onboarding_password_save_location", json!(["hudu"]), true, true),
        ("password_style", json!("passphrase"), false, false),
        ("restrict_user_from_changing_password", json!(true), false, false),
    ];
    for (name, value, against_strict, against_lax) in cases {
        let given = [(name, value)];
        assert_eq!(loosened(&given, &strict), against_strict, "{given:?}");
        assert_eq!(loosened(&given, &lax), against_lax, "{given:?}");
    }
}

#[test]
fn changing_an_approved_date_involves_the_approvers() {
    assert_eq!(new_date(false, true), NewDate::Taken);
    assert_eq!(new_date(false, false), NewDate::Taken);
    assert_eq!(new_date(true, true), NewDate::AskAgain);
    assert_eq!(new_date(true, false), NewDate::TellApprovers);
}

#[test]
fn resuming_and_skipping_depend_on_the_role() {
    let may = |skips| Role::ALL.map(|role| may_resume(role, skips).is_ok());
    assert_eq!(may(false), [false, false, true, false, true]);
    assert_eq!(may(true), [false, false, false, false, true]);
}

#[test]
fn seats_are_bought_only_with_authority() {
    let buys = |approval_required| {
        Role::ALL.map(|submitted_as| {
            may_buy_seats(&Plan {
                submitted_as,
                approval_required,
                ..Plan::default()
            })
        })
    };
    assert_eq!(buys(false), [false, true, true, true, true]);
    assert_eq!(buys(true), [true; 5]);
}

#[test]
fn link_decides_only_while_its_recipient_is_an_approver() {
    let variables = |approvers: &[&str]| OrgVariables {
        new_user_approval_email: approvers
            .iter()
            .map(|text| Approver::try_from((*text).to_owned()).expect("an approver"))
            .collect(),
        ..OrgVariables::default()
    };
    let plan = Plan {
        approving_manager: Some("boss@contoso.com".to_owned()),
        ..Plan::default()
    };
    let holds = |address, approvers: &[&str], members: &[&str]| {
        let members: Vec<_> = members.iter().map(|member| (*member).to_owned()).collect();
        still_approves(address, &plan, &variables(approvers), &members)
    };
    assert!(holds("HR@contoso.com", &["hr@contoso.com"], &[]));
    assert!(!holds("hr@contoso.com", &["it@contoso.com"], &["hr@contoso.com"]));
    assert!(holds("hr@contoso.com", &[], &["Hr@contoso.com"]));
    assert!(!holds("hr@contoso.com", &[], &["it@contoso.com"]));
    assert!(holds("boss@contoso.com", &["manager"], &[]));
    assert!(!holds("boss@contoso.com", &["hr@contoso.com"], &[]));
    assert!(!holds("other@contoso.com", &["manager"], &[]));
}
