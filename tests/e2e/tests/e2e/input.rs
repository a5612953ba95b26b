//! Wrong input gets a complete answer and starts nothing. Organisations see nothing of each other.

use e2e::{
    aws,
    engine::engine,
    http::Call,
    organisation::{Organisation, operator},
};
use serde_json::{Value, json};

fn sorted(mut fields: Vec<String>) -> Vec<String> {
    fields.sort();
    fields
}

fn nothing_started(org: &Organisation) {
    assert!(org.requests("").is_empty());
    let state = org.world.state();
    assert_eq!((&state["tickets"], &state["effects"]), (&json!([]), &json!({})));
    let items = aws::query(org.stack.table("requests"), "org", &org.id);
    assert_eq!(items, Vec::<Value>::new());
}

#[test]
fn every_wrong_field_is_named_at_once() {
    let org = Organisation::with("wrong", &["allow_scheduled_user_creation=1"]);
    let wrong = json!({
        "first_name": "", "email_domain": "not a domain", "personal_email": "nobody", "mobile_phone": "call me",
        "usage_location": "Mars", "licenses": [7], "license_purchase": "perhaps", "start_date": "soon", "manager": "x",
        "shoe_size": 43,
    });
    let all = [
        "email_domain",
        "first_name",
        "last_name",
        "license_purchase",
        "licenses",
        "manager",
        "mobile_phone",
        "personal_email",
        "shoe_size",
        "start_date",
        "usage_location",
    ];
    let named = |answer: e2e::http::Answer| {
        let mut fields: Vec<String> = sorted(answer.wrong_fields());
        // In a list, the error may name the wrong item.
        for field in &mut fields {
            field.truncate(field.find(['[', '.']).unwrap_or(field.len()));
        }
        fields.dedup();
        fields
    };
    assert_eq!(named(org.post(&wrong)), all);
    assert_eq!(named(org.dry_run(&wrong)), all);

    let unknown = org.person(
        "Ada",
        "Lovelace",
        &json!({
            "email_domain": "elsewhere.example", "manager": org.upn("nobody"), "copy_groups_from": org.upn("nobody"),
            "licenses": ["NO_SUCH_SKU"], "username": "mmanager", "start_date": "2020-01-01",
        }),
    );
    let fields = ["copy_groups_from", "email_domain", "licenses", "manager", "start_date"];
    let refused = named(org.post(&unknown));
    for field in fields {
        assert!(refused.contains(&field.to_owned()), "{field}: {refused:?}");
    }
    let checked = org.dry_run(&unknown).expect(200).json();
    let problems: Vec<&str> = checked["problems"]
        .as_array()
        .expect("problems")
        .iter()
        .filter_map(|p| p["field"].as_str())
        .collect();
    for field in fields {
        assert!(problems.contains(&field), "{field}: {problems:?}");
    }
    let taken = org.person("Ada", "Lovelace", &json!({"username": "mmanager"}));
    assert_eq!(org.post(&taken).wrong_fields(), ["username"]);
    let deleted = org.person("Ada", "Lovelace", &json!({"username": "ddeleted"}));
    assert_eq!(org.post(&deleted).wrong_fields(), ["username"]);
    nothing_started(&org);
}

#[test]
fn bodies_that_are_no_onboarding_are_refused() {
    let org = Organisation::new("bodies");
    let call = || org.call("POST", "onboardings");
    for body in [
        "",
        "not JSON",
        "[]",
        "7",
        "null",
        "{\"first_name\": \"Ada\", ",
        "{\"first_name\": \"Ada\"} {}",
    ] {
        let fields = call().body("application/json", body).send().wrong_fields();
        assert_eq!(fields, ["body"], "{body}");
    }
    assert_eq!(
        call()
            .body("text/plain", "{\"first_name\":\"Ada\",\"last_name\":\"L\"}")
            .send()
            .wrong_fields(),
        ["body"]
    );
    assert_eq!(
        call().body("application/json", vec![0xff, 0xfe]).send().wrong_fields(),
        ["body"]
    );
    let large = json!({"first_name": "A".repeat(100_000), "last_name": "L"});
    assert_eq!(call().json(&large).send().wrong_fields(), ["body"]);
    let deep = format!("{{\"first_name\": {}1{}}}", "[".repeat(9_000), "]".repeat(9_000));
    assert_eq!(call().body("application/json", deep).send().wrong_fields(), ["body"]);
    let injected = org.person("Ada\r\nBcc: all@example.com", "Lovelace", &json!({}));
    assert_eq!(org.post(&injected).wrong_fields(), ["first_name"]);
    let key = call()
        .header("idempotency-key", "a b")
        .json(&org.person("Ada", "Lovelace", &json!({})))
        .send();
    assert_eq!(key.status, 422);
    nothing_started(&org);
}

