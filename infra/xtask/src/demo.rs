//! The demo organisation, and `cargo xtask run`, which onboards one sample person while the developer watches.

use std::{
    fs,
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::{
    Result, compile,
    engine::{Engine, GOOGLE_CLIENT_SECRET, Waits},
    http,
    interrupt::stop_on_interrupt,
    local::{Local, save_logs},
    people,
    process::{pause, stop_all},
    progress::{seconds, timed},
    tools,
    vendors::{self, World},
};

/// People have as much time as in a real account. Only the reads of vendors are more frequent.
const WAITS: Waits = Waits {
    stack: "gangway",
    parameters: &[("SeatPollSeconds", "2"), ("PurchasePollSeconds", "2")],
};
const ORGANISATION: &str = "demo";
const COMPANY: &str = "Demo Company";
/// The domain of the world at the vendors.
const DOMAIN: &str = "demo.example";
const TECHNICIAN: &str = "terry.tech@msp.example";

/// Builds and starts everything in the background. If it is already running, deploys whatever has changed.
pub(crate) fn up(engine: &Engine) -> Result<()> {
    stop_on_interrupt(engine)?;
    build(engine)?;
    if engine.is_up() {
        let (stack, sent) = timed("deploying", || engine.deploy(&WAITS))?;
        println!("up: {} (new: {sent} artifacts)", stack.api);
        return Ok(());
    }
    let (local, _) = start(engine)?;
    local.write(&engine.local_file)?;
    println!("up: {}\nstop it with `cargo xtask down`", local.deployment.api);
    Ok(())
}

/// Does what `up` does, then onboards a sample person and stays until Ctrl-C.
pub(crate) fn run(engine: &Engine, exit: bool) -> Result<()> {
    let begun = Instant::now();
    stop_on_interrupt(engine)?;
    build(engine)?;
    let (local, world) = start(engine)?;
    let done = local.write(&engine.local_file).and_then(|()| {
        println!("ready after {}\n", seconds(begun.elapsed()));
        sample(engine, &local, &world)
    });
    if done.is_ok() && !exit {
        let link = sign_in_link(engine, &local)?;
        println!(
            "\nThe forms:         {0}/orgs/{ORGANISATION}/onboardings/new\n                   \
             {0}/orgs/{ORGANISATION}/offboardings/new",
            local.deployment.api
        );
        println!("Sign in (once):    {link}");
        println!("Or with Google:    {}/sign-in", local.deployment.api);
        println!("The vendors' side: {}", world.page);
        println!("Addresses and an API token are in target/gangway/local.json. Ctrl-C stops everything.");
        loop {
            pause(Duration::from_secs(3600));
        }
    }
    if done.is_err() {
        println!(
            "what the functions logged: {}",
            save_logs(engine, &local.deployment.stack)?.display()
        );
    }
    stop_all(&engine.folder)?;
    fs::remove_file(&engine.local_file)?;
    done.map(drop)
}

fn build(engine: &Engine) -> Result<()> {
    tools::prepare(engine.project)?;
    timed("building functions, operator and simulators", || {
        compile::binaries(engine.project)
    })
}

fn start(engine: &Engine) -> Result<(Local, World)> {
    timed("starting AWS, Step Functions and the vendors' simulators", || {
        engine.start()
    })?;
    let ready = timed("deploying infra/template.yaml", || {
        let (stack, _) = engine.deploy(&WAITS)?;
        let mut local = Local::new(engine, &stack);
        let world = furnish(engine, &mut local)?;
        Ok((local, world))
    });
    if ready.is_err() {
        stop_all(&engine.folder)?;
    }
    ready
}

/// Creates a demo organisation with the operator's commands, as in a real account.
pub(crate) fn furnish(engine: &Engine, local: &mut Local) -> Result<World> {
    let stack = local.deployment.stack.clone();
    let world = vendors::create_world(engine, ORGANISATION, COMPANY)?;
    let operator = |arguments: &[&str]| engine.operator(&stack, arguments, "");
    operator(&[
        "organisation",
        "create",
        ORGANISATION,
        "--name",
        COMPANY,
        "--tenant-id",
        &world.tenant_id,
        "--company",
        &format!("connectwise={}", world.psa_company),
        "--company",
        &format!("pax8={}", world.distributor_company),
    ])?;
    for (system, keys) in &world.credentials {
        let arguments = ["credentials", "set", ORGANISATION, system, "--file", "-"];
        engine.operator(&stack, &arguments, &keys.to_string())?;
    }
    let given = |name: &str, value: &str| format!("{name}={value}");
    let variables = [
        given("require_approval_for_new_users", "1"),
        given("new_user_approval_email", &world.people.approver),
        given("default_psa", "connectwise"),
        given("default_ticket_location", &world.psa.board),
        given("default_ticket_status", &world.psa.status_working),
        given("ticket_status_waiting_input", &world.psa.status_waiting),
        given("ticket_status_workflow_complete", &world.psa.status_complete),
        given("default_priority", &world.psa.priority),
        given("ms_licensing_distributor", "pax8"),
        given("usage_location", "US"),
        given("allow_scheduled_user_creation", "1"),
        given("mfa_group", "MFA Users"),
    ];
    let set = ["variables", "set", ORGANISATION]
        .into_iter()
        .chain(variables.iter().map(String::as_str));
    operator(&set.collect::<Vec<_>>())?;
    operator(&[
        "member",
        "add",
        ORGANISATION,
        "--email",
        TECHNICIAN,
        "--name",
        "Terry Tech",
        "--role",
        "admin",
    ])?;
    let secret = ["google", "set", "--client-secret-file", "-"];
    engine.operator(&stack, &secret, GOOGLE_CLIENT_SECRET)?;
    vendors::create_people(engine, DOMAIN)?;
    operator(&["auto-onboarding", "on", ORGANISATION, "--domain", DOMAIN])?;
    let token = ["token", "create", ORGANISATION, "--name", "local", "--role", "admin"];
    local.api_token = operator(&[&token[..], &["--owner", TECHNICIAN]].concat())?;
    ORGANISATION.clone_into(&mut local.organisation);
    Ok(world)
}

fn sign_in_link(engine: &Engine, local: &Local) -> Result<String> {
    let api = &local.deployment.api;
    let arguments = ["sign-in-link", ORGANISATION, "--email", TECHNICIAN, "--base-url", api];
    engine.operator(&local.deployment.stack, &arguments, "")
}

/// Submits the sample person, plays the people who are asked, and prints what happens.
pub(crate) fn sample(engine: &Engine, local: &Local, world: &World) -> Result<String> {
    let person: Value = serde_json::from_str(&fs::read_to_string(engine.project.path("infra/xtask/sample.json"))?)?;
    println!(
        "Onboarding {} {} at {COMPANY}",
        text(&person, "/first_name"),
        text(&person, "/last_name")
    );
    let (api, token) = (&local.deployment.api, Some(local.api_token.as_str()));
    let begun = Instant::now();
    let submission = http::post(&format!("{api}/orgs/{ORGANISATION}/onboardings"), token, &person)?;
    let submission = submission.expect(201, "the submission")?.json()?;
    let id = text(&submission, "/id");
    let url = format!("{api}/orgs/{ORGANISATION}/requests/{id}");
    let mut shown = 0;
    let mut answered = String::new();
    loop {
        let request = http::get(&url, token)?.expect(200, "the request's status")?.json()?;
        let timeline = request
            .pointer("/timeline")
            .and_then(Value::as_array)
            .map_or(&[][..], Vec::as_slice);
        for entry in timeline.iter().skip(shown) {
            let after = format!("{:5.1} s", begun.elapsed().as_secs_f64());
            println!(
                "  {after}  {:20} {} {}",
                text(entry, "/step"),
                text(entry, "/event"),
                text(entry, "/detail")
            );
        }
        shown = timeline.len();
        if let Some(outcome) = request.pointer("/outcome").and_then(Value::as_str) {
            println!("Outcome: {outcome}, after {}\n", seconds(begun.elapsed()));
            if let Some(ticket) = vendors::ticket(engine, world)? {
                ticket.print();
            }
            return if outcome.starts_with("completed") {
                Ok(id.to_owned())
            } else {
                Err(format!("the sample {outcome}").into())
            };
        }
        let status = text(&request, "/status");
        let acted = answered != status
            && match status {
                "waiting_approval" => people::approve(engine, world)?,
                "waiting_license" => people::buy_license(engine, world)?,
                _ => false,
            };
        if acted {
            status.clone_into(&mut answered);
        }
        if begun.elapsed() > Duration::from_secs(180) {
            return Err(format!("the sample is still {status} after three minutes: see `cargo xtask logs`").into());
        }
        pause(Duration::from_millis(200));
    }
}

pub(crate) fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}
