//! Starts processes, and stops them together with everything that they started.
//!
//! Every process that xtask starts has a mark in its environment, which its children inherit. So /proc shows all of
//! them, even after the parent has ended.

use std::{
    fs::{self, File},
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use crate::{
    Result,
    project::{Project, environment},
};

/// The variable that marks a process. Its value is the project's output folder, so that two clones do not stop each
/// other's engine.
const MARK: &str = "GANGWAY_ENGINE";

pub(crate) fn marked<'a>(command: &'a mut Command, folder: &Path) -> &'a mut Command {
    command.env(MARK, folder)
}

/// The mark of processes that this xtask waits for, such as a build.
pub(crate) fn own_mark(project: &Project) -> PathBuf {
    project.output.join(format!("xtask-{}", std::process::id()))
}

/// Starts a server in the background, in its own process group, so that Ctrl-C reaches only xtask, which then stops
/// it. The environment is limited to what the server needs, because the functions inherit it.
pub(crate) fn serve(folder: &Path, name: &str, program: &Path, configure: impl FnOnce(&mut Command)) -> Result<Child> {
    let log = File::create(folder.join(format!("{name}.log")))?;
    let mut command = Command::new(program);
    command.env_clear();
    for variable in ["PATH", "HOME", "LANG"] {
        if let Some(value) = environment(variable) {
            command.env(variable, value);
        }
    }
    configure(&mut command);
    marked(&mut command, folder)
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        .process_group(0);
    command
        .spawn()
        .map_err(|error| format!("{name} did not start: {error}").into())
}

/// The processes that belong to the folder or to one below it, except this one.
pub(crate) fn running(folder: &Path) -> Vec<i32> {
    let Ok(entries) = fs::read_dir("/proc") else {
        return Vec::new();
    };
    let own = i32::try_from(std::process::id()).unwrap_or_default();
    let pids = entries
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter(|pid| *pid != own && is_marked(*pid, folder)).collect()
}

pub(crate) fn is_marked(pid: i32, folder: &Path) -> bool {
    let Ok(environment) = fs::read(format!("/proc/{pid}/environ")) else {
        return false;
    };
    environment.split(|byte| *byte == 0).any(|variable| {
        let value = std::str::from_utf8(variable)
            .ok()
            .and_then(|text| text.strip_prefix(MARK)?.strip_prefix('='));
        value.is_some_and(|value| Path::new(value).starts_with(folder))
    })
}

/// Asks the processes to end, waits, kills, and checks that none is left. Returns how many there were.
pub(crate) fn stop_all(folder: &Path) -> Result<usize> {
    let found = running(folder).len();
    for (signal, patience) in [(Signal::SIGTERM, 5), (Signal::SIGKILL, 5)] {
        let until = Instant::now() + Duration::from_secs(patience);
        let mut signalled = Vec::new();
        loop {
            let left = running(folder);
            if left.is_empty() {
                return Ok(found);
            }
            if Instant::now() > until {
                break;
            }
            // A process may start another one after the list was read and before it ends.
            for pid in left
                .into_iter()
                .filter(|pid| !signalled.contains(pid))
                .collect::<Vec<_>>()
            {
                signalled.push(pid);
                let _ = kill(Pid::from_raw(pid), signal);
            }
            pause(Duration::from_millis(50));
        }
    }
    Err(format!("these processes don't end: {:?}", running(folder)).into())
}

#[expect(
    clippy::disallowed_methods,
    reason = "a developer's tool waits for servers; no function does"
)]
pub(crate) fn pause(time: Duration) {
    std::thread::sleep(time);
}
