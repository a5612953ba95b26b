//! Decisions of people who are signed in.

use e2e::{
    aws, engine::engine, http::Call, links, mail, organisation::Organisation, request::Request, session::Session,
};
use serde_json::{Value, json};

fn approving(name: &str) -> Organisation {
    Organisation::approving(&engine().patient, name, &json!({}), &[])
}

fn person(org: &Organisation) -> Value {
    org.person("Ada", "Lovelace", &json!({"manager": org.manager()}))
}

fn member<'a>(org: &'a Organisation, name: &str, role: &str) -> Session<'a> {
    org.session(&format!("{name}@{}.example", org.id), name, role)
}

/// Finds the request on the page Pending.
fn pending(session: &Session<'_>, request: &Request<'_>) -> Option<Value> {
    let all = session.get("pending").expect(200).json();
    let all = all["pending"].as_array().expect("a list").clone();
    all.into_iter().find(|item| item["request"] == request.id.as_str())
}

#[test]
fn an_approver_who_is_signed_in_denies_with_a_reason() {
    let org = approving("signed-in");
    let mary = member(&org, "mary", "basic");
    let request = Request::of(&org, &mary.post("onboardings", &person(&org)).expect(201));
    let (approve, _) = request.approval_links(org.approver(), "Ada Lovelace");
    let hana = member(&org, "hana", "approver");
    let item = pending(&hana, &request).expect("the request under pending");
    assert_eq!(
        (&item["gate"], &item["own_request"]),
        (&json!("approval"), &json!(false))
    );
    let page = hana.page("pending").expect(200).text;
    assert!(
        page.contains("Ada Lovelace") && page.contains("name=\"reason\""),
        "{page}"
    );

    let path = format!("requests/{}/approval", request.id);
    let decide = |body: Value| hana.post(&path, &body);
    assert_eq!(decide(json!({"action": "deny"})).wrong_fields(), ["reason"]);
    assert_eq!(decide(json!({"action": "confirm"})).wrong_fields(), ["action"]);
    assert_eq!(
        decide(json!({"action": "deny", "reason": "x", "role": "admin"})).wrong_fields(),
        ["role"]
    );
    assert_eq!(request.status(), "waiting_approval");
    let told = decide(json!({"action": "deny", "reason": links::REASON}))
        .expect(200)
        .json();
    assert_eq!(
        (&told["decision"], &told["decided_via"], &told["first"]),
        (&json!("denied"), &json!("session"), &json!(true))
    );
    request.ends("denied");
    let hana_address = format!("hana@{}.example", org.id);
    let note = request.note(&format!("was denied by {hana_address}"));
    assert!(note.contains(links::REASON), "{note}");
    let mary_address = format!("mary@{}.example", org.id);
    let mail = mail::first(&mary_address, "is denied").text;
    assert!(mail.contains(links::REASON) && mail.contains(&hana_address), "{mail}");
    assert_eq!(request.decisions(), [format!("denied by session: {}", links::REASON)]);

    // The gate is decided once, by whichever way.
    let late = links::press(&approve).expect(409).json();
    assert_eq!(late["decided_by"], hana_address.as_str());
    decide(json!({"action": "approve"})).expect(409);
    decide(json!({"action": "deny", "reason": "again"})).expect(200);
    assert_eq!(request.decisions().len(), 1);
    assert_eq!(pending(&hana, &request), None);
}

