//! The state machine as the file has it, and the edges between its states.

use std::fs;

use serde_json::{Map, Value};

use crate::files::root;

/// The path of the state machine's file, from the root of the workspace.
pub const FILE: &str = "statemachine/gangway.asl.json";

pub struct Machine {
    /// The text of the file.
    pub text: String,
    /// The name of the first state.
    pub start: String,
    /// Each state by its name.
    pub states: Map<String, Value>,
}

/// An edge from one state to another.
pub struct Edge<'a> {
    pub to: &'a str,
    /// The Catch that leads there; none for an ordinary edge.
    pub caught_by: Option<&'a Value>,
}

impl Machine {
    /// Reads the project's state machine.
    pub fn load() -> Result<Self, String> {
        let text = fs::read_to_string(root().join(FILE)).map_err(|error| format!("{FILE}: {error}"))?;
        Self::parse(&text)
    }

    pub fn parse(text: &str) -> Result<Self, String> {
        let definition: Value = serde_json::from_str(text).map_err(|error| format!("{FILE}: {error}"))?;
        let start = definition.get("StartAt").and_then(Value::as_str);
        let start = start.ok_or("the state machine has no StartAt")?.to_owned();
        let states = definition.get("States").and_then(Value::as_object);
        let states = states.ok_or("the state machine has no States")?.clone();
        Ok(Self {
            text: text.to_owned(),
            start,
            states,
        })
    }

    /// The Task states, each with its name.
    pub fn tasks(&self) -> impl Iterator<Item = (&String, &Value)> {
        self.states.iter().filter(|(_, state)| kind(state) == "Task")
    }
}

/// The folder of the function that a Task invokes: `${CreateUserFunctionArn}` is `create-user`.
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

/// The state's Type.
pub fn kind(state: &Value) -> &str {
    text(state, "Type").unwrap_or_default()
}

pub fn text<'a>(state: &'a Value, field: &str) -> Option<&'a str> {
    state.get(field)?.as_str()
}

/// The elements of an array; empty if there is no such field.
pub fn list<'a>(state: &'a Value, field: &str) -> impl Iterator<Item = &'a Value> {
    state.get(field).and_then(Value::as_array).into_iter().flatten()
}

/// The error names of a retrier or a catcher.
pub fn errors(entry: &Value) -> Vec<&str> {
    list(entry, "ErrorEquals").filter_map(Value::as_str).collect()
}

/// Whether the Task ends only when somebody answers with its token.
pub fn waits_for_a_token(task: &Value) -> bool {
    text(task, "Resource").is_some_and(|resource| resource.ends_with(".waitForTaskToken"))
}

pub fn edges(state: &Value) -> Vec<Edge<'_>> {
    let ordinary = text(state, "Next")
        .into_iter()
        .chain(list(state, "Choices").filter_map(|choice| text(choice, "Next")))
        .chain(text(state, "Default"))
        .map(|to| Edge { to, caught_by: None });
    let caught = list(state, "Catch").filter_map(|catch| {
        Some(Edge {
            to: text(catch, "Next")?,
            caught_by: Some(catch),
        })
    });
    ordinary.chain(caught).collect()
}

#[cfg(test)]
pub(crate) fn broken(definition: &Value) -> Machine {
    Machine::parse(&definition.to_string()).unwrap()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn functions_are_named_by_their_substitution() {
        let state = json!({"Parameters": {"FunctionName": "${HandOverPasswordFunctionArn}"}});
        assert_eq!(function_of(&state).as_deref(), Some("hand-over-password"));
        assert_eq!(function_of(&json!({"Type": "Pass"})), None);
    }
}
