//! A ticket from its opening to its end, with everybody whom the request waits for.

use e2e::{engine::engine, links, mail, organisation::Organisation, request::Request};
use serde_json::{Value, json};

fn statuses(request: &Request<'_>) -> Value {
    request.ticket().expect("a ticket")["statuses"].clone()
}

/// Lists the names of Gangway's notes in the order in which they were written.
fn written(request: &Request<'_>) -> Vec<String> {
    let _each_once = request.note_names();
    let notes = request.notes();
    let markers = notes.iter().filter_map(|note| note.rsplit_once("[gangway "));
    let names = markers.filter_map(|(_, marker)| marker.trim_end_matches(']').splitn(3, '/').nth(2));
    names.map(str::to_owned).collect()
}

/// Checks that the expected notes were written, in this order.
fn in_order(written: &[String], expected: &[&str]) {
    let places: Vec<Option<usize>> = expected
        .iter()
        .map(|name| written.iter().position(|other| other == name))
        .collect();
    assert!(
        places.iter().all(Option::is_some) && places.is_sorted(),
        "{expected:?}: {written:#?}"
    );
}

#[test]
fn onboarding_ticket_status_follows_who_must_act() {
    let org = Organisation::approving(
        &engine().patient,
        "ticket-life",
        &json!({}),
        &[
            "default_priority=Priority 2 - High",
            "default_work_role=Engineer",
            "default_tech_id=ttech",
        ],
    );
    let requester = format!("terry@{}.example", org.id);
    let session = org.session(&requester, "Terry Tech", "technician");
    let body = org.person(
        "Ada",
        "Lovelace",
        &json!({
            "manager": org.manager(), "licenses": ["ENTERPRISEPACK"], "license_purchase": "manual", "groups": ["Sales"],
        }),
    );
    let request = Request::of(&org, &session.post("onboardings", &body).expect(201));

    request.until("waiting_approval");
    let (approve, _) = request.approval_links(org.approver(), "Ada Lovelace");
    assert_eq!(statuses(&request), json!(["In Progress", "Waiting"]));
    links::press(&approve).expect(200);

    request.until("waiting_license");
    let (_, reject) = request.license_links();
    assert_eq!(
        statuses(&request),
        json!(["In Progress", "Waiting", "In Progress", "Waiting"])
    );
    links::press(&reject).expect(200);

    request.ends("completed_with_warnings");
    assert_eq!(
        statuses(&request),
        json!([
            "In Progress",
            "Waiting",
            "In Progress",
            "Waiting",
            "In Progress",
            "Closed"
        ])
    );
    let ticket = request.ticket().expect("a ticket");
    assert_eq!(
        (&ticket["priority"], &ticket["work_role"]),
        (&json!("Priority 2 - High"), &json!("Engineer"))
    );
    assert!(!ticket["owner"].is_null(), "{ticket}");
    let expected = [
        "approval-requested",
        "user-created",
        "groups",
        "mfa",
        "password",
        "password-handed-over",
        "summary",
    ];
    in_order(&written(&request), &expected);
    for address in [requester.as_str(), org.manager()] {
        let mail = mail::first(address, "is completed with warnings");
        assert!(mail.text.contains(&org.upn("alovelace")), "{}", mail.text);
    }
}

#[test]
fn offboarding_ticket_status_follows_who_must_act() {
    let org = Organisation::approving(&engine().patient, "leavers-ticket", &json!({}), &[]);
    let requester = format!("terry@{}.example", org.id);
    let session = org.session(&requester, "Terry Tech", "technician");
    let body = json!({"user": org.colleague(), "reason": "New job"});
    let request = Request::leaving(&org, &session.post("offboardings", &body).expect(201));
    request.until("waiting_approval");
    let (approve, _) = request.approval_links(org.approver(), "Casey Colleague");
    assert_eq!(statuses(&request), json!(["In Progress", "Waiting"]));
    links::press(&approve).expect(200);
    request.ends("completed_with_warnings");
    assert_eq!(
        statuses(&request),
        json!(["In Progress", "Waiting", "In Progress", "Closed"])
    );
    in_order(
        &written(&request),
        &["approval-requested", "sign-in", "groups-removed", "summary"],
    );
    for address in [requester.as_str(), org.manager()] {
        let mail = mail::first(address, "is completed with warnings");
        assert!(mail.text.contains(org.colleague()), "{}", mail.text);
    }
}