#[test]
fn nobody_approves_their_own_request_by_any_way_in() {
    let org = approving("own");
    let parent = Organisation::new("own-msp");
    org.belong_to(&parent);
    let ann = member(&org, "ann", "admin");
    let request = Request::of(&org, &ann.post("onboardings", &person(&org)).expect(201));
    let (approve, _) = request.approval_links(org.approver(), "Ada Lovelace");
    let path = format!("requests/{}/approval", request.id);
    let yes = json!({"action": "approve"});
    let refused = |answer: e2e::http::Answer| {
        assert_eq!(answer.status, 403, "{}", answer.text);
        assert!(answer.text.contains("your own request"), "{}", answer.text);
    };
    // On the page, which shows them no button.
    assert_eq!(pending(&ann, &request).expect("listed")["own_request"], true);
    refused(ann.post(&path, &yes));
    // With somebody else's link that was forwarded to them.
    let forwarded = Call::new("POST", &approve).header("accept", "application/json");
    refused(forwarded.header("cookie", ann.cookie()).send());
    // As a member of the parent with the same address.
    let again = parent.session(&format!("Ann@{}.example", org.id), "Ann", "approver");
    refused(again.at(&org).post(&path, &yes));
    assert_eq!(request.status(), "waiting_approval");
    // Somebody else of the parent can.
    let other = member(&parent, "otto", "approver");
    other.at(&org).post(&path, &yes).expect(200);
    request.ends("completed");
    assert!(request.has_note(&format!("was approved by otto@{}.example", parent.id)));

    // A program cannot approve its own request either.
    let asked = org.submit(&org.person("Bob", "Babbage", &json!({"manager": org.manager()})));
    asked.approval_links(org.approver(), "Bob Babbage");
    let path = format!("requests/{}/approval", asked.id);
    refused(org.call("POST", &path).json(&yes).send());
    let hana = org.token_of("approver");
    let told = org.call_with(&hana, "POST", &path).json(&yes).send().expect(200).json();
    assert_eq!(
        (&told["decided_by"], &told["decided_via"]),
        (&json!(format!("approver ({})", org.id)), &json!("token"))
    );
    asked.ends("completed");
}

#[test]
fn a_technician_decides_on_a_license_under_pending() {
    let org = Organisation::new("pending-license");
    let more = json!({"manager": org.manager(), "licenses": ["ENTERPRISEPACK"], "license_purchase": "manual"});
    let request = org.submit(&org.person("Ada", "Lovelace", &more));
    request.until("waiting_license");
    let terry = member(&org, "terry", "technician");
    let item = pending(&terry, &request).expect("the license under pending");
    assert_eq!(item["gate"], "license-ENTERPRISEPACK");
    let hana = member(&org, "hana", "approver");
    assert_eq!(pending(&hana, &request), None);
    let path = format!("requests/{}/licenses/ENTERPRISEPACK", request.id);
    assert_eq!(hana.post(&path, &json!({"action": "reject"})).status, 403);
    assert_eq!(
        terry
            .post(&path, &json!({"action": "deny", "reason": "x"}))
            .wrong_fields(),
        ["action"]
    );
    let unknown = format!("requests/{}/licenses/SPB", request.id);
    assert_eq!(terry.post(&unknown, &json!({"action": "reject"})).status, 404);
    // As the page's button sends it.
    let answer = terry.submit(&path, "action=reject");
    assert_eq!(answer.status, 303, "{}", answer.text);
    request.ends("completed_with_warnings");
    assert_eq!(request.decisions(), ["rejected by session"]);
}

#[test]
fn what_waits_longest_is_not_hidden_by_what_came_later() {
    let org = approving("crowded");
    let request = org.submit(&person(&org));
    request.until("waiting_approval");
    let table = org.stack.table("requests");
    let mut items = aws::query(table, "org", &org.id).into_iter();
    let sk = format!("request#{}", request.id);
    let mut later = items.find(|item| item["sk"]["S"] == sk.as_str()).expect("its item");
    // Ids are in the order of submission.
    for number in 0..60 {
        let id = format!("rffffffffffff7fff8fff{number:012}");
        later["id"]["S"] = json!(id);
        later["sk"]["S"] = json!(format!("request#{id}"));
        aws::call("DynamoDB_20120810.PutItem", &json!({"TableName": table, "Item": later}));
    }
    let hana = member(&org, "hana", "approver");
    let all = hana.get("pending").expect(200).json();
    assert!(pending(&hana, &request).is_some(), "{all}");
    assert_eq!(all["more"], false);
    request.cancel().expect(200);
}
