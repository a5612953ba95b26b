//! A password that reached no destination is shown once, to an admin.

use e2e::{
    aws,
    engine::engine,
    http::{Answer, Call},
    organisation::Organisation,
    request::Request,
    simulators::AwsRule,
    wait::until,
};
use serde_json::json;

use crate::bad_ends::tell;
use crate::passwords::{everything, places};

/// Creates an organisation in which neither a note nor a manager takes the password.
fn nowhere(name: &str) -> Organisation {
    Organisation::with(name, &["store_password_in_ticket=0"])
}

fn kept(org: &Organisation) -> Request<'_> {
    let request = org.submit(&org.person("Ada", "Lovelace", &json!({})));
    let note = request.note("could not be handed over");
    assert!(note.contains("an admin can see it once"), "{note}");
    request
}

fn password(answer: &Answer) -> String {
    let body = answer.json();
    body["password"].as_str().expect("a password").to_owned()
}

#[test]
fn undelivered_password_is_shown_once_and_written_nowhere() {
    let org = nowhere("kept-shown");
    let request = kept(&org);
    let path = format!("requests/{}/password", request.id);
    let email = |name: &str| format!("{name}@{}.example", org.id);

    for role in ["basic", "approver", "technician"] {
        let session = org.session(&email(role), "Nearly Admin", role);
        session.post(&path, &json!({})).expect(403);
    }
    let stranger = Organisation::new("kept-strange");
    let call = Call::new("POST", org.url(&path)).header("authorization", format!("Bearer {}", stranger.token));
    call.send().expect(404);
    stranger.call("POST", &path).send().expect(404);
    let admin = org.session(&email("boss"), "Betty Boss", "admin");
    admin.post_without_csrf(&path).send().expect(403);
    assert!(request.audit("password.shown").is_empty());
    assert!(request.secret_is_kept());

    let page = format!("requests/{}", request.id);
    assert!(admin.page(&page).expect(200).text.contains("Show the password once"));
    let shown = admin.submit(&path, "").expect(200);
    assert_eq!(shown.header("cache-control"), "no-store");
    let (_, rest) = shown.text.split_once("<code>").expect("a password on the page");
    let escaped = rest.split("</code>").next().unwrap_or_default();
    assert!(
        !escaped.contains('&'),
        "the alphabet needs no escape: {}",
        escaped.len()
    );
    let password = escaped.to_owned();
    assert_eq!(org.world.sign_in(&org.upn("alovelace"), &password), (true, true));

    // The request no longer waits for anything.
    request.ends("completed_with_warnings");
    assert!(!request.secret_is_kept());
    assert_eq!(request.ticket_status(), "Closed");
    let note = request.note("was shown once");
    assert!(note.contains(&email("boss")), "{note}");
    assert!(!request.has_note("was not fetched in time"));
    request.note_names();
    assert_eq!(org.world.state()["effects"]["users_created"], 1);
    let audit = request.audit("password.shown");
    assert_eq!(audit.len(), 1, "{audit:#?}");

    for answer in [request.show_password(), admin.post(&path, &json!({}))] {
        let gone = answer.expect(410).json();
        let words = gone["detail"].as_str().expect("words");
        assert!(
            words.contains(&email("boss")) && words.contains("reset the password"),
            "{words}"
        );
    }
    assert!(!admin.page(&page).text.contains("Show the password once"));
    assert_eq!(places(&password, &everything(&org)), Vec::<&str>::new());
}

#[test]
fn of_two_admins_at_once_one_sees_it() {
    let org = nowhere("kept-race");
    let request = kept(&org);
    let answers: Vec<Answer> = std::thread::scope(|scope| {
        let calls: Vec<_> = (0..4).map(|_| scope.spawn(|| request.show_password())).collect();
        calls.into_iter().map(|call| call.join().expect("an answer")).collect()
    });
    let shown: Vec<&Answer> = answers.iter().filter(|answer| answer.status == 200).collect();
    assert_eq!(
        shown.len(),
        1,
        "{:?}",
        answers.iter().map(|answer| answer.status).collect::<Vec<_>>()
    );
    assert!(answers.iter().all(|answer| [200, 410, 503].contains(&answer.status)));
    assert!(org.world.sign_in(&org.upn("alovelace"), &password(shown[0])).0);
    request.ends("completed_with_warnings");
    assert_eq!(request.audit("password.shown").len(), 1);
    assert!(!request.secret_is_kept());
}

