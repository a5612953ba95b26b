//! What the state machine sends to a step, and which fields of the answer it uses. The tests of each step compare its
//! `Input` and `Output` with this, so that neither side changes alone.

use std::collections::BTreeSet;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::files::{Released, events, released};
use crate::machine::{Machine, function_of, list, text};
use crate::samples;

/// The payloads that the state machine sends to `function`, with sample values, each with the name of its state.
pub fn payloads(function: &str) -> Result<Vec<(String, Value)>, String> {
    tasks(&Machine::load()?, function)?
        .iter()
        .map(|task| Ok((task.state.clone(), samples::payload(&task.state, &task.payload)?)))
        .collect()
}

/// Checks that everything that may be sent to `function` is an `I`: what the state machine sends now, what released
/// definitions sent (`statemachine/fixtures`), and the sample events in the function's folder. An `I` refuses unknown
/// fields.
pub fn accepted<I: DeserializeOwned>(function: &str) -> Result<(), String> {
    let sent = payloads(function)?;
    let Released { inputs, .. } = released(function)?;
    let fixture = format!("statemachine/fixtures/{function}.json");
    for (state, payload) in &sent {
        parse::<I>(payload, &format!("what the state `{state}` sends"))?;
        if !inputs.iter().any(|input| keys(input) == keys(payload)) {
            return Err(format!(
                "{fixture} lacks what `{state}` sends: add it, and leave what is there: {payload}"
            ));
        }
        let mut more = payload.clone();
        if let Some(fields) = more.as_object_mut() {
            fields.insert("no_such_field".to_owned(), Value::Null);
        }
        if serde_json::from_value::<I>(more).is_ok() {
            return Err("an unknown field was accepted: the input lacks `deny_unknown_fields`".to_owned());
        }
    }
    for (number, input) in inputs.iter().enumerate() {
        parse::<I>(
            input,
            &format!("input {number} of {fixture}, which waiting executions may still send,"),
        )?;
    }
    for (file, event) in events(function)? {
        parse::<I>(&event, &file)?;
    }
    Ok(())
}

/// Checks `answers`, one for each kind of answer of `function`. Each must have the fields that the state machine uses,
/// now and in released definitions. Each value that a Choice compares with must occur in one of them.
pub fn answers<O: Serialize>(function: &str, answers: &[O]) -> Result<(), String> {
    let answers: Vec<Value> = answers
        .iter()
        .map(serde_json::to_value)
        .collect::<Result<_, _>>()
        .map_err(|error| error.to_string())?;
    let Released { picked: before, .. } = released(function)?;
    for field in &before {
        all_have(&answers, field, "statemachine/fixtures")?;
    }
    let machine = Machine::load()?;
    for Task {
        state, picked, kept_at, ..
    } in tasks(&machine, function)?
    {
        for (key, field) in picked {
            all_have(&answers, &field, &state)?;
            if !before.contains(&field) {
                return Err(format!(
                    "statemachine/fixtures/{function}.json lacks `{field}` in `picked`: add it"
                ));
            }
            let Some(kept_at) = &kept_at else { continue };
            let values: BTreeSet<&str> = answers
                .iter()
                .filter_map(|answer| at(answer, &field)?.as_str())
                .collect();
            for (choice, value) in compared(&machine, &format!("{kept_at}.{key}")) {
                if !values.contains(value.as_str()) {
                    return Err(format!(
                        "`{choice}` compares with `{value}`, which {function} never answers"
                    ));
                }
            }
        }
    }
    Ok(())
}

fn all_have(answers: &[Value], field: &str, who: &str) -> Result<(), String> {
    match answers.iter().find(|answer| at(answer, field).is_none()) {
        Some(answer) => Err(format!("{who} picks `{field}`, which is not in {answer}")),
        None => Ok(()),
    }
}

fn at<'a>(value: &'a Value, field: &str) -> Option<&'a Value> {
    field.split('.').try_fold(value, |value, name| value.get(name))
}

fn parse<I: DeserializeOwned>(value: &Value, what: &str) -> Result<(), String> {
    match serde_json::from_value::<I>(value.clone()) {
        Ok(_) => Ok(()),
        Err(error) => Err(format!("{what} is not the step's input: {error}: {value}")),
    }
}

fn keys(value: &Value) -> BTreeSet<&String> {
    value.as_object().into_iter().flatten().map(|(key, _)| key).collect()
}

