//! Leavers, and a leaver who comes back.

use chrono::{DateTime, Duration, Utc};
use e2e::{aws, engine::engine, links, mail, organisation::Organisation, request::Request, wait::until};
use serde_json::{Value, json};

/// The world's colleague, who has a manager, a license, and groups of four kinds.
const NAME: &str = "Casey Colleague";

/// Starts and the local engine's waits are in whole seconds.
const EARLY: Duration = Duration::seconds(2);

fn days_ahead(days: i64) -> String {
    (Utc::now() + Duration::days(days)).format("%Y-%m-%d").to_string()
}

fn names(list: &Value) -> Vec<&str> {
    let mut names: Vec<&str> = list
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(Value::as_str)
        .collect();
    names.sort_unstable();
    names
}

/// Checks that nothing of the colleague's account has changed.
fn untouched(org: &Organisation) {
    let account = org.account(org.colleague());
    assert_eq!(account["enabled"], true);
    assert_eq!(account["sessions_revoked"], 0);
    assert_eq!(account["licenses"].as_array().map(Vec::len), Some(1), "{account:#}");
    assert_eq!(account["groups"].as_array().map(Vec::len), Some(4), "{account:#}");
}

fn kinds(request: &Request<'_>) -> Vec<String> {
    let names = request.note_names();
    let kinds = names.iter().filter_map(|name| name.split_once('/'));
    kinds.map(|(_, kind)| kind.to_owned()).collect()
}

#[test]
fn somebody_who_leaves_is_shut_out_and_nothing_is_deleted() {
    let org = Organisation::new("leaves");
    let before = org.world.state();
    let answer = org.post_leaver(&json!({"user": org.colleague(), "reason": "New job"}));
    let answer = answer.expect(201);
    let request = Request::leaving(&org, &answer);
    let view = request.ends("completed_with_warnings");
    assert_eq!(view["kind"], "offboarding");
    assert_eq!(view["user"]["upn"], org.colleague());

    let account = org.account(org.colleague());
    assert_eq!(account["enabled"], false);
    assert_eq!(account["sessions_revoked"], 1);
    assert_eq!(account["licenses"], json!([]));
    assert_eq!(names(&account["groups"]), ["Announcements", "Everyone Dynamic"]);
    assert_eq!(account["manager"], org.manager());
    let state = org.world.state();
    assert_eq!(
        state["users"].as_array().map(Vec::len),
        before["users"].as_array().map(Vec::len)
    );
    assert_eq!(
        state["deleted_users"].as_array().map(Vec::len),
        before["deleted_users"].as_array().map(Vec::len)
    );
    let free = |state: &Value| state["seats"]["SPB"]["free"].as_i64().expect("a number");
    assert_eq!(free(&state), free(&before) + 1);

    let ticket = request.ticket().expect("a ticket");
    assert_eq!(ticket["summary"], format!("Offboarding of {NAME}"));
    assert_eq!(ticket["status"], "Closed");
    let kinds = kinds(&request);
    for kind in ["sign-in", "licenses-removed", "groups-removed", "summary"] {
        assert!(kinds.iter().any(|other| other == kind), "no note {kind}: {kinds:?}");
    }
    let groups = request.note("was removed from these groups");
    for words in [
        "- All Staff",
        "- Sales",
        "- Everyone Dynamic: its members follow from a rule",
        "- Announcements: its members are managed in Exchange",
    ] {
        assert!(groups.contains(words), "{words}: {groups}");
    }
    assert!(request.note("are free again").contains("kept by Microsoft for 30 days"));
    assert!(request.note("is completed with warnings").contains("Sign-in: blocked"));
    assert!(request.has_note("Reason: New job"), "{:?}", request.notes());

    let told = mail::first(org.manager(), "who reported to you");
    for words in [
        org.colleague(),
        "blocked, and signed out everywhere",
        "Nothing was deleted",
        "SPB",
        "left to do by hand",
    ] {
        assert!(told.text.contains(words), "{words}: {}", told.text);
    }
    assert!(!request.secret_is_kept());

    let listed = org.requests("");
    assert_eq!(
        (&listed[0]["kind"], &listed[0]["name"]),
        (&json!("offboarding"), &json!(NAME))
    );
    // A second offboarding finds nothing left to remove, and that is no error.
    let again = org.offboard(org.colleague(), &json!({}));
    again.ends("completed_with_warnings");
    assert!(again.has_note("had no licenses"));
}

#[test]
fn somebody_without_anything_leaves_without_warnings() {
    let org = Organisation::new("leaves-plain");
    let upn = org.upn("sstranger");
    org.world.add_stranger(&upn);
    let request = org.offboard(&upn, &json!({"manager": org.manager()}));
    request.ends("completed");
    assert_eq!(org.account(&upn)["enabled"], false);
    assert!(request.has_note("was in no groups"));
    assert!(mail::first(org.manager(), "who reported to you").text.contains(&upn));
}

