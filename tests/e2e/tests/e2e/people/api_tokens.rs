//! API tokens: admins make, list and revoke them, and each acts for its owner.

use chrono::{Duration, Utc};
use e2e::{
    aws,
    engine::engine,
    http::Answer,
    organisation::{Organisation, operator},
    request::Request,
    session::Session,
};
use serde_json::{Value, json};

fn address(org: &Organisation, name: &str) -> String {
    format!("{name}@{}.example", org.id)
}

fn member<'a>(org: &'a Organisation, name: &str, role: &str) -> Session<'a> {
    org.session(&address(org, name), name, role)
}

fn status(org: &Organisation, token: &str) -> u16 {
    org.call_with(token, "GET", "requests").send().status
}

/// Finds the newest entry of this name in the list.
fn listed(admin: &Session<'_>, name: &str) -> Value {
    let all = admin.get("tokens").expect(200).json();
    let mut all = all["tokens"].as_array().expect("tokens").iter();
    all.find(|token| token["name"] == name).expect("the token").clone()
}

#[test]
fn admins_make_list_and_revoke_tokens() {
    let org = Organisation::new("tokens");
    let ann = member(&org, "ann", "admin");
    let wish = json!({"name": "payroll", "role": "technician", "days": 30});
    let made = ann.post("tokens", &wish).expect(201).json();
    let secret = made["token"].as_str().expect("a token").to_owned();
    let ann_address = address(&org, "ann");
    assert_eq!(
        (&made["owner"], &made["state"], &made["last_used"]),
        (&json!(ann_address), &json!("live"), &Value::Null)
    );
    assert_eq!(status(&org, &secret), 200);
    let found = listed(&ann, "payroll");
    assert_eq!(found["last_used"], Utc::now().date_naive().to_string());
    let ends = found["ends_at"].as_str().expect("an end");
    assert!(
        ends.starts_with(&(Utc::now() + Duration::days(30)).date_naive().to_string()),
        "{ends}"
    );

    // The name of a live token cannot be used again. All errors are named at once.
    assert_eq!(ann.post("tokens", &wish).status, 409);
    let mut wrong = ann
        .post(
            "tokens",
            &json!({"name": "a b", "role": "owner", "days": 366, "owner": "somebody"}),
        )
        .wrong_fields();
    wrong.sort();
    assert_eq!(wrong, ["days", "name", "owner", "role"]);
    let terry = member(&org, "terry", "technician");
    assert_eq!(
        (terry.get("tokens").status, terry.post("tokens", &wish).status),
        (403, 403)
    );

    let path = format!("tokens/{}", found["id"].as_str().expect("an id"));
    let revoked = ann.send("DELETE", &path, &json!({})).expect(200).json();
    assert_eq!(revoked["state"], "revoked");
    ann.send("DELETE", &path, &json!({})).expect(200);
    assert_eq!(status(&org, &secret), 401);
    // The name is free again, and the new token differs from the old one.
    let again = ann.post("tokens", &wish).expect(201).json();
    assert_ne!(again["id"], made["id"]);
    assert_eq!(status(&org, &secret), 401);

    // Nobody can read a token again, on a page or in a table.
    let again = again["token"].as_str().expect("a token");
    let kept: Vec<String> = ["access", "members", "audit"]
        .iter()
        .flat_map(|table| aws::scan(org.stack.table(table)))
        .map(|item| item.to_string())
        .collect();
    for text in kept.iter().chain([
        &ann.get("tokens").expect(200).text,
        &ann.page("tokens").expect(200).text,
        &ann.get("audit").expect(200).text,
    ]) {
        assert!(!text.contains(&secret) && !text.contains(again), "{text}");
    }
    let audit = ann.get("audit?what=token.").expect(200).json();
    let told: Vec<&str> = audit["entries"]
        .as_array()
        .expect("entries")
        .iter()
        .filter(|entry| entry["name"] == ann_address.as_str())
        .map(|entry| entry["what"].as_str().expect("what"))
        .collect();
    assert_eq!(told, ["token.created", "token.revoked", "token.created"]);
}