#[test]
fn a_password_whose_answer_was_lost_is_never_shown_again() {
    let org = nowhere("kept-lost");
    let request = kept(&org);
    let dies = AwsRule::new(
        "DynamoDB_20120810.TransactWriteItems",
        &request.id,
        "kill_client_after",
        1,
        0,
    );
    let lost = request.show_password();
    assert!(lost.status >= 500, "{}", lost.status);
    assert_eq!(dies.killed(), 1);
    assert_eq!(request.audit("password.shown").len(), 1);
    let gone = request.show_password().expect(410).json();
    assert!(
        gone["detail"]
            .as_str()
            .is_some_and(|words| words.contains(&format!("tests ({})", org.id))),
        "{gone}"
    );
    request.ends("completed_with_warnings");
    assert!(!request.secret_is_kept());
    assert!(request.has_note("was shown once"));
}

#[test]
fn a_shown_password_whose_call_died_is_taken_up_again() {
    let org = nowhere("kept-dies");
    let request = kept(&org);
    let dies = AwsRule::new(
        "AWSStepFunctions.StartExecution",
        &request.id,
        "kill_client_before",
        1,
        0,
    );
    let lost = request.show_password();
    assert!(lost.status >= 500, "{}", lost.status);
    assert_eq!(dies.killed(), 1);
    assert_eq!(request.runs(), 1);
    assert!(request.secret_is_kept());
    // Gangway stopped the first execution. The event about it finds that no other one was started.
    assert_eq!(tell(&request, 1), "handed_on");
    request.ends("completed_with_warnings");
    assert_eq!(request.runs(), 2);
    assert!(!request.secret_is_kept());
    assert_eq!(tell(&request, 1), "nothing_to_do");
}

#[test]
fn a_password_that_was_handed_over_is_nobodys_to_see() {
    let org = Organisation::new("kept-not");
    let request = org.submit(&org.person("Ada", "Lovelace", &json!({"manager": org.manager()})));
    request.ends("completed");
    request.show_password().expect(410);
    assert!(request.audit("password.shown").is_empty());
    let leaver = org.offboard(org.colleague(), &json!({}));
    leaver.ends("completed_with_warnings");
    leaver.show_password().expect(409);
}

#[test]
fn a_password_whose_places_cannot_be_read_is_kept_for_an_admin() {
    let variables = ["auto_purchase_license_if_none_available=0"];
    let org = Organisation::with("kept-blind", &variables);
    let more = json!({"manager": org.manager(), "licenses": ["ENTERPRISEPACK"]});
    let request = org.submit(&org.person("Ada", "Lovelace", &more));
    request.until("waiting_license");
    let token = request.task_token("license-ENTERPRISEPACK");
    // The variables become unreadable while the request waits for the technician.
    let key = json!({"org": {"S": org.id}, "name": {"S": "variable#timezone"}});
    let table = org.stack.table("organisations");
    let mut item = key.clone();
    item["setting"] = json!({"S": json!({"value": "Mars/Olympus", "for_children": "nothing"}).to_string()});
    aws::call("DynamoDB_20120810.PutItem", &json!({"TableName": table, "Item": item}));
    aws::call(
        "AWSStepFunctions.SendTaskSuccess",
        &json!({"taskToken": token, "output": "{}"}),
    );
    until("the wait with the kept password", || {
        let history = request.history(1);
        let waits =
            |event: &serde_json::Value| event["stateEnteredEventDetails"]["name"] == "Wait with the kept password";
        history.iter().any(waits).then_some(())
    });
    aws::call("DynamoDB_20120810.DeleteItem", &json!({"TableName": table, "Key": key}));
    let shown = password(&request.show_password().expect(200));
    assert_eq!(org.world.sign_in(&org.upn("alovelace"), &shown), (true, true));
    request.ends("completed_with_warnings");
    let note = request.note("could not be handed over");
    assert!(note.contains("- every place: "), "{note}");
    assert!(!request.secret_is_kept());
}

#[test]
fn undeleted_password_is_reported_and_delivered_after_resume() {
    let org = Organisation::on(
        engine().quick(),
        "kept-stays",
        &json!({}),
        &["store_password_in_ticket=0"],
    );
    let request = org.submit(&org.person("Ada", "Lovelace", &json!({})));
    let stays = AwsRule::new("secretsmanager.DeleteSecret", &request.id, "500", 10_000, 0);
    request.ends("completed_with_warnings");
    assert!(stays.fired() > 0);
    drop(stays);
    assert!(request.secret_is_kept());
    request.show_password().expect(409);
    let summary = request.note("is completed with warnings");
    for words in [
        "What became of the temporary password is not known",
        "resume the request on its page",
    ] {
        assert!(summary.contains(words), "{words}: {summary}");
    }
    org.configure(&["store_password_in_ticket=1"]);
    request.resume(&json!({})).expect(200);
    request.ends("completed_with_warnings");
    let handed = request.password_of_note();
    assert_eq!(org.world.sign_in(&org.upn("alovelace"), &handed), (true, true));
    assert!(!request.secret_is_kept());
    // No failure is left.
    request.resume(&json!({})).expect(409);
}