#[test]
fn the_form_wins_over_the_variables() {
    let org = Organisation::new("leaves-little");
    let switches = json!({"offboarding_deactivate_user": false, "offboarding_remove_groups": false});
    let request = org.offboard(org.colleague(), &switches);
    request.ends("completed");
    let account = org.account(org.colleague());
    assert_eq!(
        (&account["enabled"], &account["sessions_revoked"]),
        (&json!(true), &json!(0))
    );
    assert_eq!(account["groups"].as_array().map(Vec::len), Some(4));
    assert_eq!(account["licenses"], json!([]));
    request.note("offboarding_deactivate_user is off");
    request.note("offboarding_remove_groups is off");

    org.configure(&["offboarding_deactivate_user=0", "offboarding_remove_groups=0"]);
    let checked = org.call("POST", "offboardings?dry_run=true");
    let checked = checked.json(&json!({"user": org.manager()})).send().expect(200).json();
    assert_eq!(checked["plan"]["block_sign_in"], false);
}

#[test]
fn licenses_that_come_with_a_group_are_freed_by_leaving_it() {
    let org = Organisation::new("leaves-group");
    let upn = org.upn("sstranger");
    let id = org.world.add_stranger(&upn);
    let groups = org.world.keys["groups"].as_array().expect("groups").clone();
    let group = |name: &str| {
        let found = groups.iter().find(|group| group["name"] == name).expect("the group");
        found["id"].as_str().expect("an id").to_owned()
    };
    for name in ["License Business Premium", "Projects"] {
        let reference = json!({"@odata.id": format!("https://graph.microsoft.com/v1.0/directoryObjects/{id}")});
        let join = org
            .world
            .graph("POST", &format!("/groups/{}/members/$ref", group(name)));
        join.json(&reference).send().expect(204);
    }
    until("the license of the group", || {
        org.world.graph("GET", &format!("/users/{id}")).send().expect(200);
        (org.account(&upn)["licenses"][0]["active"] == true).then_some(())
    });
    let request = org.offboard(&upn, &json!({"offboarding_remove_groups": false}));
    request.ends("completed");
    let account = org.account(&upn);
    assert_eq!(account["licenses"], json!([]));
    assert_eq!(
        names(&account["groups"]),
        ["Projects"],
        "only the group with the license is left"
    );
    let note = request.note("are free again");
    assert!(
        note.contains("- SPB (by leaving the group License Business Premium)"),
        "{note}"
    );
}

#[test]
fn licenses_that_build_on_another_are_freed_before_it() {
    let org = Organisation::new("leaves-add-on");
    org.world
        .refuse_license("O365_BUSINESS_ESSENTIALS", "DependencyViolation", Some("SPB"));
    let add_on = json!({"skuId": org.world.key("/skus/O365_BUSINESS_ESSENTIALS/sku_id"), "disabledPlans": []});
    org.world
        .graph("POST", &format!("/users/{}/assignLicense", org.colleague()))
        .json(&json!({"addLicenses": [add_on], "removeLicenses": []}))
        .send()
        .expect(200);
    let licenses = org.account(org.colleague())["licenses"].clone();
    assert_eq!(licenses[0]["sku"], "SPB", "the base comes first: {licenses:#}");
    let request = org.offboard(org.colleague(), &json!({"offboarding_remove_groups": false}));
    request.ends("completed");
    assert_eq!(org.account(org.colleague())["licenses"], json!([]));
    let note = request.note("are free again");
    assert!(
        note.contains("- O365_BUSINESS_ESSENTIALS") && note.contains("- SPB"),
        "{note}"
    );
    assert_eq!(org.world.state()["effects"]["licenses_removed"], 2);
}

#[test]
fn nothing_is_changed_before_the_approver_approves() {
    let org = Organisation::approving(&engine().patient, "leave-asked", &json!({}), &[]);
    let denied = org.offboard(org.colleague(), &json!({"reason": "New job"}));
    denied.until("waiting_approval");
    let (approve, deny) = denied.approval_links(org.approver(), NAME);
    let asked = mail::first(org.approver(), "asks to offboard");
    assert!(asked.text.contains("Reason: New job"), "{}", asked.text);
    let page = links::open(&approve).expect(200);
    for words in [NAME, "Approve the offboarding", "New job"] {
        assert!(page.text.contains(words), "{words}: {}", page.text);
    }
    untouched(&org);
    links::press(&deny).expect(200);
    denied.ends("denied");
    denied.note("Nothing was changed.");
    assert_eq!(denied.ticket_status(), "Closed");
    untouched(&org);
    assert!(mail::to(org.manager()).is_empty());

    let approved = org.offboard(org.colleague(), &json!({}));
    approved.until("waiting_approval");
    let link = until("a second mail", || {
        let mails = mail::to(org.approver());
        let mail = mails.iter().rev().find(|mail| mail.text.contains("asks to offboard"))?;
        let link = links::after(&mail.text, "Approve:");
        (link != approve).then_some(link)
    });
    links::press(&link).expect(200);
    approved.ends("completed_with_warnings");
    assert_eq!(org.account(org.colleague())["enabled"], false);
}

