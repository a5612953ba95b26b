//! `cargo xtask test`: lints, unit tests, and end-to-end tests on an engine of their own.

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader},
    process::{Command, ExitCode, Stdio},
    time::{Duration, Instant},
};

use serde::Deserialize;

use crate::{
    Result,
    compile::{self, TestBinary, cargo},
    demo, diagram,
    engine::{Engine, Waits},
    http,
    interrupt::stop_on_interrupt,
    local::{Deployment, Local, save_logs},
    process::{marked, own_mark, stop_all},
    progress::seconds,
    project::environment,
    tools,
};

/// Nothing times out by itself: each test decides when.
const PATIENT: Waits = Waits {
    stack: "gangway",
    parameters: &[
        ("SeatPollSeconds", "1"),
        ("PurchasePollSeconds", "1"),
        ("RequestsPerSecond", "10000"),
        ("OpenRequestsPerSecond", "10000"),
    ],
};

/// Gates that nobody answers end within a test's time.
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

/// The end-to-end tests' package; every other one's tests need nothing but themselves.
const END_TO_END: &str = "e2e";

#[derive(Default)]
struct Report {
    passed: u32,
    failed: u32,
    skipped: u32,
    failures: Vec<String>,
    phases: Vec<(&'static str, Duration)>,
}

impl Report {
    fn phase<T>(&mut self, name: &'static str, work: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        println!("\n== {name}");
        let begun = Instant::now();
        let done = work(self);
        self.phases.push((name, begun.elapsed()));
        done
    }

    /// A check that passes or not, such as a lint
    fn check(&mut self, name: &str, passed: Result<bool>) {
        let passed = passed.unwrap_or_else(|error| {
            eprintln!("{error}");
            false
        });
        println!("{name}: {}", if passed { "ok" } else { "FAILED" });
        if passed {
            self.passed += 1;
        } else {
            self.failed += 1;
            self.failures.push(name.to_owned());
        }
    }

