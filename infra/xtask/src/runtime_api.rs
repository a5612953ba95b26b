//! The part of the Lambda Runtime API that one invocation of a function needs. It measures the process before and
//! after.

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    process::{Child, Command},
    sync::mpsc::{self, Receiver, Sender},
    thread,
    time::{Duration, Instant},
};

use crate::{Result, process::pause};

/// Measurements of a process.
#[derive(Clone, Copy)]
pub(crate) struct Look {
    pub(crate) time: Duration,
    pub(crate) cpu: Duration,
    pub(crate) peak_kib: u64,
}

pub(crate) struct ColdStart {
    /// The measurements when it asked for its first event.
    pub(crate) next: Look,
    /// The measurements when it had answered the event.
    pub(crate) response: Look,
    /// Whether the function answered without an error.
    pub(crate) answered: bool,
}

struct Request {
    line: String,
    reply: Sender<String>,
}

/// Starts the function and sends it one event.
pub(crate) fn cold_start(function: &mut Command, event: &str) -> Result<ColdStart> {
    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    function.env("AWS_LAMBDA_RUNTIME_API", listener.local_addr()?.to_string());
    let (sender, requests) = mpsc::channel();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let sender = sender.clone();
            thread::spawn(move || serve(stream, &sender));
        }
    });
    let begun = Instant::now();
    let mut child = function.spawn()?;
    let seen = invocation(&mut child, begun, &requests, event);
    child.kill()?;
    child.wait()?;
    seen
}

fn invocation(child: &mut Child, begun: Instant, requests: &Receiver<Request>, event: &str) -> Result<ColdStart> {
    let wait = Duration::from_secs(30);
    let first = requests.recv_timeout(wait).map_err(|_| "it never asked for an event")?;
    let next = look(child, begun)?;
    if !first.line.starts_with("GET /2018-06-01/runtime/invocation/next") {
        return Err(format!("its first call was {}", first.line).into());
    }
    let headers = "Content-Type: application/json\r\nLambda-Runtime-Aws-Request-Id: bench\r\n\
        Lambda-Runtime-Deadline-Ms: 9999999999999\r\nLambda-Runtime-Invoked-Function-Arn: arn:bench";
    let length = event.len();
    first.reply.send(format!(
        "HTTP/1.1 200 OK\r\n{headers}\r\nContent-Length: {length}\r\n\r\n{event}"
    ))?;
    let answer = requests.recv_timeout(wait).map_err(|_| "it never answered")?;
    let response = look(child, begun)?;
    answer
        .reply
        .send("HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n".to_owned())?;
    Ok(ColdStart {
        next,
        response,
        answered: answer.line.contains("/response"),
    })
}

/// Reads the requests of a connection, and writes the reply to each.
fn serve(stream: TcpStream, sender: &Sender<Request>) -> Option<()> {
    let mut writer = stream.try_clone().ok()?;
    let mut reader = BufReader::new(stream);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
        let (mut length, mut chunked) = (0, false);
        loop {
            let mut header = String::new();
            reader.read_line(&mut header).ok()?;
            let header = header.trim().to_lowercase();
            if header.is_empty() {
                break;
            }
            if let Some(value) = header.strip_prefix("content-length:") {
                length = value.trim().parse().ok()?;
            }
            chunked |= header.starts_with("transfer-encoding:") && header.ends_with("chunked");
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).ok()?;
        while chunked {
            let mut size = String::new();
            reader.read_line(&mut size).ok()?;
            let size = usize::from_str_radix(size.trim(), 16).ok()?;
            let mut chunk = vec![0; size + 2];
            reader.read_exact(&mut chunk).ok()?;
            chunked = size > 0;
        }
        let (reply, replied) = mpsc::channel();
        sender.send(Request { line, reply }).ok()?;
        writer.write_all(replied.recv().ok()?.as_bytes()).ok()?;
    }
}

fn look(child: &Child, begun: Instant) -> Result<Look> {
    let time = begun.elapsed();
    let process = format!("/proc/{}", child.id());
    let mut cpu = 0;
    for task in fs::read_dir(format!("{process}/task"))?.flatten() {
        // The first number is the time on a CPU in nanoseconds. utime and stime only count hundredths of a second.
        let text = fs::read_to_string(task.path().join("schedstat")).unwrap_or_default();
        cpu += text
            .split_whitespace()
            .next()
            .and_then(|number| number.parse::<u64>().ok())
            .unwrap_or_default();
    }
    let status = fs::read_to_string(format!("{process}/status"))?;
    let peak = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:")?.split_whitespace().next()?.parse().ok());
    Ok(Look {
        time,
        cpu: Duration::from_nanos(cpu),
        peak_kib: peak.unwrap_or_default(),
    })
}

/// The median of several cold starts, so that one slow start does not matter.
pub(crate) fn typical(mut starts: Vec<ColdStart>) -> Option<ColdStart> {
    starts.sort_by_key(|start| start.response.cpu);
    let middle = starts.len() / 2;
    (middle < starts.len()).then(|| starts.swap_remove(middle))
}

/// Waits between two starts, so that the machine is equally idle for each.
pub(crate) fn settle() {
    pause(Duration::from_millis(20));
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::cold_start;

    #[test]
    fn a_program_that_is_no_function_is_refused() {
        let mut command = Command::new("python3");
        command.args([
            "-c",
            "import os, urllib.request as u; u.urlopen('http://' + os.environ['AWS_LAMBDA_RUNTIME_API'])",
        ]);
        let error = cold_start(&mut command, "{}").err().expect("no function");
        assert!(error.to_string().contains("its first call was GET / "), "{error}");
    }
}
