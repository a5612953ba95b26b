//! Who may ask for what, and whether what was approved is what is done. Exploits that a security review found are
//! tried again.

use chrono::{Duration, Utc};
use e2e::{engine::engine, links, mail, organisation::Organisation, request::Request, session::Session, wait::until};
use serde_json::{Value, json};

const NAME: &str = "Casey Colleague";

fn day(days: i64) -> String {
    (Utc::now() + Duration::days(days)).format("%Y-%m-%d").to_string()
}

/// Signs in a new member with an address of the tenant's domain.
fn member<'a>(org: &'a Organisation, local_part: &str, role: &str) -> Session<'a> {
    org.session(&org.upn(local_part), local_part, role)
}

fn errors(answer: &e2e::http::Answer) -> Vec<(String, String)> {
    let problem = answer.json();
    let errors = problem["errors"].as_array().cloned().unwrap_or_default();
    let text = |error: &Value, name: &str| error[name].as_str().unwrap_or_default().to_owned();
    errors
        .iter()
        .map(|error| (text(error, "field"), text(error, "message")))
        .collect()
}

fn has_mail(address: &str, words: &str) -> bool {
    mail::to(address)
        .iter()
        .any(|mail| mail.text.contains(words) || mail.subject.contains(words))
}

/// Reviewed exploit: an employee enabled a leaver's account again and received its password.
#[test]
fn a_basic_member_brings_no_leaver_back() {
    let org = Organisation::new("no-rehire");
    org.member(org.approver(), "Alex Approver", "approver");
    org.offboard(org.colleague(), &json!({}))
        .ends("completed_with_warnings");
    let eve = member(&org, "eve", "basic");
    let body = org.person(
        "Cora",
        "Finance",
        &json!({"username": "ccolleague", "rehire": true, "manager": org.manager(),
            "require_password_change_on_first_login": false, "store_password_in_ticket": false}),
    );
    let refused = eve.post("onboardings", &body).expect(403);
    let errors = errors(&refused);
    let fields: Vec<_> = errors.iter().map(|(field, _)| field.as_str()).collect();
    assert_eq!(
        fields,
        [
            "rehire",
            "require_password_change_on_first_login",
            "store_password_in_ticket"
        ]
    );
    for (field, message) in &errors {
        assert!(
            message.contains("the role basic") && message.contains("technician"),
            "{field}: {message}"
        );
    }
    let tried = eve.post("onboardings?dry_run=true", &body).expect(200).json();
    assert_eq!(tried["problems"].as_array().map(Vec::len), Some(3), "{tried:#}");
    assert_eq!(org.account(org.colleague())["enabled"], false);
    assert_eq!(org.requests("").len(), 1, "nothing was started");
    let page = eve.page("onboardings/new").expect(200).text;
    assert!(
        !page.contains("name=\"rehire\"") && page.contains("waits for approval"),
        "{page}"
    );
}

/// A rehire by a power user waits for approval, and a manager whom only the form names gets no password.
#[test]
fn power_users_rehire_waits_and_tells_the_directorys_manager() {
    let org = Organisation::new("asked-rehire");
    org.member(org.approver(), "Alex Approver", "approver");
    org.offboard(org.colleague(), &json!({}))
        .ends("completed_with_warnings");
    let stranger = org.upn("accomplice");
    org.world.add_stranger(&stranger);
    let hr = member(&org, "hr", "power_user");
    let body = org.person("Casey", "Colleague", &json!({"rehire": true, "manager": stranger}));
    let request = Request::of(&org, &hr.post("onboardings", &body).expect(201));
    request.until("waiting_approval");
    assert_eq!(org.account(org.colleague())["enabled"], false);
    let asked = mail::first(org.approver(), &format!("onboarding of {NAME} "));
    let facts = [
        "it enables a leaver's account again".to_owned(),
        format!("Manager who may get the password: {}", org.manager()),
        format!("Manager: {stranger}"),
    ];
    for words in facts {
        assert!(asked.text.contains(&words), "{words}: {}", asked.text);
    }
    let (approve, _) = request.approval_links(org.approver(), NAME);
    links::press(&approve).expect(200);
    request.ends("completed");
    assert!(has_mail(org.manager(), "Temporary password: "));
    assert!(!has_mail(&stranger, "Temporary password: "));
}

