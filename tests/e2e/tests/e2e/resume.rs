//! A request whose step failed is resumed from there, and no effect happens twice.

use chrono::{Duration, Utc};
use e2e::{
    aws,
    engine::engine,
    links, mail,
    organisation::Organisation,
    request::Request,
    simulators::{AwsRule, merge},
    wait::until,
};
use serde_json::{Value, json};

const PERSON: &str = "Ada Lovelace";

fn timeline(request: &Request<'_>, step: &str, event: &str) -> Vec<Value> {
    let view = request.view();
    let lines = view["timeline"].as_array().expect("a timeline").iter();
    lines
        .filter(|line| line["step"] == step && line["event"] == event)
        .cloned()
        .collect()
}

/// Submits a request, and approves it after `spoil` has made the vendors fail.
fn approved<'a>(org: &'a Organisation, more: &Value, spoil: impl FnOnce()) -> Request<'a> {
    let mut body = org.person("Ada", "Lovelace", &json!({"manager": org.manager()}));
    merge(&mut body, more);
    let request = org.submit(&body);
    request.until("waiting_approval");
    let (approve, _) = request.approval_links(org.approver(), PERSON);
    spoil();
    links::press(&approve).expect(200);
    request
}

/// Makes Graph refuse the account permanently.
fn refused<'a>(org: &'a Organisation, more: &Value) -> Request<'a> {
    let request = approved(org, more, || {
        org.world.spoil("graph", "POST /users", "400", &json!({"times": 100}));
    });
    request.ends("failed");
    org.world.end_bad_days();
    request
}

#[test]
fn an_onboarding_goes_on_from_the_step_that_failed() {
    let org = Organisation::approving(&engine().patient, "resumes", &json!({}), &[]);
    let more = json!({"licenses": ["ENTERPRISEPACK"], "groups": ["Sales"]});
    let request = refused(&org, &more);
    let note = request.note("failed at the step \"create-user\"");
    assert!(
        note.contains(&format!("/orgs/{}/requests/{}", org.id, request.id)),
        "{note}"
    );
    assert!(note.contains("resume the request on its page"), "{note}");
    assert_eq!(request.ticket_status(), "Waiting");
    assert_eq!(request.user(), None);

    let answer = request.resume(&json!({})).expect(200).json();
    assert_eq!(
        (&answer["status"], &answer["outcome"]),
        (&json!("running"), &Value::Null)
    );
    // The earlier failure is repaired, and leaves no warning.
    request.ends("completed");
    assert_eq!(request.ticket_status(), "Closed");
    let state = org.world.state();
    for (effect, count) in [
        ("users_created", 1),
        ("tickets_created", 1),
        ("licenses_assigned", 1),
        ("members_added", 1),
        ("seats_bought", 1),
    ] {
        assert_eq!(state["effects"][effect], count, "{effect}: {state:#}");
    }
    let names = request.note_names();
    for kind in ["failed", "summary", "resumed-2", "summary-2", "password"] {
        let there = names.iter().any(|name| name.ends_with(&format!("/{kind}")));
        assert!(there, "no note {kind}: {names:?}");
    }
    // The approver is not asked again, and the execution waits for no date.
    assert!(!request.states(2).iter().any(|state| state == "Ask the approvers"));
    assert_eq!(mail::to(org.approver()).len(), 1);
    assert_eq!(request.runs(), 2);
    let password = request.password_of_note();
    assert_eq!(org.world.sign_in(&org.upn("alovelace"), &password), (true, true));
    assert!(!request.secret_is_kept());

    assert_eq!(
        timeline(&request, "resume", "resumed")[0]["detail"],
        format!("Resumed by tests ({})", org.id)
    );
    let audit = request.audit("request.resumed");
    assert_eq!(audit.len(), 1, "{audit:#?}");
    let who = audit[0]["who"]["S"].as_str().expect("who");
    assert!(who.starts_with(&format!("token:{}/t", org.id)), "{who}");
    assert_eq!(audit[0]["old"]["S"], "failed");
    // Nothing is left to resume.
    let again = request.resume(&json!({})).expect(409).json();
    assert_eq!(again["request_status"], "completed");
}

/// Repeats a call whose function was killed, as a person would.
fn persist(request: &Request<'_>) {
    until("the request to be resumed", || {
        (request.resume(&json!({})).status < 500).then_some(())
    });
}

