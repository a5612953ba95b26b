//! Checks that an execution's longest history and longest wait stay below the limits of Step Functions.
//!
//! Both are sums over the states, each multiplied by the turns of its loops. The MaxValues of the template's
//! parameters say how often and how long.

use std::collections::{BTreeMap, BTreeSet};

use domain::schedule::MAX_DAYS_AHEAD;
use domain::submission::MAX_LICENSES;
use serde_json::Value;

use crate::machine::{Machine, edges, kind, text, waits_for_a_token};

/// The largest number of events in the history of one execution. The next event would end the execution.
pub const MOST_EVENTS: u64 = 25_000;
/// The most seconds that an execution may take.
pub const LONGEST: u64 = 365 * DAY;

const DAY: u64 = 86_400;
/// Seconds from a submission to the latest start date that it may name, in any time zone.
const START_DATE: u64 = (MAX_DAYS_AHEAD.unsigned_abs() + 1) * DAY;

/// How often a loop is repeated.
#[derive(Clone, Copy)]
enum Turns {
    /// As often as this clock says. The state `Set the clocks` sets it to a parameter of the template.
    Clock(&'static str),
    /// Once for each license of the request.
    Licenses,
    /// Depends on data that a step reads, and counts as one turn here.
    Data,
}

/// A state of each loop, outer loops first. A loop without any of these states is reported as a problem.
const LOOPS: [(&str, Turns); 5] = [
    ("Is there time left to decide?", Turns::Clock("approval_rounds")),
    ("Find a license", Turns::Licenses),
    ("Is there time left for the seat?", Turns::Clock("seat_polls")),
    ("Is there time left for the order?", Turns::Clock("purchase_polls")),
    // This loop ends when the other request's seat is assigned or given up.
    ("Wait for the other purchase", Turns::Data),
];

/// The length of the longest execution.
#[derive(Debug, PartialEq, Eq)]
pub struct Most {
    /// Events in the history if no attempt fails.
    pub events: u64,
    /// Seconds of waiting, without the time in which functions run.
    pub seconds: u64,
}

/// Adds up the longest execution, with the MaxValues of the template's parameters.
pub fn most(machine: &Machine, template: &Value) -> Result<Most, String> {
    let clocks = Clocks { machine, template };
    let visits = visits(machine, &clocks)?;
    let before_the_date = leading_to_the_date(machine);
    let (mut events, mut before, mut after) = (0, 0, 0);
    for (name, times) in visits {
        let state = &machine.states[name];
        events += times * events_of(state);
        let waited = times * clocks.wait(name, state)?;
        if before_the_date.contains(name) {
            before += waited;
        } else {
            after += waited;
        }
    }
    // The start date is a day and not a pause, so an approval that takes long does not move it.
    let seconds = before.max(START_DATE) + after;
    Ok(Most { events, seconds })
}

pub fn problems(machine: &Machine, template: &Value) -> Vec<String> {
    match most(machine, template) {
        Err(problem) => vec![problem],
        Ok(Most { events, seconds }) => {
            let long = (events > MOST_EVENTS).then(|| format!("a history may have {events} events"));
            let slow = (seconds > LONGEST).then(|| format!("an execution may wait {} days", seconds.div_ceil(DAY)));
            long.into_iter().chain(slow).collect()
        }
    }
}

/// Each state has events for entering and leaving. A Task also has some for being scheduled, started and ended, and
/// submitted if it waits for a token.
fn events_of(state: &Value) -> u64 {
    match kind(state) {
        "Task" if waits_for_a_token(state) => 6,
        "Task" => 5,
        _ => 2,
    }
}

struct Clocks<'a> {
    machine: &'a Machine,
    template: &'a Value,
}

impl Clocks<'_> {
    /// The MaxValue of the parameter that sets `$.clocks.NAME`.
    fn most(&self, name: &str) -> Result<u64, String> {
        let set = &self.machine.states[&self.machine.start]["Parameters"]["clocks"][format!("{name}.$")];
        let parameter = set
            .as_str()
            .and_then(|expression| expression.split_once("${")?.1.split_once('}'))
            .map(|(parameter, _)| parameter)
            .ok_or_else(|| format!("the clock {name} is set to no parameter of the template"))?;
        self.template["Parameters"][parameter]["MaxValue"]
            .as_u64()
            .ok_or_else(|| format!("the template's parameter {parameter} has no MaxValue"))
    }

    /// The longest wait of one visit in seconds; 0 for the wait until a date.
    fn wait(&self, name: &str, state: &Value) -> Result<u64, String> {
        let path = match kind(state) {
            "Wait" if text(state, "TimestampPath").is_some() => return Ok(0),
            "Wait" => text(state, "SecondsPath"),
            "Task" if waits_for_a_token(state) => text(state, "HeartbeatSecondsPath"),
            _ => return Ok(0),
        };
        let clock = path.and_then(|path| path.strip_prefix("$.clocks."));
        self.most(clock.ok_or_else(|| format!("`{name}` waits by no clock"))?)
    }

    fn turns(&self, turns: Turns) -> Result<u64, String> {
        match turns {
            Turns::Clock(name) => self.most(name),
            Turns::Licenses => Ok(MAX_LICENSES as u64),
            Turns::Data => Ok(1),
        }
    }
}

