//! The rules for every Task: what it retries and catches, how long it may take, and what it sends.

use domain::step_error::StepError;
use serde_json::Value;

use crate::machine::{Machine, errors, list, text, waits_for_a_token};
use crate::retries::{self, SILENCE, TRANSIENT};

/// Step Functions' own error names, as documented. `States.Runtime` is missing, because nothing can catch it.
const DOCUMENTED: [&str; 12] = [
    "States.ALL",
    "States.BranchFailed",
    "States.DataLimitExceeded",
    "States.HeartbeatTimeout",
    "States.IntrinsicFailure",
    "States.ItemReaderFailed",
    "States.NoChoiceMatched",
    "States.ParameterPathFailure",
    "States.Permissions",
    "States.ResultPathMatchFailure",
    "States.TaskFailed",
    "States.Timeout",
];

pub fn problems(machine: &Machine) -> Vec<String> {
    let mut problems = Vec::new();
    for (name, task) in machine.tasks() {
        let found = [
            names(task),
            retries::problems(task),
            catch(task),
            time(task),
            payload(task),
        ];
        problems.extend(found.into_iter().flatten().map(|problem| format!("`{name}` {problem}")));
    }
    for (name, state) in &machine.states {
        problems.extend(language(state).map(|problem| format!("`{name}` {problem}")));
    }
    if machine.text.contains("$$.Execution.StartTime") {
        problems.push("$$.Execution.StartTime is used, which the local engine can't do".to_owned());
    }
    if machine.text.contains("\"QueryLanguage\"") {
        problems.push("QueryLanguage is set: JSONPath is the default, and all that the local engine does".to_owned());
    }
    problems
}

fn known(name: &str) -> bool {
    let ours = [
        StepError::Transient(String::new()),
        StepError::Permanent(String::new()),
        StepError::NeedsAttention(String::new()),
    ];
    TRANSIENT.contains(&name) || DOCUMENTED.contains(&name) || ours.iter().any(|fault| fault.name() == name)
}

fn catch(task: &Value) -> Vec<String> {
    let mut problems = Vec::new();
    let catches: Vec<Vec<&str>> = list(task, "Catch").map(errors).collect();
    for names in &catches {
        if names.contains(&"States.ALL") && names.len() > 1 {
            problems.push("catches States.ALL together with others".to_owned());
        }
        if SILENCE.iter().filter(|name| names.contains(name)).count() == 1 {
            problems.push(format!(
                "catches one of {} and {} without the other",
                SILENCE[0], SILENCE[1]
            ));
        }
    }
    let all = catches.iter().position(|names| names.contains(&"States.ALL"));
    if all.is_none_or(|at| at + 1 != catches.len()) {
        problems.push("does not catch States.ALL last".to_owned());
    }
    problems
}

/// Finds names in Retry and Catch that nothing raises.
fn names(task: &Value) -> Vec<String> {
    let all = list(task, "Retry").chain(list(task, "Catch")).flat_map(errors);
    all.filter(|name| !known(name))
        .map(|name| format!("names the error {name}, which nothing raises"))
        .collect()
}

/// Checks for a timeout. Without one, a lost callback or a lost function would hold the execution for a year.
fn time(task: &Value) -> Vec<String> {
    let has = |field: &str| task.get(field).is_some() || task.get(format!("{field}Path")).is_some();
    let problem = if waits_for_a_token(task) {
        (!has("HeartbeatSeconds") && !has("TimeoutSeconds"))
            .then_some("waits for a token without HeartbeatSeconds or TimeoutSeconds")
    } else {
        (!has("TimeoutSeconds")).then_some("has no TimeoutSeconds")
    };
    problem.map(str::to_owned).into_iter().collect()
}

