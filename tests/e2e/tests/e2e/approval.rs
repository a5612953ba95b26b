//! The approval gate.

use e2e::{engine::engine, links, mail, organisation::Organisation, wait::until};
use serde_json::json;

#[test]
fn nothing_is_created_before_the_approver_approves() {
    let org = Organisation::approving(&engine().patient, "approved", &json!({}), &[]);
    let request = org.submit(&org.person("Ada", "Lovelace", &json!({"manager": org.manager()})));
    request.until("waiting_approval");
    let (approve, deny) = request.approval_links(org.approver(), "Ada Lovelace");
    assert_eq!(request.ticket_status(), "Waiting");
    let note = request.note("Approval was requested");
    assert!(
        note.contains(&format!("/orgs/{}/pending", org.id)),
        "the pending page is linked: {note}"
    );
    assert!(!note.contains("/decide"), "{note}");
    assert_eq!(request.user(), None);

    let page = links::open(&approve).expect(200);
    for words in ["Ada Lovelace", "Approve", org.world.key("/company")] {
        assert!(page.text.contains(words), "{words}: {}", page.text);
    }
    assert_eq!(page.header("cache-control"), "no-store");
    assert_eq!(page.header("referrer-policy"), "no-referrer");
    assert!(
        page.header("content-security-policy")
            .contains("frame-ancestors 'none'"),
        "{:?}",
        page.headers
    );

    let pressed = links::press(&approve).expect(200).json();
    assert_eq!(pressed["decision"], "approved");
    request.ends("completed");
    assert!(request.has_note(&format!("was approved by {}", org.approver())));
    assert!(request.user().is_some());

    assert_eq!(links::press(&approve).expect(200).json()["decision"], "approved");
    let told = links::press(&deny).expect(409).json();
    assert_eq!(
        (&told["decision"], &told["decided_by"]),
        (&json!("approved"), &json!(org.approver()))
    );
    assert!(
        links::press_plainly(&deny)
            .expect(409)
            .text
            .contains("was already approved by")
    );
    assert_eq!(request.decisions().len(), 1);
}

#[test]
fn a_denied_person_gets_no_user_and_the_requester_is_told() {
    let org = Organisation::approving(&engine().patient, "denied", &json!({}), &[]);
    let requester = format!("terry@{}.example", org.id);
    let session = org.session(&requester, "Terry Tech", "technician");
    let answer = session.post(
        "onboardings",
        &org.person("Ada", "Lovelace", &json!({"manager": org.manager()})),
    );
    let request = e2e::request::Request::of(&org, &answer.expect(201));
    request.until("waiting_approval");
    let (approve, deny) = request.approval_links(org.approver(), "Ada Lovelace");
    // A denial needs a reason, because it is sent to the requester.
    assert_eq!(links::press_silently(&deny).wrong_fields(), ["reason"]);
    assert!(links::press_plainly(&deny).expect(422).text.contains("name=\"reason\""));
    assert_eq!(request.status(), "waiting_approval");
    assert_eq!(links::press(&deny).expect(200).json()["reason"], links::REASON);
    request.ends("denied");
    assert_eq!(request.user(), None);
    let denied = request.note(&format!("was denied by {}. No user was created.", org.approver()));
    assert!(denied.contains(&format!("Reason: {}", links::REASON)), "{denied}");
    assert_eq!(request.decisions(), [format!("denied by link: {}", links::REASON)]);
    assert_eq!(request.ticket_status(), "Closed");
    let told = mail::first(&requester, "is denied").text;
    for words in ["No user was created", org.approver(), links::REASON] {
        assert!(told.contains(words), "{words}: {told}");
    }
    assert!(mail::to(org.manager()).is_empty());
    links::press(&approve).expect(409);
    // The username is free again.
    let second = org
        .dry_run(&org.person("Ada", "Lovelace", &json!({"manager": org.manager()})))
        .expect(200)
        .json();
    assert_eq!(second["problems"], json!([]));
}

