use directory::{Domain, SubscribedSku};
use domain::contact::{DomainName, Upn};
use domain::decision::Gate;
use domain::ids::OrgId;
use domain::integration::Organisation;
use domain::request::{PlannedGroup, Sku};
use domain::role::Role;
use domain::submission::{Form, Offboarding, Onboarding};
use domain::variables::{OrgVariables, PasswordDestination};
use planning::{Checked, LicenseFound, OffboardingFound, OnboardingFound};
use serde_json::json;
use store::members::Member;
use web::Caller;

use super::*;

fn visit_as(role: Role) -> OrgScope {
    let org = OrgId::parse("acme").expect("an id");
    let member = Member {
        org: org.clone(),
        id: "m1".to_owned(),
        email: "hr@contoso.com".to_owned(),
        name: "Hanna R.".to_owned(),
        role,
        identity: None,
        sessions_after: None,
        sign_in_link: None,
    };
    let organisation = Organisation::new(org, "Acme & Co");
    OrgScope {
        organisation,
        caller: Caller::member(member, "csrf-token".to_owned()),
    }
}

fn offer() -> Offer {
    let domain = |name: &str, is_default, is_verified| Domain {
        name: name.to_owned(),
        is_default,
        is_verified,
    };
    let sku = |part_number: &str, enabled, applies_to: &str| SubscribedSku {
        sku: Sku {
            id: part_number.to_lowercase(),
            part_number: part_number.to_owned(),
        },
        enabled,
        warning: 0,
        consumed: 1,
        capability_status: "Enabled".to_owned(),
        applies_to: applies_to.to_owned(),
    };
    Offer::of(
        vec![
            domain("a.example", false, true),
            domain("contoso.com", true, true),
            domain("new.example", false, false),
        ],
        vec![
            sku("SPE_E3", 1, "User"),
            sku("SPB", 11, "User"),
            sku("WINDOWS_STORE", 25, "Company"),
        ],
    )
}

fn filled(values: Value) -> FormValues {
    FormValues {
        values: values.as_object().cloned().expect("an object"),
        key: Some("key-1".to_owned()),
    }
}

fn html(filled: FormValues, offer: Result<Offer, FieldError>, checked: Option<Checked<OnboardingFound>>) -> String {
    let dry_run = checked.map(|checked| DryRun {
        checked,
        warnings: vec![FieldError::new(
            "default_psa",
            "is halopsa, but there are no <credentials>",
        )],
        because: vec![Because::ApprovalIsOn],
    });
    let variables = OrgVariables::default();
    page::<Onboarding>(Role::Technician, &variables, &filled, offer.map(Some), dry_run)
}

fn page<F: Submission>(
    role: Role,
    variables: &OrgVariables,
    filled: &FormValues,
    offer: Result<Option<Offer>, FieldError>,
    dry_run: Option<DryRun<F::Found>>,
) -> String {
    let base = Base::new("https://gangway.example.com").expect("a base");
    let scope = visit_as(role);
    let context = PageContext {
        base: &base,
        scope: &scope,
        variables,
    };
    let page = Page::of::<F>(context, filled, offer, dry_run);
    web::page(&base, F::TITLE, Some(&scope), &page).expect("a page")
}

#[test]
fn empty_form_matches_snapshot() {
    insta::assert_snapshot!(html(filled(json!({})), Ok(offer()), None));
}