/// Checks that the payload names its fields. A whole state would also contain what the function must not see.
fn payload(task: &Value) -> Vec<String> {
    let mut problems = Vec::new();
    let resource = text(task, "Resource").unwrap_or_default();
    if !resource.starts_with("arn:aws:states:::lambda:invoke") {
        problems.push("is no lambda:invoke: teach these checks what it needs".to_owned());
    }
    let Some(payload) = task
        .get("Parameters")
        .and_then(|parameters| parameters.get("Payload")?.as_object())
    else {
        problems.push("has no Payload that names its fields".to_owned());
        return problems;
    };
    for (field, value) in payload {
        if matches!(value.as_str(), Some("$" | "$$")) {
            problems.push(format!("sends a whole state as {field}"));
        }
    }
    let token = payload.values().any(|value| value == "$$.Task.Token");
    if token != waits_for_a_token(task) {
        problems.push("must send $$.Task.Token if, and only if, it waits for one".to_owned());
    }
    if task.get("ResultPath") != Some(&Value::Null) && task.get("ResultSelector").is_none() {
        problems
            .push("keeps the whole answer: name its fields in ResultSelector, or set ResultPath to null".to_owned());
    }
    problems
}

fn language(state: &Value) -> Option<&'static str> {
    let jsonata = ["Arguments", "Output", "Assign"]
        .iter()
        .any(|field| state.get(field).is_some())
        || state.to_string().contains("\"{%");
    jsonata.then_some("uses JSONata, which the local engine can't do")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::machine::broken;

    fn sound() -> Value {
        json!({
            "Type": "Task",
            "Resource": "arn:aws:states:::lambda:invoke",
            "Parameters": {"FunctionName": "${AFunctionArn}", "Payload": {"org.$": "$.org"}},
            "TimeoutSeconds": 90,
            "ResultPath": null,
            "Retry": [
                {"ErrorEquals": ["Permanent", "NeedsAttention"], "MaxAttempts": 0},
                {"ErrorEquals": ["States.TaskFailed"], "IntervalSeconds": 2, "BackoffRate": 2, "MaxAttempts": 5,
                    "MaxDelaySeconds": 60, "JitterStrategy": "FULL"},
            ],
            "Catch": [{"ErrorEquals": ["Permanent"], "Next": "B"}, {"ErrorEquals": ["States.ALL"], "Next": "B"}],
            "Next": "B",
        })
    }

    fn found(task: &Value) -> Vec<String> {
        problems(&broken(
            &json!({"StartAt": "A", "States": {"A": task, "B": {"Type": "Succeed"}}}),
        ))
    }

    /// Sets the value at `pointer`, or removes it, and expects `problem`.
    fn breaks(pointer: &str, value: Option<Value>, problem: &str) {
        let mut task = sound();
        let (parent, key) = pointer.rsplit_once('/').unwrap();
        let parent = task.pointer_mut(parent).unwrap();
        match (value, parent.as_object_mut()) {
            (Some(value), Some(fields)) => drop(fields.insert(key.to_owned(), value)),
            (None, Some(fields)) => drop(fields.remove(key).unwrap()),
            (Some(value), None) => parent[key.parse::<usize>().unwrap()] = value,
            (None, None) => drop(parent.as_array_mut().unwrap().remove(key.parse().unwrap())),
        }
        let found = found(&task);
        assert!(
            found.contains(&format!("`A` {problem}")),
            "{pointer}: {problem}\n{found:#?}"
        );
    }

    #[test]
    fn a_sound_task_has_no_problems() {
        assert_eq!(found(&sound()), Vec::<String>::new());
    }

    #[test]
    fn a_retrier_that_lacks_something_is_found() {
        for field in ["IntervalSeconds", "BackoffRate", "MaxAttempts", "MaxDelaySeconds"] {
            breaks(
                &format!("/Retry/1/{field}"),
                None,
                &format!("has a retrier without {field}"),
            );
        }
        let jitter = "has a retrier without JitterStrategy FULL";
        breaks("/Retry/1/JitterStrategy", None, jitter);
        breaks("/Retry/1/JitterStrategy", Some(json!("NONE")), jitter);
        breaks("/Retry", None, "does not retry Lambda.TooManyRequestsException");
        let some = json!(["Lambda.ServiceException"]);
        breaks("/Retry/1/ErrorEquals", Some(some), "does not retry Transient");
        breaks(
            "/Retry/1/ErrorEquals",
            Some(json!(["States.ALL"])),
            "retries States.ALL, so also what no retry mends",
        );
    }

    #[test]
    fn a_retry_of_what_no_retry_mends_is_found() {
        let problem = "does not refuse to retry NeedsAttention, first and with MaxAttempts 0";
        breaks("/Retry/0", None, problem);
        breaks("/Retry/0/MaxAttempts", Some(json!(1)), problem);
        breaks("/Retry/0/ErrorEquals", Some(json!(["Permanent"])), problem);
    }

    #[test]
    fn a_catch_that_misses_something_is_found() {
        breaks("/Catch", None, "does not catch States.ALL last");
        breaks("/Catch/1", None, "does not catch States.ALL last");
        breaks(
            "/Catch/0/ErrorEquals",
            Some(json!(["States.ALL"])),
            "does not catch States.ALL last",
        );
        let both = json!(["Permanent", "States.ALL"]);
        breaks(
            "/Catch/1/ErrorEquals",
            Some(both),
            "catches States.ALL together with others",
        );
        let one = "catches one of States.HeartbeatTimeout and States.Timeout without the other";
        breaks("/Catch/0/ErrorEquals", Some(json!(["States.HeartbeatTimeout"])), one);
    }

    #[test]
    fn error_names_that_nothing_raises_are_found() {
        for name in ["transient", "Lambda.ServiceExeption", "States.Runtime", "StepError"] {
            let problem = format!("names the error {name}, which nothing raises");
            breaks("/Retry/1/ErrorEquals/0", Some(json!(name)), &problem);
            breaks("/Catch/0/ErrorEquals/0", Some(json!(name)), &problem);
        }
    }

    #[test]
    fn a_task_without_a_limit_is_found() {
        breaks("/TimeoutSeconds", None, "has no TimeoutSeconds");
        let mut callback = sound();
        callback["Resource"] = json!("arn:aws:states:::lambda:invoke.waitForTaskToken");
        callback["Parameters"]["Payload"]["token.$"] = json!("$$.Task.Token");
        assert_eq!(
            found(&callback),
            SILENCE.map(|name| format!("`A` does not refuse to retry {name}, first and with MaxAttempts 0"))
        );
        callback["Retry"][0]["ErrorEquals"] = json!(["Permanent", "NeedsAttention", SILENCE[0], SILENCE[1]]);
        assert_eq!(found(&callback), Vec::<String>::new());
        callback.as_object_mut().unwrap().remove("TimeoutSeconds").unwrap();
        assert_eq!(
            found(&callback),
            ["`A` waits for a token without HeartbeatSeconds or TimeoutSeconds"]
        );
        callback["HeartbeatSecondsPath"] = json!("$.clock");
        assert_eq!(found(&callback), Vec::<String>::new());
    }

    #[test]
    fn a_payload_that_is_or_carries_the_whole_state_is_found() {
        breaks("/Parameters/Payload", None, "has no Payload that names its fields");
        breaks(
            "/Parameters/Payload",
            Some(json!("$")),
            "has no Payload that names its fields",
        );
        breaks(
            "/Parameters/Payload/state.$",
            Some(json!("$")),
            "sends a whole state as state.$",
        );
        breaks(
            "/ResultPath",
            Some(json!("$.a")),
            "keeps the whole answer: name its fields in ResultSelector, or set ResultPath to null",
        );
        let token = "must send $$.Task.Token if, and only if, it waits for one";
        breaks(
            "/Resource",
            Some(json!("arn:aws:states:::lambda:invoke.waitForTaskToken")),
            token,
        );
        breaks("/Parameters/Payload/token.$", Some(json!("$$.Task.Token")), token);
        let resource = json!("arn:aws:states:::dynamodb:getItem");
        breaks(
            "/Resource",
            Some(resource),
            "is no lambda:invoke: teach these checks what it needs",
        );
    }

    #[test]
    fn what_the_local_engine_cannot_do_is_found() {
        breaks(
            "/Output",
            Some(json!("x")),
            "uses JSONata, which the local engine can't do",
        );
        breaks(
            "/Comment",
            Some(json!("{% $states.input %}")),
            "uses JSONata, which the local engine can't do",
        );
        let pass = json!({"Type": "Pass", "Parameters": {"at.$": "$$.Execution.StartTime"}, "End": true});
        let machine = json!({"QueryLanguage": "JSONPath", "StartAt": "A", "States": {"A": pass}});
        assert_eq!(problems(&broken(&machine)).len(), 2);
    }
}
