//! Licenses with a free seat, a bought seat, or a technician's purchase.

use e2e::{engine::engine, links, organisation::Organisation, request::Request, wait::until};
use serde_json::{Value, json};

/// A product without a free seat at the beginning.
const E3: &str = "ENTERPRISEPACK";

fn seats(org: &Organisation, sku: &str) -> Value {
    org.world.state()["seats"][sku].clone()
}

fn effect(org: &Organisation, name: &str) -> u64 {
    org.world.state()["effects"][name].as_u64().unwrap_or_default()
}

fn submit<'a>(org: &'a Organisation, more: &Value) -> Request<'a> {
    let mut body = org.person("Ada", "Lovelace", &json!({"manager": org.manager(), "licenses": [E3]}));
    e2e::simulators::merge(&mut body, more);
    org.submit(&body)
}

fn has_license(request: &Request<'_>, sku: &str) -> bool {
    let user = request.user().expect("a user");
    let mut licenses = user["licenses"].as_array().expect("licenses").iter();
    licenses.any(|license| license["sku"] == sku && license["active"] == true)
}

#[test]
fn without_a_free_seat_exactly_one_more_is_bought() {
    let org = Organisation::new("auto");
    let before = seats(&org, E3);
    let request = submit(&org, &json!({}));
    request.ends("completed");
    assert!(has_license(&request, E3));
    let after = seats(&org, E3);
    assert_eq!(
        after["enabled"].as_i64(),
        before["enabled"].as_i64().map(|seats| seats + 1)
    );
    assert_eq!(
        (effect(&org, "seats_bought"), effect(&org, "subscription_puts")),
        (1, 1)
    );
    assert!(request.has_note("One more was ordered automatically"));
    assert!(request.has_note("was purchased automatically"));
}

#[test]
fn two_purchases_at_once_buy_two_seats_and_assign_both() {
    let org = Organisation::new("two-buyers");
    // Slow orders make both purchases overlap.
    let order = "PUT /subscriptions/{subscriptionId}";
    org.world
        .spoil("pax8", order, "delay", &json!({"ms": 3000, "times": 2}));
    let first = submit(&org, &json!({}));
    let second = org.submit(&org.person("Bob", "Babbage", &json!({"manager": org.manager(), "licenses": [E3]})));
    for request in [&first, &second] {
        request.ends("completed");
        assert!(has_license(request, E3));
    }
    assert_eq!(effect(&org, "seats_bought"), 2);
    let after = seats(&org, E3);
    assert_eq!((&after["consumed"], &after["free"]), (&json!(2), &json!(0)), "{after}");
}

#[test]
fn a_confirmed_purchase_is_assigned_when_the_seat_shows_up_late() {
    let org = Organisation::new("confirmed");
    let request = submit(&org, &json!({"license_purchase": "manual"}));
    request.until("waiting_license");
    let note = request.note("Confirm License Purchase");
    let (confirm, reject) = request.license_links();
    let company = org.world.key("/company");
    let words = format!(
        "The organization {company} requires a license and either you have selected to purchase the license manually or \
         the organization is not mapped with the distributor.\n\nPlease purchase the requested license and once complete, \
         click the URL below. Note the window will close automatically:\n\nConfirm License Purchase: {confirm}\n\nIf you \
         don't want to purchase the license right now, click the URL below. You will need to manually apply a license to \
         the user after the workflow is complete:\n\nReject License Purchase: {reject}\n"
    );
    assert!(note.starts_with(&words), "{note}");
    assert_eq!(request.ticket_status(), "Waiting");
    assert!(request.user().is_some());
    org.world.buy_seats(E3, 1, 4);
    links::press(&confirm).expect(200);
    request.ends("completed");
    assert!(request.has_note("has been purchased manually"));
    assert!(has_license(&request, E3));
    assert_eq!(effect(&org, "subscription_puts"), 0);
    assert_eq!(links::press(&reject).expect(409).json()["decision"], "confirmed");
}

#[test]
fn a_rejected_purchase_goes_on_without_the_license() {
    let org = Organisation::new("rejected");
    org.configure(&["ms_licensing_distributor=manual"]);
    let request = submit(&org, &json!({"groups": ["Sales"]}));
    request.until("waiting_license");
    let (confirm, reject) = request.license_links();
    links::press(&reject).expect(200);
    request.ends("completed_with_warnings");
    assert!(request.has_note("was not purchased"));
    assert!(!has_license(&request, E3));
    assert_eq!(request.user().expect("a user")["groups"], json!(["Sales"]));
    assert_eq!(links::press(&confirm).expect(409).json()["decision"], "rejected");
    assert_eq!(
        org.world.sign_in(&org.upn("alovelace"), &request.password_of_note()),
        (true, true)
    );
}

