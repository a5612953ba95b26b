//! Checks that each step has a Task, each Task has a step, and a test compares the two. Also checks the sample events
//! of the functions that are no steps.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::machine::{Machine, function_of};

/// The parts of a function's crate that these checks read.
pub struct Crate {
    pub name: String,
    /// The text of main.rs.
    pub main: String,
    /// The text of work.rs; none for functions that answer HTTP calls.
    pub work: Option<String>,
    /// The file name and text of each sample event.
    pub events: Vec<(String, String)>,
}

pub fn crates(functions: &Path) -> Result<Vec<Crate>, String> {
    let folders = fs::read_dir(functions).map_err(|error| format!("{}: {error}", functions.display()))?;
    let mut crates = Vec::new();
    for folder in folders.filter_map(Result::ok).map(|entry| entry.path()) {
        if !folder.join("Cargo.toml").exists() {
            continue;
        }
        let name = folder
            .file_name()
            .map(|name| name.to_string_lossy().into_owned())
            .unwrap_or_default();
        let files = fs::read_dir(folder.join("events"))
            .into_iter()
            .flatten()
            .filter_map(Result::ok);
        let event = |file: fs::DirEntry| {
            Some((
                file.file_name().into_string().ok()?,
                fs::read_to_string(file.path()).ok()?,
            ))
        };
        let work = fs::read_to_string(folder.join("src/work.rs")).ok();
        crates.push(Crate {
            name,
            main: fs::read_to_string(folder.join("src/main.rs")).unwrap_or_default(),
            work,
            events: files.filter_map(event).collect(),
        });
    }
    crates.sort_by(|one, two| one.name.cmp(&two.name));
    Ok(crates)
}

impl Crate {
    /// Whether the function is a step: `steps::main!` runs it. A function that an event rule invokes is none.
    fn is_step(&self) -> bool {
        self.main.contains("steps::main!(")
    }

    fn tests_its_input(&self) -> bool {
        self.payload_tests().is_some()
    }

    fn tests_its_answers(&self) -> bool {
        self.payload_tests().is_some_and(|tests| tests.contains(','))
    }

    /// The arguments of `steps::payload_tests!`: the step and, after a comma, its answers.
    fn payload_tests(&self) -> Option<&str> {
        let (_, tests) = self.work.as_ref()?.split_once("steps::payload_tests!(")?;
        tests.split_once(");").map(|(tests, _)| tests)
    }
}

pub fn problems(machine: &Machine, crates: &[Crate]) -> Vec<String> {
    let mut problems = Vec::new();
    let mut invoked = BTreeSet::new();
    let mut picked = BTreeSet::new();
    for (name, task) in machine.tasks() {
        let Some(function) = function_of(task) else {
            problems.push(format!(
                "`{name}` names its function in another way than ${{NAMEFunctionArn}}"
            ));
            continue;
        };
        if !crates.iter().any(|known| known.name == function && known.is_step()) {
            problems.push(format!("`{name}` invokes {function}, which is no step in functions/"));
        }
        if task.get("ResultSelector").is_some() {
            picked.insert(function.clone());
        }
        invoked.insert(function);
    }
    for step in crates.iter().filter(|known| known.is_step()) {
        let name = &step.name;
        if !invoked.contains(name) {
            problems.push(format!("functions/{name} is a step that no Task invokes"));
        }
        if !step.tests_its_input() {
            problems.push(format!("functions/{name}/src/work.rs has no test of its input"));
        }
        if picked.contains(name) && !step.tests_its_answers() {
            problems.push(format!("functions/{name}/src/work.rs has no test of its answers"));
        }
    }
    problems
}

