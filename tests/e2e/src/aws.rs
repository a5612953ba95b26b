//! Calls of AWS by the tests themselves. They bypass the proxy that makes the functions' own calls fail.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::{
    engine::{Stack, engine, variable},
    http::Call,
    wait::until,
};

/// Calls an AWS service that has a JSON protocol.
pub fn call(target: &str, body: &Value) -> Value {
    let (service, endpoint) = match target.split('.').next().unwrap_or_default() {
        "DynamoDB_20120810" => ("dynamodb", &engine().aws_endpoint),
        "secretsmanager" => ("secretsmanager", &engine().aws_endpoint),
        "Logs_20140328" => ("logs", &engine().aws_endpoint),
        "AWSStepFunctions" => ("states", &engine().sfn_endpoint),
        other => panic!("{other} is no service that the tests call"),
    };
    let call = signed(Call::new("POST", format!("{endpoint}/")), service)
        .header("x-amz-target", target)
        .body("application/x-amz-json-1.0", body.to_string());
    // The engine sometimes fails to read lists that grow meanwhile.
    let answer = until(target, || {
        Some(call.clone().send()).filter(|answer| answer.status < 500)
    });
    assert_eq!(answer.status, 200, "{target}: {}", answer.text);
    answer.json()
}

/// Invokes a function as an AWS service would, and returns its answer.
pub fn invoke(stack: &Stack, function: &str, event: &Value) -> Value {
    let path = format!("2015-03-31/functions/{}-{function}/invocations", stack.name);
    let call = Call::new("POST", format!("{}/{path}", engine().aws_endpoint));
    let answer = signed(call, "lambda").json(event).send();
    assert_eq!(answer.status, 200, "{function}: {}", answer.text);
    assert_eq!(answer.header("x-amz-function-error"), "", "{function}: {}", answer.text);
    answer.json()
}

/// Adds the engine's root key and no valid signature, because the engine does not check signatures.
fn signed(call: Call, service: &str) -> Call {
    let key = variable("AWS_ACCESS_KEY_ID").expect("AWS_ACCESS_KEY_ID");
    let region = variable("AWS_REGION").expect("AWS_REGION");
    let scope = format!("{key}/20260101/{region}/{service}/aws4_request");
    call.header(
        "authorization",
        format!("AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0"),
    )
}

/// Reads all pages of a list.
fn pages(target: &str, body: &Value, next: &str, start: &str) -> Vec<Value> {
    let mut body = body.clone();
    let mut all = Vec::new();
    loop {
        let page = call(target, &body);
        let token = page.get(next).filter(|token| !token.is_null()).cloned();
        // CloudWatch Logs returns the same token again at the end.
        let more = token.is_some() && token.as_ref() != body.get(start);
        all.push(page);
        match token {
            Some(token) if more => body[start] = token,
            _ => return all,
        }
    }
}

/// Reads all items of a table, in DynamoDB's JSON.
pub fn scan(table: &str) -> Vec<Value> {
    let pages = pages(
        "DynamoDB_20120810.Scan",
        &json!({"TableName": table}),
        "LastEvaluatedKey",
        "ExclusiveStartKey",
    );
    pages
        .iter()
        .flat_map(|page| page["Items"].as_array().cloned().unwrap_or_default())
        .collect()
}

/// Reads the items of a partition, in DynamoDB's JSON.
pub fn query(table: &str, key: &str, value: &str) -> Vec<Value> {
    let body = json!({
        "TableName": table, "KeyConditionExpression": "#k = :v", "ConsistentRead": true,
        "ExpressionAttributeNames": {"#k": key}, "ExpressionAttributeValues": {":v": {"S": value}},
    });
    let pages = pages(
        "DynamoDB_20120810.Query",
        &body,
        "LastEvaluatedKey",
        "ExclusiveStartKey",
    );
    pages
        .iter()
        .flat_map(|page| page["Items"].as_array().cloned().unwrap_or_default())
        .collect()
}

/// Lists the names of all secrets.
pub fn secrets() -> Vec<String> {
    let pages = pages(
        "secretsmanager.ListSecrets",
        &json!({"MaxResults": 100}),
        "NextToken",
        "NextToken",
    );
    let secrets = pages
        .iter()
        .flat_map(|page| page["SecretList"].as_array().cloned().unwrap_or_default());
    secrets
        .map(|secret| secret["Name"].as_str().expect("a name").to_owned())
        .collect()
}

/// Reads the events of an execution, oldest first.
pub fn history(execution: &str) -> Vec<Value> {
    let body = json!({"executionArn": execution, "maxResults": 1000, "includeExecutionData": true});
    let pages = pages("AWSStepFunctions.GetExecutionHistory", &body, "nextToken", "nextToken");
    pages
        .iter()
        .flat_map(|page| page["events"].as_array().cloned().unwrap_or_default())
        .collect()
}

/// Lists the executions of the stack's state machine that began after a time.
pub fn executions_since(stack: &Stack, since: SystemTime) -> Vec<Value> {
    let since = since.duration_since(UNIX_EPOCH).expect("a time of today").as_secs();
    let began = |execution: &Value| execution["startDate"].as_f64().expect("a time");
    executions(stack)
        .into_iter()
        .filter(|execution| began(execution) >= since as f64)
        .collect()
}

/// Lists all executions of the stack's state machine.
pub fn executions(stack: &Stack) -> Vec<Value> {
    let body = json!({"stateMachineArn": stack.state_machine, "maxResults": 1000});
    let pages = pages("AWSStepFunctions.ListExecutions", &body, "nextToken", "nextToken");
    pages
        .iter()
        .flat_map(|page| page["executions"].as_array().cloned().unwrap_or_default())
        .collect()
}

pub fn log_groups(stack: &Stack) -> Vec<String> {
    let mut names = Vec::new();
    for prefix in ["/aws/lambda/", "/aws/apigateway/", "/aws/vendedlogs/states/"] {
        let body = json!({"logGroupNamePrefix": format!("{prefix}{}", stack.name)});
        for page in pages("Logs_20140328.DescribeLogGroups", &body, "nextToken", "nextToken") {
            let groups = page["logGroups"].as_array().cloned().unwrap_or_default();
            names.extend(
                groups
                    .iter()
                    .map(|group| group["logGroupName"].as_str().expect("a name").to_owned()),
            );
        }
    }
    names
}

/// Reads everything that was logged to a group, one line for each event.
pub fn log(group: &str, since: SystemTime) -> String {
    let since = since.duration_since(UNIX_EPOCH).expect("a time of today").as_millis();
    let since = u64::try_from(since).expect("a time of today");
    let body = json!({"logGroupName": group, "limit": 10000, "startTime": since});
    let pages = pages("Logs_20140328.FilterLogEvents", &body, "nextToken", "nextToken");
    let events = pages
        .iter()
        .flat_map(|page| page["events"].as_array().cloned().unwrap_or_default());
    events
        .map(|event| event["message"].as_str().unwrap_or_default().to_owned() + "\n")
        .collect()
}
