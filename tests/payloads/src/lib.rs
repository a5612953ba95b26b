//! What the state machines send to a step and pick from its answer. Each step's tests hold its `Input` and `Output`
//! against this, so that neither side changes alone.

mod files;
mod machines;
mod samples;

use std::collections::BTreeSet;

pub use files::root;
use files::{Released, events, released};
use machines::{Task, compared, tasks};
pub use machines::{function_of, machines};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// The payloads that the state machines send to `function`, with sample values, each with the name of its state.
pub fn payloads(function: &str) -> Result<Vec<(String, Value)>, String> {
    tasks(function)?
        .iter()
        .map(|task| Ok((task.state.clone(), samples::payload(task)?)))
        .collect()
}

/// Everything that may be sent to `function` is an `I`: what the state machines send now, what released ones sent
/// (`statemachine/fixtures`), and the sample events in the function's folder.
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

/// `answers`, one for each that `function` can give, have the fields that the state machines pick, now and in released
/// definitions; and each value that a Choice compares with is one of theirs.
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
    for Task {
        state,
        picked,
        kept_at,
        machine,
        ..
    } in tasks(function)?
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

#[cfg(test)]
mod tests {
    use super::*;

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
        assert!(
            answers("claim-start", &[serde_json::json!({})])
                .unwrap_err()
                .contains("`outcome`")
        );
    }
}