#[test]
fn each_step_of_a_resumed_request_may_run_twice_and_die() {
    let org = Organisation::approving(&engine().patient, "resumes-hard", &json!({}), &[]);
    let request = refused(&org, &json!({"licenses": ["ENTERPRISEPACK"], "groups": ["Sales"]}));
    let twice = AwsRule::new("/invocations", &org.id, "duplicate", 10_000, 0);
    let writes = ["PutItem", "UpdateItem", "TransactWriteItems"];
    let dies: Vec<AwsRule> = writes
        .iter()
        .flat_map(|write| {
            let target = format!("DynamoDB_20120810.{write}");
            let rule = |nth| AwsRule::new(&target, &org.id, "kill_client_after", 1, nth);
            [0, 7, 19, 31].map(rule)
        })
        .collect();
    persist(&request);
    request.ends("completed");
    assert!(twice.fired() > 8);
    let killed: u64 = dies.iter().map(AwsRule::killed).sum();
    assert!(killed >= 5, "only {killed} functions were killed");
    let state = org.world.state();
    for (effect, count) in [
        ("users_created", 1),
        ("tickets_created", 1),
        ("licenses_assigned", 1),
        ("members_added", 1),
        ("seats_bought", 1),
    ] {
        assert_eq!(state["effects"][effect], count, "{effect}: {state:#}");
    }
    request.note_names();
    assert_eq!(request.runs(), 2);
    assert_eq!(request.audit("request.resumed").len(), 1);
}

#[test]
fn two_resumes_at_once_start_one_execution() {
    let org = Organisation::approving(&engine().patient, "resumes-twice", &json!({}), &[]);
    let request = refused(&org, &json!({}));
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let calls: Vec<_> = (0..4)
            .map(|_| scope.spawn(|| request.resume(&json!({})).status))
            .collect();
        calls.into_iter().map(|call| call.join().expect("an answer")).collect()
    });
    // The last one may find that the request has already ended again.
    assert!(statuses.contains(&200), "{statuses:?}");
    assert!(
        statuses.iter().all(|status| [200, 409, 503].contains(status)),
        "{statuses:?}"
    );
    request.ends("completed");
    assert_eq!(request.runs(), 2);
    assert_eq!(request.audit("request.resumed").len(), 1);
    assert_eq!(org.world.state()["effects"]["users_created"], 1);
    request.note_names();
}

#[test]
fn resume_that_died_before_its_execution_is_repeated() {
    let org = Organisation::approving(&engine().patient, "resume-dies", &json!({}), &[]);
    let request = refused(&org, &json!({}));
    let dies = AwsRule::new(
        "AWSStepFunctions.StartExecution",
        &request.id,
        "kill_client_before",
        1,
        0,
    );
    let died = request.resume(&json!({}));
    assert!(died.status >= 500, "{died:?}");
    assert_eq!((dies.fired(), dies.killed()), (1, 1));
    assert_eq!(request.view()["status"], "running");
    assert_eq!(request.runs(), 1);
    request.resume(&json!({})).expect(200);
    request.ends("completed");
    assert_eq!(request.runs(), 2);
    assert_eq!(request.audit("request.resumed").len(), 1);
    assert_eq!(timeline(&request, "resume", "resumed").len(), 1);
}

#[test]
fn the_page_offers_again_a_resume_that_died() {
    let org = Organisation::approving(&engine().patient, "resume-stuck", &json!({}), &[]);
    let request = refused(&org, &json!({}));
    let dies = AwsRule::new(
        "DynamoDB_20120810.TransactWriteItems",
        &request.id,
        "kill_client_after",
        1,
        0,
    );
    let died = request.resume(&json!({}));
    assert!(died.status >= 500, "{died:?}");
    assert_eq!(dies.killed(), 1);
    assert_eq!((request.status().as_str(), request.runs()), ("running", 1));
    let email = format!("terry@{}.example", org.id);
    let technician = org.session(&email, "Terry Technician", "technician");
    let page = format!("requests/{}", request.id);
    let words = "no step has begun since";
    assert!(technician.page(&page).expect(200).text.contains(words));
    assert_eq!(technician.submit(&format!("{page}/resume"), "").status, 303);
    request.ends("completed");
    assert!(!technician.page(&page).expect(200).text.contains(words));
    assert_eq!(request.runs(), 2);
}