#[test]
fn a_dry_run_answers_the_plan_and_changes_nothing() {
    let org = Organisation::approving(
        &engine().patient,
        "dry-run",
        &json!({}),
        &["allow_scheduled_user_creation=1"],
    );
    let more = json!({
        "licenses": ["SPB", "ENTERPRISEPACK"], "license_purchase": "manual", "groups": ["Sales", "No Such Group", "Announcements"],
        "manager": org.manager(), "start_date": "2027-01-15",
    });
    let checked = org.dry_run(&org.person("Ada", "Lovelace", &more)).expect(200).json();
    let plan = &checked["plan"];
    assert_eq!(checked["problems"], json!([]), "{checked}");
    assert_eq!(plan["username"], org.upn("alovelace"));
    let seats: Vec<(&str, i64)> = plan["licenses"]
        .as_array()
        .expect("licenses")
        .iter()
        .map(|license| {
            (
                license["part_number"].as_str().expect("a name"),
                license["free_seats"].as_i64().expect("a number"),
            )
        })
        .collect();
    assert_eq!(seats, [("SPB", 5), ("ENTERPRISEPACK", 0)]);
    let groups: Vec<(bool, bool)> = plan["groups"]
        .as_array()
        .expect("groups")
        .iter()
        .map(|group| (group["found"] == true, group["addable"] == true))
        .collect();
    assert_eq!(groups, [(true, true), (false, false), (true, false)]);
    assert_eq!(plan["gates"], json!(["approval", "license-ENTERPRISEPACK"]));
    assert_eq!(plan["start_at"], "2027-01-15T08:00:00Z");
    nothing_started(&org);
}

#[test]
fn a_directory_out_of_reach_is_503() {
    let org = Organisation::new("graph-down");
    org.world.spoil("graph", "*", "503", &json!({"times": 1000}));
    let body = json!({"first_name": "Ada", "last_name": "Lovelace"});
    let refused = org.post(&body).expect(503);
    assert!(
        refused.header("content-type").starts_with("application/problem+json"),
        "{refused:?}"
    );
    assert!(!refused.header("retry-after").is_empty(), "{refused:?}");
    org.world.end_bad_days();
    nothing_started(&org);
    // Without a token yet, the vendor's sign-in already fails.
    let org = Organisation::new("login-down");
    org.world.spoil("login", "*", "503", &json!({"times": 1000}));
    org.post(&body).expect(503);
    let checked = org.dry_run(&body).expect(200).json();
    assert_eq!(checked["problems"].as_array().map(Vec::len), Some(1), "{checked}");
}

#[test]
fn organisations_see_nothing_of_each_other() {
    let (ours, theirs) = (Organisation::new("ours"), Organisation::new("theirs"));
    let request = theirs.submit(&theirs.person("Ada", "Lovelace", &json!({"manager": theirs.manager()})));
    request.ends("completed");
    let as_us = |method: &'static str, path: &str| {
        Call::new(method, theirs.url(path))
            .header("accept", "application/json")
            .header("authorization", format!("Bearer {}", ours.token))
    };
    let body = theirs.person("Eve", "Intruder", &json!({}));
    let own = format!("requests/{}", request.id);
    for (method, path) in [
        ("GET", own.as_str()),
        ("GET", "requests"),
        ("GET", "variables"),
        ("GET", "onboardings/new"),
    ] {
        let answer = as_us(method, path).send().expect(404);
        assert!(!answer.text.contains(&theirs.id), "{answer:?}");
    }
    as_us("POST", "onboardings").json(&body).send().expect(404);
    as_us("POST", &format!("{own}/cancel")).send().expect(404);
    as_us("POST", &format!("{own}/reschedule"))
        .json(&json!({"start_date": "2027-01-01"}))
        .send()
        .expect(404);
    as_us("PUT", "variables")
        .json(&json!({"timezone": "Europe/Berlin"}))
        .send()
        .expect(404);
    ours.call("GET", &own).send().expect(404);
    assert_eq!(theirs.requests("").len(), 1);
    assert!(ours.requests("").is_empty());
    // An organisation that does not exist gets the same answer.
    let nobody = theirs.url("requests").replace(&theirs.id, "nobody-here");
    let ours_token = format!("Bearer {}", ours.token);
    Call::new("GET", nobody)
        .header("authorization", ours_token)
        .send()
        .expect(404);
}

