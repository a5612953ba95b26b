//! A gate is decided once, and opening a link decides nothing.

use std::{sync::Barrier, thread};

use chrono::Duration;
use e2e::{
    engine::{Stack, engine},
    http::Call,
    links, mail,
    organisation::Organisation,
    request::Request,
    simulators::AwsRule,
    wait::{until, until_time},
};
use serde_json::json;

const E3: &str = "ENTERPRISEPACK";

fn approving(stack: &'static Stack, name: &str) -> Organisation {
    Organisation::approving(stack, name, &json!({}), &[])
}

fn waiting<'a>(org: &'a Organisation, first: &str, last: &str) -> (Request<'a>, String, String) {
    let request = org.submit(&org.person(first, last, &json!({"manager": org.manager()})));
    let (approve, deny) = request.approval_links(org.approver(), &format!("{first} {last}"));
    (request, approve, deny)
}

#[test]
fn looking_at_links_a_hundred_times_changes_nothing() {
    let org = approving(&engine().patient, "looked-at");
    let (request, approve, deny) = waiting(&org, "Ada", "Lovelace");
    look(&[&approve, &deny]);
    assert_eq!(request.status(), "waiting_approval");
    assert_eq!(request.decisions(), Vec::<String>::new());
    links::press(&approve).expect(200);
    request.ends("completed");

    let body = org.person(
        "Bob",
        "Babbage",
        &json!({"manager": org.manager(), "licenses": [E3], "license_purchase": "manual"}),
    );
    org.configure(&["require_approval_for_new_users=0"]);
    let request = org.submit(&body);
    let (confirm, reject) = request.license_links();
    look(&[&confirm, &reject]);
    assert_eq!(request.status(), "waiting_license");
    assert_eq!(request.decisions(), Vec::<String>::new());
    links::press(&reject).expect(200);
    request.ends("completed_with_warnings");
}

fn look(links: &[&str]) {
    thread::scope(|scope| {
        for link in links {
            for method in ["GET", "HEAD"] {
                scope.spawn(move || {
                    for round in 0..100 {
                        let accept = if round % 2 == 0 {
                            "text/html"
                        } else {
                            "application/json"
                        };
                        let seen = Call::new(method, *link).header("accept", accept).send();
                        assert_eq!(seen.status, 200, "{method} {seen:?}");
                        assert!(method == "GET" || seen.text.is_empty());
                    }
                });
            }
        }
    });
}

#[test]
fn twenty_clients_on_all_links_at_once_come_to_one_decision() {
    let org = Organisation::new("twenty");
    let list = format!(
        "new_user_approval_email={},{},{}",
        org.approver(),
        org.manager(),
        org.colleague()
    );
    org.configure(&["require_approval_for_new_users=1", &list]);
    let request = org.submit(&org.person("Ada", "Lovelace", &json!({"manager": org.manager()})));
    let mut all = Vec::new();
    for approver in [org.approver(), org.manager(), org.colleague()] {
        let (approve, deny) = request.approval_links(approver, "Ada Lovelace");
        all.extend([(approve, "approved"), (deny, "denied")]);
    }
    let start = Barrier::new(20);
    let answers: Vec<(&str, e2e::http::Answer)> = thread::scope(|scope| {
        let clients: Vec<_> = (0..20)
            .map(|client| {
                let (link, wish) = &all[client % all.len()];
                let start = &start;
                scope.spawn(move || {
                    start.wait();
                    (*wish, links::press(link))
                })
            })
            .collect();
        clients
            .into_iter()
            .map(|client| client.join().expect("an answer"))
            .collect()
    });
    let outcome = request.outcome();
    let decided = if outcome == "denied" { "denied" } else { "approved" };
    for (wish, answer) in &answers {
        assert_eq!(
            answer.status,
            if *wish == decided { 200 } else { 409 },
            "{wish}: {answer:?}"
        );
        assert_eq!(answer.json()["decision"], decided);
    }
    assert_eq!(
        answers
            .iter()
            .filter(|(_, answer)| answer.json()["first"] == true)
            .count(),
        1
    );
    assert_eq!(request.decisions().len(), 1, "{:?}", request.decisions());
    assert_eq!(request.user().is_some(), decided == "approved");
}

/// Checks that the answer to a click agrees with the request's outcome, whichever came first.
fn agrees(pressed: &e2e::http::Answer, outcome: &str, yes: &str) {
    let said = pressed.json()["decision"].as_str().map(str::to_owned);
    match pressed.status {
        200 => assert_eq!(outcome, yes, "{pressed:?}"),
        410 => assert_ne!(outcome, yes, "{pressed:?}"),
        _ => panic!("neither recorded nor too late: {pressed:?}"),
    }
    assert!(said.is_some(), "{pressed:?}");
}

#[test]
fn click_in_the_second_the_approval_expires_is_not_lost() {
    let org = approving(engine().quick(), "last-second");
    clicks_around_the_end(&org, "approval", |request, click| {
        let pressed = click();
        let outcome = request.outcome();
        agrees(&pressed, &outcome, "completed");
    });
}

