//! Requests with a start date: the wait, the wake-up, and the checks that follow.

use chrono::{DateTime, Duration, FixedOffset, Utc};
use e2e::{engine::engine, links, organisation::Organisation, request::Request, wait::until};
use serde_json::{Value, json};

/// In seconds. Enough for a busy machine to schedule the request first.
const SOON: i64 = 20;

/// Starts and the local engine's waits are in whole seconds.
const EARLY: Duration = Duration::seconds(2);

/// Sets the organisation's start time and time zone so that a start is near. The zone is half an hour off.
fn start_soon(org: &Organisation) -> (String, DateTime<Utc>) {
    let kolkata = FixedOffset::east_opt(5 * 3600 + 1800).expect("a zone");
    let at = (Utc::now() + Duration::seconds(SOON)).with_timezone(&kolkata);
    org.configure(&[
        "timezone=Asia/Kolkata",
        &format!("start_time={}", at.format("%H:%M:%S")),
    ]);
    (at.format("%Y-%m-%d").to_string(), at.with_timezone(&Utc))
}

fn scheduling(name: &str) -> Organisation {
    Organisation::with(name, &["allow_scheduled_user_creation=1"])
}

fn days_ahead(days: i64) -> String {
    (Utc::now() + Duration::days(days)).format("%Y-%m-%d").to_string()
}

fn scheduled<'a>(org: &'a Organisation, date: &str, more: &Value) -> Request<'a> {
    let mut body = org.person("Ada", "Lovelace", more);
    body["start_date"] = json!(date);
    let request = org.submit(&body);
    request.until("scheduled");
    request
}

#[test]
fn nothing_is_created_before_the_start_date_comes() {
    let org = scheduling("waits");
    let (date, at) = start_soon(&org);
    let request = scheduled(&org, &date, &json!({"manager": org.manager()}));
    assert!(request.note("will be created at").contains("(Asia/Kolkata)"));
    assert_eq!(request.user(), None);
    request.ends("completed");
    let created = request.user().expect("a user")["created"]
        .as_str()
        .expect("a time")
        .to_owned();
    let created: DateTime<Utc> = created.parse().expect("a time");
    assert!(created >= at - EARLY, "created {created}, the start was {at}");
}

#[test]
fn a_name_that_a_stranger_took_meanwhile_is_found_on_waking() {
    let org = scheduling("stranger");
    let (date, _) = start_soon(&org);
    let request = scheduled(&org, &date, &json!({"manager": org.manager(), "licenses": ["SPB"]}));
    let stranger = org.world.add_stranger(&org.upn("alovelace"));
    request.ends("failed");
    assert_eq!(request.user(), None);
    let note = request.note("failed at the step");
    assert!(note.contains("claim-start") && note.contains("What to do"), "{note}");
    assert_eq!(request.ticket_status(), "Waiting");
    let state = org.world.state();
    let user = state["users"]
        .as_array()
        .expect("users")
        .iter()
        .find(|user| user["id"] == stranger)
        .expect("the stranger");
    assert_eq!(
        (&user["licenses"], &user["groups"], &user["manager"]),
        (&json!([]), &json!([]), &Value::Null)
    );
    assert!(!request.secret_is_kept());
}

#[test]
fn a_manager_who_left_meanwhile_is_found_on_waking() {
    let org = scheduling("no-manager");
    let boss = org.upn("bboss");
    let id = org.world.add_stranger(&boss);
    let (date, _) = start_soon(&org);
    let request = scheduled(&org, &date, &json!({"manager": boss}));
    org.world.graph("DELETE", &format!("/users/{id}")).send().expect(204);
    request.ends("failed");
    assert_eq!(request.user(), None);
    assert!(request.note("failed at the step").contains("manager"));
    let view = request.view();
    let warned = view["timeline"]
        .as_array()
        .expect("a timeline")
        .iter()
        .any(|entry| entry["event"] == "changed");
    assert!(warned, "{view:#}");
}

#[test]
fn a_scheduled_request_can_be_cancelled() {
    let org = scheduling("cancels");
    let request = scheduled(&org, &days_ahead(30), &json!({"manager": org.manager()}));
    assert_eq!(org.requests("?status=scheduled").len(), 1);
    request.cancel().expect(200);
    request.ends("cancelled");
    assert_eq!(request.user(), None);
    request.note("was cancelled by");
    assert_eq!(request.ticket_status(), "Closed");
    assert_eq!(org.requests("?status=scheduled").len(), 0);
    request.reschedule(&days_ahead(40)).expect(409);
    until("the first execution to be stopped", || {
        let history = request.history(1);
        history
            .iter()
            .any(|event| event["type"] == "ExecutionAborted")
            .then_some(())
    });
}

#[test]
fn a_scheduled_request_can_be_rescheduled() {
    let org = scheduling("reschedules");
    let request = scheduled(&org, &days_ahead(30), &json!({"manager": org.manager()}));
    request.reschedule(&days_ahead(-1)).expect(422);
    let later = days_ahead(60);
    request.reschedule(&later).expect(200);
    assert!(request.note(&later).contains("will be created at"));
    request.until("scheduled");
    let (soon, at) = start_soon(&org);
    request.reschedule(&soon).expect(200);
    request.ends("completed");
    let created: DateTime<Utc> = request.user().expect("a user")["created"]
        .as_str()
        .expect("a time")
        .parse()
        .expect("a time");
    assert!(created >= at - EARLY, "created {created}, the start was {at}");
    request.note_names();
    assert_eq!(org.world.state()["effects"]["tickets_created"], 1);
}

#[test]
fn a_date_that_an_execution_cannot_wait_for_is_refused() {
    let org = scheduling("far-dates");
    for date in [days_ahead(366), days_ahead(-1), "2999-01-01".to_owned()] {
        let body = org.person("Ada", "Lovelace", &json!({"start_date": date}));
        assert_eq!(org.post(&body).wrong_fields(), ["start_date"], "{date}");
        let checked = org.dry_run(&body).expect(200).json();
        assert_eq!(checked["problems"][0]["field"], "start_date", "{checked}");
    }
    assert!(org.requests("").is_empty());
}

#[test]
fn a_date_is_only_noted_where_scheduling_is_off() {
    let org = Organisation::new("noted");
    let date = days_ahead(30);
    let body = org.person(
        "Ada",
        "Lovelace",
        &json!({"start_date": date, "manager": org.manager()}),
    );
    let request = org.submit(&body);
    request.ends("completed");
    assert!(request.note("is created now").contains(&format!("Start date: {date}")));
}

#[test]
fn an_approved_request_still_waits_for_its_date() {
    let org = Organisation::approving(
        &engine().patient,
        "both-gates",
        &json!({}),
        &["allow_scheduled_user_creation=1"],
    );
    let mut body = org.person("Ada", "Lovelace", &json!({"manager": org.manager()}));
    body["start_date"] = json!(days_ahead(30));
    let request = org.submit(&body);
    request.until("waiting_approval");
    let moved = days_ahead(20);
    request.reschedule(&moved).expect(200);
    let (approve, _) = request.approval_links(org.approver(), "Ada Lovelace");
    links::press(&approve).expect(200);
    request.until("scheduled");
    assert!(request.note("will be created at").contains(&moved));
    request.cancel().expect(200);
    request.ends("cancelled");
    assert_eq!(links::press(&approve).expect(200).json()["decision"], "approved");
    assert_eq!(request.user(), None);
}
