//! `cargo xtask test` runs the lints and then all tests with cargo-nextest. The end-to-end tests get an engine of
//! their own.

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader},
    process::{Command, ExitCode, Stdio},
    time::{Duration, Instant},
};

use serde::Deserialize;

use crate::{
    Result,
    compile::{self, cargo, succeeds},
    demo, diagram,
    engine::{Engine, Waits},
    format_asl, http,
    interrupt::stop_on_interrupt,
    local::{Deployment, Local, save_logs},
    process::{marked, own_mark, stop_all},
    progress::seconds,
    project::{Project, environment},
    tools,
};

/// Nothing times out, because each test decides when something happens.
const PATIENT: Waits = Waits {
    stack: "gangway",
    parameters: &[
        ("SeatPollSeconds", "1"),
        ("PurchasePollSeconds", "1"),
        ("RequestsPerSecond", "10000"),
        ("OpenRequestsPerSecond", "10000"),
    ],
};

/// Unanswered gates time out within a test's time.
const QUICK: Waits = Waits {
    stack: "gangway-quick",
    parameters: &[
        ("ApprovalReminderSeconds", "4"),
        ("ApprovalRounds", "2"),
        ("LicenseGateSeconds", "4"),
        ("SeatPollSeconds", "1"),
        ("SeatPolls", "3"),
        ("PurchasePollSeconds", "1"),
        ("PurchasePolls", "3"),
        ("KeptPasswordSeconds", "3"),
        ("RequestsPerSecond", "10000"),
        ("OpenRequestsPerSecond", "10000"),
    ],
};

/// The checks that failed, and the times, for the end of the output.
#[derive(Default)]
struct Report {
    failures: Vec<String>,
    phases: Vec<(&'static str, Duration)>,
    /// The closing line of cargo-nextest
    summary: Option<String>,
}

impl Report {
    fn phase<T>(&mut self, name: &'static str, work: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        println!("\n== {name}");
        let begun = Instant::now();
        let done = work(self);
        self.phases.push((name, begun.elapsed()));
        done
    }

