//! `cargo xtask diagram`: draws the state machine into the README beside it, as an overview and then part by part, each with
//! a picture in Mermaid and a table of its states.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    fmt::Write,
    fs,
};

use serde_json::Value;
use statemachine::{
    Machine, function_of,
    machine::{edges, errors, kind, list, text, waits_for_a_token},
};

use crate::{Result, project::Project};

const BEGIN: &str = "<!-- made by cargo xtask diagram -->";
const END: &str = "<!-- end of what cargo xtask diagram makes -->";

/// The states that all kinds of request share: before the Choice by `$.kind`, and after the branches.
const BEFORE: &str = "before";
const AFTER: &str = "end";

/// The text of an arrow, and the state that it leads to.
type Way<'a> = (String, &'a str);

/// The arrows out of a state, apart from errors.
fn ways(state: &Value) -> Vec<Way<'_>> {
    let next = text(state, "Next").map(|next| (String::new(), next));
    let choices = list(state, "Choices").filter_map(|choice| Some((condition(choice), text(choice, "Next")?)));
    let default = text(state, "Default").map(|next| ("otherwise".to_owned(), next));
    next.into_iter().chain(choices).chain(default).collect()
}

/// The arrows out of a state by an error.
fn caught(state: &Value) -> Vec<Way<'_>> {
    list(state, "Catch")
        .filter_map(|catch| Some((errors(catch).join(", "), text(catch, "Next")?)))
        .collect()
}

fn does(state: &Value) -> String {
    let done = match kind(state) {
        "Task" => {
            let function = function_of(state).unwrap_or_default();
            if waits_for_a_token(state) {
                format!(
                    "runs `{function}` and waits for a person{}",
                    seconds(state, "Heartbeat")
                )
            } else {
                format!("runs `{function}`")
            }
        }
        "Wait" => match text(state, "TimestampPath") {
            Some(path) => format!("waits until `{path}`"),
            None => format!("waits{}", seconds(state, "")),
        },
        "Choice" => "chooses".to_owned(),
        "Pass" => "sets values".to_owned(),
        "Succeed" => "ends well".to_owned(),
        "Fail" => "ends as failed".to_owned(),
        other => other.to_lowercase(),
    };
    match text(state, "Comment") {
        Some(comment) => format!("{done}. {comment}"),
        None => done,
    }
}

/// The state's `WHATSeconds` or `WHATSecondsPath`.
fn seconds(state: &Value, what: &str) -> String {
    if let Some(number) = state.get(format!("{what}Seconds")) {
        return format!(", {number} seconds");
    }
    text(state, &format!("{what}SecondsPath")).map_or_else(String::new, |path| format!(", `{path}` seconds"))
}

fn shape(state: &Value) -> (&'static str, &'static str) {
    match kind(state) {
        "Choice" => ("{\"", "\"}"),
        "Wait" => ("([\"", "\"])"),
        "Succeed" | "Fail" => ("((\"", "\"))"),
        _ if waits_for_a_token(state) => ("[[\"", "\"]]"),
        _ => ("[\"", "\"]"),
    }
}

/// The condition of a choice as text: `approval.decision = approved`.
fn condition(choice: &Value) -> String {
    for (operator, word) in [("And", " and "), ("Or", " or ")] {
        if choice.get(operator).is_some() {
            let parts: Vec<String> = list(choice, operator).map(condition).collect();
            return parts.join(word);
        }
    }
    if let Some(inner) = choice.get("Not") {
        return format!("not {}", condition(inner));
    }
    let variable = text(choice, "Variable").unwrap_or_default().trim_start_matches("$.");
    let comparison = choice
        .as_object()
        .into_iter()
        .flatten()
        .find(|(name, _)| !["Variable", "Next", "Comment"].contains(&name.as_str()));
    let Some((operator, value)) = comparison else {
        return variable.to_owned();
    };
    let value = value
        .as_str()
        .map_or_else(|| value.to_string(), |text| text.trim_start_matches("$.").to_owned());
    format!("{variable} {} {value}", sign(operator.trim_end_matches("Path")))
}

fn sign(operator: &str) -> &str {
    const SIGNS: [(&str, &str); 5] = [
        ("LessThanEquals", "<="),
        ("GreaterThanEquals", ">="),
        ("LessThan", "<"),
        ("GreaterThan", ">"),
        ("Equals", "="),
    ];
    let known = SIGNS.iter().find(|(name, _)| operator.ends_with(name));
    known.map_or(operator, |(_, sign)| sign)
}

/// The states in the order in which a reader meets them, from `start` on.
fn met<'a>(machine: &'a Machine, start: &str) -> Vec<&'a str> {
    let mut met: Vec<&str> = Vec::new();
    let mut ahead = VecDeque::from([start]);
    while let Some(name) = ahead.pop_front() {
        let Some((name, state)) = machine.states.get_key_value(name) else {
            continue;
        };
        if met.contains(&name.as_str()) {
            continue;
        }
        met.push(name);
        let caught = caught(state).into_iter();
        ahead.extend(ways(state).into_iter().chain(caught).map(|(_, next)| next));
    }
    met
}

