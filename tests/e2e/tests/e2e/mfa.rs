//! What the ticket says about multi-factor authentication.

use e2e::{engine::engine, organisation::Organisation, request::Request};
use serde_json::{Value, json};

/// Creates an organisation with two policies: one is on and targets a group, one is report-only for all users.
fn org(name: &str, variables: &[&str]) -> Organisation {
    Organisation::on(&engine().patient, name, &json!({"security_defaults": false}), variables)
}

fn submit(org: &Organisation) -> Request<'_> {
    org.submit(&org.person("Ada", "Lovelace", &json!({"manager": org.manager()})))
}

fn note(request: &Request<'_>) -> String {
    request.note("/mfa]")
}

#[test]
fn who_is_not_asked_is_a_warning_with_what_to_change() {
    let org = org("mfa-not-asked", &[]);
    let request = submit(&org);
    request.ends("completed_with_warnings");
    let upn = org.upn("alovelace");
    let note = note(&request);
    for words in [
        &format!("{upn} won't be asked for multi-factor authentication (MFA)"),
        "Security defaults: off.",
        "\"Require MFA for MFA Users\" is on and does not apply: it is for the group \"MFA Users\", which the user is not in",
        "\"Require MFA for all users\" is report-only and enforces nothing; it would apply",
        "The registration campaign reaches the user",
        "Add the user to the group \"MFA Users\", which the policy \"Require MFA for MFA Users\" targets.",
        "Turn on the policy \"Require MFA for all users\"",
    ] {
        assert!(note.contains(words), "{words}: {note}");
    }
    assert!(request.note("is completed with warnings").contains("won't be asked"));
    assert_eq!(
        org.world.state()["effects"]["members_added"],
        Value::Null,
        "nothing is enforced"
    );
}

#[test]
fn security_defaults_ask_everybody() {
    let org = Organisation::new("mfa-defaults");
    let request = submit(&org);
    request.ends("completed");
    assert!(note(&request).contains("security defaults are on"));
}

#[test]
fn who_is_asked_in_some_cases_is_told_which() {
    let org = org("mfa-sometimes", &[]);
    let away = json!({"displayName": "Away", "conditions": {
        "users": {"includeUsers": ["All"]},
        "locations": {"includeLocations": ["All"], "excludeLocations": ["AllTrusted"]},
    }});
    org.world.set_mfa(&json!({"policies": [away]}));
    let request = submit(&org);
    request.ends("completed");
    let note = note(&request);
    assert!(
        note.contains("only:\n- from outside the trusted locations (policy \"Away\")"),
        "{note}"
    );
}

#[test]
fn a_missing_permission_is_told_by_its_name_and_is_no_warning() {
    let org = org("mfa-not-permitted", &[]);
    org.world.set_mfa(&json!({"refuse": "permission"}));
    let request = submit(&org);
    request.ends("completed");
    let note = note(&request);
    assert!(
        note.contains("Policy.Read.All") && note.contains("AuditLog.Read.All"),
        "{note}"
    );
}

#[test]
fn unreadable_mfa_policies_are_only_a_warning() {
    let org = org("mfa-unread", &[]);
    let policies = "GET /identity/conditionalAccess/policies";
    org.world.spoil("graph", policies, "400", &json!({"times": 1000}));
    let request = submit(&org);
    request.ends("completed_with_warnings");
    assert!(
        request
            .note("is completed with warnings")
            .contains("could not be read from the directory")
    );
    let password = request.password_of_note();
    assert_eq!(org.world.sign_in(&org.upn("alovelace"), &password), (true, true));
}