/// How often each state can be entered.
fn visits<'a>(machine: &'a Machine, clocks: &Clocks) -> Result<BTreeMap<&'a str, u64>, String> {
    let mut visits: BTreeMap<&str, u64> = machine.states.keys().map(|name| (name.as_str(), 1)).collect();
    let mut left: BTreeSet<&str> = visits.keys().copied().collect();
    for (state, turns) in LOOPS {
        let members = members(machine, &left, state);
        if members.is_empty() {
            if left.contains(state) {
                return Err(format!("`{state}` is in no loop any more: take it out of LOOPS"));
            }
            continue;
        }
        let turns = clocks.turns(turns)?;
        for member in members {
            *visits.entry(member).or_insert(1) *= turns;
        }
        left.remove(state);
    }
    match left.iter().find(|state| !members(machine, &left, state).is_empty()) {
        Some(state) => Err(format!("`{state}` is in a loop that nothing counts")),
        None => Ok(visits),
    }
}

/// The states of `among` in a loop with `state`, including itself. Empty if it is in no loop.
fn members<'a>(machine: &'a Machine, among: &BTreeSet<&'a str>, state: &str) -> BTreeSet<&'a str> {
    let reached = reached(machine, among, state);
    reached
        .iter()
        .copied()
        .filter(|name| self::reached(machine, among, name).contains(state))
        .collect()
}

/// The states of `among` that can be reached from `state` in at least one step.
fn reached<'a>(machine: &'a Machine, among: &BTreeSet<&'a str>, state: &str) -> BTreeSet<&'a str> {
    let mut reached = BTreeSet::new();
    let mut ahead = vec![state.to_owned()];
    while let Some(name) = ahead.pop() {
        let targets = machine.states.get(&name).map(edges).unwrap_or_default();
        for edge in targets {
            if let Some(to) = among.get(edge.to)
                && reached.insert(*to)
            {
                ahead.push((*to).to_owned());
            }
        }
    }
    reached
}

/// The states that lead to the wait until a date.
fn leading_to_the_date(machine: &Machine) -> BTreeSet<&str> {
    let all: BTreeSet<&str> = machine.states.keys().map(String::as_str).collect();
    let is_date = |name: &&str| text(&machine.states[*name], "TimestampPath").is_some();
    let leads = |name: &&str| reached(machine, &all, name).iter().any(is_date);
    all.iter().copied().filter(leads).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::machine::broken;

    /// A machine that asks at most twice, waits until the date, and then once more.
    fn machine(more: &Value) -> Machine {
        let mut states = json!({
            "Set the clocks": {"Type": "Pass", "Next": "Ask", "Parameters": {"clocks": {
                "approval_rounds.$": "States.StringToJson('${Rounds}')", "pause.$": "States.StringToJson('${Pause}')"}}},
            "Ask": {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken",
                "HeartbeatSecondsPath": "$.clocks.pause", "Next": "Is there time left to decide?"},
            "Is there time left to decide?": {"Type": "Choice", "Choices": [{"Next": "Ask"}], "Default": "Date"},
            "Date": {"Type": "Wait", "TimestampPath": "$.at", "Next": "Pause"},
            "Pause": {"Type": "Wait", "SecondsPath": "$.clocks.pause", "Next": "End"},
            "End": {"Type": "Succeed"},
        });
        states
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        broken(&json!({"StartAt": "Set the clocks", "States": states}))
    }

    fn template(rounds: u64, pause: u64) -> Value {
        json!({"Parameters": {"Rounds": {"MaxValue": rounds}, "Pause": {"MaxValue": pause}}})
    }

    #[test]
    fn loops_multiply_what_is_in_them() {
        let most = most(&machine(&json!({})), &template(2, 60)).unwrap();
        // Once: the clocks, the date, the pause, the end. Twice: the question and the choice.
        assert_eq!(most.events, 4 * 2 + 2 * (6 + 2));
        // The questions before the date are answered by then.
        assert_eq!(most.seconds, START_DATE + 60);
    }

    #[test]
    fn waits_before_the_date_count_when_they_are_longer() {
        let most = most(&machine(&json!({})), &template(10, 40 * DAY)).unwrap();
        assert_eq!(most.seconds, 400 * DAY + 40 * DAY);
        assert_eq!(
            problems(&machine(&json!({})), &template(10, 40 * DAY)),
            ["an execution may wait 440 days"]
        );
    }

    #[test]
    fn a_history_that_is_too_long_is_found() {
        let found = problems(&machine(&json!({})), &template(4_000, 1));
        assert_eq!(found, ["a history may have 32008 events"]);
    }

    #[test]
    fn a_loop_that_nothing_counts_is_found() {
        let again = json!({"Pause": {"Type": "Wait", "SecondsPath": "$.clocks.pause", "Next": "Again"},
            "Again": {"Type": "Choice", "Choices": [{"Next": "Pause"}], "Default": "End"}});
        assert_eq!(
            problems(&machine(&again), &template(2, 60)),
            ["`Again` is in a loop that nothing counts"]
        );
    }

    #[test]
    fn a_parameter_without_a_most_is_found() {
        assert_eq!(
            problems(
                &machine(&json!({})),
                &json!({"Parameters": {"Pause": {"MaxValue": 1}, "Rounds": {}}})
            ),
            ["the template's parameter Rounds has no MaxValue"]
        );
    }
}