#[test]
fn a_name_that_was_taken_meanwhile_is_not_taken_back() {
    let org = Organisation::approving(&engine().patient, "resume-name", &json!({}), &[]);
    let request = refused(&org, &json!({}));
    let other = org.submit(&org.person("Ada", "Lovelace", &json!({"manager": org.manager()})));
    other.until("waiting_approval");
    let problem = request.resume(&json!({})).expect(409).json();
    let detail = problem["detail"].as_str().expect("words");
    assert!(detail.contains(&org.upn("alovelace")), "{detail}");
    assert_eq!(request.status(), "failed");
    other.task_token("approval");
    other.cancel().expect(200);
    other.ends("cancelled");
    request.resume(&json!({})).expect(200);
    request.ends("completed");
}

#[test]
fn adopted_account_gets_another_password() {
    let org = Organisation::approving(&engine().patient, "resume-adopts", &json!({}), &[]);
    // The account exists, and Graph does not answer questions about it.
    let request = approved(&org, &json!({}), || {
        org.world.spoil("graph", "POST /users", "lose_response", &json!({}));
        org.world
            .spoil("graph", "GET /users/{id}", "400", &json!({"times": 100}));
    });
    request.ends("failed");
    org.world.end_bad_days();
    gets_another_password(&request);
}

#[test]
fn account_known_only_to_its_effect_gets_another_password() {
    let org = Organisation::approving(&engine().patient, "resume-late", &json!({}), &[]);
    let request = approved(&org, &json!({}), || {
        org.world.spoil("graph", "POST /users", "lose_response", &json!({}));
        org.world
            .spoil("graph", "GET /users/{id}", "400", &json!({"times": 100}));
    });
    request.ends("failed");
    // As if the step had come one write further: the effect has its result, and the request names no account.
    let user = request.user().expect("an account");
    let result = json!({"id": user["id"], "upn": user["upn"]}).to_string();
    let update = json!({
        "TableName": org.stack.table("effects"),
        "Key": {"request": {"S": format!("{}/{}", org.id, request.id)}, "effect": {"S": "user"}},
        "UpdateExpression": "SET #r = :r",
        "ConditionExpression": "attribute_exists(intent) AND attribute_not_exists(#r)",
        "ExpressionAttributeNames": {"#r": "result"},
        "ExpressionAttributeValues": {":r": {"S": result}},
    });
    aws::call("DynamoDB_20120810.UpdateItem", &update);
    org.world.end_bad_days();
    gets_another_password(&request);
}

/// Checks that a resume sets another password. The end of the request deleted the first one.
fn gets_another_password(request: &Request<'_>) {
    let org = request.org;
    assert!(request.user().is_some());
    assert!(!request.secret_is_kept(), "nobody knew of an account");
    request.resume(&json!({})).expect(200);
    request.ends("completed");
    assert_eq!(org.world.state()["effects"]["users_created"], 1);
    let password = request.password_of_note();
    assert_eq!(org.world.sign_in(&org.upn("alovelace"), &password), (true, true));
    assert!(!request.secret_is_kept());
}

#[test]
fn what_a_failed_step_left_undone_is_done_after_a_resume() {
    let org = Organisation::approving(&engine().patient, "resume-gap", &json!({}), &[]);
    let request = approved(&org, &json!({"groups": ["Sales"]}), || {
        let more = json!({"times": 100});
        org.world.spoil("graph", "GET /groups/{id}", "400", &more);
    });
    request.ends("completed_with_warnings");
    org.world.end_bad_days();
    assert!(
        request
            .note("is completed with warnings")
            .contains("resume the request on its page")
    );
    assert_eq!(request.user().expect("a user")["groups"], json!([]));
    let password = request.password_of_note();
    request.resume(&json!({})).expect(200);
    request.ends("completed");
    assert_eq!(request.user().expect("a user")["groups"], json!(["Sales"]));
    assert_eq!(request.password_of_note(), password);
    let handed = mail::to(org.manager());
    let handed = handed.iter().filter(|mail| mail.text.contains("Temporary password"));
    assert_eq!(handed.count(), 1);
    request.note_names();
}

