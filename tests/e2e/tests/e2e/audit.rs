//! The audit answers later questions: who called, and what they meant to do before it was done.

use e2e::{aws, engine::engine, links, organisation::Organisation, search, simulators::AwsRule, wait::until};
use serde_json::{Value, json};

fn entries(org: &Organisation, what: &str) -> Vec<Value> {
    let answer = org.call("GET", &format!("audit?what={what}")).send().expect(200).json();
    answer["entries"].as_array().expect("entries").clone()
}

/// API Gateway's access log has the caller's address under the same id. The local engine keeps only the function's
/// log.
#[test]
fn entries_lead_to_the_call_that_caused_them() {
    let org = Organisation::approving(&engine().patient, "audit-calls", &json!({}), &[]);
    org.session("mary@audit.example", "Mary", "approver");
    let request = org.submit(&org.person("Ada", "Lovelace", &json!({"manager": org.manager()})));
    let (_, deny) = request.approval_links(org.approver(), "Ada Lovelace");
    links::press(&deny).expect(200);
    request.ends("denied");
    org.set(&json!({"usage_location": "DE"})).expect(200);
    let mut ids = Vec::new();
    for (what, function) in [
        ("member.signed_in", "sign-in"),
        ("gate.decided", "decide"),
        ("variable.set", "organisation"),
    ] {
        let newest = entries(&org, what).into_iter().next().expect("an entry");
        let id = newest["api_request_id"].as_str().expect("an id").to_owned();
        let group = format!("/aws/lambda/{}-{function}", org.stack.name);
        until(&format!("a line of {function} about {id}"), || {
            let log = aws::log(&group, org.created_at);
            let mut lines = log.lines().filter(|line| line.contains(&id));
            lines.any(|line| line.contains("call answered")).then_some(())
        });
        ids.push(id);
    }
    ids.dedup();
    assert_eq!(ids.len(), 3);
    // The operator's command is no API call.
    let operators = entries(&org, "organisation.put");
    assert!(
        operators.iter().all(|entry| entry["api_request_id"].is_null()),
        "{operators:?}"
    );
}

#[test]
fn no_credentials_are_set_that_the_audit_does_not_know_of() {
    const SECRET: &str = "canary-of-the-intent";
    let org = Organisation::new("audit-intent");
    let secret = format!("{}/credentials/{}/sherweb", org.stack.name, org.id);
    let keys = json!({"client_id": "id", "client_secret": SECRET, "subscription_key": "key"});
    let set = || org.call("PUT", "credentials/sherweb").json(&keys).send();
    let told = || {
        let mut told = entries(&org, "credentials.");
        told.retain(|entry| entry["subject"] == "sherweb");
        told.iter()
            .rev()
            .map(|entry| entry["what"].as_str().expect("what").to_owned())
            .collect::<Vec<_>>()
    };
    let exists = || aws::secrets().contains(&secret);

    // More failures than the AWS client retries.
    let no_audit = AwsRule::new("DynamoDB_20120810.PutItem", &org.id, "500", 10, 0);
    assert_eq!(set().status, 503);
    drop(no_audit);
    assert_eq!((told(), exists()), (Vec::<String>::new(), false));

    let no_secrets = AwsRule::new("secretsmanager.", &secret, "500", 10, 0);
    assert_eq!(set().status, 503);
    drop(no_secrets);
    assert_eq!((told(), exists()), (vec!["credentials.setting".to_owned()], false));

    set().expect(200);
    assert_eq!(
        told(),
        ["credentials.setting", "credentials.setting", "credentials.set"]
    );
    assert!(exists());
    let all = aws::query(org.stack.table("audit"), "org", &org.id);
    assert!(!search::found(SECRET, &json!(all).to_string()));
}

/// DynamoDB may delete expired items days later.
#[test]
fn a_link_whose_time_is_over_is_unknown() {
    let org = Organisation::approving(&engine().patient, "audit-links", &json!({}), &[]);
    let request = org.submit(&org.person("Ada", "Lovelace", &json!({"manager": org.manager()})));
    let (approve, deny) = request.approval_links(org.approver(), "Ada Lovelace");
    links::press(&deny).expect(200);
    request.ends("denied");
    assert_eq!(links::open(&approve).status, 200);
    let table = org.stack.table("capabilities");
    let own = aws::scan(table)
        .into_iter()
        .filter(|item| item["request"]["S"] == request.id.as_str());
    for item in own {
        // The item has an expiry since the request ended.
        assert!(item["expires_at"]["N"].is_string(), "{item}");
        let update = json!({
            "TableName": table, "Key": {"hash": item["hash"]}, "UpdateExpression": "SET expires_at = :past",
            "ExpressionAttributeValues": {":past": {"N": "1767225600"}},
        });
        aws::call("DynamoDB_20120810.UpdateItem", &update);
    }
    assert_eq!(links::open(&approve).status, 404);
    links::press(&deny).expect(404);
}
