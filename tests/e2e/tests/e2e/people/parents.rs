//! Children do not see who works at the parent organisation.

use e2e::{engine::engine, organisation::Organisation, request::Request};
use serde_json::json;

#[test]
fn a_child_reads_of_its_parent_and_not_of_the_parents_people() {
    let (parent, child) = (
        Organisation::new("hidden-msp"),
        Organisation::approving(&engine().patient, "hidden", &json!({}), &[]),
    );
    child.belong_to(&parent);
    let otto_address = format!("otto@{}.example", parent.id);
    let otto = parent.session(&otto_address, "Otto", "admin");
    let ann = child.session(&format!("ann@{}.example", child.id), "Ann", "admin");
    let there = otto.at(&child);
    there
        .send("PUT", "variables", &json!({"timezone": "Europe/Berlin"}))
        .expect(200);
    child
        .call_with(&parent.token, "PUT", "variables")
        .json(&json!({"start_time": "09:00"}))
        .send()
        .expect(200);
    let person = |first: &str| child.person(first, "Lovelace", &json!({"manager": child.manager()}));
    let denied = Request::of(&child, &ann.post("onboardings", &person("Ada")).expect(201));
    denied.task_token("approval");
    let deny = json!({"action": "deny", "reason": "There is no budget"});
    there
        .post(&format!("requests/{}/approval", denied.id), &deny)
        .expect(200);
    denied.ends("denied");
    let cancelled = Request::of(&child, &there.post("onboardings", &person("Bob")).expect(201));
    cancelled.task_token("approval");
    let pending = ann.get("pending").expect(200).text;
    there
        .post(&format!("requests/{}/cancel", cancelled.id), &json!({}))
        .expect(200);
    cancelled.ends("cancelled");
    // A request by a program of the parent.
    let by_program = Request::of(&child, &ann.post("onboardings", &person("Carl")).expect(201));
    by_program.task_token("approval");
    child
        .call_with(&parent.token, "POST", &format!("requests/{}/approval", by_program.id))
        .json(&deny)
        .send()
        .expect(200);
    by_program.ends("denied");
    let stopped = Request::of(&child, &ann.post("onboardings", &person("Dora")).expect(201));
    stopped.task_token("approval");
    child
        .call_with(&parent.token, "POST", &format!("requests/{}/cancel", stopped.id))
        .json(&json!({}))
        .send()
        .expect(200);
    stopped.ends("cancelled");

    let name = parent.world.key("/company");
    let program = format!("tests ({})", parent.id);
    let mut told = vec![pending];
    for path in [
        "audit".to_owned(),
        "variables/timezone".to_owned(),
        "variables/start_time".to_owned(),
        format!("requests/{}", denied.id),
        format!("requests/{}", cancelled.id),
        format!("requests/{}", by_program.id),
        format!("requests/{}", stopped.id),
    ] {
        told.push(ann.get(&path).expect(200).text);
        told.push(ann.page(&path).expect(200).text);
    }
    for text in &told {
        assert!(!text.contains(&otto_address) && !text.contains(&program), "{text}");
        assert!(text.contains(name), "{name}: {text}");
    }
    // The parent's people see who of them it was.
    for path in ["audit".to_owned(), format!("requests/{}", denied.id)] {
        let text = there.get(&path).expect(200).text;
        assert!(text.contains(&otto_address), "{text}");
    }
    // A child's people see their own people by name.
    let audit = ann.get("audit?what=request").expect(200).text;
    assert!(!audit.contains(&otto_address), "{audit}");
    assert!(ann.get("audit?what=member").expect(200).text.contains("ann@"));
    // The parent's people see its programs by name.
    let text = there.get(&format!("requests/{}", stopped.id)).expect(200).text;
    assert!(text.contains(&program), "{text}");
}

/// Otherwise somebody could write an address into a reason and learn whether the person works at the parent.
#[test]
fn what_somebody_wrote_does_not_tell_who_works_at_the_parent() {
    let (parent, child) = (
        Organisation::new("oracle-msp"),
        Organisation::approving(&engine().patient, "oracle", &json!({}), &[]),
    );
    child.belong_to(&parent);
    let otto = format!("otto@{}.example", parent.id);
    parent.member(&otto, "Otto", "admin");
    let ann = child.session(&format!("ann@{}.example", child.id), "Ann", "admin");
    let request = child.submit(&child.person("Ada", "Lovelace", &json!({"manager": child.manager()})));
    request.task_token("approval");
    let reason = format!("Ask {otto} first");
    let deny = json!({"action": "deny", "reason": reason});
    ann.post(&format!("requests/{}/approval", request.id), &deny)
        .expect(200);
    request.ends("denied");
    let path = format!("requests/{}", request.id);
    for text in [ann.get(&path).expect(200).text, ann.page(&path).expect(200).text] {
        assert!(text.contains(&reason), "{text}");
    }
}

#[test]
fn a_check_names_the_parent_where_its_people_would_approve() {
    let (parent, child) = (Organisation::new("approves-msp"), Organisation::new("approves-kid"));
    child.belong_to(&parent);
    let hr = child.session(&format!("hr@{}.example", child.id), "Harriet", "power_user");
    // Nobody of the child can approve any more.
    child.owner_becomes("technician");
    let rehire = child.person(
        "Carl",
        "Colleague",
        &json!({"username": "ccolleague", "rehire": true, "manager": child.manager()}),
    );
    let looked = hr.post("onboardings?dry_run=true", &rehire).expect(200);
    let approvers = looked.json()["plan"]["approval"]["approvers"].clone();
    assert_eq!(approvers, json!([parent.world.key("/company")]), "{}", looked.text);
    assert!(!looked.text.contains(&parent.owner()), "{}", looked.text);
}