struct Task {
    state: String,
    payload: Map<String, Value>,
    /// The fields that ResultSelector takes from the answer: the name in the state machine, and the field of the
    /// answer.
    picked: Vec<(String, String)>,
    kept_at: Option<String>,
}

/// The Tasks that invoke `function`. There is at least one.
fn tasks(machine: &Machine, function: &str) -> Result<Vec<Task>, String> {
    let tasks: Vec<Task> = machine
        .tasks()
        .filter(|(_, state)| function_of(state).as_deref() == Some(function))
        .map(|(name, state)| task(name, state))
        .collect::<Result<_, _>>()?;
    if tasks.is_empty() {
        return Err(format!("no Task invokes {function}"));
    }
    Ok(tasks)
}

fn task(name: &str, state: &Value) -> Result<Task, String> {
    let payload = state["Parameters"]["Payload"].as_object();
    let payload = payload
        .ok_or_else(|| format!("`{name}` has no Payload that names its fields"))?
        .clone();
    let selector = state.get("ResultSelector").and_then(Value::as_object);
    let picked = selector
        .into_iter()
        .flatten()
        .filter_map(|(key, path)| {
            let field = path.as_str()?.strip_prefix("$.Payload.")?;
            Some((key.strip_suffix(".$")?.to_owned(), field.to_owned()))
        })
        .collect();
    let kept_at = text(state, "ResultPath").map(str::to_owned);
    Ok(Task {
        state: name.to_owned(),
        payload,
        picked,
        kept_at,
    })
}

/// The texts with which Choices compare `variable`, each with the name of its state.
fn compared(machine: &Machine, variable: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for (name, state) in &machine.states {
        for choice in list(state, "Choices") {
            texts(choice, variable, &mut |text| {
                found.push((name.clone(), text.to_owned()));
            });
        }
    }
    found
}

fn texts(rule: &Value, variable: &str, found: &mut impl FnMut(&str)) {
    if text(rule, "Variable") == Some(variable)
        && let Some(text) = text(rule, "StringEquals")
    {
        found(text);
    }
    for operator in ["And", "Or", "Not"] {
        match rule.get(operator) {
            Some(Value::Array(rules)) => rules.iter().for_each(|rule| texts(rule, variable, found)),
            Some(rule) => texts(rule, variable, found),
            None => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::machine::broken;

    #[derive(serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only the fields' names and types matter")]
    struct Plain {
        org: String,
        request: String,
        run: u32,
    }

    #[derive(serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only the fields' names and types matter")]
    struct Lacking {
        org: String,
        request: String,
    }

    #[derive(serde::Deserialize)]
    #[expect(dead_code, reason = "only the fields' names and types matter")]
    struct Lax {
        org: String,
    }

    #[derive(Serialize)]
    struct Claim {
        outcome: &'static str,
    }

    #[test]
    fn an_input_that_fits_is_accepted() {
        assert_eq!(accepted::<Plain>("create-user"), Ok(()));
    }

    #[test]
    fn an_input_that_lacks_a_field_is_refused() {
        assert!(accepted::<Lacking>("create-user").unwrap_err().contains("`run`"));
    }

    #[test]
    fn an_input_that_takes_anything_is_refused() {
        assert!(
            accepted::<Lax>("create-user")
                .unwrap_err()
                .contains("deny_unknown_fields")
        );
    }

    #[test]
    fn a_function_that_no_task_names_is_refused() {
        assert!(accepted::<Plain>("nobody").unwrap_err().contains("no Task"));
    }

    #[test]
    fn answers_need_the_picked_fields_and_the_compared_values() {
        let claim = |outcome| Claim { outcome };
        assert_eq!(answers("claim-start", &[claim("claimed"), claim("superseded")]), Ok(()));
        assert!(
            answers("claim-start", &[claim("superseded")])
                .unwrap_err()
                .contains("`claimed`")
        );
        assert!(answers("claim-start", &[json!({})]).unwrap_err().contains("`outcome`"));
    }

    #[test]
    fn nested_comparisons_are_found() {
        let machine = broken(&json!({"StartAt": "Which?", "States": {"Which?": {"Choices": [
            {"Variable": "$.a.b", "StringEquals": "x"},
            {"Or": [{"Not": {"Variable": "$.a.b", "StringEquals": "y"}}, {"Variable": "$.c", "StringEquals": "z"}]},
        ]}}}));
        let values: Vec<String> = compared(&machine, "$.a.b").into_iter().map(|(_, text)| text).collect();
        assert_eq!(values, ["x", "y"]);
    }
}