#[test]
fn a_last_day_is_worked_and_can_be_moved_and_cancelled() {
    let org = Organisation::with("last-day", &["allow_scheduled_user_creation=1"]);
    let request = org.offboard(org.colleague(), &json!({"last_day": days_ahead(10)}));
    request.until("scheduled");
    assert!(request.note("begins at").contains(&days_ahead(11)));
    untouched(&org);
    let wrong = org.call("POST", &format!("requests/{}/reschedule", request.id));
    let wrong = wrong.json(&json!({"start_date": days_ahead(20)})).send();
    assert_eq!(wrong.wrong_fields(), ["start_date", "last_day"]);
    request.reschedule(&days_ahead(20)).expect(200);
    request.note(&format!("begins at {}", days_ahead(21)));
    // An account can have one open request.
    let second = org.post_leaver(&json!({"user": org.colleague()}));
    assert_eq!(second.wrong_fields(), ["user"]);
    request.cancel().expect(200);
    request.ends("cancelled");
    request.note("Nothing was changed.");
    untouched(&org);
}

#[test]
fn the_account_is_closed_when_the_last_day_is_over() {
    let org = Organisation::with("day-over", &["allow_scheduled_user_creation=1"]);
    let at = Utc::now() + Duration::seconds(20);
    org.configure(&[&format!("start_time={}", at.format("%H:%M:%S"))]);
    let last_day = (at - Duration::days(1)).format("%Y-%m-%d").to_string();
    let request = org.offboard(org.colleague(), &json!({ "last_day": last_day }));
    request.until("scheduled");
    untouched(&org);
    let view = request.ends("completed_with_warnings");
    let timeline = view["timeline"].as_array().expect("a timeline").clone();
    let blocked = timeline
        .iter()
        .find(|line| line["step"] == "block-sign-in")
        .expect("blocked");
    let blocked: DateTime<Utc> = blocked["at"].as_str().expect("a time").parse().expect("a time");
    assert!(blocked >= at - EARLY, "blocked {blocked}, the day was over {at}");
    assert_eq!(org.account(org.colleague())["enabled"], false);
}

#[test]
fn without_scheduling_nobody_is_blocked_before_the_last_day() {
    let org = Organisation::new("day-ahead");
    for day in [days_ahead(0), days_ahead(30), days_ahead(400)] {
        let body = json!({"user": org.colleague(), "last_day": day});
        assert_eq!(org.post_leaver(&body).wrong_fields(), ["last_day"], "{day}");
    }
    assert!(org.requests("").is_empty());
    untouched(&org);
}

#[test]
fn a_check_tells_what_would_be_taken_and_changes_nothing() {
    let org = Organisation::new("leave-check");
    let check = |body: Value| {
        let call = org.call("POST", "offboardings?dry_run=true");
        call.json(&body).send().expect(200).json()
    };
    let checked = check(json!({"user": org.colleague()}));
    assert_eq!(checked["problems"], json!([]));
    let plan = &checked["plan"];
    assert_eq!(
        (&plan["user"]["upn"], &plan["user"]["name"]),
        (&json!(org.colleague()), &json!(NAME))
    );
    assert_eq!(plan["manager"], org.manager());
    assert_eq!(plan["licenses"], json!([{"name": "SPB", "removed": true}]));
    let removed = |name: &str| {
        let groups = plan["groups"].as_array().expect("groups");
        let group = groups.iter().find(|group| group["name"] == name).expect("the group");
        group["removed"] == true
    };
    assert!(removed("Sales") && removed("All Staff"));
    assert!(!removed("Everyone Dynamic") && !removed("Announcements"));
    let checked = check(json!({"user": org.upn("nobody"), "manager": org.upn("no.one")}));
    assert_eq!(checked["plan"]["user"], Value::Null);
    let fields: Vec<&Value> = checked["problems"]
        .as_array()
        .expect("problems")
        .iter()
        .map(|p| &p["field"])
        .collect();
    assert_eq!(fields, ["user", "manager"]);
    assert!(org.requests("").is_empty());
    untouched(&org);
    assert_eq!(org.world.state()["tickets"], json!([]));
}