/// Reviewed exploit: the requester named as manager themselves, with another address.
#[test]
fn the_requester_chooses_no_approver() {
    let org = Organisation::new("no-alias");
    org.configure(&["require_approval_for_new_users=1", "new_user_approval_email=manager"]);
    let (upn, alias) = (org.upn("e.evans"), org.upn("eve"));
    let id = org.world.add_stranger(&upn);
    let renamed = org
        .world
        .graph("PATCH", &format!("/users/{id}"))
        .json(&json!({"mail": alias}));
    renamed.send().expect(204);
    let eve = member(&org, "e.evans", "power_user");

    let own = eve.post("onboardings", &org.person("Ada", "Lovelace", &json!({"manager": upn})));
    assert_eq!(own.wrong_fields(), ["new_user_approval_email"]);

    let body = json!({"user": org.colleague(), "manager": upn});
    let request = Request::leaving(&org, &eve.post("offboardings", &body).expect(201));
    request.until("waiting_approval");
    let (_, deny) = request.approval_links(org.manager(), NAME);
    for address in [&upn, &alias] {
        assert!(!has_mail(address, "/decide"), "{address}");
    }
    links::press(&deny).expect(200);
    request.ends("denied");
    assert_eq!(org.account(org.colleague())["enabled"], true);
    // If the directory has nobody to ask, the manager whom the form names makes no difference.
    let body = json!({"user": org.manager(), "manager": org.approver()});
    assert_eq!(eve.post("offboardings", &body).wrong_fields(), ["user"]);
}

/// Reviewed exploit: an approved date was moved to yesterday without another approval.
#[test]
fn an_earlier_date_than_the_approved_one_asks_again() {
    let org = Organisation::approving(
        &engine().patient,
        "asks-again",
        &json!({}),
        &["allow_scheduled_user_creation=1"],
    );
    let eve = member(&org, "eve", "basic");
    let body = json!({"user": org.colleague(), "reason": "Retires", "last_day": day(200)});
    let request = Request::leaving(&org, &eve.post("offboardings", &body).expect(201));
    let (approve, _) = request.approval_links(org.approver(), NAME);
    links::press(&approve).expect(200);
    request.until("scheduled");

    // A later date is announced by mail.
    let path = format!("requests/{}/reschedule", request.id);
    eve.post(&path, &json!({"last_day": day(210)})).expect(200);
    mail::first(org.approver(), "Another date: ");
    request.until("scheduled");

    eve.post(&path, &json!({"last_day": day(-1)})).expect(200);
    request.until("waiting_approval");
    request.note("approval is asked for again");
    assert_eq!(
        org.account(org.colleague())["enabled"],
        true,
        "nothing happens meanwhile"
    );
    let mails = until("another mail to the approver", || {
        let mails: Vec<_> = mail::to(org.approver())
            .into_iter()
            .filter(|mail| mail.text.contains("/decide"))
            .collect();
        (mails.len() == 2).then_some(mails)
    });
    assert!(
        mails[1].text.contains(&format!("Last day: {}", day(-1))),
        "{}",
        mails[1].text
    );
    // The first gate has been decided, for another date.
    assert_eq!(links::press(&approve).expect(200).json()["first"], false);
    assert_eq!(request.status(), "waiting_approval");
    links::press(&links::after(&mails[1].text, "Deny:")).expect(200);
    request.ends("denied");
    assert_eq!(org.account(org.colleague())["enabled"], true);
    assert_eq!(request.decisions().len(), 2);
}

/// A decision applies to what the approver saw.
#[test]
fn a_decision_is_about_the_version_that_was_seen() {
    let org = Organisation::approving(
        &engine().patient,
        "as-seen",
        &json!({}),
        &["allow_scheduled_user_creation=1"],
    );
    let eve = member(&org, "eve", "basic");
    let body = json!({"user": org.colleague(), "last_day": day(200)});
    let request = Request::leaving(&org, &eve.post("offboardings", &body).expect(201));
    request.until("waiting_approval");
    let (approve, _) = request.approval_links(org.approver(), NAME);
    let page = links::open(&approve).expect(200).text;
    assert!(page.contains("name=\"version\" value=\"0\""), "{page}");
    let path = format!("requests/{}/reschedule", request.id);
    eve.post(&path, &json!({"last_day": day(-1)})).expect(200);
    let decide = |version: u32| {
        e2e::http::Call::new("POST", &approve)
            .header("accept", "application/json")
            .body("application/x-www-form-urlencoded", format!("version={version}"))
            .send()
    };
    let refused = decide(0).expect(409);
    assert!(
        refused.text.contains("has changed since you looked"),
        "{}",
        refused.text
    );
    assert_eq!(request.status(), "waiting_approval");
    assert_eq!(request.decisions(), [""; 0]);
    assert!(links::open(&approve).expect(200).text.contains(&day(-1)));
    decide(1).expect(200);
    request.ends("completed_with_warnings");
}

