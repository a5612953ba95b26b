//! Checks the retries of a Task: first the errors that no retry helps against, then one retrier for errors that pass
//! by themselves. Also checks that the table in `statemachine/README.md` matches the file.

use serde_json::Value;

use crate::machine::{Machine, errors, function_of, list, text, waits_for_a_token};

/// Errors that no retry helps against, because a person has to change something first.
const REFUSED: [&str; 2] = ["Permanent", "NeedsAttention"];

/// The two errors by which AWS reports that nobody answered. Whoever handles one must handle the other.
pub(crate) const SILENCE: [&str; 2] = ["States.HeartbeatTimeout", "States.Timeout"];

/// Errors that pass by themselves: Gangway's own, those of invoking a function, and those of a function that crashed
/// or ran out of time.
pub(crate) const TRANSIENT: [&str; 10] = [
    "Transient",
    "Lambda.ServiceException",
    "Lambda.AWSLambdaException",
    "Lambda.SdkClientException",
    "Lambda.TooManyRequestsException",
    "Lambda.ClientExecutionTimeoutException",
    "Lambda.Unknown",
    "Runtime.ExitError",
    "Runtime.Unknown",
    "Sandbox.Timedout",
];

pub(crate) fn problems(task: &Value) -> Vec<String> {
    let mut problems = Vec::new();
    let refuses = list(task, "Retry")
        .next()
        .filter(|first| first["MaxAttempts"] == 0)
        .map(errors)
        .unwrap_or_default();
    let silence = SILENCE.iter().filter(|_| waits_for_a_token(task));
    for name in REFUSED.iter().chain(silence) {
        if !refuses.contains(name) {
            problems.push(format!("does not refuse to retry {name}, first and with MaxAttempts 0"));
        }
    }
    for retrier in list(task, "Retry").skip(1) {
        if errors(retrier).contains(&"States.ALL") {
            problems.push("retries States.ALL, so also what no retry mends".to_owned());
        }
        for field in ["IntervalSeconds", "BackoffRate", "MaxAttempts", "MaxDelaySeconds"] {
            if retrier[field].as_f64().is_none_or(|number| number < 1.0) {
                problems.push(format!("has a retrier without {field}"));
            }
        }
        if text(retrier, "JitterStrategy") != Some("FULL") {
            problems.push("has a retrier without JitterStrategy FULL".to_owned());
        }
    }
    for name in TRANSIENT {
        if retrier_of(task, name).is_none_or(|retrier| retrier["MaxAttempts"] == 0) {
            problems.push(format!("does not retry {name}"));
        }
    }
    problems
}

/// The retrier that handles `error`. `States.TaskFailed` matches every error of a task except `States.Timeout`.
fn retrier_of<'a>(task: &'a Value, error: &str) -> Option<&'a Value> {
    list(task, "Retry").find(|retrier| {
        let names = errors(retrier);
        names.contains(&error) || (names.contains(&"States.TaskFailed") && error != "States.Timeout")
    })
}

/// A row of the README's table, in the order of its columns.
struct Row<'a> {
    class: &'a str,
    /// The names of the errors.
    errors: Vec<&'a str>,
    /// The folders of the functions; empty for all functions.
    functions: Vec<&'a str>,
    /// Attempts, first pause, factor and longest pause. Only the attempts if there are 0.
    numbers: Vec<f64>,
}

const FIELDS: [&str; 4] = ["MaxAttempts", "IntervalSeconds", "BackoffRate", "MaxDelaySeconds"];

/// Compares each row of the table below the heading "Retries" in `readme` with every Task that the row is about.
pub fn table(machine: &Machine, readme: &str) -> Vec<String> {
    let rows = rows(readme);
    if rows.is_empty() {
        return vec!["statemachine/README.md has no table below the heading Retries".to_owned()];
    }
    let mut problems = Vec::new();
    for row in &rows {
        let mut tasks = machine.tasks().filter(|(_, task)| is_about(row, task)).peekable();
        if tasks.peek().is_none() {
            problems.push(format!("the row \"{}\" is about no Task", row.class));
        }
        for (name, task) in tasks {
            for error in &row.errors {
                let numbers = numbers(retrier_of(task, error));
                if numbers != row.numbers {
                    problems.push(format!(
                        "the row \"{}\" says {:?}, and `{name}` retries {error} by {numbers:?}",
                        row.class, row.numbers
                    ));
                }
            }
        }
    }
    for error in TRANSIENT.iter().chain(&REFUSED) {
        if !rows
            .iter()
            .any(|row| row.errors.contains(error) && row.functions.is_empty())
        {
            problems.push(format!("no row says how often all tasks retry {error}"));
        }
    }
    problems
}