#[test]
fn silent_approvers_are_reminded_then_the_request_expires() {
    let org = Organisation::approving(engine().quick(), "expired", &json!({}), &[]);
    let request = org.submit(&org.person("Ada", "Lovelace", &json!({"manager": org.manager()})));
    let (approve, _) = request.approval_links(org.approver(), "Ada Lovelace");
    let reminder = mail::first(org.approver(), "Reminder: ");
    assert_ne!(links::after(&reminder.text, "Approve:"), approve);
    request.ends("denied");
    assert_eq!(
        mail::to(org.approver())
            .iter()
            .filter(|mail| mail.text.contains("/decide?"))
            .count(),
        2
    );
    assert_eq!(request.user(), None);
    assert!(request.has_note("were reminded"));
    assert!(request.has_note("has expired, which counts as denied"));
    for link in [approve, links::after(&reminder.text, "Approve:")] {
        assert_eq!(links::press(&link).expect(410).json()["decision"], "expired");
        links::open(&link).expect(410);
    }
}

#[test]
fn each_approver_gets_links_of_their_own_and_the_requester_none() {
    let org = Organisation::new("approvers");
    let requester = format!("boss@{}.example", org.id);
    let list = format!("new_user_approval_email={},{requester},manager", org.approver());
    org.configure(&["require_approval_for_new_users=1", &list]);
    let session = org.session(&requester, "The Boss", "technician");
    let body = org.person("Ada", "Lovelace", &json!({"manager": org.manager()}));
    let request = e2e::request::Request::of(&org, &session.post("onboardings", &body).expect(201));
    request.until("waiting_approval");
    let (first, _) = request.approval_links(org.approver(), "Ada Lovelace");
    let (second, denied) = request.approval_links(org.manager(), "Ada Lovelace");
    assert_ne!(first, second);
    assert!(mail::to(&requester).iter().all(|mail| !mail.text.contains("/decide")));
    links::press(&second).expect(200);
    let told = links::press(&denied).expect(409).json();
    assert_eq!(told["decided_by"], org.manager());
    // The colleague's approval agrees with the decision that was made.
    links::press(&first).expect(200);
    request.ends("completed");
    assert!(request.has_note(&format!("was approved by {}", org.manager())));
}

#[test]
fn a_submission_that_leaves_no_approver_is_refused() {
    let org = Organisation::approving(&engine().patient, "own-approver", &json!({}), &[]);
    let session = org.session(org.approver(), "Alex Approver", "admin");
    let body = org.person("Ada", "Lovelace", &json!({"manager": org.manager()}));
    let refused = session.post("onboardings", &body);
    assert_eq!(refused.wrong_fields(), ["new_user_approval_email"]);
    assert_eq!(org.requests(""), Vec::<serde_json::Value>::new());
    // A request by somebody else may ask them.
    let request = org.submit(&body);
    request.until("waiting_approval");
    until("the approver's mail", || {
        (!mail::to(org.approver()).is_empty()).then_some(())
    });
}

#[test]
fn a_cancelled_approval_waits_no_more() {
    let org = Organisation::approving(&engine().patient, "cancel-gate", &json!({}), &[]);
    let request = org.submit(&org.person("Ada", "Lovelace", &json!({"manager": org.manager()})));
    request.until("waiting_approval");
    let (approve, _) = request.approval_links(org.approver(), "Ada Lovelace");
    request.cancel().expect(200);
    request.ends("cancelled");
    assert_eq!(request.user(), None);
    request.note("was cancelled by");
    assert_eq!(request.ticket_status(), "Closed");
    let pressed = links::press(&approve);
    assert!([409, 410].contains(&pressed.status), "{pressed:?}");
    assert_eq!(pressed.json()["decision"], "cancelled");
    // Cancelling again gives the same answer and has no effect.
    request.cancel().expect(200);
    assert_eq!(
        request
            .note_names()
            .iter()
            .filter(|name| name.contains("cancelled"))
            .count(),
        1
    );
}