    /// Adds up what one test executable said. One that ended badly without saying so counts as one failure.
    fn add(&mut self, binary: &TestBinary, results: &Counts, ended_well: bool) {
        self.passed += results.passed;
        self.skipped += results.skipped;
        let failed = if ended_well {
            results.failed
        } else {
            results.failed.max(1)
        };
        self.failed += failed;
        if failed > 0 {
            self.failures.push(format!("{} ({failed})", binary.package));
        }
    }
}

#[derive(Default, PartialEq, Debug)]
struct Counts {
    passed: u32,
    failed: u32,
    skipped: u32,
}

impl Counts {
    fn read(&mut self, line: &str) {
        let Some(result) = line.strip_prefix("test result: ") else {
            return;
        };
        for part in result.split(['.', ';']) {
            let mut words = part.split_whitespace();
            let (Some(number), Some(kind)) = (words.next().and_then(|word| word.parse::<u32>().ok()), words.next())
            else {
                continue;
            };
            match kind {
                "passed" => self.passed += number,
                "failed" => self.failed += number,
                "ignored" => self.skipped += number,
                _ => {}
            }
        }
    }
}

pub(crate) fn run(engine: &Engine, filter: Option<&str>) -> Result<ExitCode> {
    stop_on_interrupt(engine)?;
    let mut report = Report::default();
    let done = phases(engine, filter, &mut report);
    for waits in [PATIENT, QUICK] {
        if report.failed > 0 && engine.is_up() {
            println!(
                "what the functions logged: {}",
                save_logs(engine, waits.stack)?.display()
            );
        }
    }
    let stopped = stop_all(&engine.folder);
    println!();
    for (name, time) in &report.phases {
        println!("{name:24} {}", seconds(*time));
    }
    for failure in &report.failures {
        println!("FAILED: {failure}");
    }
    if let Err(error) = done.and(stopped) {
        println!("FAILED: {error}");
        report.failed += 1;
    }
    println!(
        "{} passed, {} failed, {} skipped",
        report.passed, report.failed, report.skipped
    );
    Ok(if report.failed == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn phases(engine: &Engine, filter: Option<&str>, report: &mut Report) -> Result<()> {
    report.phase("tools", |_| tools::prepare(engine.project))?;
    if filter.is_none() {
        report.phase("lints", |report| {
            lint(engine, report);
            Ok(())
        })?;
    }
    let binaries = report.phase("build", |_| compile::binaries_and_tests(engine.project))?;
    let (end_to_end, unit): (Vec<_>, Vec<_>) = binaries
        .iter()
        .partition(|binary| binary.package.split('/').next() == Some(END_TO_END));
    report.phase("unit tests", |report| {
        unit.iter()
            .try_for_each(|binary| unit_tests(engine, binary, filter, report))
    })?;
    let mut wanted = Vec::new();
    for binary in end_to_end {
        if has_tests(engine, binary, filter)? {
            wanted.push(binary);
        }
    }
    if wanted.is_empty() {
        return Ok(());
    }
    report.phase("engine", |_| start(engine))?;
    report.phase("end-to-end tests", |report| {
        wanted
            .iter()
            .try_for_each(|binary| end_to_end_tests(engine, binary, filter, report))
    })?;
    contracts(engine, report)
}

/// Whether all that the functions sent and the simulators answered fits the contract files (`tests/contract/vendors`).
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
    report.check("contract files", Ok(seen.wrong.is_empty()));
    Ok(())
}

fn lint(engine: &Engine, report: &mut Report) {
    let project = engine.project;
    report.check("cargo fmt", succeeds(cargo(project).args(["fmt", "--all", "--check"])));
    let clippy = [
        "clippy",
        "--locked",
        "--workspace",
        "--all-targets",
        "--quiet",
        "--",
        "-D",
        "warnings",
    ];
    report.check("cargo clippy", succeeds(cargo(project).args(clippy)));
    let deny = ["--locked", "check", "bans", "licenses", "sources"];
    let mut cargo_deny = Command::new(project.tool("cargo-deny"));
    let cargo_deny = marked(&mut cargo_deny, &own_mark(project)).current_dir(&project.root);
    report.check(
        "cargo deny",
        succeeds(cargo_deny.args(["--log-level", "error"]).args(deny)),
    );
    let mut cfn_lint = Command::new(project.tool("cfn-lint"));
    let cfn_lint = marked(&mut cfn_lint, &own_mark(project)).arg(project.path("infra/template.yaml"));
    report.check("cfn-lint", succeeds(cfn_lint));
    report.check("diagram", diagram::run(project, true).map(|()| true));
}

fn succeeds(command: &mut Command) -> Result<bool> {
    Ok(command
        .status()
        .map_err(|error| format!("{}: {error}", command.get_program().display()))?
        .success())
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

/// Set up as cargo would
fn executable(engine: &Engine, binary: &TestBinary, filter: Option<&str>) -> Command {
    let mut command = Command::new(&binary.executable);
    marked(&mut command, &engine.folder)
        .current_dir(&binary.folder)
        .env("CARGO_MANIFEST_DIR", &binary.folder);
    engine
        .with_aws(&mut command)
        .env("GANGWAY_LOCAL", &engine.local_file)
        .args(filter);
    command
}

fn has_tests(engine: &Engine, binary: &TestBinary, filter: Option<&str>) -> Result<bool> {
    let listed = executable(engine, binary, filter)
        .args(["--list", "--format", "terse"])
        .output()?;
    Ok(String::from_utf8_lossy(&listed.stdout)
        .lines()
        .any(|line| line.ends_with(": test")))
}

/// Quiet unless something fails
fn unit_tests(engine: &Engine, binary: &TestBinary, filter: Option<&str>, report: &mut Report) -> Result<()> {
    let output = executable(engine, binary, filter).output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    let mut counts = Counts::default();
    text.lines().for_each(|line| counts.read(line));
    if !output.status.success() {
        println!("{text}{}", String::from_utf8_lossy(&output.stderr));
    }
    if counts != Counts::default() || !output.status.success() {
        println!("{}: {} passed, {} failed", binary.package, counts.passed, counts.failed);
    }
    report.add(binary, &counts, output.status.success());
    Ok(())
}

fn has_browser() -> bool {
    let path = environment("PATH").unwrap_or_default();
    ["chromium", "chromedriver"]
        .iter()
        .all(|tool| std::env::split_paths(&path).any(|folder| folder.join(tool).is_file()))
}

/// Shows each line as it comes, because these take minutes
fn end_to_end_tests(engine: &Engine, binary: &TestBinary, filter: Option<&str>, report: &mut Report) -> Result<()> {
    let mut tests = executable(engine, binary, filter);
    tests.env("GANGWAY_AXE", tools::axe(engine.project)?);
    // Most of them wait for the engine, not for a core.
    tests.args(["--test-threads", "6"]);
    if has_browser() || environment("CI").as_deref() == Some("true") {
        tests.arg("--include-ignored");
    } else {
        println!("the browser tests are skipped: install chromium and chromedriver to run them");
    }
    let mut child = tests.stdout(Stdio::piped()).spawn()?;
    let mut counts = Counts::default();
    if let Some(output) = child.stdout.take() {
        for line in BufReader::new(output).lines() {
            let line = line?;
            counts.read(&line);
            println!("{line}");
        }
    }
    report.add(binary, &counts, child.wait()?.success());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::Counts;

    #[test]
    fn counts_what_the_test_harness_says() {
        let mut counts = Counts::default();
        counts.read("running 4 tests");
        counts.read("test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s");
        counts.read("test result: FAILED. 1 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out");
        assert_eq!(
            counts,
            Counts {
                passed: 4,
                failed: 2,
                skipped: 1
            }
        );
    }
}
