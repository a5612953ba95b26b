//! The destinations of a password besides the ticket: vaults, links, and the manager's phone.

use e2e::{
    mail,
    organisation::{Organisation, operator},
    request::{Request, password_in},
    sms,
};
use serde_json::{Value, json};

use crate::passwords::{everything, places};

/// Lists what a vault has stored for this organisation.
fn kept_in(org: &Organisation, vault: &str, list: &str) -> Vec<Value> {
    let state = org.world.state()["vendors"][vault][list].clone();
    state.as_array().expect("a list").clone()
}

fn upn(view: &Value) -> &str {
    view["user"]["upn"].as_str().expect("a name")
}

/// Checks that the password is in the vault once, signs the user in, and is nowhere else.
fn documented_in(vault: &str, words: &str, spoil: impl Fn(&Organisation)) {
    let org = Organisation::new(&format!("in-{vault}"));
    org.use_vault(vault);
    org.configure(&[
        &format!("onboarding_password_save_location={vault}"),
        "store_password_in_ticket=0",
        "send_password_via_sms_or_email=0",
    ]);
    spoil(&org);
    let request = org.submit(&org.person("Seán", "O'Brien & <Söhne>", &json!({})));
    let view = request.ends("completed");
    let written = kept_in(&org, vault, "passwords");
    assert_eq!(written.len(), 1, "{written:#?}");
    assert_eq!(written[0]["username"], upn(&view));
    let name = written[0]["name"].as_str().expect("a name").replace('\u{200b}', "");
    assert_eq!(name, "Temporary password of Seán O'Brien & <Söhne>");
    let marker = format!("\n\n[gangway {}/", request.id);
    assert!(
        written[0]["notes"]
            .as_str()
            .is_some_and(|notes| notes.contains(&marker) && notes.ends_with(']')),
        "{written:#?}"
    );
    let company = org.world.keys["vendors"][vault]["company"].as_str().expect("a company");
    assert_eq!(written[0]["company"].to_string(), company);
    let password = written[0]["password"].as_str().expect("a password");
    assert_eq!(org.world.sign_in(upn(&view), password), (true, true));
    assert!(request.has_note(&format!("was handed over {words}.")));
    is_nowhere_else(&org, &request, &[password]);
}

/// Checks that no note, execution, table or log has the secrets, and that Secrets Manager has deleted the password.
fn is_nowhere_else(org: &Organisation, request: &Request<'_>, secrets: &[&str]) {
    let all = everything(org);
    for secret in secrets {
        assert!(!request.has_note(secret), "{:#?}", request.notes());
        assert_eq!(places(secret, &all), Vec::<&str>::new());
    }
    assert!(!request.secret_is_kept());
}

#[test]
fn documented_in_hudu_though_the_step_dies_there() {
    documented_in("hudu", "in Hudu", |org| {
        org.world
            .spoil("hudu", "POST /asset_passwords", "kill_client", &json!({}));
    });
}

#[test]
fn documented_in_itglue_though_the_answer_is_lost() {
    documented_in("itglue", "in IT Glue", |org| {
        let operation = "POST /organizations/{organization_id}/relationships/passwords";
        org.world.spoil("itglue", operation, "lose_response", &json!({}));
    });
}

#[test]
fn documented_in_passportal() {
    documented_in("passportal", "in Passportal", |_| {});
}

#[test]
fn passportal_without_write_address_is_only_a_warning() {
    let org = Organisation::with(
        "no-write",
        &[
            "store_password_in_ticket=0",
            "onboarding_password_save_location=passportal",
        ],
    );
    org.use_vault("passportal");
    let mut keys = org.world.keys["vendors"]["passportal"]["credentials"].clone();
    keys.as_object_mut().expect("an object").remove("write_address");
    let set = ["credentials", "set", &org.id, "passportal", "--file", "-"];
    operator(org.stack, &set, &keys.to_string()).expect("right arguments");
    let request = org.submit(&org.person("Ada", "Lovelace", &json!({"manager": org.manager()})));
    let view = request.ends("completed_with_warnings");
    assert!(request.has_note("- passportal: Passportal publishes no address for writing passwords: set write_address"));
    let mail = mail::first(org.manager(), "Account of Ada Lovelace");
    assert_eq!(org.world.sign_in(upn(&view), &password_in(&mail.text)), (true, true));
    assert_eq!(kept_in(&org, "passportal", "passwords"), Vec::<Value>::new());
}

/// The address of the world's PWPush server, as a variable's value.
fn pwpush_url(org: &Organisation) -> String {
    let url = org.world.keys["vendors"]["pwpush"]["url"].as_str().expect("an address");
    format!("pwpush_url={url}")
}