#[test]
fn the_operator_makes_lists_and_revokes_tokens_for_members() {
    let (org, other) = (Organisation::new("revoked"), Organisation::new("revoked-b"));
    let (admin, basic, theirs) = (org.token_of("admin"), org.token_of("basic"), other.token_of("basic"));
    assert_eq!((status(&org, &basic), status(&other, &theirs)), (200, 200));
    let token = |arguments: &[&str]| operator(org.stack, &[&["token"], arguments].concat(), "");
    let listed = || token(&["list", &org.id]).expect("the tokens");
    let line = |name: &str| {
        let all = listed();
        let line = all.lines().find(|line| line.starts_with(name)).map(str::to_owned);
        line.unwrap_or_else(|| panic!("{name}: {all}"))
    };
    let today = Utc::now().date_naive();
    let owner = address(&org, "basic-program");
    assert!(
        line("basic").starts_with(&format!("basic (basic) of {owner}, until ")),
        "{}",
        listed()
    );
    assert!(
        line("basic").ends_with(&format!("last used {today}: live")),
        "{}",
        listed()
    );
    assert!(line("admin").ends_with("last used never: live"), "{}", listed());

    let create = |name: &str, role: &str, owner: &str, more: &[&str]| {
        let arguments = ["create", &org.id, "--name", name, "--role", role, "--owner", owner];
        token(&[&arguments[..], more].concat())
    };
    let refused = |result: Result<String, String>, why: &str| {
        let told = result.expect_err("it is refused");
        assert!(told.contains(why), "{told}");
    };
    refused(create("basic", "basic", &owner, &[]), "has a token named basic");
    refused(create("more", "admin", &owner, &[]), "has the role basic");
    refused(
        create("more", "basic", "nobody@nowhere.example", &[]),
        "no member with this address",
    );
    refused(create("more", "basic", &owner, &["--days", "366"]), "from 1 to 365");
    refused(create("a b", "basic", &owner, &[]), "letters, digits");

    let revoke = || token(&["revoke", &org.id, "--name", "basic"]);
    revoke().expect("revoked");
    assert_eq!(status(&org, &basic), 401);
    // Neither another token of the organisation nor one of the same name in another organisation is affected.
    assert_eq!((status(&org, &admin), status(&other, &theirs)), (200, 200));
    assert!(line("basic").ends_with(": revoked"), "{}", listed());
    refused(revoke(), "no token named basic");
    let audit = org.call("GET", "audit?what=token.revoked").send().expect(200).json();
    let entries = audit["entries"].as_array().expect("entries");
    assert_eq!(entries.len(), 1, "{audit}");
    assert_eq!(
        (&entries[0]["who"], &entries[0]["old"]),
        (&json!("operator"), &json!("basic, basic"))
    );
}

/// Tokens with one name: in a parent and its child, and one after the other.
#[test]
fn tokens_of_one_name_are_not_one_person() {
    let (parent, child) = (Organisation::new("names-msp"), Organisation::new("names"));
    child.belong_to(&parent);
    let (theirs, ours) = (parent.token_of("basic"), child.token_of("basic"));
    let body = child.person("Ada", "Lovelace", &json!({"manager": child.manager()}));
    child
        .set(&json!({"new_user_approval_email": child.approver()}))
        .expect(200);
    let asked = child
        .call_with(&ours, "POST", "onboardings")
        .json(&body)
        .send()
        .expect(201);
    let request = Request::of(&child, &asked);
    let path = format!("requests/{}", request.id);
    let sees = |token: &str| {
        let list = child.call_with(token, "GET", "requests").send();
        let listed = list.status == 200 && list.text.contains(&request.id);
        (child.call_with(token, "GET", &path).send().status, listed)
    };
    assert_eq!(sees(&ours), (200, true));
    assert_eq!(sees(&theirs), (404, false));
    for act in ["cancel", "reschedule"] {
        let act = child.call_with(&theirs, "POST", &format!("{path}/{act}"));
        assert_eq!(act.json(&json!({"start_date": "2030-01-01"})).send().status, 404);
    }
    // A new token with the same name and another owner inherits nothing from the old one.
    operator(child.stack, &["token", "revoke", &child.id, "--name", "basic"], "").expect("revoked");
    let other = address(&child, "other");
    child.member(&other, "Other", "basic");
    let again = child.token_owned_by(&other, "basic", "basic");
    assert_eq!(sees(&again), (404, false));
    // A new token with the same owner does: what a program asked for, its owner asked for.
    let same = child.token_owned_by(&address(&child, "basic-program"), "another", "basic");
    assert_eq!(sees(&same), (200, true));

    // The audit also distinguishes the two.
    let set = |token: &str, zone: &str| {
        let call = child.call_with(token, "PUT", "variables");
        call.json(&json!({ "timezone": zone })).send().expect(200);
    };
    set(&child.token, "Europe/Berlin");
    set(&parent.token, "Europe/Paris");
    let audit = parent_reads(&child, &parent.token);
    let who: Vec<(&str, &str)> = audit
        .iter()
        .map(|entry| {
            (
                entry["who"].as_str().expect("who"),
                entry["name"].as_str().expect("a name"),
            )
        })
        .collect();
    assert!(who[0].0.starts_with(&format!("token:{}/t", parent.id)), "{who:?}");
    assert!(who[1].0.starts_with(&format!("token:{}/t", child.id)), "{who:?}");
    assert_eq!(who[0].1, format!("tests ({})", parent.id));
    assert_eq!(who[1].1, format!("tests ({})", child.id));
}

fn parent_reads(child: &Organisation, token: &str) -> Vec<Value> {
    let audit = child.call_with(token, "GET", "audit?what=variable.set").send();
    let mut entries = audit.expect(200).json()["entries"].as_array().expect("entries").clone();
    entries.retain(|entry| entry["subject"] == "timezone");
    entries
}