/// Reviewed exploit: a basic member's submission bought seats without any limit.
#[test]
fn seats_are_bought_for_what_was_approved_and_so_many_a_day() {
    let org = Organisation::with("seats-bound", &["max_seats_bought_per_day=1"]);
    org.member(org.approver(), "Alex Approver", "approver");
    let bought = || {
        org.world.state()["effects"]["seats_bought"]
            .as_u64()
            .unwrap_or_default()
    };
    let more = json!({"licenses": ["ENTERPRISEPACK"], "manager": org.manager()});
    let body = |first: &str| org.person(first, "Lovelace", &more);
    let eve = member(&org, "eve", "basic");
    let request = Request::of(&org, &eve.post("onboardings", &body("Ada")).expect(201));
    request.until("waiting_approval");
    assert_eq!(bought(), 0, "nobody has approved");
    let (approve, _) = request.approval_links(org.approver(), "Ada Lovelace");
    links::press(&approve).expect(200);
    request.ends("completed");
    assert_eq!(bought(), 1);

    let second = org.submit(&body("Bea"));
    second.until("waiting_license");
    second.note("max_seats_bought_per_day is 1");
    assert_eq!(bought(), 1);
    let (_, reject) = second.license_links();
    links::press(&reject).expect(200);
    second.ends("completed_with_warnings");
}

/// Reviewed exploit: groups were added that nobody had approved, because the approver did not see a colleague's
/// groups.
#[test]
fn the_groups_that_were_approved_are_the_groups_that_are_added() {
    let org = Organisation::new("groups-seen");
    org.member(org.approver(), "Alex Approver", "approver");
    let eve = member(&org, "eve", "basic");
    let more = json!({"groups": ["Projects"], "copy_groups_from": org.colleague()});
    let body = org.person("Ada", "Lovelace", &more);
    let tried = eve.post("onboardings?dry_run=true", &body).expect(200).json();
    let plan = &tried["plan"];
    assert_eq!(plan["copied_group_count"], 4, "{tried:#}");
    assert_eq!(
        plan["groups"].as_array().map(Vec::len),
        Some(1),
        "a basic member gets no names"
    );
    assert_eq!(plan["approval"]["required"], true);
    assert_eq!(plan["approval"]["because"][0], "the requester has the role basic");

    let request = Request::of(&org, &eve.post("onboardings", &body).expect(201));
    request.until("waiting_approval");
    let (approve, _) = request.approval_links(org.approver(), "Ada Lovelace");
    for text in [
        mail::first(org.approver(), "Copied groups: ").text,
        links::open(&approve).expect(200).text,
    ] {
        for group in ["Sales", "All Staff", "Projects"] {
            assert!(text.contains(group), "{group}: {text}");
        }
    }
    // The colleague joins another group before the approver has looked.
    let groups = org
        .world
        .graph("GET", "/groups?$filter=displayName%20eq%20'VPN%20Users'")
        .send()
        .expect(200)
        .json();
    let vpn = groups["value"][0]["id"].as_str().expect("a group").to_owned();
    let id = org.account(org.colleague())["id"].as_str().expect("an id").to_owned();
    let reference = json!({"@odata.id": format!("https://graph.microsoft.com/v1.0/directoryObjects/{id}")});
    let joined = org
        .world
        .graph("POST", &format!("/groups/{vpn}/members/$ref"))
        .json(&reference);
    joined.send().expect(204);
    links::press(&approve).expect(200);
    request.outcome();
    let user = request.user().expect("an account");
    let groups = user["groups"].to_string();
    assert!(groups.contains("Sales") && groups.contains("Projects"), "{groups}");
    assert!(!groups.contains("VPN Users"), "{groups}");
}

/// Reviewed exploit: employees of the MSP could work in each of its customers' tenants.
#[test]
fn a_parents_employees_do_not_enter_its_children() {
    let (parent, child) = (Organisation::new("employer"), Organisation::new("customer"));
    child.belong_to(&parent);
    for role in ["basic", "power_user"] {
        let there = member(&parent, role.replace('_', "-").as_str(), role).at(&child);
        let body = child.person("Ada", "Lovelace", &json!({}));
        assert_eq!(there.post("onboardings", &body).status, 404, "{role}");
        assert_eq!(there.get("requests").status, 404, "{role}");
    }
    assert_eq!(child.requests("").len(), 0);
    for role in ["technician", "approver"] {
        member(&parent, role, role).at(&child).get("requests").expect(200);
    }
}

/// Reviewed exploit: the link of an approver who had been removed still decided.
#[test]
fn a_removed_approver_decides_no_more() {
    let org = Organisation::approving(&engine().patient, "removed", &json!({}), &[]);
    let request = org.submit(&org.person("Ada", "Lovelace", &json!({"manager": org.manager()})));
    request.until("waiting_approval");
    let (approve, _) = request.approval_links(org.approver(), "Ada Lovelace");
    org.configure(&[&format!("new_user_approval_email={}", org.manager())]);
    for answer in [links::press(&approve), links::press_plainly(&approve)] {
        assert!(answer.expect(403).text.contains("no longer an approver"));
    }
    assert!(!links::open(&approve).text.contains("<button"));
    assert_eq!(request.decisions(), [""; 0]);
    let alex = org.session(org.approver(), "Alex Approver", "approver");
    let approval = json!({"action": "approve"});
    alex.post(&format!("requests/{}/approval", request.id), &approval)
        .expect(200);
    request.ends("completed");
}

