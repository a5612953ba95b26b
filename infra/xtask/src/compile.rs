//! Builds with `cargo lambda`, which links for Amazon Linux: what is tested is what is shipped.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use serde::Deserialize;

use crate::{
    Result,
    process::{marked, own_mark},
    project::{Project, architecture, environment},
};

/// Functions, operator and simulators; each becomes target/lambda/NAME/bootstrap.
pub(crate) fn binaries(project: &Project) -> Result<()> {
    let mut command = cargo_lambda(project);
    command.args(["build", "--locked", "--workspace"]);
    built(exclude(&mut command, &["xtask", "e2e", "echo"]))
}

fn exclude<'a>(command: &'a mut Command, packages: &[&str]) -> &'a mut Command {
    packages
        .iter()
        .fold(command, |command, package| command.args(["--exclude", package]))
}

fn built(command: &mut Command) -> Result<()> {
    let status = command
        .arg(target())
        .status()
        .map_err(|error| format!("cargo-lambda did not start: {error}"))?;
    if status.success() {
        Ok(())
    } else {
        Err("the build failed; what cargo printed is above".into())
    }
}

/// The functions and the echo that they are held against, as they would be shipped
pub(crate) fn release(project: &Project, folder: &Path) -> Result<()> {
    let mut command = cargo_lambda(project);
    command
        .args(["build", "--locked", "--release", "--workspace", "--lambda-dir"])
        .arg(folder);
    built(exclude(&mut command, &["xtask", "e2e", "operator", "simulators"]))
}

pub(crate) struct TestBinary {
    pub(crate) package: String,
    pub(crate) executable: PathBuf,
    /// Where cargo would run it
    pub(crate) folder: PathBuf,
}

#[derive(Deserialize)]
struct Message {
    target: Option<Target>,
    profile: Option<Profile>,
    executable: Option<PathBuf>,
    manifest_path: Option<PathBuf>,
}

#[derive(Deserialize)]
struct Target {
    name: String,
    kind: Vec<String>,
}

#[derive(Deserialize)]
struct Profile {
    test: bool,
}

/// All binaries and all test executables, in one build: a build of its own for the tests would have other features of
/// shared dependencies (by dev-dependencies), and so compile nearly everything again.
pub(crate) fn binaries_and_tests(project: &Project) -> Result<Vec<TestBinary>> {
    let mut command = cargo_lambda(project);
    command.args(["build", "--locked", "--workspace", "--bins", "--tests"]);
    command
        .args(["--message-format", "json-render-diagnostics"])
        .arg(target());
    let output = command
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| format!("cargo-lambda: {error}"))?;
    if !output.status.success() {
        return Err("the build failed; what cargo printed is above".into());
    }
    let lines = String::from_utf8_lossy(&output.stdout);
    let messages = lines
        .lines()
        .filter_map(|line| serde_json::from_str::<Message>(line).ok());
    Ok(messages.filter_map(test_binary).collect())
}

fn test_binary(message: Message) -> Option<TestBinary> {
    let executable = message
        .executable
        .filter(|_| message.profile.is_some_and(|profile| profile.test))?;
    let folder = message.manifest_path?.parent()?.to_owned();
    let target = message.target?;
    let package = folder.file_name()?.to_string_lossy().into_owned();
    let own_name = target.kind.iter().any(|kind| kind == "test");
    let package = if own_name {
        format!("{package}/{}", target.name)
    } else {
        package
    };
    Some(TestBinary {
        package,
        executable,
        folder,
    })
}

pub(crate) fn cargo(project: &Project) -> Command {
    let mut command = Command::new("cargo");
    clean(project, &mut command);
    command
}

fn cargo_lambda(project: &Project) -> Command {
    let mut command = Command::new(project.tool("cargo-lambda"));
    command.arg("lambda");
    clean(project, &mut command);
    command
}

fn target() -> &'static str {
    if architecture() == "arm64" {
        "--arm64"
    } else {
        "--x86-64"
    }
}

/// Without the variables that `cargo xtask` itself was started with: some build scripts look at them, and would run again
/// whenever cargo was called in another way in between.
fn clean(project: &Project, command: &mut Command) {
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

pub(crate) fn path_with_tools(project: &Project) -> OsString {
    let mut path = project.output.join("venv/bin").into_os_string();
    path.push(":");
    path.push(environment("PATH").unwrap_or_default());
    path
}
