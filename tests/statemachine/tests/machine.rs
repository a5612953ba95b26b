//! Runs every check on the project's state machine and template.
#![expect(
    clippy::unwrap_used,
    reason = "tests, and what they share, stop at what they cannot read"
)]

use std::fs;

use statemachine::{Machine, flow, graph, limits, policies, retries, root, rules, steps, template};

fn machine() -> Machine {
    Machine::load().unwrap()
}

fn the_template() -> serde_json::Value {
    template::load().unwrap()
}

fn crates() -> Vec<steps::Crate> {
    steps::crates(&root().join("functions")).unwrap()
}

#[track_caller]
fn none(problems: &[String]) {
    assert!(problems.is_empty(), "\n{}\n", problems.join("\n"));
}

#[test]
fn every_way_leads_somewhere_and_every_state_to_an_end() {
    none(&graph::problems(&machine()));
}

#[test]
fn every_task_retries_catches_and_ends_in_time() {
    none(&rules::problems(&machine()));
}

#[test]
fn everything_read_was_produced_before_on_every_route() {
    none(&flow::problems(&machine()));
}

#[test]
fn the_readme_says_what_is_retried() {
    let readme = fs::read_to_string(root().join("statemachine/README.md")).unwrap();
    none(&retries::table(&machine(), &readme));
}

#[test]
fn the_longest_execution_stays_below_the_limits() {
    none(&limits::problems(&machine(), &the_template()));
}

#[test]
fn the_template_gives_what_the_machine_asks_for() {
    none(&template::problems(&machine(), &the_template()));
}

#[test]
fn every_task_has_its_step_and_every_step_its_tests() {
    none(&steps::problems(&machine(), &crates()));
}

#[test]
fn the_sample_events_of_http_functions_fit_their_routes() {
    none(&steps::http_events(&crates(), &the_template()));
}

#[test]
fn no_permission_is_wider_than_it_reads() {
    let template = the_template();
    none(&policies::conditions(&template));
    none(&policies::mails(&template));
    none(&policies::audit(&template));
}

#[test]
fn strangers_have_limits_of_their_own_and_leave_a_trace() {
    let template = the_template();
    none(&policies::limits(&template));
    none(&policies::access_log(&template));
}

/// A function that reads the credentials of one PSA or distributor may read those of all.
#[test]
fn functions_may_read_the_credentials_of_every_system_of_a_kind() {
    use domain::variables::{Distributor, Psa};
    let template = the_template();
    let functions = template["Resources"].as_object().unwrap();
    let mut problems = Vec::new();
    for (kind, without) in [(Psa::NAMES, "email_only"), (Distributor::NAMES, "manual")] {
        let systems: Vec<&str> = kind.iter().copied().filter(|system| *system != without).collect();
        for (name, function) in functions {
            let policies = function["Properties"]["Policies"].to_string();
            let reads = |system: &&&str| policies.contains(&format!("/credentials/*/{system}*"));
            let missing: Vec<&&str> = systems.iter().filter(|system| !reads(system)).collect();
            if !missing.is_empty() && missing.len() < systems.len() {
                problems.push(format!("{name} may not read the credentials of {missing:?}"));
            }
        }
    }
    none(&problems);
}