#[test]
fn leavers_ask_for_nothing_themselves_and_basic_members_wait() {
    let org = Organisation::new("leave-asks");
    let body = json!({"user": org.colleague()});
    let own = org.session(org.colleague(), NAME, "technician");
    assert_eq!(own.post("offboardings", &body).wrong_fields(), ["user"]);
    let basic = org.session(&format!("hr@{}.example", org.id), "Hanna R", "basic");
    // A basic member's offboarding needs an approval, although approval is off.
    basic.get("offboardings/new").expect(200);
    let request = Request::leaving(&org, &basic.post("offboardings", &body).expect(201));
    request.until("waiting_approval");
    untouched(&org);
    request.task_token("approval");
    request.cancel().expect(200);
    request.ends("cancelled");
}

#[test]
fn the_same_submission_twice_is_one_offboarding() {
    let org = Organisation::new("leave-twice");
    let post = |body: &Value| {
        let call = org.call("POST", "offboardings").header("idempotency-key", "key-1");
        call.json(body).send()
    };
    let body = json!({"user": org.colleague()});
    let first = Request::leaving(&org, &post(&body).expect(201));
    let again = Request::leaving(&org, &post(&body).expect(201));
    assert_eq!(first.id, again.id);
    first.ends("completed_with_warnings");
    post(&json!({"user": org.manager()})).expect(409);
    assert_eq!(org.requests("").len(), 1);
    assert_eq!(org.world.state()["effects"]["licenses_removed"], 1);
}

#[test]
fn an_offboarding_that_somebody_stopped_ends_honestly() {
    let org = Organisation::approving(&engine().patient, "leave-stopped", &json!({}), &[]);
    let request = org.offboard(org.colleague(), &json!({}));
    request.approval_links(org.approver(), NAME);
    aws::call(
        "AWSStepFunctions.StopExecution",
        &json!({"executionArn": request.execution(1)}),
    );
    let input = json!({"org": org.id, "request": request.id, "run": 1, "enter": "start"}).to_string();
    let event = json!({"detail": {"status": "ABORTED", "input": input}});
    assert_eq!(aws::invoke(org.stack, "record-bad-end", &event)["outcome"], "handed_on");
    request.ends("failed");
    assert!(
        request
            .note("failed at the step")
            .contains(&format!("The offboarding of {NAME}"))
    );
    untouched(&org);
}

#[test]
fn somebody_who_comes_back_gets_their_account_again() {
    let org = Organisation::new("rehire");
    let id = org.account(org.colleague())["id"].clone();
    org.offboard(org.colleague(), &json!({}))
        .ends("completed_with_warnings");
    let body = |more: &Value| {
        let usual =
            json!({"manager": org.manager(), "licenses": ["SPB"], "groups": ["Projects"], "job_title": "Director"});
        let mut body = org.person("Casey", "Colleague", &usual);
        e2e::simulators::merge(&mut body, more);
        body
    };
    let taken = org.post(&body(&json!({})));
    assert_eq!(taken.wrong_fields(), ["username"], "a taken name stays taken");
    let enabled = org.post(&body(&json!({"rehire": true, "username": "mmanager"})));
    assert_eq!(enabled.wrong_fields(), ["rehire"], "an enabled account is somebody's");

    let request = org.submit(&body(&json!({"rehire": true})));
    request.ends("completed");
    let user = request.user().expect("an account");
    assert_eq!(user["id"], id);
    assert_eq!(user["upn"], org.colleague());
    assert_eq!(user["enabled"], true);
    assert_eq!(user["properties"]["jobTitle"], "Director");
    assert_eq!(user["licenses"][0]["sku"], "SPB");
    assert!(names(&user["groups"]).contains(&"Projects"));
    assert!(request.note("was enabled again").contains(NAME));
    let password = request.password_of_note();
    assert_eq!(org.world.sign_in(org.colleague(), &password), (true, true));
    assert_eq!(org.world.state()["effects"]["users_created"], Value::Null);
}

#[test]
fn a_step_that_dies_while_it_enables_an_account_enables_it_once() {
    for kind in ["kill_client", "lose_response"] {
        let org = Organisation::new("rehire-dies");
        org.offboard(org.colleague(), &json!({}))
            .ends("completed_with_warnings");
        org.world.spoil("graph", "PATCH /users/{id}", kind, &json!({}));
        let more = json!({"manager": org.manager(), "rehire": true});
        let request = org.submit(&org.person("Casey", "Colleague", &more));
        request.ends("completed");
        assert_eq!(request.user().expect("an account")["enabled"], true);
        let password = request.password_of_note();
        assert_eq!(org.world.sign_in(org.colleague(), &password), (true, true));
        // One update blocks the account, and one enables it.
        assert_eq!(org.world.state()["effects"]["users_updated"], 2, "{kind}");
    }
}
