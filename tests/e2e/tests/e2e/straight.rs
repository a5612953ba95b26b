//! Onboardings without a gate.

use e2e::{
    engine::engine,
    mail,
    organisation::{Organisation, operator},
    request::password_in,
};
use serde_json::{Value, json};

#[test]
fn a_person_without_gates_is_onboarded_to_the_closed_ticket() {
    let org = Organisation::on(
        &engine().patient,
        "straight",
        &json!({"security_defaults": false}),
        &[
            "default_priority=Priority 2 - High",
            "default_work_role=Engineer",
            "default_tech_id=ttech",
            "mfa_group=MFA Users",
        ],
    );
    let (manager, colleague) = (org.manager(), org.colleague());
    let answer = org.post(&org.person(
        "Zoë",
        "Müller-Lüdenscheidt",
        &json!({
            "job_title": "Analyst", "department": "Engines", "office": "London", "mobile_phone": "+44 20 7946 0000",
            "personal_email": "zoe@home.example", "manager": manager, "licenses": ["SPB"],
            "groups": ["Projects", "VPN Users"], "username": "zoe.m",
        }),
    ));
    let answer = answer.expect(201);
    let body = answer.json();
    let id = body["id"].as_str().expect("an id");
    let own = format!("{}/orgs/{}/requests/{id}", org.stack.api, org.id);
    assert_eq!(body["links"], json!({"self": own, "cancel": format!("{own}/cancel")}));
    assert_eq!(body["status"], "running");

    let request = e2e::request::Request::of(&org, &answer);
    let view = request.ends("completed");

    let user = request.user().expect("a user");
    let upn = org.upn("zoe.m");
    assert_eq!(user["upn"], upn.as_str());
    assert_eq!(user["display_name"], "Zoë Müller-Lüdenscheidt");
    assert_eq!(user["manager"], manager);
    assert_eq!(user["usage_location"], "US");
    assert_eq!(user["licenses"][0]["sku"], "SPB");
    assert_eq!(user["licenses"][0]["active"], true);
    assert_eq!(user["licenses"].as_array().map(Vec::len), Some(1));
    let mut groups: Vec<&str> = user["groups"]
        .as_array()
        .expect("groups")
        .iter()
        .filter_map(|g| g.as_str())
        .collect();
    groups.sort_unstable();
    assert_eq!(groups, ["MFA Users", "Projects", "VPN Users"]);
    let properties = &user["properties"];
    assert_eq!(properties["jobTitle"], "Analyst");
    assert_eq!(properties["department"], "Engines");
    assert_eq!(properties["officeLocation"], "London");
    assert_eq!(properties["otherMails"], json!(["zoe@home.example"]));

    let ticket = request.ticket().expect("a ticket");
    assert_eq!(ticket["status"], "Closed");
    assert_eq!(ticket["board"], "Onboarding");
    assert_eq!(ticket["priority"], "Priority 2 - High");
    assert_eq!(ticket["work_role"], "Engineer");
    assert!(!ticket["owner"].is_null(), "{ticket}");
    let names = request.note_names();
    for name in [
        "user-created",
        "license-SPB",
        "groups",
        "mfa",
        "password",
        "password-handed-over",
        "summary",
    ] {
        assert!(names.contains(&format!("{id}/{name}")), "no note {name}: {names:?}");
    }

    // The directory's lists do not yet show that she is in the group. Gangway's own change counts.
    let mfa = format!("{upn} will be asked for multi-factor authentication");
    assert!(request.note(&mfa).contains("\"Require MFA for MFA Users\" requires it"));

    let password = request.password_of_note();
    assert_eq!(org.world.sign_in(&upn, &password), (true, true));
    assert_eq!(org.world.sign_in(&upn, "another one"), (false, false));
    let handed_over = mail::first(manager, "Temporary password: ");
    assert_eq!(password_in(&handed_over.text), password);
    assert!(mail::first(manager, "is completed").text.contains(&upn));
    assert!(mail::to(colleague).is_empty());
    assert!(!request.secret_is_kept());

    assert_eq!(view["user"]["upn"], upn.as_str());
    assert_eq!(view["ticket"]["id"], ticket["id"].to_string());
    let timeline = view["timeline"].as_array().expect("a timeline");
    let times: Vec<&str> = timeline
        .iter()
        .map(|entry| entry["at"].as_str().expect("a time"))
        .collect();
    assert!(times.is_sorted(), "{timeline:#?}");
    for (step, event) in [
        ("submit", "submitted"),
        ("ticket", "opened"),
        ("create-user", "created"),
        ("finish", "ended"),
    ] {
        let there = timeline
            .iter()
            .any(|entry| entry["step"] == step && entry["event"] == event && entry["detail"].is_string());
        assert!(there, "no {step} {event}: {timeline:#?}");
    }
}

#[test]
fn colleagues_groups_are_copied_and_others_are_reported() {
    let org = Organisation::new("groups");
    let request = org.submit(&org.person(
        "Ada",
        "Lovelace",
        &json!({"manager": org.manager(), "copy_groups_from": org.colleague(), "groups": ["Legacy File Share", "Twins", "No Such Group"]}),
    ));
    request.ends("completed_with_warnings");
    let user = request.user().expect("a user");
    let mut groups: Vec<&str> = user["groups"]
        .as_array()
        .expect("groups")
        .iter()
        .filter_map(|g| g.as_str())
        .collect();
    groups.sort_unstable();
    assert_eq!(groups, ["All Staff", "Sales"]);
    let note = request.note("was not added to these groups");
    for name in [
        "Everyone Dynamic",
        "Announcements",
        "Legacy File Share",
        "Twins",
        "No Such Group",
    ] {
        assert!(note.contains(name), "{name}: {note}");
    }
    let summary = request.note("is completed with warnings");
    assert!(summary.contains("Announcements"), "{summary}");
}

