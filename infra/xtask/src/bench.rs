//! `cargo xtask bench` measures the cold start of each function, and an onboarding without gates.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use serde_json::{Value, json};

use crate::{
    Result, compile, demo,
    engine::{Engine, Waits},
    http,
    interrupt::stop_on_interrupt,
    local::Local,
    process::{marked, stop_all},
    progress::timed,
    runtime_api::{ColdStart, cold_start, settle, typical},
    tools, vendors,
};

const WAITS: Waits = Waits {
    stack: "gangway",
    parameters: &[("SeatPollSeconds", "1"), ("PurchasePollSeconds", "1")],
};
const STARTS: usize = 5;
/// The organisation in the functions' sample events, which is replaced by a real one.
const SAMPLE_ORGANISATION: &str = "acme";
const SAMPLE_REQUEST: &str = "r0199d0c4e1f27c3a8b5d6e7f80912a3b";
const SAMPLE_TOKEN: &str = "sample-api-token";

pub(crate) fn run(engine: &Engine) -> Result<()> {
    stop_on_interrupt(engine)?;
    tools::prepare(engine.project)?;
    timed("building functions, operator and simulators", || {
        compile::binaries(engine.project)
    })?;
    let release = engine.project.output.join("release");
    timed("building the functions for release (minutes)", || {
        compile::release(engine.project, &release)
    })?;
    stop_all(&engine.folder)?;
    engine.start()?;
    let done = measure(engine, &release);
    stop_all(&engine.folder)?;
    done
}

fn measure(engine: &Engine, release: &Path) -> Result<()> {
    let (stack, _) = timed("deploying", || engine.deploy(&WAITS))?;
    let mut local = Local::new(engine, &stack);
    let world = demo::furnish(engine, &mut local)?;
    let organisation = local.organisation.clone();
    engine.operator(
        stack.name,
        &["variables", "set", &organisation, "require_approval_for_new_users=0"],
        "",
    )?;
    vendors::buy_seat(engine, &world)?;
    let request = demo::sample(engine, &local, &world)?;

    let history = history(
        engine,
        &format!(
            "{}:{request}-1",
            stack.state_machine.replace("stateMachine", "execution")
        ),
    )?;
    let count = |wanted: fn(&str) -> bool| {
        history
            .iter()
            .filter(|event| event["type"].as_str().is_some_and(wanted))
            .count()
    };
    println!(
        "\nA straight onboarding: {} state transitions, {} Lambda invocations by the state machine",
        count(|kind| kind.ends_with("StateEntered")),
        count(|kind| kind == "TaskScheduled")
    );

    println!(
        "\nCold start of release binaries on this machine, the median of {STARTS}. CPU is what the process used; peak is its resident memory."
    );
    println!(
        "{:20} {:>10} {:>8} {:>8} {:>12} {:>8} {:>8} {:>8}  answer",
        "function", "/next ms", "CPU ms", "peak MB", "response ms", "CPU ms", "peak MB", "zip MB"
    );
    let mut functions = vec![("echo".to_owned(), json!({"n": 1}).to_string())];
    for folder in sorted(&engine.project.path("functions"))? {
        let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let Some(event) = sorted(&folder.join("events"))?.into_iter().next() else {
            println!("{name:20} has no event beside it");
            continue;
        };
        let event = fs::read_to_string(event)?
            .replace(SAMPLE_ORGANISATION, &organisation)
            .replace(SAMPLE_REQUEST, &request)
            .replace(SAMPLE_TOKEN, &local.api_token);
        functions.push((name, event));
    }
    for (name, event) in functions {
        let program = release.join(&name).join("bootstrap");
        match cold_starts(engine, &local, &program, &event) {
            Ok(start) => print(&name, &start, zip_size(engine, &program)?),
            Err(error) => println!("{name:20} {error}"),
        }
    }
    Ok(())
}

fn sorted(folder: &Path) -> Result<Vec<PathBuf>> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Ok(Vec::new());
    };
    let mut paths = entries
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<Vec<_>, _>>()?;
    paths.sort();
    Ok(paths)
}

fn cold_starts(engine: &Engine, local: &Local, program: &Path, event: &str) -> Result<ColdStart> {
    let mut starts = Vec::new();
    for _ in 0..STARTS {
        let mut function = Command::new(program);
        function.env_clear().stdout(Stdio::null()).stderr(Stdio::null());
        engine
            .with_aws(marked(&mut function, &engine.folder))
            .envs(local.environment())
            .env("AWS_LAMBDA_FUNCTION_NAME", "bench")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256")
            .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
            .env("AWS_LAMBDA_LOG_GROUP_NAME", "bench")
            .env("AWS_LAMBDA_LOG_STREAM_NAME", "bench");
        starts.push(cold_start(&mut function, event)?);
        settle();
    }
    typical(starts).ok_or_else(|| "no cold start was measured".into())
}

fn print(name: &str, start: &ColdStart, zip: f64) {
    let ms = |time: std::time::Duration| time.as_secs_f64() * 1000.0;
    #[expect(clippy::cast_precision_loss, reason = "kibibytes of one process")]
    let mb = |kib: u64| kib as f64 / 1024.0;
    let ColdStart {
        next,
        response,
        answered,
    } = start;
    println!(
        "{name:20} {:>10.1} {:>8.1} {:>8.1} {:>12.1} {:>8.1} {:>8.1} {zip:>8.2}  {}",
        ms(next.time),
        ms(next.cpu),
        mb(next.peak_kib),
        ms(response.time),
        ms(response.cpu),
        mb(response.peak_kib),
        if *answered { "ok" } else { "error" }
    );
}

/// The compressed size, as it is deployed.
fn zip_size(engine: &Engine, program: &Path) -> Result<f64> {
    let script = "import io, sys, zipfile; packed = io.BytesIO(); \
        zipfile.ZipFile(packed, 'w', zipfile.ZIP_DEFLATED).write(sys.argv[1]); print(len(packed.getvalue()) / 2**20)";
    let output = Command::new(engine.project.tool("python"))
        .args(["-c", script])
        .arg(program)
        .output()?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().parse()?)
}

/// moto ignores signatures; the header only names the service.
fn history(engine: &Engine, execution: &str) -> Result<Vec<Value>> {
    let target = "AWSStepFunctions.GetExecutionHistory";
    let mut events = Vec::new();
    let mut body = json!({"executionArn": execution, "maxResults": 1000});
    loop {
        let page = http::aws(&engine.sfn(), "states", target, &body)?
            .expect(200, "the execution's history")?
            .json()?;
        events.extend(page["events"].as_array().cloned().unwrap_or_default());
        let Some(token) = page["nextToken"].as_str() else {
            return Ok(events);
        };
        body["nextToken"] = json!(token);
    }
}
