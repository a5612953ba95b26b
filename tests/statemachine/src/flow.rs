//! Checks that whatever a state reads was produced before it, on every route to it. A missing path ends an execution
//! with States.Runtime, which no Catch catches.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::machine::{Machine, edges, kind, list, text, waits_for_a_token};
use crate::paths;
use crate::shape::Shape;

/// The input of an execution, as shared/runtime/src/execution.rs writes it.
const INPUT: [&str; 5] = ["org", "request", "kind", "run", "enter"];

/// The fields of the context object that both engines have.
const CONTEXT: [&str; 5] = [
    "$$.Task.Token",
    "$$.Execution.Id",
    "$$.Execution.Name",
    "$$.State.Name",
    "$$.State.RetryCount",
];

pub fn problems(machine: &Machine) -> Vec<String> {
    let known = known(machine);
    let mut problems = Vec::new();
    for (name, state) in &machine.states {
        let Some(input) = known.get(name.as_str()) else {
            continue;
        };
        for path in missing(state, input) {
            let via = without(machine, &known, name, &path);
            let via = if via.is_empty() {
                String::new()
            } else {
                format!(" when one comes from `{}`", via.join("`, `"))
            };
            problems.push(format!("`{name}` reads {path}, which is not there{via}"));
        }
    }
    problems
}

/// What is known when each reachable state is entered. Known facts only become fewer, so the loop ends.
fn known(machine: &Machine) -> BTreeMap<&str, Shape> {
    let mut input = Shape::with([]);
    for field in INPUT {
        input.set(&[field], Shape::Value);
    }
    let mut known = BTreeMap::from([(machine.start.as_str(), input)]);
    let mut ahead = vec![machine.start.as_str()];
    while let Some(name) = ahead.pop() {
        let (Some(state), Some(input)) = (machine.states.get(name), known.get(name).cloned()) else {
            continue;
        };
        for edge in edges(state) {
            let output = output(state, &input, edge.caught_by);
            let met = known
                .get(edge.to)
                .map_or_else(|| output.clone(), |before| before.in_both(&output));
            if known.get(edge.to) != Some(&met) {
                known.insert(edge.to, met);
                ahead.push(edge.to);
            }
        }
    }
    known
}

/// The states that lead to `name` without having produced `path`.
fn without<'a>(machine: &'a Machine, known: &BTreeMap<&str, Shape>, name: &str, path: &str) -> Vec<&'a str> {
    let Some(names) = paths::names(path) else {
        return Vec::new();
    };
    let comes_without = |(before, state): (&'a String, &'a Value)| {
        let input = known.get(before.as_str())?;
        let lacks = |caught_by| output(state, input, caught_by).at(&names).is_none();
        edges(state)
            .iter()
            .any(|edge| edge.to == name && lacks(edge.caught_by))
            .then_some(before.as_str())
    };
    machine.states.iter().filter_map(comes_without).collect()
}

/// The part that InputPath or OutputPath selects.
fn chosen(state: &Value, field: &str, shape: &Shape) -> Shape {
    match state.get(field) {
        None => shape.clone(),
        Some(path) => {
            let names = path.as_str().and_then(paths::names);
            names
                .and_then(|names| shape.at(&names))
                .cloned()
                .unwrap_or_else(|| Shape::with([]))
        }
    }
}

/// The answer of a Task's resource before ResultSelector.
fn raw_result(state: &Value) -> Shape {
    if waits_for_a_token(state) {
        Shape::Value
    } else {
        Shape::with([("Payload", Shape::Answer)])
    }
}

fn output(state: &Value, input: &Shape, caught_by: Option<&Value>) -> Shape {
    if let Some(catch) = caught_by {
        let error = Shape::with([("Error", Shape::Value), ("Cause", Shape::Value)]);
        return placed(catch.get("ResultPath"), input, error);
    }
    chosen(state, "OutputPath", &combined(state, input))
}

/// The state's input combined with its result, before OutputPath.
fn combined(state: &Value, input: &Shape) -> Shape {
    let effective = chosen(state, "InputPath", input);
    let sent = state
        .get("Parameters")
        .map_or_else(|| effective.clone(), |template| Shape::of(template, &effective));
    let result = match kind(state) {
        "Pass" => state.get("Result").map_or(sent, |result| Shape::of(result, &effective)),
        "Task" => {
            let raw = raw_result(state);
            state
                .get("ResultSelector")
                .map_or_else(|| raw.clone(), |selector| Shape::of(selector, &raw))
        }
        _ => return effective,
    };
    placed(state.get("ResultPath"), input, result)
}

