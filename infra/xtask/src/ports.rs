//! Checks whether ports are free, and names the process that uses a taken one.

use std::{fs, net::TcpListener, path::Path};

use crate::{Result, process::is_marked};

pub(crate) fn require_free(ports: &[(&str, u16)], output: &Path) -> Result<()> {
    for (purpose, port) in ports {
        if TcpListener::bind(("127.0.0.1", *port)).is_ok() {
            continue;
        }
        let holder = holder(*port);
        if holder.as_ref().is_some_and(|(pid, _)| is_marked(*pid, output)) {
            return Err("the local engine of this clone is running: stop it with `cargo xtask down`".into());
        }
        let who = holder.map_or("another user's process".to_owned(), |(pid, name)| {
            format!("{name} (process {pid})")
        });
        return Err(format!(
            "port {port} is wanted for {purpose}, and {who} has it: stop that, or choose other ports with --port-offset"
        )
        .into());
    }
    Ok(())
}

/// Finds the process that listens on a port: /proc/net/tcp has the socket's number, and the process has it among its
/// open files.
fn holder(port: u16) -> Option<(i32, String)> {
    let tables = ["/proc/net/tcp", "/proc/net/tcp6"].map(|path| fs::read_to_string(path).unwrap_or_default());
    let inode = tables.iter().flat_map(|table| table.lines().skip(1)).find_map(|line| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let local = u16::from_str_radix(fields.get(1)?.rsplit(':').next()?, 16).ok()?;
        (local == port && *fields.get(3)? == "0A").then(|| fields.get(9).map(|inode| (*inode).to_owned()))?
    })?;
    let socket = format!("socket:[{inode}]");
    let processes = fs::read_dir("/proc").ok()?.flatten();
    processes
        .filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok())
        .find_map(|pid| {
            let mut files = fs::read_dir(format!("/proc/{pid}/fd")).ok()?.flatten();
            files.find(|file| fs::read_link(file.path()).is_ok_and(|target| target.to_str() == Some(&socket)))?;
            Some((
                pid,
                fs::read_to_string(format!("/proc/{pid}/comm"))
                    .unwrap_or_default()
                    .trim()
                    .to_owned(),
            ))
        })
}
