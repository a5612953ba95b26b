//! Tests of a request's overrides of variables about passwords.

use super::*;
use crate::variables::{PasswordDestination, Psa, definition};

pub(super) fn names() -> Vec<&'static str> {
    let own = Onboarding::FIELDS.iter().filter(|field| field.overrides);
    own.map(|field| field.name).collect()
}

fn settings(form: &Onboarding, variables: OrgVariables) -> OrgVariables {
    OnboardingFields::from(form.clone()).settings(variables)
}

fn parsed(more: &Value) -> Result<Onboarding, Vec<String>> {
    let mut body = json!({"first_name": "Ada", "last_name": "Lovelace"});
    let fields = body.as_object_mut().unwrap();
    fields.extend(more.as_object().unwrap().clone());
    Onboarding::parse(&body).map_err(|problems| problems.into_iter().map(|problem| problem.field).collect())
}

/// Every override with the opposite of its default.
fn all() -> Value {
    json!({"password_style": "passphrase", "require_password_change_on_first_login": "0",
        "restrict_user_from_changing_password": 1, "set_password_to_never_expire": "TRUE", "store_password_in_ticket": false,
        "send_password_via_sms_or_email": "false", "auto_store_password_in_documentation": 0,
        "onboarding_password_save_location": "Hudu, pwpush"})
}

#[test]
fn every_override_is_a_variable() {
    assert_eq!(names().len(), 8);
    for name in names() {
        assert!(definition(name).is_some(), "{name}");
    }
}

#[test]
fn override_is_parsed_like_its_variable_and_wins() {
    let given = parsed(&all()).unwrap();
    let before = serde_json::to_value(OrgVariables::default()).unwrap();
    let after = serde_json::to_value(settings(&given, OrgVariables::default())).unwrap();
    let changed: Vec<&str> = before
        .as_object()
        .unwrap()
        .iter()
        .filter(|(name, value)| after[name.as_str()] != **value)
        .map(|(name, _)| name.as_str())
        .collect();
    let mut expected = names();
    expected.sort_unstable();
    assert_eq!(changed, expected);
    assert_eq!(after["onboarding_password_save_location"], json!(["hudu", "pwpush"]));
    let stored = serde_json::to_value(&given).unwrap();
    assert_eq!(Onboarding::parse(&stored), Ok(given));
}

#[test]
fn absent_override_leaves_the_variable() {
    let variables = OrgVariables {
        default_psa: Some(Psa::Connectwise),
        set_password_to_never_expire: true,
        onboarding_password_save_location: vec![SaveLocation::Hudu],
        ..OrgVariables::default()
    };
    let silent = parsed(&json!({"store_password_in_ticket": null, "password_style": " "})).unwrap();
    assert_eq!(silent, parsed(&json!({})).unwrap());
    assert_eq!(settings(&silent, variables.clone()), variables);
    let none = parsed(&json!({"onboarding_password_save_location": [], "send_password_via_sms_or_email": false}));
    assert_eq!(
        settings(&none.unwrap(), variables).password_places(),
        [PasswordDestination::TicketNote]
    );
}

#[test]
fn overrides_have_labels_for_people() {
    let given = parsed(&json!({"password_style": "passphrase", "store_password_in_ticket": 0,
        "onboarding_password_save_location": "hudu,pwpush"}));
    let values = given.unwrap().values();
    let given = values
        .iter()
        .filter_map(|(field, words)| Some((field.name, words.as_deref()?)));
    let given: Vec<_> = given.collect();
    assert_eq!(
        given,
        [
            ("first_name", "Ada"),
            ("last_name", "Lovelace"),
            ("password_style", "passphrase"),
            ("store_password_in_ticket", "no"),
            ("onboarding_password_save_location", "hudu and pwpush")
        ]
    );
}

#[test]
fn reports_all_wrong_overrides_at_once() {
    let wrong = json!({"password_style": "strong", "require_password_change_on_first_login": "yes",
        "restrict_user_from_changing_password": 2, "set_password_to_never_expire": [], "store_password_in_ticket": {},
        "send_password_via_sms_or_email": "x", "auto_store_password_in_documentation": 1.5,
        "onboarding_password_save_location": "cellar", "pwpush_url": "https://pwpush.example"});
    let mut fields = parsed(&wrong).unwrap_err();
    fields.sort();
    let mut expected = names();
    expected.push("pwpush_url");
    expected.sort_unstable();
    assert_eq!(fields, expected);
}
