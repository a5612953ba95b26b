//! States that the machines have in common are the same in all of them, so that nobody changes one file only.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::machine::Machine;

/// From the ticket to the start, and from the end to the record of it.
pub const SHARED: [&str; 29] = [
    "Where to begin",
    "Prepare the request",
    "Open the ticket",
    "Is approval required?",
    "Tell the ticket that approval is awaited",
    "Ask the approvers",
    "Count the reminder",
    "Is there time left to decide?",
    "Settle the approval",
    "Was it approved?",
    "Plan the start",
    "Does the start lie ahead?",
    "Tell the ticket the start date",
    "Wait until the start date",
    "Claim the start",
    "Is the start still wanted?",
    "Taken over",
    "Sum up the completion",
    "Sum up the denial",
    "Sum up the cancellation",
    "Sum up the failure",
    "Close the ticket",
    "Mail what the ticket lacks",
    "Record the end",
    "Record a failed end",
    "How did it end?",
    "Ended",
    "Ended as failed",
    "The end could not be recorded",
];

/// Where each machine's own work begins, which shared states lead to.
pub const WORK: [(&str, &str); 2] = [
    ("onboarding.asl.json", "Create the user"),
    ("offboarding.asl.json", "Block the sign-in"),
];

/// Each machine sets the clocks that it has.
const OWN: &str = "Set the clocks";

pub fn problems(machines: &[Machine], shared: &[&str], work: &[(&str, &str)]) -> Vec<String> {
    let Some((first, others)) = machines.split_first() else {
        return Vec::new();
    };
    let mut problems = Vec::new();
    let shared: BTreeSet<&str> = shared.iter().copied().collect();
    for other in others {
        let in_both = first.states.keys().filter(|name| other.states.contains_key(*name));
        let in_both: BTreeSet<&str> = in_both.map(String::as_str).filter(|name| *name != OWN).collect();
        for name in in_both.symmetric_difference(&shared) {
            problems.push(format!(
                "`{name}` is either in SHARED or in both {} and {}, but not in all of them",
                first.file, other.file
            ));
        }
        for name in in_both.intersection(&shared) {
            if state(first, name, work) != state(other, name, work) {
                problems.push(format!("`{name}` is not the same in {} and {}", first.file, other.file));
            }
        }
    }
    problems
}

/// The state, with one name for where the machine's own work begins.
fn state(machine: &Machine, name: &str, work: &[(&str, &str)]) -> Value {
    let state = machine.states.get(name).cloned().unwrap_or_default();
    let begins = work.iter().find(|(file, _)| *file == machine.file);
    begins.map_or_else(|| state.clone(), |(_, begins)| renamed(&state, begins))
}

fn renamed(value: &Value, begins: &str) -> Value {
    match value {
        Value::String(text) if text == begins => Value::from("(the work)"),
        Value::Array(values) => values.iter().map(|value| renamed(value, begins)).collect(),
        Value::Object(fields) => fields
            .iter()
            .map(|(name, value)| (name.clone(), renamed(value, begins)))
            .collect(),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// A machine whose state A leads to its work, with what else is in it.
    fn machine(file: &str, work: &str, more: Value) -> Machine {
        let mut states = json!({
            "Set the clocks": {"Type": "Pass", "Result": work, "Next": "A"},
            "A": {"Type": "Choice", "Choices": [{"Next": work}], "Default": "End"},
            work: {"Type": "Pass", "Next": "End"},
            "End": {"Type": "Succeed"},
        });
        states
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        Machine::parse(file, &json!({"StartAt": "A", "States": states}).to_string()).unwrap()
    }

    fn found(more: Value, shared: &[&str]) -> Vec<String> {
        let machines = [machine("one", "Work", json!({})), machine("two", "Toil", more)];
        problems(&machines, shared, &[("one", "Work"), ("two", "Toil")])
    }

    #[test]
    fn machines_that_differ_in_their_own_work_have_no_problems() {
        assert_eq!(found(json!({}), &["A", "End"]), Vec::<String>::new());
    }

    #[test]
    fn a_state_that_was_changed_in_one_file_only_is_found() {
        let changed = json!({"A": {"Type": "Choice", "Choices": [{"Next": "Toil"}], "Default": "Toil"}});
        assert_eq!(found(changed, &["A", "End"]), ["`A` is not the same in one and two"]);
    }

    #[test]
    fn a_state_that_came_or_went_is_found() {
        let problem =
            |name: &str| format!("`{name}` is either in SHARED or in both one and two, but not in all of them");
        assert_eq!(found(json!({}), &["A"]), [problem("End")]);
        assert_eq!(found(json!({}), &["A", "End", "Gone"]), [problem("Gone")]);
    }
}
