//! Draws statemachine/*.asl.json into the README beside them: a picture in Mermaid and a table of states each.

use std::{
    collections::{HashMap, VecDeque},
    fmt::Write,
    fs,
};

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::{Result, project::Project};

const BEGIN: &str = "<!-- made by cargo xtask diagram -->";
const END: &str = "<!-- end of what cargo xtask diagram makes -->";

const MACHINES: [&str; 2] = ["onboarding", "offboarding"];

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Machine {
    start_at: String,
    states: HashMap<String, State>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct State {
    r#type: String,
    comment: Option<String>,
    next: Option<String>,
    default: Option<String>,
    resource: Option<String>,
    parameters: Option<Value>,
    heartbeat_seconds: Option<Value>,
    heartbeat_seconds_path: Option<String>,
    seconds: Option<Value>,
    seconds_path: Option<String>,
    timestamp_path: Option<String>,
    #[serde(default)]
    choices: Vec<Map<String, Value>>,
    #[serde(default)]
    catch: Vec<Catcher>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Catcher {
    error_equals: Vec<String>,
    next: String,
}

impl State {
    /// Where it goes, with what is said on the arrow; errors apart
    fn ways(&self) -> Vec<(String, String)> {
        let next = self.next.iter().map(|next| (String::new(), next.clone()));
        let choices = self
            .choices
            .iter()
            .filter_map(|choice| Some((condition(choice), choice.get("Next")?.as_str()?.to_owned())));
        let default = self.default.iter().map(|next| ("otherwise".to_owned(), next.clone()));
        next.chain(choices).chain(default).collect()
    }

    fn is_callback(&self) -> bool {
        self.resource
            .as_ref()
            .is_some_and(|resource| resource.ends_with(".waitForTaskToken"))
    }

    fn does(&self) -> String {
        let payload = |name: &str| {
            self.parameters
                .as_ref()
                .and_then(|parameters| parameters.get(name)?.as_str())
        };
        let done = match self.r#type.as_str() {
            "Task" => {
                let function = payload("FunctionName").or(self.resource.as_deref()).unwrap_or_default();
                let function = function.trim_start_matches("${").trim_end_matches("FunctionArn}");
                if self.is_callback() {
                    let patience = seconds(self.heartbeat_seconds.as_ref(), self.heartbeat_seconds_path.as_deref());
                    format!("runs `{}` and waits for a person{patience}", kebab(function))
                } else {
                    format!("runs `{}`", kebab(function))
                }
            }
            "Wait" => match &self.timestamp_path {
                Some(path) => format!("waits until `{path}`"),
                None => format!("waits{}", seconds(self.seconds.as_ref(), self.seconds_path.as_deref())),
            },
            "Choice" => "chooses".to_owned(),
            "Pass" => "sets values".to_owned(),
            "Succeed" => "ends well".to_owned(),
            "Fail" => "ends as failed".to_owned(),
            other => other.to_lowercase(),
        };
        self.comment
            .as_ref()
            .map_or(done.clone(), |comment| format!("{done}. {comment}"))
    }

    fn shape(&self) -> (&'static str, &'static str) {
        match self.r#type.as_str() {
            "Choice" => ("{\"", "\"}"),
            "Wait" => ("([\"", "\"])"),
            "Succeed" | "Fail" => ("((\"", "\"))"),
            _ if self.is_callback() => ("[[\"", "\"]]"),
            _ => ("[\"", "\"]"),
        }
    }
}

fn seconds(number: Option<&Value>, path: Option<&str>) -> String {
    match (number, path) {
        (Some(number), _) => format!(", {number} seconds"),
        (None, Some(path)) => format!(", `{path}` seconds"),
        (None, None) => String::new(),
    }
}

fn kebab(name: &str) -> String {
    let mut text = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() && !text.is_empty() {
            text.push('-');
        }
        text.extend(letter.to_lowercase());
    }
    text
}

/// The condition of a choice in words: `approval.decision = approved`
fn condition(choice: &Map<String, Value>) -> String {
    for (operator, word) in [("And", " and "), ("Or", " or ")] {
        if let Some(parts) = choice.get(operator).and_then(Value::as_array) {
            let parts: Vec<String> = parts.iter().filter_map(Value::as_object).map(condition).collect();
            return parts.join(word);
        }
    }
    if let Some(inner) = choice.get("Not").and_then(Value::as_object) {
        return format!("not {}", condition(inner));
    }
    let variable = choice
        .get("Variable")
        .and_then(Value::as_str)
        .unwrap_or_default()
        .trim_start_matches("$.");
    let comparison = choice
        .iter()
        .find(|(name, _)| !["Variable", "Next", "Comment"].contains(&name.as_str()));
    let Some((operator, value)) = comparison else {
        return variable.to_owned();
    };
    let value = value
        .as_str()
        .map_or_else(|| value.to_string(), |text| text.trim_start_matches("$.").to_owned());
    let operator = operator.trim_end_matches("Path");
    let sign = if operator.ends_with("LessThanEquals") {
        "<="
    } else if operator.ends_with("GreaterThanEquals") {
        ">="
    } else if operator.ends_with("LessThan") {
        "<"
    } else if operator.ends_with("GreaterThan") {
        ">"
    } else if operator.ends_with("Equals") {
        "="
    } else {
        operator
    };
    format!("{variable} {sign} {value}")
}