/// A part of the machine, with the names of its states.
type Part<'a> = (&'a str, Vec<&'a str>);

/// The states before the branches, each branch, and the states to which all branches lead. Without branches there is
/// one part.
fn parts(machine: &Machine) -> Vec<Part<'_>> {
    let by_kind = |choice: &&Value| text(choice, "Variable") == Some("$.kind");
    let branches: Vec<(&str, BTreeSet<&str>)> = machine
        .states
        .values()
        .flat_map(|state| list(state, "Choices").filter(by_kind))
        .filter_map(|choice| Some((text(choice, "StringEquals")?, text(choice, "Next")?)))
        .map(|(kind, first)| (kind, met(machine, first).into_iter().collect()))
        .collect();
    let in_all = |name: &&str| !branches.is_empty() && branches.iter().all(|(_, states)| states.contains(name));
    let in_none = |name: &&str| branches.iter().all(|(_, states)| !states.contains(name));
    let all = met(machine, &machine.start);
    let those = |wanted: &dyn Fn(&&str) -> bool| all.iter().copied().filter(wanted).collect::<Vec<_>>();
    let mut parts = vec![(BEFORE, those(&in_none))];
    for (kind, states) in &branches {
        parts.push((kind, those(&|name| states.contains(name) && !in_all(name))));
    }
    parts.push((AFTER, those(&in_all)));
    parts.retain(|(_, states)| !states.is_empty());
    parts
}

fn overview(machine: &Machine, parts: &[Part]) -> Result<String> {
    let part_of = |name: &str| parts.iter().position(|(_, states)| states.contains(&name));
    let mut arrows: BTreeMap<(usize, usize), BTreeSet<&str>> = BTreeMap::new();
    for (place, (_, states)) in parts.iter().enumerate() {
        let edges = states
            .iter()
            .filter_map(|name| machine.states.get(*name))
            .flat_map(edges);
        for edge in edges {
            if let Some(to) = part_of(edge.to).filter(|to| *to != place) {
                arrows.entry((place, to)).or_default().insert(edge.to);
            }
        }
    }
    let mut picture = "```mermaid\nflowchart LR\n".to_owned();
    for (place, (name, states)) in parts.iter().enumerate() {
        writeln!(picture, "  p{place}[\"{name}: {} states\"]", states.len())?;
    }
    for ((from, to), states) in arrows {
        let label: Vec<&str> = states.into_iter().collect();
        writeln!(picture, "  p{from} -->|\"{}\"| p{to}", label.join("<br>"))?;
    }
    Ok(format!("{picture}```\n"))
}

fn picture(machine: &Machine, (_, states): &Part) -> Result<String> {
    let mut others: Vec<&str> = Vec::new();
    let mut lines = String::new();
    let mut arrow = |lines: &mut String, from: usize, line: &str, label: &str, to: &str| {
        let to = match states.iter().position(|name| *name == to) {
            Some(place) => format!("s{place}"),
            None => {
                let known = others.iter().position(|name| *name == to);
                let place = known.unwrap_or_else(|| {
                    others.extend(machine.states.get_key_value(to).map(|(name, _)| name.as_str()));
                    others.len().saturating_sub(1)
                });
                format!("o{place}")
            }
        };
        let label = match label {
            "" => String::new(),
            label => format!("|\"{label}\"|"),
        };
        writeln!(lines, "  s{from} {line}{label} {to}")
    };
    for (place, name) in states.iter().enumerate() {
        let Some(state) = machine.states.get(*name) else {
            continue;
        };
        let (open, close) = shape(state);
        writeln!(lines, "  s{place}{open}{name}{close}")?;
        let ways = ways(state);
        for (label, next) in &ways {
            arrow(&mut lines, place, "-->", label, next)?;
        }
        for (names, next) in caught(state) {
            // The execution goes on as if nothing had happened.
            if ways.iter().any(|(_, way)| *way == next) {
                continue;
            }
            let label = if names == "States.ALL" { "" } else { &names };
            arrow(&mut lines, place, "-.->", label, next)?;
        }
    }
    for (place, name) in others.iter().enumerate() {
        writeln!(lines, "  o{place}>\"{name}\"]")?;
    }
    Ok(format!("```mermaid\nflowchart TD\n{lines}```\n"))
}

fn table(machine: &Machine, (_, states): &Part) -> Result<String> {
    let mut table = "| state | does | then | on error |\n|---|---|---|---|\n".to_owned();
    let told = |ways: Vec<Way>| {
        let told: Vec<String> = ways
            .into_iter()
            .map(|(label, next)| match label.as_str() {
                "" => next.to_owned(),
                label => format!("{label}: {next}"),
            })
            .collect();
        told.join("<br>")
    };
    for name in states {
        let Some(state) = machine.states.get(*name) else {
            continue;
        };
        writeln!(
            table,
            "| {name} | {} | {} | {} |",
            does(state),
            told(ways(state)),
            told(caught(state))
        )?;
    }
    Ok(table)
}