#[test]
fn click_in_the_second_the_license_gate_closes_is_not_lost() {
    let org = Organisation::on(engine().quick(), "last-click", &json!({}), &[]);
    clicks_around_the_end(&org, "license-ENTERPRISEPACK", |request, click| {
        // A seat is free for a confirmation in time.
        let pressed = click();
        let outcome = request.outcome();
        assert_eq!(
            request.has_note("has been purchased manually"),
            pressed.status == 200,
            "{pressed:?}"
        );
        assert_eq!(
            request.has_note("has now timed out"),
            pressed.status == 410,
            "{pressed:?}"
        );
        assert!(outcome.starts_with("completed"), "{outcome}");
    });
}

/// Makes several requests, each with a click at another moment around the end of its gate.
fn clicks_around_the_end(
    org: &Organisation,
    gate: &str,
    check: impl Fn(&Request<'_>, &dyn Fn() -> e2e::http::Answer) + Sync,
) {
    const NAMES: [&str; 6] = ["Anne", "Bea", "Cleo", "Dora", "Eve", "Fay"];
    thread::scope(|scope| {
        for (index, name) in NAMES.into_iter().enumerate() {
            let check = &check;
            scope.spawn(move || {
                let more = json!({"manager": org.manager(), "licenses": [E3], "license_purchase": "manual"});
                let approval = gate == "approval";
                let more = if approval {
                    json!({"manager": org.manager()})
                } else {
                    more
                };
                let request = org.submit(&org.person(name, "Clicker", &more));
                let link = if approval {
                    request.approval_links(org.approver(), &format!("{name} Clicker")).0
                } else {
                    request.license_links().0
                };
                let offset = Duration::milliseconds(i64::try_from(index).expect("few") * 150 - 450);
                let at = request.gate_closes_at(gate) + offset;
                check(&request, &|| {
                    until_time(at);
                    links::press(&link)
                });
            });
        }
    });
}

#[test]
fn a_click_in_the_second_of_a_reminder_is_not_lost() {
    let org = approving(engine().quick(), "at-reminder");
    const NAMES: [&str; 4] = ["Anne", "Bea", "Cleo", "Dora"];
    thread::scope(|scope| {
        for (index, name) in NAMES.into_iter().enumerate() {
            let org = &org;
            scope.spawn(move || {
                let (request, approve, _) = waiting(org, name, "Reminded");
                // The first of two rounds ends half-way.
                let round = Duration::milliseconds(4000);
                let offset = Duration::milliseconds(i64::try_from(index).expect("few") * 150 - 200);
                until_time(request.gate_closes_at("approval") - round + offset);
                links::press(&approve).expect(200);
                request.ends("completed");
                assert_eq!(request.decisions().len(), 1);
            });
        }
    });
}

#[test]
fn the_first_mails_link_works_after_a_reminder() {
    let org = approving(engine().quick(), "first-mail");
    let (request, approve, _) = waiting(&org, "Ada", "Lovelace");
    let first = request.task_token("approval");
    let reminder = mail::first(org.approver(), "Reminder: ");
    assert_ne!(request.task_token("approval"), first);
    links::press(&approve).expect(200);
    request.ends("completed");
    // The reminder's link makes the same decision.
    links::press(&links::after(&reminder.text, "Approve:")).expect(200);
    assert_eq!(request.decisions().len(), 1);
}

/// Clicks, and kills the function after it has written the decision and before it has told Step Functions.
fn pressed_and_killed(request: &Request<'_>, link: &str) {
    let token = request.task_token("approval");
    let crash = AwsRule::new("AWSStepFunctions.SendTaskSuccess", &token, "kill_client_before", 1, 0);
    let pressed = links::press(link);
    assert!(pressed.status >= 500, "{pressed:?}");
    until("the function to be killed", || (crash.killed() == 1).then_some(()));
    assert_eq!(request.decisions(), [format!("approved by link: {}", links::REASON)]);
    assert_eq!(request.user(), None);
}

#[test]
fn next_click_delivers_a_decision_after_a_crash() {
    let org = approving(&engine().patient, "crash-click");
    let (request, approve, deny) = waiting(&org, "Ada", "Lovelace");
    request.until("waiting_approval");
    pressed_and_killed(&request, &approve);
    // A click with the other answer also delivers the decision that was made.
    links::press(&deny).expect(409);
    request.ends("completed");
    links::press(&approve).expect(200);
}

#[test]
fn reminder_delivers_a_decision_after_a_crash() {
    let org = approving(engine().quick(), "crash-reminder");
    let (request, approve, _) = waiting(&org, "Ada", "Lovelace");
    pressed_and_killed(&request, &approve);
    let before = mail::to(org.approver()).len();
    request.ends("completed");
    // No reminder is sent after the decision.
    assert_eq!(mail::to(org.approver()).len(), before);
}

#[test]
fn unknown_links_are_told_nothing() {
    let org = Organisation::new("unknown-links");
    let api = &org.stack.api;
    for link in [
        format!("{api}/decide"),
        format!("{api}/decide?c="),
        format!("{api}/decide?c={}", "A".repeat(43)),
    ] {
        for method in ["GET", "HEAD", "POST"] {
            assert_eq!(Call::new(method, &link).send().status, 404, "{method} {link}");
        }
    }
}