#[test]
fn with_pwpush_everybody_gets_a_link_of_their_own() {
    let org = Organisation::new("links");
    org.configure(&[
        &pwpush_url(&org),
        "onboarding_password_save_location=pwpush",
        "store_password_in_ticket=0",
    ]);
    let request = org.submit(&org.person("Ada", "Lovelace", &json!({"manager": org.manager()})));
    let view = request.ends("completed");
    let pushes = kept_in(&org, "pwpush", "pushes");
    let push = |recipient: &str| {
        let (begins, ends) = (format!("[gangway {}/", request.id), format!("/{recipient}]"));
        let is_own = |note: &str| note.starts_with(&begins) && note.ends_with(&ends);
        let own: Vec<&Value> = pushes
            .iter()
            .filter(|push| push["note"].as_str().is_some_and(is_own))
            .collect();
        assert_eq!(own.len(), 1, "{recipient}: {pushes:#?}");
        own[0]
    };
    assert_eq!(pushes.len(), 2, "{pushes:#?}");
    let password = push("manager")["payload"].as_str().expect("a password");
    assert_eq!(push("technicians")["payload"], password);
    assert_eq!(org.world.sign_in(upn(&view), password), (true, true));
    for push in &pushes {
        assert_eq!(push["retrieval_step"], true);
    }

    let token = |recipient: &str| push(recipient)["token"].as_str().expect("a token").to_owned();
    let note = request.note("/password-link]");
    assert!(note.contains(&format!("/p/{}/r", token("technicians"))), "{note}");
    let mail = mail::first(org.manager(), "Account of Ada Lovelace");
    assert!(
        mail.text.contains(&format!("/p/{}/r\n", token("manager"))),
        "{}",
        mail.text
    );
    let clicked = format!("/p/{}/r</a>", token("manager"));
    assert!(mail.html.contains(&clicked), "{}", mail.html);
    for mail in mail::to(org.manager()) {
        assert!(!mail.text.contains(password) && !mail.html.contains(password));
    }
    is_nowhere_else(&org, &request, &[password]);
    let all = everything(&org);
    for recipient in ["technicians", "manager"] {
        assert_eq!(places(&token(recipient), &all), Vec::<&str>::new(), "{recipient}");
    }
}

#[test]
fn a_push_whose_step_died_is_found_again_by_its_owner() {
    let org = Organisation::new("push-again");
    let keys = org.world.keys["vendors"]["pwpush"]["credentials"].to_string();
    let set = ["credentials", "set", &org.id, "pwpush", "--file", "-"];
    operator(org.stack, &set, &keys).expect("right arguments");
    org.configure(&[&pwpush_url(&org), "store_password_in_ticket=0"]);
    org.world
        .spoil("pwpush", "POST /{world}/api/v2/pushes", "kill_client", &json!({}));
    let request = org.submit(&org.person("Ada", "Lovelace", &json!({"manager": org.manager()})));
    request.ends("completed");
    let pushes = kept_in(&org, "pwpush", "pushes");
    assert_eq!(pushes.len(), 1, "{pushes:#?}");
    let token = pushes[0]["token"].as_str().expect("a token");
    let mail = mail::first(org.manager(), "Account of Ada Lovelace");
    assert!(mail.text.contains(&format!("/p/{token}/r")), "{}", mail.text);
}

#[test]
fn without_pwpush_nobody_gets_the_password_in_its_place() {
    let org = Organisation::new("no-links");
    org.use_vault("hudu");
    org.configure(&[
        &pwpush_url(&org),
        "onboarding_password_save_location=pwpush,hudu",
        "store_password_in_ticket=0",
    ]);
    org.world
        .spoil("pwpush", "POST /{world}/api/v2/pushes", "503", &json!({"times": 1000}));
    let request = org.submit(&org.person("Ada", "Lovelace", &json!({"manager": org.manager()})));
    let view = request.ends("completed_with_warnings");
    // The other destinations got the password, and nothing waits for PWPush.
    let written = kept_in(&org, "hudu", "passwords");
    assert_eq!(written.len(), 1, "{written:#?}");
    let password = written[0]["password"].as_str().expect("a password");
    assert_eq!(org.world.sign_in(upn(&view), password), (true, true));
    assert!(request.has_note("was handed over in Hudu."));
    for place in ["pwpush", "manager"] {
        let told = format!("- {place}: PWPush is out of order");
        assert!(request.has_note(&told), "{told}: {:#?}", request.notes());
    }
    assert_eq!(kept_in(&org, "pwpush", "pushes"), Vec::<Value>::new());
    for mail in mail::to(org.manager()) {
        assert!(!mail.subject.starts_with("Account of"), "{}", mail.subject);
        assert!(!mail.text.contains(password) && !mail.html.contains(password));
    }
    is_nowhere_else(&org, &request, &[password]);
}

#[test]
fn a_manager_without_a_mailbox_gets_a_text_message() {
    let org = Organisation::with("phone", &["store_password_in_ticket=0"]);
    let manager = org.upn("pphone");
    let last = uuid::Uuid::now_v7().as_u128() % 10_000;
    org.world.add_phone_user(&manager, &format!("+1 (212) 555-{last:04}"));
    let request = org.submit(&org.person("Ada", "Lovelace", &json!({"manager": manager})));
    let view = request.ends("completed");
    let messages = sms::to(&format!("+1212555{last:04}"));
    assert_eq!(messages.len(), 1, "{messages:#?}");
    let text = messages[0]["Message"].as_str().expect("a text");
    assert!(text.is_ascii() && !text.contains("Lovelace"), "{text}");
    let password = password_in(text);
    assert_eq!(org.world.sign_in(upn(&view), &password), (true, true));
    let attribute = |name: &str| messages[0]["MessageAttributes"][name]["StringValue"].clone();
    assert_eq!(attribute("AWS.SNS.SMS.SenderID"), "Gangway");
    assert_eq!(attribute("AWS.SNS.SMS.MaxPrice"), "0.50");
    assert_eq!(attribute("AWS.SNS.SMS.SMSType"), "Transactional");
    assert!(request.has_note("was handed over by a message to the manager."));
    is_nowhere_else(&org, &request, &[&password]);
}