#[test]
fn nobody_comes_in_without_a_token_or_a_session() {
    let org = Organisation::new("doors");
    for (method, path) in [
        ("GET", "requests"),
        ("GET", "requests/r00000000000000000000000000000000"),
        ("GET", "variables"),
        ("PUT", "variables"),
        ("POST", "onboardings"),
        ("GET", "onboardings/new"),
        ("POST", "requests/r00000000000000000000000000000000/cancel"),
    ] {
        for header in ["", "Bearer nonsense", "Bearer ", "Basic YTpi"] {
            let call = Call::new(method, org.url(path)).header("accept", "application/json");
            let call = if header.is_empty() {
                call
            } else {
                call.header("authorization", header)
            };
            assert_eq!(call.json(&json!({})).send().status, 401, "{method} {path} {header}");
        }
        let forged = Call::new(method, org.url(path))
            .header("accept", "application/json")
            .header("cookie", "__Host-gangway_session=forged");
        assert_eq!(forged.json(&json!({})).send().status, 401, "{method} {path}");
    }
    let health = e2e::http::get(format!("{}/health", org.stack.api));
    assert_eq!(health.status, 200);
}

#[test]
fn sign_in_link_works_once_and_forms_need_the_csrf_token() {
    let org = Organisation::new("sessions");
    let email = format!("terry@{}.example", org.id);
    org.member(&email, "Terry Tech", "technician");
    let link = org.sign_in_link(&email);
    let session = e2e::session::Session::begin(&org, &link);
    for method in ["GET", "POST"] {
        assert_eq!(Call::new(method, &link).send().status, 404, "the link was used");
    }
    let body = org.person("Ada", "Lovelace", &json!({"manager": org.manager()}));
    session.post_without_csrf("onboardings").json(&body).send().expect(403);
    assert!(org.requests("").is_empty());
    let request = e2e::request::Request::of(&org, &session.post("onboardings", &body).expect(201));
    assert_eq!(
        session.get(&format!("requests/{}", request.id)).expect(200).json()["id"],
        request.id.as_str()
    );
    assert!(e2e::mail::first(&email, "is completed").text.contains("alovelace"));
    // A technician can read variables and not change them.
    session.get("variables").expect(200);
    assert_eq!(
        session.post("variables", &json!({"timezone": "Europe/Berlin"})).status / 100,
        4
    );

    let basic = org.session(&format!("basic@{}.example", org.id), "Basil Basic", "basic");
    basic.get(&format!("requests/{}", request.id)).expect(404);
    assert_eq!(basic.get("requests").expect(200).json()["requests"], json!([]));
    basic.get("variables").expect(403);
}

#[test]
fn variables_that_contradict_each_other_are_refused() {
    let org = Organisation::new("variables");
    let value = |name: &str| org.call("GET", "variables").send().expect(200).json()["variables"][name]["value"].clone();
    assert_eq!(
        org.set(&json!({"require_approval_for_new_users": "1"})).wrong_fields(),
        ["new_user_approval_email"]
    );
    assert_eq!(
        org.set(&json!({"store_password_in_ticket": false, "send_password_via_sms_or_email": false}))
            .wrong_fields(),
        ["store_password_in_ticket", "send_password_via_sms_or_email"]
    );
    let several =
        json!({"timezone": "Mars/Olympus", "start_time": "25:00", "no_such_variable": 1, "default_psa": "email_only"});
    let fields = sorted(org.set(&several).wrong_fields());
    assert_eq!(
        fields,
        ["no_psa_mail_address", "no_such_variable", "start_time", "timezone"]
    );
    assert_eq!(value("timezone"), "Etc/UTC");
    assert_eq!(value("default_psa"), "connectwise");

    let right = json!({"timezone": "Europe/Berlin", "require_approval_for_new_users": "TRUE", "new_user_approval_email": "manager"});
    org.set(&right).expect(200);
    assert_eq!(
        (value("timezone"), value("require_approval_for_new_users")),
        (json!("Europe/Berlin"), json!(true))
    );
    org.set(&json!({"timezone": null})).expect(200);
    assert_eq!(value("timezone"), "Etc/UTC");
    let refused = operator(
        org.stack,
        &["variables", "set", &org.id, "new_user_approval_email="],
        "",
    )
    .expect_err("refused");
    assert!(refused.contains("new_user_approval_email"), "{refused}");

    let audit = aws::query(org.stack.table("audit"), "org", &org.id);
    let changes: Vec<(&str, &str)> = audit
        .iter()
        .filter(|entry| entry["what"]["S"] == "variable.set" && entry["subject"]["S"] == "timezone")
        .map(|entry| {
            (
                entry["old"]["S"].as_str().unwrap_or_default(),
                entry["new"]["S"].as_str().unwrap_or_default(),
            )
        })
        .collect();
    assert_eq!(changes, [("", "\"Europe/Berlin\""), ("\"Europe/Berlin\"", "")]);
}