#[test]
fn a_date_that_has_come_is_not_waited_for_again() {
    let org = Organisation::with("resume-date", &["allow_scheduled_user_creation=1"]);
    let at = Utc::now() + Duration::seconds(15);
    org.configure(&[&format!("start_time={}", at.format("%H:%M:%S"))]);
    let more = json!({"manager": org.manager(), "start_date": at.format("%Y-%m-%d").to_string()});
    let request = org.submit(&org.person("Ada", "Lovelace", &more));
    request.until("scheduled");
    org.world.spoil("graph", "POST /users", "400", &json!({"times": 100}));
    request.ends("failed");
    org.world.end_bad_days();
    request.resume(&json!({})).expect(200);
    request.ends("completed");
    let states = request.states(2);
    let entered = |name: &str| states.iter().any(|state| state == name);
    assert!(!entered("Wait until the start date"), "{states:?}");
    // Instead the submission is checked again.
    assert!(entered("Claim the start"), "{states:?}");
    request.note_names();
}

#[test]
fn licenses_that_are_left_out_are_told_of_and_not_tried_again() {
    let org = Organisation::approving(&engine().patient, "resume-skips", &json!({}), &[]);
    let request = approved(&org, &json!({"licenses": ["SPB"]}), || {
        org.world
            .spoil("graph", "GET /subscribedSkus", "400", &json!({"times": 100}));
    });
    request.ends("completed_with_warnings");
    org.world.end_bad_days();
    assert!(request.has_note("SPB was not assigned"));
    let skip = json!({"skip": "find-license", "reason": "It comes with another tenant"});
    request.resume(&skip).expect(200);
    request.ends("completed_with_warnings");
    assert_eq!(request.user().expect("a user")["licenses"], json!([]));
    let notes = request.notes();
    let summary = notes.iter().find(|note| note.ends_with("/summary-2]"));
    let summary = summary.unwrap_or_else(|| panic!("no second summary: {notes:#?}"));
    assert!(summary.contains("It comes with another tenant"), "{summary}");
    assert!(!summary.contains("was not assigned"), "{summary}");
    request.resume(&json!({})).expect(409);
}

#[test]
fn a_skip_whose_call_died_is_told_of_when_it_is_resumed_again() {
    let org = Organisation::approving(&engine().patient, "resume-skip-dies", &json!({}), &[]);
    let request = approved(&org, &json!({"licenses": ["SPB"]}), || {
        org.world
            .spoil("graph", "GET /subscribedSkus", "400", &json!({"times": 100}));
    });
    request.ends("completed_with_warnings");
    org.world.end_bad_days();
    let dies = AwsRule::new(
        "DynamoDB_20120810.TransactWriteItems",
        &request.id,
        "kill_client_after",
        1,
        0,
    );
    let skip = json!({"skip": "find-license", "reason": "It comes with another tenant"});
    assert!(request.resume(&skip).status >= 500);
    assert_eq!(dies.killed(), 1);
    request.resume(&json!({})).expect(200);
    request.ends("completed_with_warnings");
    assert_eq!(timeline(&request, "find-license", "skipped").len(), 1);
    assert!(request.note("was skipped by").contains("the audit says why"));
}

#[test]
fn an_approval_that_nobody_had_given_is_asked_for_again() {
    let org = Organisation::approving(&engine().patient, "resume-asks", &json!({}), &[]);
    let request = org.submit(&org.person("Ada", "Lovelace", &json!({"manager": org.manager()})));
    request.until("waiting_approval");
    let (first, _) = request.approval_links(org.approver(), PERSON);
    crate::bad_ends::stop(&request, 1);
    request.ends("failed");
    links::press(&first).expect(410);
    request.resume(&json!({})).expect(200);
    request.until("waiting_approval");
    let mail = until("another mail", || {
        mail::to(org.approver())
            .into_iter()
            .find(|mail| links::after(&mail.text, "Approve:") != first)
    });
    links::press(&links::after(&mail.text, "Approve:")).expect(200);
    request.ends("completed");
    request.note_names();
}

#[test]
fn a_purchase_that_nobody_had_decided_is_asked_for_again() {
    let org = Organisation::new("resume-buys");
    let more = json!({"manager": org.manager(), "licenses": ["ENTERPRISEPACK"], "license_purchase": "manual"});
    let request = org.submit(&org.person("Ada", "Lovelace", &more));
    request.until("waiting_license");
    let (first, _) = request.license_links();
    crate::bad_ends::stop(&request, 1);
    request.ends("failed");
    links::press(&first).expect(410);
    request.resume(&json!({})).expect(200);
    request.until("waiting_license");
    let words = "Confirm License Purchase:";
    let confirm = until("another note", || {
        let links = request.notes();
        let mut links = links.iter().filter(|note| note.contains(words));
        links.find_map(|note| Some(links::after(note, words)).filter(|link| *link != first))
    });
    org.world.buy_seats("ENTERPRISEPACK", 1, 1);
    links::press(&confirm).expect(200);
    request.ends("completed");
    assert_eq!(request.user().expect("a user")["licenses"][0]["sku"], "ENTERPRISEPACK");
    assert_eq!(timeline(&request, "request-license", "asked").len(), 2);
    request.note_names();
}