#[test]
fn every_field_has_its_input() {
    let page = html(filled(json!({})), Ok(offer()), None);
    for field in Onboarding::FIELDS.iter().map(|field| field.name) {
        assert!(page.contains(&format!(r#"name="{field}""#)), "{field}");
    }
    assert!(!page.contains("new.example") && !page.contains("WINDOWS_STORE"));
}

/// A form offers what the role may use, and says what follows from it.
#[test]
fn basic_member_sees_only_allowed_fields() {
    let variables = OrgVariables::default();
    let page = page::<Onboarding>(Role::Basic, &variables, &filled(json!({})), Ok(Some(offer())), None);
    let overrides = Onboarding::FIELDS.iter().filter(|field| field.overrides);
    for refused in overrides.map(|field| field.name).chain(["rehire", "ticket_id"]) {
        assert!(!page.contains(&format!(r#"name="{refused}""#)), "{refused}");
    }
    assert!(
        page.contains("waits for approval, because the requester has the role basic"),
        "{page}"
    );
    assert!(!html(filled(json!({})), Ok(offer()), None).contains("waits for approval"));
}

#[test]
fn errors_are_shown_at_their_fields_with_the_input() {
    let typed = json!({"first_name": "<b>Ada", "email_domain": "fabrikam.com", "licenses": ["spb", "NOPE"],
        "groups": ["Sales", "All"], "single_name": true});
    let problems = vec![
        FieldError::new("email_domain", "fabrikam.com is no domain of the tenant"),
        FieldError::new("licenses", "NOPE is no license of the tenant"),
        FieldError::new("new_user_approval_email", "leaves nobody to approve"),
    ];
    let page = html(filled(typed), Ok(offer()), Some(Checked::wrong(problems)));
    insta::assert_snapshot!(page);
    assert!(!page.contains("<b>Ada"), "what was typed is escaped");
}

#[test]
fn password_fields_are_folded_until_one_is_given() {
    let page = html(filled(json!({})), Ok(offer()), None);
    assert!(
        page.contains("<details>\n<summary>Password settings</summary>"),
        "{page}"
    );
    let given = json!({"store_password_in_ticket": "false", "onboarding_password_save_location": ["psa", "hudu"]});
    let page = html(filled(given), Ok(offer()), None);
    assert!(page.contains(r#"value="psa, hudu""#));
    assert!(page.contains("<details open>"));
    assert!(page.contains(r#"<option value="false" selected>No</option>"#));
    let wrong = vec![FieldError::new("send_password_via_sms_or_email", "leaves no place")];
    let page = html(filled(json!({})), Ok(offer()), Some(Checked::wrong(wrong)));
    assert!(page.contains("<details open>"));
    assert!(page.contains(r##"<a href="#send_password_via_sms_or_email">"##));
}

#[test]
fn dry_run_shows_the_plan() {
    let sku = Sku {
        id: "1".to_owned(),
        part_number: "SPB".to_owned(),
    };
    let found = OnboardingFound {
        username: Some(Upn::of(
            &domain::username::LocalPart::parse("alovelace").expect("a name"),
            &DomainName::parse("contoso.com").expect("a domain"),
        )),
        licenses: vec![LicenseFound {
            sku,
            free: 0,
            no_group: Some("no group of the tenant carries it".to_owned()),
        }],
        groups: vec![
            PlannedGroup {
                name: "Sales".to_owned(),
                id: Some("g1".to_owned()),
                copied: false,
                reason: None,
            },
            PlannedGroup {
                name: "Nope".to_owned(),
                id: None,
                copied: false,
                reason: Some("there is no such group".to_owned()),
            },
        ],
        password_places: vec![PasswordDestination::TicketNote],
    };
    let checked = Checked {
        gates: vec![Gate::Approval(0), Gate::License("SPB".to_owned())],
        start_at: "2026-12-01T08:00:00Z".parse().ok(),
        found,
        ..Checked::default()
    };
    let page = html(filled(json!({"first_name": "Ada"})), Ok(offer()), Some(checked));
    for words in [
        "This can be submitted",
        "alovelace@contoso.com",
        "SPB: 0 free, but no group of the tenant carries it",
        "Nope: cannot be added, there is no such group",
        "An approver must agree",
        "A technician must buy SPB",
        "in an internal note of the ticket",
        "<strong>default_psa</strong>: is halopsa, but there are no &#60;credentials&#62;",
        "2026-12-01 08:00 (Etc/UTC)",
        r#"value="key-1""#,
        r#"value="Ada""#,
    ] {
        assert!(page.contains(words), "{words}");
    }
}

#[test]
fn without_lists_everything_can_be_typed() {
    let notice = FieldError::new("directory", "does not answer now: try again in a moment");
    let page = html(filled(json!({"licenses": ["SPB", "SPE_E3"]})), Err(notice), None);
    assert!(page.contains("directory does not answer now"));
    assert!(page.contains("SPB\nSPE_E3</textarea>"));
    assert!(page.contains(r#"<input type="text" id="email_domain""#));
}

fn leaver_page(filled: &FormValues, checked: Option<Checked<OffboardingFound>>) -> String {
    let dry_run = checked.map(|checked| DryRun {
        checked,
        warnings: Vec::new(),
        because: Vec::new(),
    });
    page::<Offboarding>(Role::Technician, &OrgVariables::default(), filled, Ok(None), dry_run)
}

#[test]
fn offboarding_form_matches_snapshot() {
    let page = leaver_page(&filled(json!({})), None);
    for field in Offboarding::FIELDS.iter().map(|field| field.name) {
        assert!(page.contains(&format!(r#"name="{field}""#)), "{field}");
    }
    insta::assert_snapshot!(page);
}

#[test]
fn dry_run_shows_what_a_leaver_loses() {
    let found = OffboardingFound {
        user: Some(domain::request::UserRef {
            id: "1".to_owned(),
            upn: "ada@contoso.com".to_owned(),
        }),
        display_name: "<b>Ada".to_owned(),
        blocks_sign_in: true,
        groups: vec![
            planning::Entitlement {
                name: "Sales".to_owned(),
                stays: None,
            },
            planning::Entitlement {
                name: "All".to_owned(),
                stays: Some("its members follow from a rule".to_owned()),
            },
        ],
        ..OffboardingFound::default()
    };
    let checked = Checked {
        start_at: "2026-12-01T08:00:00Z".parse().ok(),
        found,
        ..Checked::default()
    };
    let typed = filled(json!({"user": "ada@contoso.com", "offboarding_remove_groups": false}));
    let page = leaver_page(&typed, Some(checked));
    for words in [
        "This can be submitted",
        "Will be blocked, and all sessions revoked",
        "Sales: will be removed",
        "All: stays, its members follow from a rule",
        "Nobody known",
        "2026-12-01 08:00 (Etc/UTC)",
        r#"<option value="false" selected>No</option>"#,
        r#"<option value="">As usual here: yes</option>"#,
    ] {
        assert!(page.contains(words), "{words}: {page}");
    }
    assert!(!page.contains("<b>Ada"));
}

/// A locked variable is shown with its value and without an input.
#[test]
fn locked_variable_has_no_input() {
    let locked = |name: &str| OrgVariables {
        locked: [name.to_owned()].into(),
        ..OrgVariables::default()
    };
    let empty = filled(json!({}));
    for (name, shown) in [
        ("password_style", "Kind of password: classic"),
        ("store_password_in_ticket", "Store in the ticket: yes"),
        ("onboarding_password_save_location", "Places of documentation: none"),
    ] {
        let page = page::<Onboarding>(Role::Admin, &locked(name), &empty, Ok(None), None);
        assert!(!page.contains(&format!(r#"name="{name}""#)), "{name}");
        assert!(
            page.contains(&format!(r#"<p id="{name}" tabindex="-1">{shown}</p>"#)),
            "{page}"
        );
        assert!(page.contains("Locked by the parent organisation"), "{name}");
        assert!(page.contains("<details>"), "{name}: nothing was given");
    }
    let name = "offboarding_remove_groups";
    let page = page::<Offboarding>(Role::Admin, &locked(name), &empty, Ok(None), None);
    assert!(
        !page.contains(&format!(r#"name="{name}""#)) && page.contains("Remove from groups: yes"),
        "{page}"
    );
    assert!(page.contains(r#"name="offboarding_deactivate_user""#));
}
