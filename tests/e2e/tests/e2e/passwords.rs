//! A temporary password is where people need it, and nowhere else.

use e2e::{
    aws,
    engine::engine,
    links,
    organisation::Organisation,
    search::{forms, found},
};
use serde_json::{Value, json};

/// Everything that the deployment writes, by name: executions, tables and logs.
pub(crate) fn everything(org: &Organisation) -> Vec<(String, String)> {
    let stack = org.stack;
    let mut all = Vec::new();
    for execution in aws::executions_since(stack, org.created_at) {
        let arn = execution["executionArn"].as_str().expect("an ARN");
        let described = aws::call("AWSStepFunctions.DescribeExecution", &json!({"executionArn": arn}));
        all.push((arn.to_owned(), format!("{described}{}", Value::from(aws::history(arn)))));
    }
    for (name, table) in &stack.tables {
        all.push((name.clone(), Value::from(aws::scan(table)).to_string()));
    }
    for group in aws::log_groups(stack) {
        let text = aws::log(&group, org.created_at);
        all.push((group, text));
    }
    all
}

pub(crate) fn places<'a>(secret: &str, all: &'a [(String, String)]) -> Vec<&'a str> {
    all.iter()
        .filter(|(_, text)| found(secret, text))
        .map(|(place, _)| place.as_str())
        .collect()
}

/// Puts a text into an execution's history, a table and a log, each in another encoding.
fn plant(org: &Organisation, canary: &str) -> [String; 3] {
    let forms = forms(canary);
    let base64 = forms.iter().find(|form| !form.contains(&canary[..4])).expect("base64");
    let stack = org.stack;
    let name = format!("planted-{}", org.id);
    let input =
        json!({"org": org.id, "request": canary, "kind": "onboarding", "run": 1, "enter": "nowhere"}).to_string();
    let start = json!({"stateMachineArn": stack.state_machine, "name": name, "input": input});
    let execution = aws::call("AWSStepFunctions.StartExecution", &start)["executionArn"]
        .as_str()
        .expect("an ARN")
        .to_owned();

    let item = json!({"request": {"S": format!("{}/planted", org.id)}, "event_key": {"S": base64}});
    aws::call(
        "DynamoDB_20120810.PutItem",
        &json!({"TableName": stack.table("timeline"), "Item": item}),
    );

    let group = format!("/aws/lambda/{}-create-user", stack.name);
    let stream = json!({"logGroupName": group, "logStreamName": name});
    aws::call("Logs_20140328.CreateLogStream", &stream);
    let mut events = stream.clone();
    let now = chrono::Utc::now().timestamp_millis();
    events["logEvents"] = json!([{"timestamp": now, "message": json!({"reason": canary}).to_string()}]);
    aws::call("Logs_20140328.PutLogEvents", &events);
    [execution, "timeline".to_owned(), group]
}

#[test]
fn the_password_is_in_no_execution_no_table_and_no_log() {
    let org = Organisation::approving(&engine().patient, "secrecy", &json!({}), &[]);
    let more = json!({"manager": org.manager(), "licenses": ["ENTERPRISEPACK"], "groups": ["Sales"]});
    // The steps die while they hold the password, so whatever they log about it is in the logs.
    for (system, operation) in [
        ("graph", "POST /users"),
        ("connectwise", "POST /service/tickets/{parentId}/notes"),
    ] {
        org.world.spoil(system, operation, "500", &json!({"times": 2}));
        org.world.spoil(system, operation, "kill_client", &json!({}));
        org.world.spoil(system, operation, "garbage", &json!({}));
    }
    let request = org.submit(&org.person("Ada", "Lovelace", &more));
    let (approve, _) = request.approval_links(org.approver(), "Ada Lovelace");
    links::press(&approve).expect(200);
    request.ends("completed");
    let password = request.password_of_note();
    assert_eq!(org.world.sign_in(&org.upn("alovelace"), &password), (true, true));

    let canary = format!("ca\"na\\ry+{}/", org.id);
    let planted = plant(&org, &canary);
    let all = everything(&org);
    let found = places(&canary, &all);
    for place in &planted {
        assert!(
            found.contains(&place.as_str()),
            "the planted text was not found in {place}, only in {found:?}"
        );
    }
    assert!(all.len() > 30, "{}", all.len());
    assert_eq!(places(&password, &all), Vec::<&str>::new());
    // The links' capabilities and the task tokens are also only where they belong.
    let capability = approve.split_once("c=").expect("a capability").1;
    assert_eq!(places(capability, &all), Vec::<&str>::new());
    for credential in [
        "/credentials/graph/client_secret",
        "/credentials/pax8/client_secret",
        "/credentials/connectwise/private_key",
    ] {
        assert_eq!(
            places(org.world.key(credential), &all),
            Vec::<&str>::new(),
            "{credential}"
        );
    }
    assert!(!request.secret_is_kept());
}

#[test]
fn logs_and_executions_name_no_people() {
    let org = Organisation::new("no-names");
    let more = json!({"manager": org.manager(), "personal_email": "zz.private@home.example", "mobile_phone": "+44 20 7946 0123"});
    let request = org.submit(&org.person("Zebedee", "Quixworthy", &more));
    request.ends("completed");
    let tables: Vec<&String> = org.stack.tables.keys().collect();
    for (place, text) in everything(&org) {
        if tables.contains(&&place) {
            continue;
        }
        for personal in [
            "Zebedee",
            "Quixworthy",
            "zquixworthy",
            "zz.private@home.example",
            "7946 0123",
        ] {
            assert!(!text.contains(personal), "{personal} in {place}");
        }
    }
}
