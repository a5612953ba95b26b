//! Every check over every state machine of the project.
#![expect(
    clippy::unwrap_used,
    reason = "tests, and what they share, stop at what they cannot read"
)]

use std::fs;

use asl::machine::Machine;
use asl::{flow, graph, rules, shared, steps, template};

fn machines() -> Vec<Machine> {
    let machines = payloads::machines().unwrap();
    machines
        .iter()
        .map(|(file, text)| Machine::parse(file, text).unwrap())
        .collect()
}

fn the_template() -> serde_json::Value {
    template::parse(&fs::read_to_string(payloads::root().join("infra/template.yaml")).unwrap()).unwrap()
}

fn crates() -> Vec<steps::Crate> {
    steps::crates(&payloads::root().join("functions")).unwrap()
}

#[track_caller]
fn none(problems: &[String]) {
    assert!(problems.is_empty(), "\n{}\n", problems.join("\n"));
}

#[test]
fn every_way_leads_somewhere_and_every_state_to_an_end() {
    machines().iter().for_each(|machine| none(&graph::problems(machine)));
}

#[test]
fn every_task_retries_catches_and_ends_in_time() {
    machines().iter().for_each(|machine| none(&rules::problems(machine)));
}

#[test]
fn everything_read_was_produced_before_on_every_route() {
    machines().iter().for_each(|machine| none(&flow::problems(machine)));
}

#[test]
fn what_both_machines_do_is_written_the_same() {
    none(&shared::problems(&machines(), &shared::SHARED, &shared::WORK));
}

#[test]
fn the_template_gives_what_the_machines_ask_for() {
    let template = the_template();
    machines()
        .iter()
        .for_each(|machine| none(&template::problems(machine, &template)));
}

#[test]
fn every_task_has_its_step_and_every_step_its_tests() {
    none(&steps::problems(&machines(), &crates()));
}

#[test]
fn the_sample_events_of_http_functions_fit_their_routes() {
    none(&steps::http_events(&crates(), &the_template()));
}