impl Machine {
    /// The states as one meets them, from the first one on
    fn in_order(&self) -> Vec<&str> {
        let mut met: Vec<&str> = Vec::new();
        let mut ahead = VecDeque::from([self.start_at.as_str()]);
        while let Some(name) = ahead.pop_front() {
            let Some((name, state)) = self.states.get_key_value(name) else {
                continue;
            };
            if met.contains(&name.as_str()) {
                continue;
            }
            met.push(name);
            let ways = state.ways();
            let targets = ways
                .iter()
                .map(|(_, next)| next)
                .chain(state.catch.iter().map(|catcher| &catcher.next));
            ahead.extend(
                targets
                    .filter_map(|next| self.states.get_key_value(next))
                    .map(|(name, _)| name.as_str()),
            );
        }
        met
    }
}

fn drawn(definition: &str) -> Result<String> {
    let machine: Machine = serde_json::from_str(definition)?;
    let order = machine.in_order();
    let id = |name: &str| {
        order
            .iter()
            .position(|known| *known == name)
            .map_or("?".to_owned(), |at| format!("s{at}"))
    };
    let mut picture = String::new();
    let mut table = String::new();
    for name in &order {
        let Some(state) = machine.states.get(*name) else {
            continue;
        };
        let (open, close) = state.shape();
        writeln!(picture, "  {}{open}{name}{close}", id(name))?;
        for (label, next) in state.ways() {
            let label = if label.is_empty() {
                label
            } else {
                format!("|\"{label}\"|")
            };
            writeln!(picture, "  {} -->{label} {}", id(name), id(&next))?;
        }
        for catcher in &state.catch {
            writeln!(
                picture,
                "  {} -.->|\"{}\"| {}",
                id(name),
                catcher.error_equals.join(", "),
                id(&catcher.next)
            )?;
        }
        let ways: Vec<String> = state
            .ways()
            .into_iter()
            .map(|(label, next)| {
                if label.is_empty() {
                    next
                } else {
                    format!("{label}: {next}")
                }
            })
            .collect();
        let errors: Vec<String> = state
            .catch
            .iter()
            .map(|catcher| format!("{}: {}", catcher.error_equals.join(", "), catcher.next))
            .collect();
        writeln!(
            table,
            "| {name} | {} | {} | {} |",
            state.does(),
            ways.join("<br>"),
            errors.join("<br>")
        )?;
    }
    Ok(format!(
        "```mermaid\nflowchart TD\n{picture}```\n\n| state | does | then | on error |\n|---|---|---|---|\n{table}"
    ))
}

/// Writes the picture and the table, or with `check` only compares.
pub(crate) fn run(project: &Project, check: bool) -> Result<()> {
    let file = project.path("statemachine/README.md");
    let mut drawing =
        format!("{BEGIN}\n\nA dotted arrow is an error that is caught; a double frame waits for a person.\n");
    for name in MACHINES {
        let definition = fs::read_to_string(project.path(&format!("statemachine/{name}.asl.json")))?;
        write!(drawing, "\n### {name}.asl.json\n\n{}", drawn(&definition)?)?;
    }
    write!(drawing, "\n{END}")?;
    let readme = fs::read_to_string(&file).unwrap_or_else(|_| format!("# State machine\n\n{BEGIN}\n{END}\n"));
    let (Some(begin), Some(end)) = (readme.find(BEGIN), readme.find(END)) else {
        return Err(format!("statemachine/README.md has no lines {BEGIN} and {END}").into());
    };
    let wanted = format!("{}{drawing}{}", &readme[..begin], &readme[end + END.len()..]);
    if wanted == readme && file.exists() {
        return Ok(());
    }
    if check {
        return Err(
            "statemachine/README.md doesn't show the state machines as they are: run `cargo xtask diagram`".into(),
        );
    }
    Ok(fs::write(file, wanted)?)
}

#[cfg(test)]
mod tests {
    use super::drawn;

    #[test]
    fn draws_each_kind_of_state() {
        let drawing = drawn(
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
        for line in [
            "  s0[[\"Ask\"]]",
            "  s0 -.->|\"States.Timeout\"| s2",
            "  s1 -->|\"said = yes\"| s3",
            "| Ask | runs `request-approval` and waits for a person, 5 seconds | Yes? | States.Timeout: Over |",
            "| Pause | waits, `$.clock` seconds | Over |  |",
        ] {
            assert!(
                drawing.lines().any(|drawn| drawn == line),
                "{line}\nis not in\n{drawing}"
            );
        }
    }
}
