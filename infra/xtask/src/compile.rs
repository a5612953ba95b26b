//! Builds with cargo for this machine, and with cargo-lambda for Amazon Linux.

use std::{
    ffi::OsString,
    path::Path,
    process::{Command, Stdio},
};

use crate::{
    Result,
    process::{marked, own_mark},
    project::{Project, architecture, environment},
};

/// A test executable that is small to build. Naming one makes cargo enable the features that dev-dependencies ask for,
/// so that a later build of the tests finds every dependency compiled.
const ANY_TEST: &str = "mailer";

/// Builds the functions, the operator and the simulators.
pub(crate) fn binaries(project: &Project) -> Result<()> {
    build(project, &["--test", ANY_TEST])
}

/// Builds all binaries and all test executables.
pub(crate) fn binaries_and_tests(project: &Project) -> Result<()> {
    build(project, &["--tests"])
}

fn build(project: &Project, tests: &[&str]) -> Result<()> {
    let mut command = cargo(project);
    command.args(["build", "--locked", "--workspace", "--bins"]).args(tests);
    succeeds(&mut command, "the build")
}

/// Builds the functions, and the bare one that the benchmark compares them with, as they are shipped: linked for Amazon Linux.
pub(crate) fn release(project: &Project, folder: &Path) -> Result<()> {
    let mut command = Command::new(project.tool("cargo-lambda"));
    clean(project, &mut command);
    command
        .args(["lambda", "build", "--locked", "--release", "--workspace"])
        .args(["--exclude", "xtask", "--exclude", "e2e"])
        .args(["--exclude", "operator", "--exclude", "simulators"])
        .arg("--lambda-dir")
        .arg(folder)
        .arg(if architecture() == "arm64" {
            "--arm64"
        } else {
            "--x86-64"
        });
    succeeds(&mut command, "the release build")
}

/// Runs a command whose output is for the person at the terminal.
pub(crate) fn succeeds(command: &mut Command, what: &str) -> Result<()> {
    let program = command.get_program().display().to_string();
    let status = command
        .stdin(Stdio::null())
        .status()
        .map_err(|error| format!("{program} did not start: {error}"))?;
    if status.success() {
        Ok(())
    } else {
        Err(format!("{what} failed; the reason is above").into())
    }
}

pub(crate) fn cargo(project: &Project) -> Command {
    let mut command = Command::new("cargo");
    clean(project, &mut command);
    command
}

/// Prepares a command that calls cargo. It gets none of the variables that `cargo xtask` itself was started with, because
/// some build scripts depend on them and would run again whenever cargo was called in another way in between.
pub(crate) fn clean(project: &Project, command: &mut Command) {
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy();
        if [
            "CARGO_PKG_",
            "CARGO_MANIFEST_",
            "CARGO_BIN_",
            "CARGO_CRATE_",
            "CARGO_PRIMARY_",
        ]
        .iter()
        .any(|prefix| name.starts_with(prefix))
        {
            command.env_remove(name.as_ref());
        }
    }
    marked(command, &own_mark(project))
        .current_dir(&project.root)
        .env("PATH", path_with_tools(project));
}

fn path_with_tools(project: &Project) -> OsString {
    let mut path = project.output.join("venv/bin").into_os_string();
    path.push(":");
    path.push(environment("PATH").unwrap_or_default());
    path
}