/// Reviewed exploit: a request weakened the organisation's password settings.
#[test]
fn a_power_user_tightens_password_settings_and_loosens_none() {
    let org = Organisation::new("no-looser");
    let hr = member(&org, "hr", "power_user");
    let body = |settings: &Value| org.person("Ada", "Lovelace", settings);
    let looser = json!({"set_password_to_never_expire": true, "require_password_change_on_first_login": false});
    let refused = hr.post("onboardings", &body(&looser)).expect(403);
    let fields: Vec<_> = errors(&refused).into_iter().map(|(field, _)| field).collect();
    assert_eq!(
        fields,
        ["require_password_change_on_first_login", "set_password_to_never_expire"]
    );
    assert_eq!(org.requests("").len(), 0);
    let tighter = json!({"send_password_via_sms_or_email": false});
    let request = Request::of(&org, &hr.post("onboardings", &body(&tighter)).expect(201));
    request.ends("completed");
    assert_eq!(request.view()["status"], "completed");
    // A power user can see the requests, and cannot see these pages.
    hr.get("requests").expect(200);
    for path in ["variables", "members", "pending", "audit"] {
        assert_eq!(hr.get(path).status, 403, "{path}");
    }
}

/// Reviewed exploits: a dry run told an employee what others have, and an employee's waiting request blocked others.
#[test]
fn a_basic_members_waiting_offboarding_gives_way() {
    let org = Organisation::approving(&engine().patient, "gives-way", &json!({}), &[]);
    let eve = member(&org, "eve", "basic");
    let body = json!({"user": org.colleague(), "reason": "I want this"});
    let tried = eve.post("offboardings?dry_run=true", &body).expect(200);
    let plan = tried.json()["plan"].clone();
    assert_eq!(
        (&plan["group_count"], &plan["license_count"]),
        (&json!(4), &json!(1)),
        "{plan:#}"
    );
    for name in ["Sales", "SPB", org.manager()] {
        assert!(!tried.text.contains(name), "{name}: {}", tried.text);
    }
    let waiting = Request::leaving(&org, &eve.post("offboardings", &body).expect(201));
    waiting.until("waiting_approval");
    let (old, _) = waiting.approval_links(org.approver(), NAME);
    assert_eq!(
        eve.post("offboardings", &body).wrong_fields(),
        ["user"],
        "two of a basic member"
    );

    let terry = member(&org, "terry", "technician");
    let body = json!({"user": org.colleague()});
    let tried = terry.post("offboardings?dry_run=true", &body).expect(200).json();
    assert_eq!(tried["plan"]["supersedes"], waiting.id.as_str());
    let request = Request::leaving(&org, &terry.post("offboardings", &body).expect(201));
    waiting.ends("cancelled");
    waiting.note(&format!("the request {} takes its place", request.id));
    assert!([409, 410].contains(&links::press(&old).status));
    request.until("waiting_approval");
    let mails = mail::to(org.approver());
    let newest = mails
        .iter()
        .rfind(|mail| mail.text.contains("/decide"))
        .expect("a mail");
    let approve = links::after(&newest.text, "Approve:");
    assert_ne!(approve, old);
    links::press(&approve).expect(200);
    request.ends("completed_with_warnings");
    assert_eq!(org.account(org.colleague())["enabled"], false);
}

/// If nobody could approve, a basic member's submission is refused, and the error says who can help.
#[test]
fn with_nobody_to_ask_a_basic_members_submission_is_refused() {
    let org = Organisation::new("nobody");
    // The owner of the tests' token would be asked.
    org.owner_becomes("technician");
    let eve = member(&org, "eve", "basic");
    let refused = eve.post(
        "onboardings",
        &org.person("Ada", "Lovelace", &json!({"manager": org.manager()})),
    );
    assert_eq!(refused.wrong_fields(), ["new_user_approval_email"]);
    assert!(refused.text.contains("gives somebody the role"), "{}", refused.text);
    let own = eve.get("requests").expect(200).json();
    assert_eq!(own["requests"], json!([]));
    // If no address is set, the members who decide approvals are asked.
    org.member(org.approver(), "Alex Approver", "approver");
    let request = Request::of(
        &org,
        &eve.post(
            "onboardings",
            &org.person("Ada", "Lovelace", &json!({"manager": org.manager()})),
        )
        .expect(201),
    );
    org.owner_becomes("admin");
    let (approve, _) = request.approval_links(org.approver(), "Ada Lovelace");
    links::press(&approve).expect(200);
    request.ends("completed");
}
