//! The tools that a machine must have, and the virtual environment with the other ones, whose versions are pinned.

use std::{fs, path::PathBuf, process::Command};

use crate::{Result, project::Project};

const REQUIREMENTS: &str = "infra/engine/requirements.txt";
const FILES_ONLY: &str = "infra/engine/files-only.txt";

pub(crate) fn prepare(project: &Project) -> Result<()> {
    if !cfg!(target_os = "linux") {
        return Err("the local engine runs the functions' Linux binaries as they are, so it needs Linux".into());
    }
    let wanted = fs::read_to_string(project.path(REQUIREMENTS))? + &fs::read_to_string(project.path(FILES_ONLY))?;
    let installed = project.output.join("venv/installed.txt");
    if fs::read_to_string(&installed).is_ok_and(|text| text == wanted) {
        return Ok(());
    }
    let python = python()?;
    println!("making the virtual environment target/gangway/venv, once (about a minute)");
    fs::create_dir_all(&project.output)?;
    let venv = project.output.join("venv");
    run(
        Command::new(&python).args(["-m", "venv", "--clear"]).arg(&venv),
        "python's venv",
    )?;
    for (requirements, with) in [(REQUIREMENTS, None), (FILES_ONLY, Some("--no-deps"))] {
        let mut install = Command::new(project.tool("python"));
        install
            .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"])
            // Only packages whose hash is in the list, and none that runs a build of its own.
            .args(["--require-hashes", "--only-binary", ":all:"])
            .args(with)
            .arg("-r")
            .arg(project.path(requirements));
        run(&mut install, "pip install")?;
    }
    fs::write(installed, wanted)?;
    Ok(())
}

/// The path of axe-core, which the browser tests run in the pages.
pub(crate) fn axe(project: &Project) -> Result<PathBuf> {
    let versions = fs::read_dir(project.output.join("venv/lib"))?;
    for version in versions {
        let script = version?.path().join("site-packages/axe_playwright_python/axe.min.js");
        if script.is_file() {
            return Ok(script);
        }
    }
    Err(format!("axe-core is missing from target/gangway/venv, where {FILES_ONLY} puts it: delete the venv").into())
}

/// Finds the first Python that is new enough and can make virtual environments.
fn python() -> Result<String> {
    let probe = "import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))";
    let mut found = None;
    for name in ["python3", "python3.14", "python3.13", "python3.12", "python3.11"] {
        match Command::new(name).args(["-c", probe]).output() {
            Ok(output) if output.status.success() => return Ok(name.to_owned()),
            Ok(output) => found = Some(String::from_utf8_lossy(&output.stderr).into_owned()),
            Err(_) => {}
        }
    }
    Err(match found {
        Some(complaint) if complaint.contains("ensurepip") || complaint.contains("venv") => {
            "Python lacks its venv module: install it (Debian and Ubuntu: apt-get install python3-venv)"
        }
        Some(_) => "Python is older than 3.11: install a newer one (Debian and Ubuntu: apt-get install python3)",
        None => "Python is missing: install 3.11 or newer (Debian and Ubuntu: apt-get install python3 python3-venv)",
    }
    .into())
}

fn run(command: &mut Command, what: &str) -> Result<()> {
    let status = command
        .status()
        .map_err(|error| format!("{what} did not start: {error}"))?;
    if status.success() {
        Ok(())
    } else {
        Err(format!("{what} failed ({status}); what it printed is above").into())
    }
}
