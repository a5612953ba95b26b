//! A parent's keys work for its children. A key is sent only to the address that it was set with, and shows a child
//! nothing that belongs to its parent.

use e2e::{engine::engine, organisation::Organisation};
use serde_json::{Value, json};

/// Creates a customer and its MSP. Only the MSP has a token, for its PWPush server.
fn msp_with_pwpush(name: &str) -> (Organisation, Organisation) {
    let parent = Organisation::new(&format!("{name}-msp"));
    parent.take_credentials("pwpush");
    let child = Organisation::new(&format!("{name}-kid"));
    child.belong_to(&parent);
    (parent, child)
}

/// What `verify` says about a system, for each thing that it checked.
fn verified(org: &Organisation, system: &str) -> Vec<(String, bool, String)> {
    let body = org.call("POST", "verify").send().expect(200).json();
    let mut systems = body["systems"].as_array().expect("systems").iter();
    let report = systems.find(|report| report["system"] == system);
    let report = report.unwrap_or_else(|| panic!("no {system} in {body:#}"));
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let findings = report["findings"].as_array().expect("findings").iter();
    findings
        .map(|finding| (text(&finding["what"]), finding["ok"] == true, text(&finding["says"])))
        .collect()
}

#[test]
fn a_parents_pwpush_token_never_arrives_where_a_child_points() {
    let (parent, child) = msp_with_pwpush("push");
    let at = |origin: &str| format!("{origin}/pwpush/{}", parent.world.name);
    let of_parent = parent.world.key("/vendors/pwpush/url");
    let set = |url: &str| child.set(&json!({ "pwpush_url": url })).expect(200);

    // The child can use the token at the server that the token is for.
    set(of_parent);
    let told = verified(&child, "pwpush");
    assert!(told.iter().all(|(_, ok, _)| *ok) && told.len() == 2, "{told:?}");
    let seen = parent.world.requests("pwpush");
    assert!(seen.iter().any(|request| request["authorization"] == true), "{seen:#?}");

    // The child's admin names a server of their own. It behaves like the parent's server and would accept the token.
    parent.world.forget_requests();
    set(&at(engine().elsewhere()));
    let told = verified(&child, "pwpush");
    let token = told.iter().find(|(what, ..)| what == "API token");
    let (_, ok, why) = token.unwrap_or_else(|| panic!("{told:?}"));
    assert!(
        *ok && why.contains("is for another server than pwpush_url names"),
        "{why}"
    );
    assert!(!why.contains(of_parent), "{why}");

    child
        .set(&json!({"onboarding_password_save_location": ["pwpush"], "store_password_in_ticket": false}))
        .expect(200);
    let request = child.submit(&child.person("Ada", "Lovelace", &json!({"manager": child.manager()})));
    request.ends("completed");
    let seen = parent.world.requests("pwpush");
    let pushed = seen
        .iter()
        .filter(|request| request["operation"] == "POST /{world}/api/v2/pushes");
    assert_eq!(pushed.count(), 2, "{seen:#?}");
    assert!(
        seen.iter().all(|request| request["authorization"] == false),
        "{seen:#?}"
    );
    let pushes = parent.world.state()["vendors"]["pwpush"]["pushes"].clone();
    let pushes = pushes.as_array().expect("pushes");
    assert!(pushes.iter().all(|push| push["owned"] == false), "{pushes:#?}");
}

#[test]
fn a_parents_key_tells_a_child_no_names() {
    let parent = Organisation::new("names-msp");
    parent.use_psa("halopsa");
    let names = parent.world.keys["vendors"]["halopsa"].clone();
    let child = Organisation::new("names-kid");
    child.belong_to(&parent);
    child.is_company("halopsa", names["company"].as_str().expect("a company"));
    let wrong =
        json!({"default_psa": "halopsa", "default_ticket_location": "No Such", "default_ticket_status": "Nor This"});
    let team = names["location"].as_str().expect("a team");

    parent.set(&wrong).expect(200);
    let own = format!("{:?}", verified(&parent, "halopsa"));
    assert!(own.contains("there are: ") && own.contains(team), "{own}");
    child.set(&wrong).expect(200);
    let told = verified(&child, "halopsa");
    for name in ["team No Such", "status Nor This"] {
        let finding = told.iter().find(|(what, ..)| what == name);
        let (_, ok, says) = finding.unwrap_or_else(|| panic!("{name}: {told:?}"));
        assert!(!ok && says.starts_with("HaloPSA has no "), "{says}");
        assert!(!says.contains("there are") && !says.contains(team), "{says}");
    }
    // A request that fails because of it says no more.
    let request = child.submit(&child.person("Ada", "Lovelace", &json!({"manager": child.manager()})));
    request.outcome();
    let view = request.view().to_string();
    assert!(
        view.contains("has no team named") && !view.contains("there are: "),
        "{view}"
    );
}