/// Applies ResultPath: null keeps the input, `$` or none replaces it, a path adds to it.
fn placed(path: Option<&Value>, input: &Shape, result: Shape) -> Shape {
    let mut output = input.clone();
    match path {
        None => return result,
        Some(Value::Null) => {}
        Some(path) => {
            if let Some(names) = path.as_str().and_then(paths::names) {
                output.set(&names, result);
            }
        }
    }
    output
}

/// The paths that the state reads and that `input` lacks.
fn missing(state: &Value, input: &Shape) -> Vec<String> {
    let effective = chosen(state, "InputPath", input);
    let mut missing = Vec::new();
    let mut look = |expression: &str, there: &Shape| {
        for path in paths::read(expression) {
            let found = if path.starts_with("$$") {
                CONTEXT.contains(&path.as_str())
            } else {
                paths::names(&path).is_some_and(|names| there.at(&names).is_some())
            };
            if !found {
                missing.push(path);
            }
        }
    };
    text(state, "InputPath").into_iter().for_each(|path| look(path, input));
    text(state, "OutputPath")
        .into_iter()
        .for_each(|path| look(path, &combined(state, input)));
    for field in [
        "SecondsPath",
        "TimestampPath",
        "TimeoutSecondsPath",
        "HeartbeatSecondsPath",
        "ErrorPath",
        "CausePath",
    ] {
        text(state, field).into_iter().for_each(|path| look(path, &effective));
    }
    state
        .get("Parameters")
        .into_iter()
        .for_each(|template| each_path(template, &mut |path| look(path, &effective)));
    let raw = raw_result(state);
    state
        .get("ResultSelector")
        .into_iter()
        .for_each(|template| each_path(template, &mut |path| look(path, &raw)));
    list(state, "Choices").for_each(|choice| each_operand(choice, &mut |path| look(path, &effective)));
    missing
}

/// Calls `found` with each expression of a template, at any depth.
fn each_path(template: &Value, found: &mut impl FnMut(&str)) {
    match template {
        Value::Object(fields) => {
            for (name, value) in fields {
                match (name.ends_with(".$"), value.as_str()) {
                    (true, Some(expression)) => found(expression),
                    _ => each_path(value, found),
                }
            }
        }
        Value::Array(values) => values.iter().for_each(|value| each_path(value, found)),
        _ => {}
    }
}