/// Makes the leaver's account unreadable.
fn not_shut_out<'a>(org: &'a Organisation) -> Request<'a> {
    let request = org.offboard(org.colleague(), &json!({}));
    request.until("waiting_approval");
    let (approve, _) = request.approval_links(org.approver(), "Casey Colleague");
    org.world
        .spoil("graph", "GET /users/{id}", "400", &json!({"times": 100}));
    links::press(&approve).expect(200);
    request.ends("failed");
    org.world.end_bad_days();
    request
}

#[test]
fn an_offboarding_goes_on_from_the_step_that_failed() {
    let org = Organisation::approving(&engine().patient, "leave-resumes", &json!({}), &[]);
    let request = not_shut_out(&org);
    request.note("failed at the step \"block-sign-in\"");
    assert_eq!(org.account(org.colleague())["enabled"], true);
    request.resume(&json!({})).expect(200);
    // Graph cannot change two of the colleague's groups.
    request.ends("completed_with_warnings");
    let account = org.account(org.colleague());
    assert_eq!(
        (&account["enabled"], &account["sessions_revoked"]),
        (&json!(false), &json!(1))
    );
    assert_eq!(org.world.state()["effects"]["tickets_created"], 1);
    assert_eq!(request.ticket_status(), "Closed");
    assert!(!request.states(2).iter().any(|state| state == "Ask the approvers"));
    request.note_names();
    // No step has failed.
    request.resume(&json!({})).expect(409);
}

#[test]
fn offboarding_fails_until_the_sign_in_can_be_blocked() {
    let org = Organisation::new("leave-forbidden");
    let forbidden = json!({"status": 403, "times": 100});
    org.world.spoil("graph", "PATCH /users/{id}", "status", &forbidden);
    let request = org.offboard(org.colleague(), &json!({}));
    request.ends("failed");
    let note = request.note("failed at the step \"block-sign-in\"");
    assert!(
        note.contains("block the sign-in") && note.contains("grant the permission"),
        "{note}"
    );
    let account = org.account(org.colleague());
    // An admin at least has to type a password.
    assert_eq!(
        (&account["enabled"], &account["sessions_revoked"]),
        (&json!(true), &json!(1))
    );
    org.world.end_bad_days();
    request.resume(&json!({})).expect(200);
    request.ends("completed_with_warnings");
    assert_eq!(org.account(org.colleague())["enabled"], false);
    assert!(request.note("is completed with warnings").contains("Sign-in: blocked"));
}

#[test]
fn what_may_not_be_taken_from_a_leaver_is_taken_after_a_resume() {
    let org = Organisation::new("leave-not-yet");
    let forbidden = json!({"status": 403, "times": 100});
    for operation in [
        "POST /users/{id}/assignLicense",
        "DELETE /groups/{id}/members/{member}/$ref",
    ] {
        org.world.spoil("graph", operation, "status", &forbidden);
    }
    let request = org.offboard(org.colleague(), &json!({}));
    request.ends("completed_with_warnings");
    let account = org.account(org.colleague());
    assert_eq!(account["enabled"], false);
    assert_eq!(account["licenses"].as_array().map(Vec::len), Some(1), "{account:#}");
    assert_eq!(account["groups"].as_array().map(Vec::len), Some(4), "{account:#}");
    let failed = |step: &str| timeline(&request, step, "failed").len();
    assert_eq!((failed("remove-licenses"), failed("remove-groups")), (1, 2));
    assert!(request.note("is still in these groups").contains("- Sales: "));
    org.world.end_bad_days();
    request.resume(&json!({})).expect(200);
    request.ends("completed_with_warnings");
    let account = org.account(org.colleague());
    assert_eq!(account["licenses"], json!([]));
    assert_eq!(account["groups"].as_array().map(Vec::len), Some(2), "{account:#}");
    request.note_names();
    // Groups that Graph cannot change are no failure.
    request.resume(&json!({})).expect(409);
}