fn drawn(machine: &Machine) -> Result<String> {
    let parts = parts(machine);
    let mut drawing = overview(machine, &parts)?;
    for part in &parts {
        write!(
            drawing,
            "\n### {}\n\n{}\n{}",
            title(part.0),
            picture(machine, part)?,
            table(machine, part)?
        )?;
    }
    Ok(drawing)
}

fn title(name: &str) -> String {
    let mut letters = name.chars();
    let first = letters.next().map(|letter| letter.to_uppercase().to_string());
    first.unwrap_or_default() + letters.as_str()
}

/// Replaces the lines of the README that are generated.
fn replaced(readme: &str, drawing: &str) -> Result<String> {
    let (Some(begin), Some(end)) = (readme.find(BEGIN), readme.find(END)) else {
        return Err(format!("statemachine/README.md has no lines {BEGIN} and {END}").into());
    };
    Ok(format!(
        "{}{BEGIN}\n\n{drawing}\n{}",
        readme.get(..begin).unwrap_or_default(),
        readme.get(end..).unwrap_or_default()
    ))
}

/// Writes the pictures and the tables. With `check` it only compares them.
pub(crate) fn run(project: &Project, check: bool) -> Result<()> {
    let file = project.path("statemachine/README.md");
    let readme = fs::read_to_string(&file)?;
    let wanted = replaced(&readme, &drawn(&Machine::load()?)?)?;
    if wanted == readme {
        Ok(())
    } else if check {
        Err("statemachine/README.md doesn't show the state machine as it is: run `cargo xtask diagram`".into())
    } else {
        Ok(fs::write(file, wanted)?)
    }
}

#[cfg(test)]
mod tests {
    use statemachine::Machine;

    use super::{drawn, replaced};

    fn has(drawing: &str, lines: &[&str]) {
        for line in lines {
            assert!(
                drawing.lines().any(|drawn| drawn == *line),
                "{line}\nis not in\n{drawing}"
            );
        }
    }

    #[test]
    fn draws_each_kind_of_state() {
        let machine = Machine::parse(
            r#"{"StartAt": "Ask", "States": {
                "Ask": {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken",
                    "Parameters": {"FunctionName": "${RequestApprovalFunctionArn}"}, "HeartbeatSeconds": 5,
                    "Catch": [{"ErrorEquals": ["States.Timeout"], "Next": "Over"}], "Next": "Yes?"},
                "Yes?": {"Type": "Choice", "Default": "Over",
                    "Choices": [{"Variable": "$.said", "StringEquals": "yes", "Next": "Pause"}]},
                "Pause": {"Type": "Wait", "SecondsPath": "$.clock", "Next": "Over"},
                "Over": {"Type": "Succeed"}}}"#,
        )
        .unwrap();
        let lines = [
            "  p0[\"before: 4 states\"]",
            "  s0[[\"Ask\"]]",
            "  s0 -.->|\"States.Timeout\"| s2",
            "  s1 -->|\"said = yes\"| s3",
            "| Ask | runs `request-approval` and waits for a person, 5 seconds | Yes? | States.Timeout: Over |",
            "| Pause | waits, `$.clock` seconds | Over |  |",
        ];
        has(&drawn(&machine).unwrap(), &lines);
    }

    #[test]
    fn each_branch_and_what_they_share_has_its_picture() {
        let machine = Machine::parse(
            r#"{"StartAt": "Which?", "States": {
                "Which?": {"Type": "Choice", "Default": "Over", "Choices": [
                    {"Variable": "$.kind", "StringEquals": "coming", "Next": "Come"},
                    {"Variable": "$.kind", "StringEquals": "going", "Next": "Go"}]},
                "Come": {"Type": "Task", "Next": "Over", "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Over"}]},
                "Go": {"Type": "Pass", "Next": "Over"},
                "Over": {"Type": "Succeed"}}}"#,
        )
        .unwrap();
        let drawing = drawn(&machine).unwrap();
        let lines = [
            "  p0 -->|\"Come\"| p1",
            "  p0 -->|\"Over\"| p3",
            "### Coming",
            "  o0>\"Over\"]",
            "### Going",
            "### End",
        ];
        has(&drawing, &lines);
        // An error that leads to the ordinary next state is only in the table.
        assert!(!drawing.contains("-.->"), "{drawing}");
    }

    #[test]
    fn only_what_is_between_the_two_lines_is_replaced() {
        let (begin, end) = (super::BEGIN, super::END);
        let readme = format!("a\n{begin}\nold\n{end}\nb\n");
        let new = format!("a\n{begin}\n\nnew\n\n{end}\nb\n");
        assert_eq!(replaced(&readme, "new\n").unwrap(), new);
        assert_eq!(replaced(&new, "new\n").unwrap(), new);
        assert!(replaced("a", "new").is_err());
    }
}
