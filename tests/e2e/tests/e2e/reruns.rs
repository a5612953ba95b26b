//! Every step may run twice, and may die right after an effect. At the vendors each effect still happens once.

mod scenario;
mod tables;

use e2e::{
    mail::{self, Mail},
    organisation::Organisation,
    request::Request,
    simulators::AwsRule,
    wait::until,
};
use serde_json::{Value, json};
use statemachine::Machine;

use self::{
    scenario::{Scenario, play},
    tables::{ANY_WRITE, CASES, Case, Effect, SCENARIOS},
};

#[test]
fn every_task_state_has_its_case() {
    let machine = Machine::load().expect("the state machine");
    let mut states: Vec<&str> = machine.tasks().map(|(name, _)| name.as_str()).collect();
    let mut cases: Vec<&str> = CASES.iter().map(|case| case.state).collect();
    states.sort_unstable();
    cases.sort_unstable();
    assert_eq!(states, cases);
    for case in CASES {
        assert!(
            SCENARIOS.iter().any(|scenario| scenario.name == case.scenario),
            "{}: {}",
            case.state,
            case.scenario
        );
    }
}

fn scenario(name: &str) -> &'static Scenario {
    SCENARIOS
        .iter()
        .find(|scenario| scenario.name == name)
        .expect("a scenario")
}

fn cases(scenario: &Scenario) -> impl Iterator<Item = &'static Case> {
    let name = scenario.name;
    CASES.iter().filter(move |case| case.scenario == name)
}

/// Checks the final state, which is the same whatever failed on the way.
fn check(scenario: &Scenario, request: &Request<'_>) {
    let state = request.org.world.state();
    for (effect, count) in scenario.effects {
        let done = state["effects"][effect].as_u64().unwrap_or_default();
        assert_eq!(done, *count, "{effect}: {state:#}");
    }
    assert_eq!(state["tickets"].as_array().map(Vec::len), Some(1));
    assert!(request.ticket().is_some());
    let names = request.note_names();
    let user = request.user();
    assert_eq!(user.is_some(), scenario.effects.contains(&("users_created", 1)));
    let kinds: Vec<&str> = names
        .iter()
        .filter_map(|name| name.split_once('/'))
        .map(|(_, kind)| kind)
        .collect();
    for kind in scenario.notes {
        assert!(kinds.contains(kind), "no note {kind}: {kinds:?}");
    }
    assert!(!request.secret_is_kept());
}

/// Runs the scenario on an organisation of its own.
fn run(
    scenario: &Scenario,
    prefix: &str,
    spoil: impl FnOnce(&Organisation) -> Vec<AwsRule>,
    after: impl FnOnce(&Request<'_>, &[AwsRule]),
) {
    let org = scenario.organisation(prefix);
    let rules = spoil(&org);
    let request = play(scenario, &org);
    request.ends(scenario.outcome);
    check(scenario, &request);
    after(&request, &rules);
}

fn twice(name: &str) {
    let twice = |org: &Organisation| vec![AwsRule::new("/invocations", &org.id, "duplicate", 10_000, 0)];
    run(scenario(name), "w", twice, |request, rules| {
        let runs = 1..=scenario(name).runs;
        let entered: Vec<String> = runs.flat_map(|run| request.states(run)).collect();
        for case in cases(scenario(name)) {
            let there = entered.iter().any(|state| state == case.state);
            assert!(there, "{} was not entered: {entered:?}", case.state);
        }
        let steps: u64 = rules.iter().map(AwsRule::fired).sum();
        assert!(steps >= cases(scenario(name)).count() as u64, "{steps} steps ran twice");
        let mut mails = mail::to(request.org.approver());
        mails.extend(mail::to(request.org.manager()));
        // A repeated mail may have another date, and has links of its own.
        let facts = |mail: &Mail| {
            let lines = mail
                .text
                .lines()
                .filter(|line| line.contains("date: ") || line.contains("day: "));
            (mail.subject.clone(), lines.map(str::to_owned).collect::<Vec<_>>())
        };
        let mut all: Vec<_> = mails.iter().map(facts).collect();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), mails.len(), "a mail came twice: {mails:#?}");
    });
}

/// Makes each effect of the scenario's states fail in this way.
fn after_each_effect(name: &str, kind: &str) {
    let scenario = scenario(name);
    let kills = kind == "kill_client";
    let spoil = |org: &Organisation| {
        let mut rules = Vec::new();
        for effect in cases(scenario).flat_map(|case| case.effects) {
            match effect {
                Effect::Vendor(system, operation, contains) => {
                    let more = if contains.is_empty() {
                        json!({})
                    } else {
                        json!({"contains": contains})
                    };
                    org.world.spoil(system, operation, kind, &more);
                }
                Effect::Secret(target) => rules.push(AwsRule::new(target, &org.id, aws_action(kills), 1, 0)),
                Effect::Mail(words) => {
                    let words = words.replace("COMPANY", org.world.key("/company"));
                    rules.push(AwsRule::new(
                        "/v2/email/outbound-emails",
                        &words,
                        aws_action(kills),
                        1,
                        0,
                    ));
                }
            }
        }
        rules
    };
    run(scenario, if kills { "k" } else { "l" }, spoil, |request, rules| {
        for fault in request.org.world.faults() {
            assert_eq!(fault["fired"], 1, "never came to {fault:#}");
            assert_eq!(fault["killed"], u64::from(kills), "{fault:#}");
        }
        for rule in rules {
            assert_eq!((rule.fired(), rule.killed()), (1, u64::from(kills)), "{rule:?}");
        }
    });
}

