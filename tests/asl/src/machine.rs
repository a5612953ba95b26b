//! A state machine and where its states lead.

use serde_json::{Map, Value};

pub struct Machine {
    /// Name of its file.
    pub file: String,
    pub text: String,
    pub start: String,
    pub states: Map<String, Value>,
}

/// A way from one state to another.
pub struct Edge<'a> {
    pub to: &'a str,
    /// The Catch that leads there; none for the ordinary way.
    pub caught_by: Option<&'a Value>,
}

impl Machine {
    pub fn parse(file: &str, text: &str) -> Result<Self, String> {
        let definition: Value = serde_json::from_str(text).map_err(|error| format!("{file}: {error}"))?;
        let start = definition.get("StartAt").and_then(Value::as_str);
        let start = start.ok_or_else(|| format!("{file} has no StartAt"))?.to_owned();
        let states = definition.get("States").and_then(Value::as_object);
        let states = states.ok_or_else(|| format!("{file} has no States"))?.clone();
        Ok(Self {
            file: file.to_owned(),
            text: text.to_owned(),
            start,
            states,
        })
    }

    pub fn tasks(&self) -> impl Iterator<Item = (&String, &Value)> {
        self.states.iter().filter(|(_, state)| kind(state) == "Task")
    }
}

pub fn kind(state: &Value) -> &str {
    text(state, "Type").unwrap_or_default()
}

pub fn text<'a>(state: &'a Value, field: &str) -> Option<&'a str> {
    state.get(field)?.as_str()
}

/// The elements of an array; none where there is no such field.
pub fn list<'a>(state: &'a Value, field: &str) -> impl Iterator<Item = &'a Value> {
    state.get(field).and_then(Value::as_array).into_iter().flatten()
}

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
    Machine::parse("broken.asl.json", &definition.to_string()).unwrap()
}