#[test]
fn a_purchase_that_nobody_answers_times_out_in_these_words() {
    let org = Organisation::on(
        engine().quick(),
        "unanswered",
        &json!({}),
        &["auto_purchase_license_if_none_available=0"],
    );
    let request = submit(&org, &json!({}));
    request.until("waiting_license");
    let (confirm, reject) = request.license_links();
    request.ends("completed_with_warnings");
    let words = "No option was chosen to purchase the license, and the request has now timed out.";
    assert!(
        request
            .notes()
            .iter()
            .any(|note| note.starts_with(&format!("{words}\n\n[gangway "))),
        "{:#?}",
        request.notes()
    );
    assert!(!has_license(&request, E3));
    for link in [confirm, reject] {
        assert_eq!(links::press(&link).expect(410).json()["decision"], "timed_out");
        links::open(&link).expect(410);
    }
}

#[test]
fn a_confirmed_seat_that_never_shows_up_is_a_warning() {
    let org = Organisation::on(engine().quick(), "never-there", &json!({}), &[]);
    let request = submit(&org, &json!({"license_purchase": "manual"}));
    let (confirm, _) = request.license_links();
    links::press(&confirm).expect(200);
    request.ends("completed_with_warnings");
    assert!(request.has_note("has not shown up in the tenant"));
    assert!(!has_license(&request, E3));
}

#[test]
fn distributor_outage_leaves_the_purchase_to_a_technician() {
    let org = Organisation::new("pax8-down");
    org.world.spoil("pax8", "*", "503", &json!({"times": 1000}));
    let request = submit(&org, &json!({}));
    let (confirm, _) = request.license_links();
    request.until("waiting_license");
    org.world.end_bad_days();
    org.world.buy_seats(E3, 1, 0);
    links::press(&confirm).expect(200);
    let outcome = request.outcome();
    assert!(outcome.starts_with("completed"), "{outcome}");
    assert!(has_license(&request, E3));
    assert_eq!(effect(&org, "subscription_puts"), 0);
}

#[test]
fn distributor_refusal_leaves_the_purchase_to_a_technician() {
    let org = Organisation::new("pax8-refuses");
    org.world.spoil(
        "pax8",
        "PUT /subscriptions/{subscriptionId}",
        "400",
        &json!({"times": 1000}),
    );
    let request = submit(&org, &json!({}));
    let (_, reject) = request.license_links();
    assert!(request.has_note("could not be purchased automatically"));
    links::press(&reject).expect(200);
    request.ends("completed_with_warnings");
}

#[test]
fn last_seat_taken_before_assignment_is_bought_again() {
    let org = Organisation::on(&engine().patient, "seat-race", &json!({"seats": {E3: 1}}), &[]);
    org.world.spoil(
        "graph",
        "POST /users/{id}/assignLicense",
        "seat_race",
        &json!({"sku": E3}),
    );
    let request = submit(&org, &json!({}));
    request.ends("completed");
    assert!(has_license(&request, E3));
    assert_eq!(effect(&org, "seats_bought"), 1);
    assert_eq!(org.world.faults()[0]["fired"], 1);
}

#[test]
fn a_last_seat_that_goes_without_a_distributor_is_a_technicians() {
    let org = Organisation::on(&engine().patient, "seat-race-manual", &json!({"seats": {E3: 1}}), &[]);
    org.configure(&["ms_licensing_distributor=manual"]);
    let assign = "POST /users/{id}/assignLicense";
    org.world.spoil("graph", assign, "seat_race", &json!({"sku": E3}));
    let request = submit(&org, &json!({}));
    request.until("waiting_license");
    let (confirm, _) = request.license_links();
    org.world.buy_seats(E3, 1, 0);
    links::press(&confirm).expect(200);
    request.ends("completed");
    assert!(has_license(&request, E3));
}

#[test]
fn no_purchase_was_wished_and_none_is_made() {
    let org = Organisation::new("no-purchase");
    let request = submit(&org, &json!({"license_purchase": "none", "licenses": [E3, "SPB"]}));
    request.ends("completed_with_warnings");
    assert!(!has_license(&request, E3));
    assert!(has_license(&request, "SPB"));
    assert_eq!(effect(&org, "subscription_puts"), 0);
    assert!(request.has_note("asks for no purchase"));
}

#[test]
fn several_licenses_are_settled_one_after_the_other() {
    let org = Organisation::on(&engine().patient, "several", &json!({"seats": {"SPB": 0}}), &[]);
    let request = submit(&org, &json!({"licenses": ["SPB", E3, "O365_BUSINESS_ESSENTIALS"]}));
    request.ends("completed");
    for sku in ["SPB", E3, "O365_BUSINESS_ESSENTIALS"] {
        assert!(has_license(&request, sku), "{sku}");
    }
    assert_eq!(effect(&org, "seats_bought"), 2);
}

#[test]
fn the_seat_that_one_request_bought_is_not_taken_by_another() {
    // The seat is slow to appear, and meanwhile a second request looks for one.
    let org = Organisation::on(&engine().patient, "promised", &json!({"seat_delay": 6}), &[]);
    let first = submit(&org, &json!({}));
    until("the order", || {
        first.has_note("was ordered automatically").then_some(())
    });
    let second = org.submit(&org.person("Bob", "Babbage", &json!({"manager": org.manager(), "licenses": [E3]})));
    for request in [&first, &second] {
        request.ends("completed");
        assert!(has_license(request, E3));
    }
    assert_eq!(effect(&org, "seats_bought"), 2);
}