fn aws_action(kills: bool) -> &'static str {
    if kills { "kill_client_after" } else { "lose_response" }
}

macro_rules! scenarios {
    ($($test:ident)*) => {
        mod every_step_runs_twice {
            $(#[test] fn $test() { super::twice(stringify!($test)); })*
        }
        mod the_step_is_killed_after_each_effect {
            $(#[test] fn $test() { super::after_each_effect(stringify!($test), "kill_client"); })*
        }
        mod the_response_to_each_effect_is_lost {
            $(#[test] fn $test() { super::after_each_effect(stringify!($test), "lose_response"); })*
        }
        #[test]
        fn every_scenario_is_a_test() {
            let names: Vec<&str> = SCENARIOS.iter().map(|scenario| scenario.name).collect();
            assert_eq!(names, [$(stringify!($test)),*]);
        }
    };
}

scenarios!(bought confirmed never_shown kept denied cancelled failed untold broken left);

#[test]
fn function_killed_after_any_write_leaves_one_effect_each() {
    const PARTS: u32 = 6;
    let scenario = &ANY_WRITE;
    std::thread::scope(|scope| {
        for part in 0..PARTS {
            scope.spawn(move || {
                // Only writes of this organisation are counted. Every sixth one fails, and each scenario starts at
                // another one.
                let die = |org: &Organisation| {
                    let writes = ["PutItem", "UpdateItem", "TransactWriteItems"];
                    let rules = writes.into_iter().flat_map(|write| {
                        let target = format!("DynamoDB_20120810.{write}");
                        let id = org.id.clone();
                        let nth = (0..8).map(move |n| (n * PARTS) + part);
                        nth.map(move |skip| AwsRule::new(&target, &id, "kill_client_after", 1, skip))
                    });
                    rules.collect()
                };
                run(scenario, "d", die, |_, rules| {
                    let killed: u64 = rules.iter().map(AwsRule::killed).sum();
                    assert!(killed >= 5, "only {killed} functions were killed");
                });
            });
        }
    });
}

#[test]
fn vendors_that_throttle_and_falter_are_asked_again() {
    let scenario = scenario("bought");
    let falter = |org: &Organisation| {
        for (system, operation, _) in cases(scenario).flat_map(|case| case.effects).filter_map(Effect::vendor) {
            org.world.spoil(system, operation, "429", &json!({}));
            org.world.spoil(system, operation, "503", &json!({"skip": 1}));
        }
        for system in ["graph", "connectwise", "pax8"] {
            org.world.spoil(system, "*", "garbage", &json!({"skip": 25}));
        }
        // For a while after its creation, the user cannot be found.
        org.world.spoil(
            "graph",
            "POST /users",
            "404_after_create",
            &json!({"reads": 3, "skip": 2}),
        );
        Vec::new()
    };
    run(scenario, "f", falter, |_, _| {});
}

#[test]
fn a_strangers_account_of_the_same_name_is_not_adopted() {
    for (collision, outcome) in [("ask", "failed"), ("number", "completed")] {
        let org = Organisation::with("adopts", &[&format!("username_collision={collision}")]);
        // Gangway has checked that the name is free. While its request is under way, somebody else takes the name.
        org.world.spoil("graph", "POST /users", "delay", &json!({"ms": 3000}));
        let request = org.submit(&org.person(
            "Ada",
            "Lovelace",
            &json!({"manager": org.manager(), "licenses": ["SPB"]}),
        ));
        until("the request on its way", || {
            (org.world.faults()[0]["fired"] == 1).then_some(())
        });
        let stranger = org.world.add_stranger(&org.upn("alovelace"));
        request.ends(outcome);
        let state = org.world.state();
        let users = state["users"].as_array().expect("users");
        let stranger = users.iter().find(|user| user["id"] == stranger).expect("the stranger");
        assert_eq!(
            (&stranger["extension_attribute_15"], &stranger["licenses"]),
            (&Value::Null, &json!([]))
        );
        match request.user() {
            Some(user) => assert_eq!(user["upn"], org.upn("alovelace2")),
            None => assert!(request.note("failed at the step").contains("create-user")),
        }
        assert_eq!(request.user().is_some(), collision == "number");
        assert!(!request.secret_is_kept());
    }
}

#[test]
fn a_stranger_who_comes_after_a_crash_is_not_adopted() {
    let org = Organisation::with("after-crash", &["username_collision=number"]);
    // The first request is refused without an effect; the second one finds the other account.
    org.world.spoil("graph", "POST /users", "503", &json!({}));
    org.world.spoil("graph", "POST /users", "delay", &json!({"ms": 3000}));
    let request = org.submit(&org.person("Ada", "Lovelace", &json!({"manager": org.manager()})));
    until("the second attempt", || {
        (org.world.faults()[1]["fired"] == 1).then_some(())
    });
    org.world.add_stranger(&org.upn("alovelace"));
    request.ends("completed");
    assert_eq!(request.user().expect("a user")["upn"], org.upn("alovelace2"));
    assert!(request.has_note(&org.upn("alovelace2")));
}