#[test]
fn an_admin_leaves_a_step_out_and_says_why() {
    let org = Organisation::approving(&engine().patient, "leave-skips", &json!({}), &[]);
    let request = not_shut_out(&org);
    let path = format!("requests/{}/resume", request.id);
    let skip = json!({"skip": "block-sign-in", "reason": "HR closes the account on Friday"});

    let technician = org.session(&format!("tech@{}.example", org.id), "Terry Tech", "technician");
    technician.post(&path, &skip).expect(403);
    assert!(
        !technician
            .page(&path.replace("/resume", ""))
            .expect(200)
            .text
            .contains("Skip block-sign-in")
    );
    for (body, fields) in [
        (json!({"skip": "block-sign-in"}), vec!["reason"]),
        (
            json!({"skip": "create-user", "reason": "x", "step": 1}),
            vec!["body", "skip"],
        ),
        (json!({"reason": 5}), vec!["reason"]),
    ] {
        assert_eq!(request.resume(&body).wrong_fields(), fields, "{body}");
    }
    let other = json!({"skip": "remove-groups", "reason": "x"});
    let problem = request.resume(&other).expect(409).json();
    assert!(
        problem["detail"]
            .as_str()
            .is_some_and(|words| words.contains("block-sign-in")),
        "{problem}"
    );
    assert_eq!(request.status(), "failed");

    let email = format!("boss@{}.example", org.id);
    let admin = org.session(&email, "Betty Boss", "admin");
    let page = admin.page(&path.replace("/resume", "")).expect(200);
    assert!(page.text.contains("Skip block-sign-in and resume"), "{}", page.text);
    let form = "skip=block-sign-in&reason=HR+closes+the+account+on+Friday";
    assert_eq!(admin.submit(&path, form).status, 303);
    request.ends("completed_with_warnings");

    let account = org.account(org.colleague());
    assert_eq!((&account["enabled"], &account["licenses"]), (&json!(true), &json!([])));
    let note = request.note("was skipped by");
    for words in ["block-sign-in", email.as_str(), "HR closes the account on Friday"] {
        assert!(note.contains(words), "{words}: {note}");
    }
    let line = &timeline(&request, "block-sign-in", "skipped")[0];
    assert_eq!(
        line["detail"],
        format!("Skipped by {email}: HR closes the account on Friday")
    );
    let audit = request.audit("request.resumed");
    assert_eq!(audit.len(), 1);
    assert_eq!(
        audit[0]["new"]["S"],
        "skip block-sign-in: HR closes the account on Friday"
    );
    let who = audit[0]["who"]["S"].as_str().expect("who");
    assert!(who.starts_with('m'), "{who}");
    assert!(
        request
            .note("is completed with warnings")
            .contains("HR closes the account on Friday")
    );
}

#[test]
fn who_may_not_resume_is_refused() {
    let org = Organisation::approving(&engine().patient, "resume-roles", &json!({}), &[]);
    let email = |name: &str| format!("{name}@{}.example", org.id);
    let basic = org.session(&email("hr"), "Hanna R", "basic");
    let body = org.person("Ada", "Lovelace", &json!({"manager": org.manager()}));
    let request = Request::of(&org, &basic.post("onboardings", &body).expect(201));
    request.until("waiting_approval");
    let path = format!("requests/{}/resume", request.id);
    // Not even an admin can do it while the request runs.
    request.resume(&json!({})).expect(409);
    let (approve, _) = request.approval_links(org.approver(), PERSON);
    org.world.spoil("graph", "POST /users", "400", &json!({"times": 100}));
    links::press(&approve).expect(200);
    request.ends("failed");
    org.world.end_bad_days();

    // They can cancel their own request, and not resume it.
    basic.post(&path, &json!({})).expect(403);
    let approver = org.session(&email("approver"), "Andy A", "approver");
    approver.post(&path, &json!({})).expect(403);
    let technician = org.session(&email("tech"), "Terry Tech", "technician");
    technician.post_without_csrf(&path).send().expect(403);
    let stranger = Organisation::new("resume-strange");
    stranger.call("POST", &path).send().expect(404);
    let foreign = request.org.url(&path);
    let call = e2e::http::Call::new("POST", foreign).header("authorization", format!("Bearer {}", stranger.token));
    call.send().expect(404);
    assert_eq!(request.status(), "failed");

    assert!(
        technician
            .page(&format!("requests/{}", request.id))
            .text
            .contains("Resume the request")
    );
    assert_eq!(technician.submit(&path, "").status, 303);
    request.ends("completed");
}