/// Calls `found` with each operand of a choice. A variable may be absent if the choice tests whether it is present.
fn each_operand(choice: &Value, found: &mut impl FnMut(&str)) {
    for operator in ["And", "Or"] {
        list(choice, operator).for_each(|choice| each_operand(choice, found));
    }
    if let Some(choice) = choice.get("Not") {
        each_operand(choice, found);
    }
    if choice.get("IsPresent").is_some() {
        return;
    }
    for (field, value) in choice.as_object().into_iter().flatten() {
        if let Some(path) = value.as_str()
            && (field == "Variable" || field.ends_with("Path"))
        {
            found(path);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::machine::broken;

    /// `first` leads to `Then`, which reads `$.x.y`.
    fn found(first: &Value) -> Vec<String> {
        reads(first, &json!({"Type": "Wait", "SecondsPath": "$.x.y", "Next": "End"}))
    }

    fn reads(first: &Value, then: &Value) -> Vec<String> {
        problems(&broken(&json!({"StartAt": "A", "States": {
            "A": first,
            "Make": {"Type": "Pass", "Result": {"y": 1}, "ResultPath": "$.x", "Next": "Then"},
            "Then": then,
            "End": {"Type": "Succeed"},
        }})))
    }

    fn pass(fields: &Value) -> Value {
        let mut state = json!({"Type": "Pass", "Next": "Then"});
        state
            .as_object_mut()
            .unwrap()
            .extend(fields.as_object().unwrap().clone());
        state
    }

    fn task(fields: &Value) -> Value {
        let mut state = pass(fields);
        state["Type"] = json!("Task");
        state
    }

    const LOST: &str = "`Then` reads $.x.y, which is not there when one comes from `A`";

    #[test]
    fn what_was_produced_may_be_read() {
        for first in [
            json!({"Type": "Pass", "Next": "Make"}),
            pass(&json!({"Result": {"x": {"y": 1}}})),
            pass(&json!({"Parameters": {"y.$": "$.run"}, "ResultPath": "$.x"})),
            pass(&json!({"Parameters": {"x": {"y.$": "States.MathAdd($.run, 1)"}}, "ResultPath": "$"})),
            task(&json!({"ResultSelector": {"y.$": "$.Payload.y"}, "ResultPath": "$.x"})),
        ] {
            assert_eq!(found(&first), Vec::<String>::new(), "{first}");
        }
    }

    #[test]
    fn what_was_not_produced_may_not() {
        for first in [
            pass(&json!({})),
            pass(&json!({"Result": {"x": {"y": 1}}, "ResultPath": null})),
            pass(&json!({"Result": {"x": {"y": 1}}, "ResultPath": "$.z"})),
            task(&json!({"ResultSelector": {"z.$": "$.Payload.y"}, "ResultPath": "$.x"})),
            task(&json!({"ResultSelector": {"y.$": "$.Payload.y"}, "ResultPath": null})),
        ] {
            assert_eq!(found(&first), [LOST], "{first}");
        }
    }

    #[test]
    fn one_route_without_it_is_enough() {
        let choice = |to| {
            json!({"Type": "Choice", "Default": to,
            "Choices": [{"Variable": "$.enter", "StringEquals": "start", "Next": "Make"}]})
        };
        assert_eq!(found(&choice("Make")), Vec::<String>::new());
        assert_eq!(found(&choice("Then")), [LOST]);
    }

    #[test]
    fn a_caught_error_brings_no_result() {
        let catch = |result_path: Value| {
            let catch = json!([{"ErrorEquals": ["States.ALL"], "ResultPath": result_path, "Next": "Then"}]);
            task(&json!({"ResultSelector": {"y.$": "$.Payload.y"}, "ResultPath": "$.x", "Catch": catch}))
        };
        for path in [json!(null), json!("$.failure"), json!("$")] {
            assert_eq!(found(&catch(path)), [LOST]);
        }
        let reads_error = json!({"Type": "Pass", "Parameters": {"cause.$": "$.failure.Cause"}, "Next": "End"});
        let found = reads(&catch(json!("$.failure")), &reads_error);
        // If nothing failed, there is no failure to read.
        assert_eq!(
            found,
            ["`Then` reads $.failure.Cause, which is not there when one comes from `A`"]
        );
    }

    #[test]
    fn a_result_that_replaces_the_input_loses_it() {
        let lost = "`Then` reads $.run, which is not there when one comes from `A`";
        let then = json!({"Type": "Pass", "Parameters": {"run.$": "$.run"}, "Next": "End"});
        assert_eq!(reads(&pass(&json!({"Result": {}})), &then), [lost]);
        let caught = task(&json!({"ResultPath": null, "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Then"}]}));
        assert_eq!(reads(&caught, &then), [lost]);
        assert_eq!(reads(&pass(&json!({"OutputPath": "$.org"})), &then), [lost]);
    }

    #[test]
    fn every_field_that_reads_is_looked_at() {
        for then in [
            json!({"Type": "Wait", "TimestampPath": "$.x.y", "Next": "End"}),
            json!({"Type": "Task", "HeartbeatSecondsPath": "$.x.y", "ResultPath": null, "Next": "End"}),
            json!({"Type": "Task", "TimeoutSecondsPath": "$.x.y", "ResultPath": null, "Next": "End"}),
            json!({"Type": "Task", "Parameters": {"Payload": {"a.$": "$.x.y"}}, "ResultPath": null, "Next": "End"}),
            json!({"Type": "Pass", "Parameters": {"a.$": "States.Format('{}', $.x.y)"}, "Next": "End"}),
            json!({"Type": "Pass", "InputPath": "$.x.y", "Next": "End"}),
            json!({"Type": "Pass", "OutputPath": "$.x.y", "Next": "End"}),
            json!({"Type": "Choice", "Default": "End",
                "Choices": [{"And": [{"Not": {"Variable": "$.x.y", "IsNull": true}}], "Next": "End"}]}),
            json!({"Type": "Choice", "Default": "End",
                "Choices": [{"Variable": "$.run", "NumericLessThanPath": "$.x.y", "Next": "End"}]}),
        ] {
            assert_eq!(reads(&pass(&json!({})), &then), [LOST], "{then}");
        }
    }

    #[test]
    fn an_answer_is_read_by_its_selector_only() {
        let then = json!({"Type": "Task", "ResultSelector": {"a.$": "$.x.y"}, "ResultPath": null, "Next": "End"});
        assert!(reads(&pass(&json!({"Result": {"x": {"y": 1}}})), &then)[0].contains("`Then` reads $.x.y"));
    }

    #[test]
    fn presence_may_be_asked_of_what_is_absent() {
        let then = json!({"Type": "Choice", "Default": "End",
            "Choices": [{"Variable": "$.x.y", "IsPresent": true, "Next": "End"}]});
        assert_eq!(reads(&pass(&json!({})), &then), Vec::<String>::new());
    }

    #[test]
    fn an_unknown_field_of_the_context_is_found() {
        let then = json!({"Type": "Pass", "Parameters": {"a.$": "$$.Task.Tokens"}, "Next": "End"});
        assert_eq!(
            reads(&pass(&json!({})), &then),
            ["`Then` reads $$.Task.Tokens, which is not there"]
        );
    }
}
