//! Licenses that are assigned by a group, and licenses that depend on others.

use e2e::{engine::engine, links, organisation::Organisation, request::Request};
use serde_json::{Value, json};

const PREMIUM: &str = "SPB";
const BASIC: &str = "O365_BUSINESS_ESSENTIALS";
const GROUP: &str = "License Business Premium";

fn org(name: &str, seats: &Value) -> Organisation {
    let world = json!({ "seats": seats });
    Organisation::on(&engine().patient, name, &world, &["license_assignment_method=group"])
}

fn submit<'a>(org: &'a Organisation, licenses: &[&str]) -> Request<'a> {
    org.submit(&org.person(
        "Ada",
        "Lovelace",
        &json!({"manager": org.manager(), "licenses": licenses}),
    ))
}

fn effect(org: &Organisation, name: &str) -> u64 {
    org.world.state()["effects"][name].as_u64().unwrap_or_default()
}

/// Finds the user's active license of this product.
fn license(request: &Request<'_>, sku: &str) -> Option<Value> {
    let user = request.user().expect("a user");
    let mut licenses = user["licenses"].as_array().expect("licenses").iter();
    licenses
        .find(|license| license["sku"] == sku && license["active"] == true)
        .cloned()
}

fn comes_by_group(request: &Request<'_>, sku: &str) {
    let license = license(request, sku).unwrap_or_else(|| panic!("no {sku}: {:#?}", request.user()));
    assert!(license["by_group"].is_string(), "{license}");
}

#[test]
fn a_license_comes_with_the_group_that_carries_it() {
    let org = org("by-group", &json!({}));
    let request = submit(&org, &[PREMIUM]);
    request.ends("completed");
    comes_by_group(&request, PREMIUM);
    assert!(request.has_note(&format!("by the group {GROUP} and is active")));
    assert_eq!(request.user().expect("a user")["groups"], json!([GROUP]));
    assert_eq!((effect(&org, "members_added"), effect(&org, "seats_bought")), (1, 0));
}

#[test]
fn a_step_that_dies_after_joining_joins_once() {
    let org = org("by-group-dies", &json!({}));
    let join = "POST /groups/{id}/members/$ref";
    org.world.spoil("graph", join, "kill_client", &json!({}));
    let request = submit(&org, &[PREMIUM]);
    request.ends("completed");
    comes_by_group(&request, PREMIUM);
    assert_eq!(effect(&org, "members_added"), 1);
}

#[test]
fn without_a_seat_one_is_bought_before_anybody_joins() {
    let org = org("by-group-bought", &json!({PREMIUM: 0}));
    let request = submit(&org, &[PREMIUM]);
    request.ends("completed");
    comes_by_group(&request, PREMIUM);
    assert_eq!(
        (effect(&org, "seats_bought"), effect(&org, "licenses_assigned")),
        (1, 1)
    );
}

#[test]
fn seat_taken_during_group_processing_is_bought_again() {
    let org = org("by-group-race", &json!({PREMIUM: 1}));
    let join = "POST /groups/{id}/members/$ref";
    org.world.spoil("graph", join, "seat_race", &json!({"sku": PREMIUM}));
    let request = submit(&org, &[PREMIUM]);
    request.ends("completed");
    comes_by_group(&request, PREMIUM);
    assert_eq!(effect(&org, "seats_bought"), 1);
    assert!(effect(&org, "licenses_reprocessed") >= 1);
}

#[test]
fn a_seat_that_goes_without_a_distributor_is_a_technicians() {
    let org = org("by-group-manual", &json!({PREMIUM: 1}));
    org.configure(&["ms_licensing_distributor=manual"]);
    let join = "POST /groups/{id}/members/$ref";
    org.world.spoil("graph", join, "seat_race", &json!({"sku": PREMIUM}));
    let request = submit(&org, &[PREMIUM]);
    request.until("waiting_license");
    let (confirm, _) = request.license_links();
    org.world.buy_seats(PREMIUM, 1, 0);
    links::press(&confirm).expect(200);
    request.ends("completed");
    comes_by_group(&request, PREMIUM);
}

#[test]
fn without_exactly_one_license_group_nothing_is_bought() {
    let org = org("no-group", &json!({PREMIUM: 0}));
    org.world.add_license_group("License Premium Too", PREMIUM);
    let request = submit(&org, &[PREMIUM, BASIC]);
    request.ends("completed_with_warnings");
    let words =
        format!("several groups carry it ({GROUP}, License Premium Too), and Gangway can't choose between them");
    assert!(request.has_note(&words));
    assert!(request.has_note("no group of the tenant carries it"));
    assert_eq!(license(&request, PREMIUM).or_else(|| license(&request, BASIC)), None);
    assert_eq!((effect(&org, "seats_bought"), effect(&org, "members_added")), (0, 0));
}

#[test]
fn what_microsoft_refuses_by_group_is_told_with_what_to_do() {
    let org = org("by-group-refused", &json!({}));
    org.world
        .refuse_license(PREMIUM, "ProhibitedInUsageLocationViolation", None);
    let request = submit(&org, &[PREMIUM]);
    request.ends("completed_with_warnings");
    assert!(request.has_note("is not offered in the user's usage location"));
}

#[test]
fn a_license_that_builds_on_another_comes_after_it() {
    for method in ["direct", "group"] {
        let org = org(&format!("builds-on-{method}"), &json!({}));
        org.configure(&[&format!("license_assignment_method={method}")]);
        org.world.add_license_group("License Business Basic", BASIC);
        org.world.refuse_license(PREMIUM, "DependencyViolation", Some(BASIC));
        let request = submit(&org, &[PREMIUM, BASIC]);
        request.ends("completed");
        for sku in [PREMIUM, BASIC] {
            assert!(license(&request, sku).is_some(), "{method}: {sku}");
        }
    }
}

#[test]
fn a_license_that_builds_on_nothing_there_is_reported() {
    let org = Organisation::new("builds-on-nothing");
    org.world.refuse_license(PREMIUM, "DependencyViolation", None);
    let request = submit(&org, &[PREMIUM, BASIC]);
    request.ends("completed_with_warnings");
    assert!(request.has_note("Assign that license first"));
    assert!(license(&request, BASIC).is_some());
    assert_eq!(license(&request, PREMIUM), None);
}