#[test]
fn a_parents_defaults_and_credentials_hold_for_its_children() {
    let parent = Organisation::new("msp");
    let child = Organisation::new("customer");
    let run = |arguments: &[&str]| operator(parent.stack, arguments, "").expect("the operator's command");
    run(&[
        "variables",
        "set",
        &parent.id,
        "--default-for-children",
        "timezone=Asia/Kolkata",
        "usage_location=IN",
    ]);
    run(&[
        "organisation",
        "create",
        &child.id,
        "--name",
        "Customer",
        "--parent",
        &parent.id,
    ]);
    let of_child = |name: &str| child.call("GET", "variables").send().expect(200).json()["variables"][name].clone();
    assert_eq!(
        (&of_child("timezone")["value"], &of_child("timezone")["source"]),
        (&json!("Asia/Kolkata"), &json!("inherited"))
    );
    assert_eq!(of_child("usage_location")["value"], "US", "its own value wins");
    // The parent's people can act in the child.
    let by_parent = Call::new("GET", child.url("requests")).header("authorization", format!("Bearer {}", parent.token));
    by_parent.send().expect(200);
    child.call("GET", "requests").send().expect(200);
    let by_child = Call::new("GET", parent.url("requests")).header("authorization", format!("Bearer {}", child.token));
    by_child.send().expect(404);
}

#[test]
fn a_parents_default_that_contradicts_a_child_is_refused() {
    let parent = Organisation::new("strict-msp");
    let child = Organisation::new("mails-customer");
    let run = |arguments: &[&str]| operator(parent.stack, arguments, "");
    let desk = format!("no_psa_mail_address=desk@{}.example", child.id);
    child.configure(&["default_psa=email_only", &desk]);
    let create = [
        "organisation",
        "create",
        &child.id,
        "--name",
        "Customer",
        "--parent",
        &parent.id,
    ];
    run(&create).expect("a child");
    let default = |value: &str| run(&["variables", "set", &parent.id, "--default-for-children", value]);
    // The parent itself keeps tickets; the child does not.
    let refused = default("onboarding_password_save_location=psa").expect_err("refused");
    assert!(
        refused.contains(&child.id) && refused.contains("nothing was set"),
        "{refused}"
    );
    default("onboarding_password_save_location=hudu").expect("harmless");
    let of_child = |name: &str| child.call("GET", "variables").send().expect(200).json()["variables"][name].clone();
    assert_eq!(of_child("onboarding_password_save_location")["value"], json!(["hudu"]));

    // The API refuses it in the same way, and the parent's default for children stays one.
    let change = parent
        .set(&json!({"onboarding_password_save_location": ["psa"]}))
        .expect(422);
    assert_eq!(change.wrong_fields(), ["onboarding_password_save_location"]);
    assert!(change.text.contains(&child.id), "{}", change.text);
    assert_eq!(of_child("onboarding_password_save_location")["value"], json!(["hudu"]));

    // A child cannot be moved under a parent whose defaults it contradicts.
    run(&[
        "organisation",
        "create",
        &child.id,
        "--name",
        "Customer",
        "--parent",
        "",
    ])
    .expect("on its own");
    default("onboarding_password_save_location=psa").expect("nobody minds");
    let refused = run(&create).expect_err("refused");
    assert!(refused.contains("onboarding_password_save_location"), "{refused}");
    assert_eq!(of_child("onboarding_password_save_location")["source"], "default");
}