/// Checks the sample events of the functions that are no steps: they are HTTP calls of a route that the template gives
/// to the function.
pub fn http_events(crates: &[Crate], template: &Value) -> Vec<String> {
    let mut problems = Vec::new();
    for function in crates.iter().filter(|known| !known.is_step()) {
        if function.events.is_empty() {
            problems.push(format!("functions/{} has no sample event", function.name));
        }
        let routes = routes(template, &function.name);
        for (file, text) in &function.events {
            let place = format!("functions/{}/events/{file}", function.name);
            let event: Value = match serde_json::from_str(text) {
                Ok(event) => event,
                Err(error) => {
                    problems.push(format!("{place}: {error}"));
                    continue;
                }
            };
            if function.work.is_some() {
                // This function does not answer HTTP, and its own test reads its events.
                continue;
            }
            if event["version"] != "2.0" {
                problems.push(format!("{place} is no event of payload format 2.0"));
            }
            let route = event["routeKey"].as_str().unwrap_or_default();
            if event["requestContext"]["routeKey"] != route {
                problems.push(format!("{place} names another route in its requestContext"));
            }
            if !routes.contains(route) {
                problems.push(format!(
                    "{place} calls `{route}`, which is no route of {}",
                    function.name
                ));
            }
        }
    }
    problems
}

fn routes<'a>(template: &'a Value, function: &str) -> BTreeSet<&'a str> {
    let resource: String = function
        .split('-')
        .map(|word| word.get(..1).unwrap_or_default().to_uppercase() + word.get(1..).unwrap_or_default())
        .collect();
    let target = format!("integrations/${{{resource}Integration}}");
    let resources = template["Resources"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(_, resource)| &resource["Properties"]);
    resources
        .filter(|properties| properties["Target"]["Fn::Sub"] == target.as_str())
        .filter_map(|properties| properties["RouteKey"].as_str())
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::machine::broken;

    fn step(name: &str, tests: &str) -> Crate {
        Crate {
            name: name.to_owned(),
            main: "steps::main!(work::TheStep);".to_owned(),
            work: Some(tests.to_owned()),
            events: Vec::new(),
        }
    }

    fn found(crates: &[Crate]) -> Vec<String> {
        let task = json!({"Type": "Task", "Parameters": {"FunctionName": "${FindItFunctionArn}"},
            "ResultSelector": {"a.$": "$.Payload.a"}, "End": true});
        problems(&broken(&json!({"StartAt": "A", "States": {"A": task}})), crates)
    }

    #[test]
    fn a_tested_step_with_a_task_has_no_problems() {
        let tests = "steps::payload_tests!(FindIt, [Output]);";
        assert_eq!(found(&[step("find-it", tests)]), Vec::<String>::new());
    }

    #[test]
    fn a_step_without_tests_is_found() {
        assert_eq!(
            found(&[step("find-it", "")]),
            [
                "functions/find-it/src/work.rs has no test of its input",
                "functions/find-it/src/work.rs has no test of its answers"
            ]
        );
    }

    #[test]
    fn a_task_without_a_crate_and_a_step_without_a_task_are_found() {
        assert_eq!(
            found(&[step("lose-it", "steps::payload_tests!(LoseIt);")]),
            [
                "`A` invokes find-it, which is no step in functions/",
                "functions/lose-it is a step that no Task invokes"
            ]
        );
    }

    #[test]
    fn http_events_must_fit_a_route() {
        let template = json!({"Resources": {"Route": {"Properties":
            {"RouteKey": "GET /sign-in", "Target": {"Fn::Sub": "integrations/${SignInIntegration}"}}}}});
        let with = |event: Value| {
            let events = vec![("a.json".to_owned(), event.to_string())];
            http_events(
                &[Crate {
                    name: "sign-in".to_owned(),
                    main: String::new(),
                    work: None,
                    events,
                }],
                &template,
            )
        };
        let event = |version, route, again| json!({"version": version, "routeKey": route, "requestContext": {"routeKey": again}});
        assert_eq!(with(event("2.0", "GET /sign-in", "GET /sign-in")), Vec::<String>::new());
        assert_eq!(with(event("1.0", "GET /sign-in", "GET /sign-in")).len(), 1);
        assert_eq!(with(event("2.0", "GET /sign-out", "GET /sign-out")).len(), 1);
        assert_eq!(with(event("2.0", "GET /sign-in", "GET /")).len(), 1);
        let none = Crate {
            name: "sign-in".to_owned(),
            main: String::new(),
            work: None,
            events: Vec::new(),
        };
        assert_eq!(
            http_events(&[none], &template),
            ["functions/sign-in has no sample event"]
        );
    }
}