/// Opens a ticket by hand for the person whom the form will name, and returns its id.
fn opened_by_hand(org: &Organisation, more: &Value) -> String {
    let mut ticket = json!({"summary": "Onboarding of Ada Lovelace"});
    for (name, value) in more.as_object().expect("fields") {
        ticket[name] = value.clone();
    }
    let url = engine().control(&format!("worlds/{}/tickets", org.id));
    e2e::http::post(url, &ticket).expect(200).json()["id"].to_string()
}

#[test]
fn a_technicians_open_ticket_of_the_same_subject_is_used() {
    let org = Organisation::new("adopts-ticket");
    org.use_psa("halopsa");
    let customers = opened_by_hand(&org, &json!({"system": "halopsa", "by_customer": true}));
    let technicians = opened_by_hand(&org, &json!({"system": "halopsa"}));
    let request = org.submit(&org.person("Ada", "Lovelace", &json!({"manager": org.manager()})));
    let view = request.ends("completed");
    assert_eq!(view["ticket"]["id"], technicians, "not {customers}");
    let tickets = org.world.state()["vendors"]["halopsa"]["tickets"].clone();
    assert_eq!(tickets.as_array().map(Vec::len), Some(2));
    assert_eq!(
        tickets[0]["notes"],
        json!([]),
        "nothing is written where a customer waits for it"
    );
    assert_eq!(tickets[1]["status"], "Closed");
}

#[test]
fn only_a_given_ticket_is_used_where_the_opener_is_unknown() {
    let org = Organisation::new("given-ticket");
    let opened = opened_by_hand(&org, &json!({}));
    let request = org.submit(&org.person("Ada", "Lovelace", &json!({"manager": org.manager()})));
    let view = request.ends("completed");
    assert_ne!(view["ticket"]["id"], opened.as_str());
    let given = org.submit(&org.person(
        "Bob",
        "Babbage",
        &json!({"manager": org.manager(), "ticket_id": opened}),
    ));
    assert_eq!(given.ends("completed")["ticket"]["id"], opened);
    let state = org.world.state();
    assert_eq!(state["tickets"].as_array().map(Vec::len), Some(2));
}

#[test]
fn notes_by_mail_never_contain_the_password() {
    let org = Organisation::new("mails-only");
    let desk = format!("desk@{}.example", org.id);
    org.configure(&["default_psa=email_only", &format!("no_psa_mail_address={desk}")]);
    let request = org.submit(&org.person(
        "Ada",
        "Lovelace",
        &json!({"manager": org.manager(), "licenses": ["SPB"]}),
    ));
    request.ends("completed");
    assert_eq!(org.world.state()["tickets"], json!([]));
    let password = password_in(&mail::first(org.manager(), "Temporary password: ").text);
    assert_eq!(org.world.sign_in(&org.upn("alovelace"), &password), (true, true));
    let mails = mail::to(&desk);
    for words in ["The user", "was assigned", "is completed"] {
        assert_eq!(
            mails.iter().filter(|mail| mail.text.contains(words)).count(),
            1,
            "{words}: {mails:#?}"
        );
    }
    assert!(mails.iter().all(|mail| !mail.text.contains(&password)), "{mails:#?}");
}

#[test]
fn undelivered_password_is_kept_for_days_and_then_deleted() {
    let quick = engine().quick();
    // Neither a ticket note nor a manager gets the password.
    let org = Organisation::on(quick, "kept", &json!({}), &["store_password_in_ticket=0"]);
    let request = org.submit(&org.person("Ada", "Lovelace", &json!({})));
    let note = request.note("could not be handed over");
    assert!(
        note.contains(&format!("/orgs/{}/requests/{}", org.id, request.id)),
        "{note}"
    );
    request.ends("completed_with_warnings");
    assert!(!request.secret_is_kept());
    assert!(request.has_note("was not fetched in time and has been deleted"));
    assert_eq!(request.ticket_status(), "Closed");
}

#[test]
fn broken_ticket_system_stops_no_onboarding() {
    let org = Organisation::new("psa-refuses");
    let desk = format!("desk@{}.example", org.id);
    org.configure(&[&format!("no_psa_mail_address={desk}")]);
    let wrong =
        json!({"site": "x.example", "company_id": "wrong", "public_key": "a", "private_key": "b", "client_id": "c"});
    operator(
        org.stack,
        &["credentials", "set", &org.id, "connectwise", "--file", "-"],
        &wrong.to_string(),
    )
    .expect("set");
    let request = org.submit(&org.person("Ada", "Lovelace", &json!({"manager": org.manager()})));
    request.ends("completed_with_warnings");
    assert!(request.user().is_some());
    assert_eq!(org.world.state()["tickets"], json!([]));
    let mails = mail::to(&desk);
    assert!(
        mails.iter().any(|mail| mail.text.contains("with warnings")),
        "{mails:#?}"
    );
    let password = password_in(&mail::first(org.manager(), "Temporary password: ").text);
    assert!(mails.iter().all(|mail| !mail.text.contains(&password)));
}
