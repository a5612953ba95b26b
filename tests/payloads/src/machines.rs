//! The Tasks of the state machines, by the function that they invoke.

use std::fs;

use serde_json::{Map, Value};

use crate::files::{named, root};

/// File name and text of each state machine.
pub fn machines() -> Result<Vec<(String, String)>, String> {
    let machines: Vec<_> = named(&root().join("statemachine"), ".asl.json")?
        .into_iter()
        .map(|file| {
            let name = file
                .file_name()
                .map(|name| name.to_string_lossy().into_owned())
                .unwrap_or_default();
            let text = fs::read_to_string(&file).map_err(|error| format!("{name}: {error}"))?;
            Ok((name, text))
        })
        .collect::<Result<_, String>>()?;
    if machines.is_empty() {
        Err("statemachine/ has no *.asl.json".to_owned())
    } else {
        Ok(machines)
    }
}

/// Folder of the function that a Task invokes: `${CreateUserFunctionArn}` is functions/create-user.
pub fn function_of(state: &Value) -> Option<String> {
    let name = state.get("Parameters")?.get("FunctionName")?.as_str()?;
    let name = name.strip_prefix("${")?.strip_suffix("FunctionArn}")?;
    let mut folder = String::new();
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && !folder.is_empty() {
            folder.push('-');
        }
        folder.push(letter.to_ascii_lowercase());
    }
    Some(folder)
}

pub(crate) struct Task {
    pub(crate) state: String,
    pub(crate) payload: Map<String, Value>,
    /// What ResultSelector takes from the answer: its name in the state machine, the field of the answer.
    pub(crate) picked: Vec<(String, String)>,
    pub(crate) kept_at: Option<String>,
    pub(crate) machine: Value,
}

/// The Tasks that invoke `function`, at least one.
pub(crate) fn tasks(function: &str) -> Result<Vec<Task>, String> {
    let mut tasks = Vec::new();
    for (file, text) in machines()? {
        let machine: Value = serde_json::from_str(&text).map_err(|error| format!("{file}: {error}"))?;
        for (name, state) in machine["States"].as_object().into_iter().flatten() {
            if function_of(state).as_deref() == Some(function) {
                tasks.push(task(name, state, &machine)?);
            }
        }
    }
    if tasks.is_empty() {
        Err(format!("no Task invokes {function}"))
    } else {
        Ok(tasks)
    }
}

fn task(name: &str, state: &Value, machine: &Value) -> Result<Task, String> {
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
    let kept_at = state.get("ResultPath").and_then(Value::as_str).map(str::to_owned);
    Ok(Task {
        state: name.to_owned(),
        payload,
        picked,
        kept_at,
        machine: machine.clone(),
    })
}

/// The texts that Choices compare `variable` with, each with the name of its state.
pub(crate) fn compared(machine: &Value, variable: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for (name, state) in machine["States"].as_object().into_iter().flatten() {
        for choice in state.get("Choices").and_then(Value::as_array).into_iter().flatten() {
            texts(choice, variable, &mut |text| {
                found.push((name.clone(), text.to_owned()));
            });
        }
    }
    found
}

fn texts(rule: &Value, variable: &str, found: &mut impl FnMut(&str)) {
    if rule.get("Variable").and_then(Value::as_str) == Some(variable)
        && let Some(text) = rule.get("StringEquals").and_then(Value::as_str)
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
    use super::*;

    #[test]
    fn functions_are_named_by_their_substitution() {
        let state = serde_json::json!({"Parameters": {"FunctionName": "${HandOverPasswordFunctionArn}"}});
        assert_eq!(function_of(&state).as_deref(), Some("hand-over-password"));
        assert_eq!(function_of(&serde_json::json!({"Type": "Pass"})), None);
    }

    #[test]
    fn nested_comparisons_are_found() {
        let machine = serde_json::json!({"States": {"Which?": {"Choices": [
            {"Variable": "$.a.b", "StringEquals": "x"},
            {"Or": [{"Not": {"Variable": "$.a.b", "StringEquals": "y"}}, {"Variable": "$.c", "StringEquals": "z"}]},
        ]}}});
        let values: Vec<String> = compared(&machine, "$.a.b").into_iter().map(|(_, text)| text).collect();
        assert_eq!(values, ["x", "y"]);
    }
}