#[test]
fn one_person_is_no_two_pairs_of_eyes() {
    let org = Organisation::approving(&engine().patient, "two-eyes", &json!({}), &[]);
    let ann = member(&org, "ann", "admin");
    let ann_address = address(&org, "ann");
    let asks = org.token_owned_by(&ann_address, "asks", "technician");
    let decides = org.token_owned_by(&ann_address, "decides", "approver");
    let body = org.person("Ada", "Lovelace", &json!({"manager": org.manager()}));
    let asked = org
        .call_with(&asks, "POST", "onboardings")
        .json(&body)
        .send()
        .expect(201);
    let request = Request::of(&org, &asked);
    request.task_token("approval");
    let path = format!("requests/{}/approval", request.id);
    let yes = json!({"action": "approve"});
    let refused = |answer: Answer| {
        assert_eq!(answer.status, 403, "{}", answer.text);
        assert!(answer.text.contains("your own request"), "{}", answer.text);
    };
    // Two tokens, or a token and a session, of one member are one person.
    refused(org.call_with(&decides, "POST", &path).json(&yes).send());
    refused(ann.post(&path, &yes));
    let pending = ann.get("pending").expect(200).json();
    assert_eq!(pending["pending"][0]["own_request"], true, "{pending}");
    assert_eq!(request.status(), "waiting_approval");
    // The same, with the session as the requester.
    let mine = Request::of(
        &org,
        &ann.post("onboardings", &org.person("Bob", "Babbage", &json!({})))
            .expect(201),
    );
    mine.task_token("approval");
    let path_of_mine = format!("requests/{}/approval", mine.id);
    refused(org.call_with(&decides, "POST", &path_of_mine).json(&yes).send());
    mine.cancel().expect(200);
    // Somebody else's program can approve.
    let hana = org.token_of("approver");
    org.call_with(&hana, "POST", &path).json(&yes).send().expect(200);
    request.ends("completed");
}

#[test]
fn token_is_refused_after_expiry_or_without_its_owners_right() {
    let org = Organisation::new("token-ends");
    let ann = member(&org, "ann", "admin");
    let bob = address(&org, "bob");
    org.member(&bob, "Bob", "technician");
    let bob_id = org.id_of(&ann, &bob);
    let token = org.token_owned_by(&bob, "bobs", "technician");
    let state = || listed(&ann, "bobs")["state"].clone();
    assert_eq!((status(&org, &token), state()), (200, json!("live")));
    let role = |role: &str| {
        let change = json!({"name": "Bob", "role": role});
        ann.send("PUT", &format!("members/{bob_id}"), &change).expect(200);
    };
    role("basic");
    assert_eq!((status(&org, &token), state()), (401, json!("refused")));
    role("technician");
    assert_eq!(status(&org, &token), 200);

    // The token expires, by a change in the table.
    let id = listed(&ann, "bobs")["id"].as_str().expect("an id").to_owned();
    let key = json!({"org": {"S": org.id}, "member": {"S": format!("token#{id}")}});
    let end = |at: chrono::DateTime<Utc>| {
        let body = json!({
            "TableName": org.stack.table("members"), "Key": key, "UpdateExpression": "SET ends_at = :at",
            "ExpressionAttributeValues": {":at": {"S": at.to_rfc3339()}},
        });
        aws::call("DynamoDB_20120810.UpdateItem", &body);
    };
    end(Utc::now() - Duration::seconds(1));
    assert_eq!((status(&org, &token), state()), (401, json!("ended")));
    end(Utc::now() + Duration::days(1));
    assert_eq!(status(&org, &token), 200);

    ann.send("DELETE", &format!("members/{bob_id}"), &json!({})).expect(200);
    assert_eq!((status(&org, &token), state()), (401, json!("refused")));
    assert_eq!(listed(&ann, "bobs")["owner"], Value::Null);
}

#[test]
fn nobody_makes_a_token_that_counts_as_somebody_else() {
    let (parent, child) = (Organisation::new("makes-msp"), Organisation::new("makes"));
    child.belong_to(&parent);
    let otto = member(&parent, "otto", "admin");
    let there = otto.at(&child);
    let wish = json!({"name": "ci", "role": "admin"});
    // The parent's admins are no members of a child, so they make no tokens there. They can list and revoke them.
    assert_eq!(there.post("tokens", &wish).status, 403);
    assert!(
        there
            .page("tokens")
            .expect(200)
            .text
            .contains("in your own organisation")
    );
    let id = listed(&there, "tests")["id"].as_str().expect("an id").to_owned();
    there.send("DELETE", &format!("tokens/{id}"), &json!({})).expect(200);
    assert_eq!(status(&child, &child.token), 401);
    // Their own token works in the child, and acts for its owner.
    let made = otto.post("tokens", &wish).expect(201).json();
    let token = made["token"].as_str().expect("a token");
    assert_eq!(status(&child, token), 200);
    let next = json!({"name": "next", "role": "basic"});
    let next = parent
        .call_with(token, "POST", "tokens")
        .json(&next)
        .send()
        .expect(201)
        .json();
    assert_eq!(next["owner"], address(&parent, "otto"));
    let unknown = json!({"name": "x", "role": "basic", "owner": address(&parent, "tests")});
    assert_eq!(otto.post("tokens", &unknown).wrong_fields(), ["owner"]);
}