#[test]
fn no_request_overrides_what_the_parent_has_locked() {
    let parent = Organisation::new("lock-own-msp");
    let child = Organisation::new("lock-own-kid");
    child.belong_to(&parent);
    let arguments = [
        "--locked-for-children",
        "require_password_change_on_first_login=true",
        "offboarding_deactivate_user=true",
    ];
    let arguments = [&["variables", "set", &parent.id], arguments.as_slice()].concat();
    operator(parent.stack, &arguments, "").expect("locks");
    let person = |value: bool| {
        let more = json!({"manager": child.manager(), "require_password_change_on_first_login": value});
        child.person("Ada", "Lovelace", &more)
    };
    let leaver = json!({"user": child.colleague(), "offboarding_deactivate_user": false});
    // The token has the role admin. The parent's admin may not do it either.
    for (token, path, body, field) in [
        (
            &child.token,
            "onboardings",
            person(false),
            "require_password_change_on_first_login",
        ),
        (
            &parent.token,
            "onboardings",
            person(false),
            "require_password_change_on_first_login",
        ),
        (&child.token, "offboardings", leaver, "offboarding_deactivate_user"),
    ] {
        let send = |path: &str| child.call_with(token, "POST", path).json(&body).send();
        let refused = send(path);
        assert_eq!(refused.status, 403, "{}", refused.text);
        let errors = refused.json()["errors"].clone();
        assert_eq!(
            (&errors[0]["field"], &errors[1]),
            (&json!(field), &json!(null)),
            "{errors}"
        );
        assert!(
            refused.text.contains("locked by the parent organisation"),
            "{}",
            refused.text
        );
        let looked = send(&format!("{path}?dry_run=true")).expect(200);
        assert_eq!(looked.json()["problems"][0]["field"], field, "{}", looked.text);
    }
    // A field that says the same as the lock is accepted.
    child.submit(&person(true)).ends("completed");
}

#[test]
fn what_a_parent_locks_holds_for_its_children() {
    let parent = Organisation::new("lock-msp");
    let child = Organisation::new("lock-kid");
    child.belong_to(&parent);
    let set = |org: &Organisation, arguments: &[&str]| {
        operator(org.stack, &[&["variables", "set", &org.id], arguments].concat(), "")
    };
    let location =
        || child.call("GET", "variables").send().expect(200).json()["variables"]["default_ticket_location"].clone();
    child.set(&json!({"default_ticket_location": "Help Desk"})).expect(200);
    assert_eq!(location()["source"], "own");
    let locked = ["--locked-for-children", "default_ticket_location=Onboarding"];
    set(&parent, &locked).expect("a lock");
    assert_eq!(
        (&location()["value"], &location()["source"]),
        (&json!("Onboarding"), &json!("locked"))
    );
    let refused = child.set(&json!({"default_ticket_location": "Help Desk", "timezone": "Europe/Berlin"}));
    assert_eq!(refused.wrong_fields(), ["default_ticket_location"]);
    assert!(
        refused.text.contains("locked by the parent organisation"),
        "{}",
        refused.text
    );
    let refused = set(&child, &["default_ticket_location=Help Desk"]).expect_err("refused");
    assert!(refused.contains("locked by the parent organisation"), "{refused}");
    // The child's value from before the lock is ignored, also by the steps.
    let request = child.submit(&child.person("Ada", "Lovelace", &json!({"manager": child.manager()})));
    request.ends("completed");
    assert_eq!(request.ticket().expect("a ticket")["location"], "Onboarding");
    // A change by the parent's admin keeps the lock. Only the operator can remove it.
    parent.set(&json!({"default_ticket_location": "Help Desk"})).expect(200);
    assert_eq!(location()["source"], "locked");
    let refused = parent.set(&json!({"default_ticket_location": null}));
    assert_eq!(refused.wrong_fields(), ["default_ticket_location"]);
    set(&parent, &["default_ticket_location=Onboarding"]).expect("a value");
    assert_eq!(location()["source"], "locked", "nobody took the lock away");
    let unlocked = ["--not-for-children", "default_ticket_location=Onboarding"];
    set(&parent, &unlocked).expect("no lock any more");
    // A child cannot have children.
    let grandparent = [
        "organisation",
        "create",
        &parent.id,
        "--name",
        "Parent",
        "--parent",
        &Organisation::new("lock-top").id,
    ]
    .map(str::to_owned);
    let grandparent: Vec<&str> = grandparent.iter().map(String::as_str).collect();
    let refused = operator(parent.stack, &grandparent, "").expect_err("refused");
    assert!(refused.contains("has children itself"), "{refused}");
    assert_eq!(
        (&location()["value"], &location()["source"]),
        (&json!("Help Desk"), &json!("own"))
    );
}
