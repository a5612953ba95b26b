//! Checks that every route leads to an existing state, that every state can be reached, and that every state leads to
//! an end.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::machine::{Machine, edges, kind};

pub fn problems(machine: &Machine) -> Vec<String> {
    let mut problems = Vec::new();
    if !machine.states.contains_key(&machine.start) {
        problems.push(format!("StartAt: there is no state `{}`", machine.start));
    }
    for (name, state) in &machine.states {
        for edge in edges(state) {
            if !machine.states.contains_key(edge.to) {
                problems.push(format!("`{name}` leads to `{}`, which is no state", edge.to));
            }
        }
        problems.extend(way_on(state).map(|problem| format!("`{name}` {problem}")));
    }
    let reached = reached(machine);
    let ending = ending(machine);
    for name in machine.states.keys() {
        if !reached.contains(name.as_str()) {
            problems.push(format!("`{name}` cannot be reached"));
        }
        if !ending.contains(name.as_str()) {
            problems.push(format!("`{name}` leads to no end"));
        }
    }
    problems
}

/// The field in which a state of this kind says where it goes.
fn way_on(state: &Value) -> Option<&'static str> {
    let has = |field| state.get(field).is_some();
    match kind(state) {
        "Succeed" | "Fail" => (has("Next") || has("End")).then_some("is an end and leads on"),
        "Choice" if !has("Default") => Some("has no Default"),
        "Choice" => {
            let lost = crate::machine::list(state, "Choices").any(|choice| choice.get("Next").is_none());
            lost.then_some("has a choice without Next")
        }
        "Task" | "Pass" | "Wait" if ends(state) == has("Next") => Some("needs either Next or End"),
        "Task" | "Pass" | "Wait" => None,
        _ => Some("is of a kind that these checks don't know: teach them"),
    }
}

fn ends(state: &Value) -> bool {
    matches!(kind(state), "Succeed" | "Fail") || state.get("End") == Some(&Value::Bool(true))
}

fn reached(machine: &Machine) -> BTreeSet<&str> {
    let mut reached = BTreeSet::new();
    let mut ahead = vec![machine.start.as_str()];
    while let Some(name) = ahead.pop() {
        if let Some(state) = machine.states.get(name)
            && reached.insert(name)
        {
            ahead.extend(edges(state).into_iter().map(|edge| edge.to));
        }
    }
    reached
}

/// The states from which an end can be reached.
fn ending(machine: &Machine) -> BTreeSet<&str> {
    let mut ending: BTreeSet<&str> = BTreeSet::new();
    loop {
        let before = ending.len();
        for (name, state) in &machine.states {
            if ends(state) || edges(state).iter().any(|edge| ending.contains(edge.to)) {
                ending.insert(name);
            }
        }
        if ending.len() == before {
            return ending;
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::machine::broken;

    fn found(definition: &Value) -> Vec<String> {
        problems(&broken(definition))
    }

    #[test]
    fn a_sound_machine_has_no_problems() {
        let definition = json!({"StartAt": "A", "States": {
            "A": {"Type": "Choice", "Choices": [{"Variable": "$.a", "StringEquals": "x", "Next": "B"}], "Default": "C"},
            "B": {"Type": "Task", "Next": "A", "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "C"}]},
            "C": {"Type": "Pass", "End": true}}});
        assert_eq!(found(&definition), Vec::<String>::new());
    }

    #[test]
    fn a_dangling_start_is_found() {
        let found = found(&json!({"StartAt": "Z", "States": {"A": {"Type": "Succeed"}}}));
        assert!(
            found.contains(&"StartAt: there is no state `Z`".to_owned()),
            "{found:?}"
        );
    }

    #[test]
    fn a_dangling_next_default_choice_or_catch_is_found() {
        let end = json!({"Type": "Succeed"});
        let catch = json!([{"ErrorEquals": ["States.ALL"], "Next": "Z"}]);
        let choice = json!({"Variable": "$.a", "IsPresent": true, "Next": "B"});
        let lost = json!({"Variable": "$.a", "IsPresent": true, "Next": "Z"});
        for first in [
            json!({"Type": "Pass", "Next": "Z"}),
            json!({"Type": "Choice", "Choices": [choice], "Default": "Z"}),
            json!({"Type": "Choice", "Choices": [lost], "Default": "B"}),
            json!({"Type": "Task", "Next": "B", "Catch": catch}),
        ] {
            let found = found(&json!({"StartAt": "A", "States": {"A": first, "B": end}}));
            assert!(
                found.contains(&"`A` leads to `Z`, which is no state".to_owned()),
                "{found:?}"
            );
        }
    }

    #[test]
    fn a_state_that_nothing_leads_to_is_found() {
        let found = found(&json!({"StartAt": "A", "States": {"A": {"Type": "Succeed"}, "B": {"Type": "Succeed"}}}));
        assert_eq!(found, ["`B` cannot be reached"]);
    }

    #[test]
    fn a_circle_without_an_end_is_found() {
        let found = found(&json!({"StartAt": "A", "States": {
            "A": {"Type": "Pass", "Next": "B"}, "B": {"Type": "Pass", "Next": "A"}}}));
        assert_eq!(found, ["`A` leads to no end", "`B` leads to no end"]);
    }

    #[test]
    fn a_state_that_says_nothing_or_too_much_is_found() {
        for (first, problem) in [
            (json!({"Type": "Pass"}), "`A` needs either Next or End"),
            (
                json!({"Type": "Pass", "Next": "B", "End": true}),
                "`A` needs either Next or End",
            ),
            (json!({"Type": "Succeed", "Next": "B"}), "`A` is an end and leads on"),
            (
                json!({"Type": "Choice", "Choices": [{"Next": "B"}]}),
                "`A` has no Default",
            ),
            (
                json!({"Type": "Choice", "Choices": [{}], "Default": "B"}),
                "`A` has a choice without Next",
            ),
            (
                json!({"Type": "Map", "Next": "B"}),
                "`A` is of a kind that these checks don't know: teach them",
            ),
        ] {
            let found = found(&json!({"StartAt": "A", "States": {"A": first, "B": {"Type": "Succeed"}}}));
            assert!(found.contains(&problem.to_owned()), "{problem}: {found:?}");
        }
    }
}