fn is_about(row: &Row, task: &Value) -> bool {
    let function = function_of(task);
    row.functions.is_empty() || row.functions.iter().any(|name| function.as_deref() == Some(*name))
}

fn numbers(retrier: Option<&Value>) -> Vec<f64> {
    let numbers = FIELDS.iter().filter_map(|field| retrier?[*field].as_f64());
    numbers.collect()
}

fn rows(readme: &str) -> Vec<Row<'_>> {
    let below = readme.split_once("\n## Retries\n").map_or("", |(_, below)| below);
    let section = below.split_once("\n## ").map_or(below, |(section, _)| section);
    let lines = section.lines().filter(|line| line.starts_with('|')).skip(2);
    lines.map(row).collect()
}

fn row(line: &str) -> Row<'_> {
    let mut cells = line.trim_matches('|').split('|').map(str::trim);
    let mut next = || cells.next().unwrap_or_default();
    Row {
        class: next(),
        errors: quoted(next()),
        functions: quoted(next()),
        numbers: cells.filter_map(|cell| cell.split(' ').next()?.parse().ok()).collect(),
    }
}

fn quoted(cell: &str) -> Vec<&str> {
    cell.split('`').skip(1).step_by(2).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::machine::broken;

    const README: &str = "
## Retries

| class | errors | tasks | attempts | first pause | factor | longest pause |
|---|---|---|---|---|---|---|
| Never | `Permanent`, `NeedsAttention` | all | 0 | | | |
| Lambda | `Transient`, `Lambda.ServiceException`, `Lambda.AWSLambdaException`, `Lambda.SdkClientException`, `Lambda.TooManyRequestsException`, `Lambda.ClientExecutionTimeoutException`, `Lambda.Unknown`, `Runtime.ExitError`, `Runtime.Unknown`, `Sandbox.Timedout` | all | 5 | 2 s | 2 | 60 s |
| Vendors | `Transient` | `find-it` | 5 | 2 s | 2 | 60 s |

## Next
| no | row | of | it |
";

    fn found(readme: &str) -> Vec<String> {
        let task = json!({"Type": "Task", "Parameters": {"FunctionName": "${FindItFunctionArn}"}, "End": true, "Retry": [
            {"ErrorEquals": REFUSED, "MaxAttempts": 0},
            {"ErrorEquals": ["States.TaskFailed"], "IntervalSeconds": 2, "BackoffRate": 2, "MaxAttempts": 5,
                "MaxDelaySeconds": 60, "JitterStrategy": "FULL"}]});
        table(&broken(&json!({"StartAt": "A", "States": {"A": task}})), readme)
    }

    #[test]
    fn a_table_that_says_what_the_file_does_has_no_problems() {
        assert_eq!(found(README), Vec::<String>::new());
    }

    #[test]
    fn a_row_with_other_numbers_is_found() {
        let other = README.replace("`find-it` | 5 | 2 s", "`find-it` | 8 | 2 s");
        assert_eq!(
            found(&other),
            ["the row \"Vendors\" says [8.0, 2.0, 2.0, 60.0], and `A` retries Transient by [5.0, 2.0, 2.0, 60.0]"]
        );
        assert_eq!(found(&README.replace("| all | 0 |", "| all | 1 |")).len(), 2);
    }

    #[test]
    fn a_row_about_no_task_and_a_missing_row_are_found() {
        assert_eq!(
            found(&README.replace("`find-it`", "`lose-it`")),
            ["the row \"Vendors\" is about no Task"]
        );
        assert_eq!(
            found(&README.replace("`Lambda.Unknown`, ", "")),
            ["no row says how often all tasks retry Lambda.Unknown"]
        );
        assert_eq!(found("## Nothing").len(), 1);
    }
}
