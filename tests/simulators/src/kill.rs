//! Finds the process at the other end of a loopback connection and kills it, which simulates a crash right after an
//! effect.

use std::{fs, net::SocketAddr, path::Path, process, time::Duration};

use rustix::process::{Pid, Signal, kill_process};

/// Kills every process that holds the peer's end of a connection, except this one, and returns their ids.
///
/// Their death closes the connection and cancels whatever is awaited for it, so finish all necessary work before the
/// next await.
pub async fn peer(peer: SocketAddr, own_port: u16) -> Vec<u32> {
    let own = process::id();
    let mut victims = Vec::new();
    // The kernel's table may miss a line while other connections come and go.
    for _ in 0..20 {
        victims = holders(peer.port(), own_port);
        victims.retain(|pid| *pid != own);
        if !victims.is_empty() {
            break;
        }
        pause(Duration::from_millis(5)).await;
    }
    for pid in &victims {
        if let Some(pid) = i32::try_from(*pid).ok().and_then(Pid::from_raw) {
            // The process may have ended by itself meanwhile.
            let _ = kill_process(pid, Signal::KILL);
        }
    }
    victims
}

/// Waits until the processes are gone, so that the next request finds a dead client.
pub async fn wait_for(victims: &[u32]) {
    for _ in 0..200 {
        if victims.iter().all(|pid| gone(*pid)) {
            return;
        }
        pause(Duration::from_millis(5)).await;
    }
}

#[expect(clippy::disallowed_methods, reason = "a simulator's own wait, no step's")]
pub async fn pause(time: Duration) {
    tokio::time::sleep(time).await;
}

/// Whether the process is gone, or is a zombie that waits for its parent.
fn gone(pid: u32) -> bool {
    match fs::read_to_string(format!("/proc/{pid}/stat")) {
        Ok(stat) => stat
            .rsplit_once(") ")
            .is_some_and(|(_, rest)| rest.starts_with('Z') || rest.starts_with('X')),
        Err(_) => true,
    }
}

fn holders(port: u16, own_port: u16) -> Vec<u32> {
    let wanted: Vec<String> = ["/proc/net/tcp", "/proc/net/tcp6"]
        .iter()
        .filter_map(|table| fs::read_to_string(table).ok())
        .flat_map(|table| inodes(&table, port, own_port))
        .map(|inode| format!("socket:[{inode}]"))
        .collect();
    if wanted.is_empty() {
        return Vec::new();
    }
    let Ok(processes) = fs::read_dir("/proc") else {
        return Vec::new();
    };
    processes
        .flatten()
        .filter_map(|entry| entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok()))
        .filter(|pid| holds(*pid, &wanted))
        .collect()
}

/// The sockets from `port` to `own_port`. This process's end of the connection has the ports the other way round, so
/// it does not match.
fn inodes(table: &str, port: u16, own_port: u16) -> Vec<String> {
    let (local_end, remote_end) = (format!(":{port:04X}"), format!(":{own_port:04X}"));
    table
        .lines()
        .skip(1)
        .filter_map(|line| {
            let columns: Vec<&str> = line.split_whitespace().collect();
            let (local, remote, inode) = (columns.get(1)?, columns.get(2)?, columns.get(9)?);
            (local.ends_with(&local_end) && remote.ends_with(&remote_end) && *inode != "0").then(|| (*inode).to_owned())
        })
        .collect()
}

fn holds(pid: u32, wanted: &[String]) -> bool {
    let Ok(descriptors) = fs::read_dir(Path::new("/proc").join(pid.to_string()).join("fd")) else {
        return false;
    };
    descriptors
        .flatten()
        .filter_map(|entry| fs::read_link(entry.path()).ok())
        .any(|link| {
            link.to_str()
                .is_some_and(|link| wanted.iter().any(|socket| socket == link))
        })
}
