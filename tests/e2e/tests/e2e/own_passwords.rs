//! Password settings of a request, and of an organisation.

use e2e::{mail, organisation::Organisation};
use serde_json::{Value, json};

fn documented(org: &Organisation) -> Vec<Value> {
    let state = org.world.state()["vendors"]["hudu"]["passwords"].clone();
    state.as_array().expect("a list").clone()
}

#[test]
fn a_requests_own_password_settings_win() {
    let org = Organisation::new("own-passwords");
    org.use_vault("hudu");
    // The opposite of the organisation's settings, each in a spelling that a variable may have.
    let own = json!({
        "manager": org.manager(), "password_style": "passphrase", "require_password_change_on_first_login": "0",
        "set_password_to_never_expire": 1, "restrict_user_from_changing_password": "TRUE", "store_password_in_ticket": false,
        "send_password_via_sms_or_email": "false", "auto_store_password_in_documentation": true,
        "onboarding_password_save_location": "hudu",
    });
    let request = org.submit(&org.person("Ada", "Lovelace", &own));
    request.ends("completed");
    let user = request.user().expect("a user");
    assert_eq!(user["properties"]["passwordPolicies"], "DisablePasswordExpiration");
    let written = documented(&org);
    assert_eq!(written.len(), 1, "{written:#?}");
    let password = written[0]["password"].as_str().expect("a password");
    assert_eq!(password.split('+').count(), 7, "six words and a digit");
    assert_eq!(org.world.sign_in(&org.upn("alovelace"), password), (true, false));
    assert!(!request.has_note("Temporary password: "));
    assert!(request.has_note("Password settings: "), "{:#?}", request.notes());
    assert!(request.has_note("The password need not be changed at the first sign-in. The password never expires."));
    assert!(request.has_note("Microsoft Entra ID has no such setting"));
    assert!(request.has_note("was handed over in Hudu."));
    let mails = mail::to(org.manager());
    assert!(mails.iter().all(|mail| !mail.text.contains(password)), "{mails:#?}");

    // The next request uses the organisation's settings.
    let request = org.submit(&org.person("Bob", "Babbage", &json!({"manager": org.manager()})));
    request.ends("completed");
    let password = request.password_of_note();
    assert_eq!(password.len(), 16);
    assert_eq!(org.world.sign_in(&org.upn("bbabbage"), &password), (true, true));
    assert!(
        mail::first(org.manager(), "Account of Bob Babbage")
            .text
            .contains(&password)
    );
    assert_eq!(documented(&org).len(), 1);
}

#[test]
fn an_organisations_passwords_can_be_passphrases() {
    let org = Organisation::with("passphrases", &["password_style=passphrase"]);
    let request = org.submit(&org.person("Ada", "Lovelace", &json!({"manager": org.manager()})));
    request.ends("completed");
    let password = request.password_of_note();
    assert_eq!(password.split('+').count(), 7, "six words and a digit");
    assert_eq!(org.world.sign_in(&org.upn("alovelace"), &password), (true, true));
}

#[test]
fn overrides_without_a_password_destination_are_refused() {
    let org = Organisation::new("no-place");
    let wrong = |own: &Value| {
        let body = org.person("Ada", "Lovelace", own);
        let mut fields = org.post(&body).wrong_fields();
        fields.sort();
        let checked = org.dry_run(&body);
        if checked.status == 200 {
            assert_ne!(checked.json()["problems"], json!([]), "{checked:?}");
        }
        fields
    };
    let nowhere = json!({"store_password_in_ticket": "0", "send_password_via_sms_or_email": false});
    assert_eq!(
        wrong(&nowhere),
        ["send_password_via_sms_or_email", "store_password_in_ticket"]
    );
    let more = json!({"store_password_in_ticket": "0", "send_password_via_sms_or_email": false, "password_style": "strong",
        "pwpush_url": "https://pwpush.example", "manager": org.upn("nobody")});
    assert_eq!(
        wrong(&more),
        [
            "manager",
            "password_style",
            "pwpush_url",
            "send_password_via_sms_or_email",
            "store_password_in_ticket"
        ]
    );
    let unset = json!({"onboarding_password_save_location": ["pwpush"]});
    assert_eq!(wrong(&unset), ["pwpush_url"], "the organisation has no PWPush");
    assert!(org.requests("").is_empty());
}