    /// Records whether a check, such as a lint, has passed.
    fn check(&mut self, name: &str, passed: Result<()>) {
        match passed {
            Ok(()) => println!("{name}: ok"),
            Err(error) => {
                println!("{name}: FAILED ({error})");
                self.failures.push(name.to_owned());
            }
        }
    }
}

pub(crate) fn run(engine: &Engine, filter: Option<&str>) -> Result<ExitCode> {
    stop_on_interrupt(engine)?;
    let mut report = Report::default();
    let done = phases(engine, filter, &mut report);
    if let Err(error) = done.and(stop_all(&engine.folder).map(drop)) {
        report.failures.push(error.to_string());
    }
    for failure in &report.failures {
        println!("FAILED: {failure}");
    }
    // Last, because that is where people and machines look for it.
    if let Some(summary) = &report.summary {
        println!("{summary}");
    }
    Ok(if report.failures.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn phases(engine: &Engine, filter: Option<&str>, report: &mut Report) -> Result<()> {
    report.phase("tools", |_| tools::prepare(engine.project))?;
    if filter.is_none() {
        report.phase("lints", |report| {
            lint(engine.project, report);
            Ok(())
        })?;
    }
    report.phase("build", |_| compile::binaries_and_tests(engine.project))?;
    let with_engine = is_end_to_end(engine, filter)?;
    if with_engine {
        report.phase("engine", |_| start(engine))?;
    }
    for (name, time) in &report.phases {
        println!("{name:24} {}", seconds(*time));
    }
    let passed = run_tests(engine, filter, report);
    if with_engine {
        contracts(engine, report)?;
    }
    if passed.is_err() && engine.is_up() {
        for waits in [PATIENT, QUICK] {
            let log = save_logs(engine, waits.stack)?;
            println!("what the functions of {} logged: {}", waits.stack, log.display());
        }
    }
    passed
}

/// Checks that everything that the functions sent and the simulators answered fits the contract files
/// (`tests/contract/vendors`).
fn contracts(engine: &Engine, report: &mut Report) -> Result<()> {
    #[derive(Deserialize)]
    struct Contracts {
        requests: BTreeMap<String, u32>,
        wrong: Vec<String>,
    }
    let url = format!("{}/control/contracts", engine.simulators());
    let answer = http::get(&url, None)?.expect(200, "the check against the contract files")?;
    let seen: Contracts = serde_json::from_value(answer.json()?)?;
    for (system, count) in &seen.requests {
        println!("{count:6} requests to {system} checked against its contract file");
    }
    for line in &seen.wrong {
        println!("against the contract file: {line}");
    }
    let fits = if seen.wrong.is_empty() {
        Ok(())
    } else {
        Err("see above".into())
    };
    report.check("contract files", fits);
    Ok(())
}

fn lint(project: &Project, report: &mut Report) {
    let mut fmt = cargo(project);
    report.check(
        "cargo fmt",
        succeeds(fmt.args(["fmt", "--all", "--check"]), "cargo fmt"),
    );
    let mut clippy = cargo(project);
    clippy.args(["clippy", "--locked", "--workspace", "--all-targets", "--quiet"]);
    report.check(
        "cargo clippy",
        succeeds(clippy.args(["--", "-D", "warnings"]), "clippy"),
    );
    let mut deny = tool(project, "cargo-deny");
    deny.args(["--log-level", "error", "--locked", "check"]);
    report.check(
        "cargo deny",
        succeeds(deny.args(["bans", "licenses", "sources"]), "cargo-deny"),
    );
    let mut cfn_lint = tool(project, "cfn-lint");
    cfn_lint.arg(project.path("infra/template.yaml"));
    report.check("cfn-lint", succeeds(&mut cfn_lint, "cfn-lint"));
    report.check("diagram", diagram::run(project, true));
    report.check("format-asl", format_asl::run(project, true));
}

fn tool(project: &Project, name: &str) -> Command {
    let mut command = Command::new(project.tool(name));
    marked(&mut command, &own_mark(project)).current_dir(&project.root);
    command
}

fn start(engine: &Engine) -> Result<()> {
    stop_all(&engine.folder)?;
    engine.start()?;
    let (patient, _) = engine.deploy(&PATIENT)?;
    let (quick, _) = engine.deploy(&QUICK)?;
    let mut local = Local::new(engine, &patient);
    local.stacks.insert(quick.name.to_owned(), Deployment::new(&quick));
    demo::furnish(engine, &mut local)?;
    local.write(&engine.local_file)
}

/// Prepares a run of cargo-nextest on the workspace as it was built. Its settings are in .config/nextest.toml.
fn nextest(engine: &Engine, subcommand: &str, filter: Option<&str>) -> Command {
    let project = engine.project;
    let mut command = Command::new(project.tool("cargo-nextest"));
    compile::clean(project, &mut command);
    command.args(["nextest", subcommand, "--locked", "--workspace", "--tests"]);
    if has_browser() {
        command.args(["--run-ignored", "all"]);
    }
    command.args(filter);
    command
}

/// Whether the filter selects any test that needs the engine.
fn is_end_to_end(engine: &Engine, filter: Option<&str>) -> Result<bool> {
    let mut list = nextest(engine, "list", filter);
    list.args(["--message-format", "oneline", "-E", "package(e2e)"]);
    let listed = list.stderr(Stdio::inherit()).output()?;
    Ok(listed.status.success() && !listed.stdout.is_empty())
}

fn run_tests(engine: &Engine, filter: Option<&str>, report: &mut Report) -> Result<()> {
    if !has_browser() {
        println!("the browser tests are skipped: install chromium and chromedriver to run them");
    }
    let mut tests = nextest(engine, "run", filter);
    marked(&mut tests, &engine.folder);
    engine
        .with_aws(&mut tests)
        .env("GANGWAY_LOCAL", &engine.local_file)
        .env("GANGWAY_AXE", tools::axe(engine.project)?);
    let mut running = tests.stdin(Stdio::null()).stderr(Stdio::piped()).spawn()?;
    for line in running
        .stderr
        .take()
        .map(BufReader::new)
        .into_iter()
        .flat_map(BufRead::lines)
    {
        let line = line?;
        println!("{line}");
        if line.trim_start().starts_with("Summary [") {
            report.summary = Some(line);
        }
    }
    if running.wait()?.success() {
        Ok(())
    } else {
        Err("a test failed; its output is above".into())
    }
}

fn has_browser() -> bool {
    let path = environment("PATH").unwrap_or_default();
    ["chromium", "chromedriver"]
        .iter()
        .all(|tool| std::env::split_paths(&path).any(|folder| folder.join(tool).is_file()))
}
