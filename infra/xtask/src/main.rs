//! `cargo xtask`: everything that a developer runs here, from the local engine to the tests.

mod bench;
mod compile;
mod demo;
mod diagram;
mod engine;
mod format_asl;
mod http;
mod interrupt;
mod local;
mod people;
mod ports;
mod process;
mod progress;
mod project;
mod runtime_api;
mod suite;
mod tools;
mod vendors;

use std::{error::Error, process::ExitCode};

use clap::{Args, Parser, Subcommand};

use crate::{engine::Engine, project::Project};

type Result<T, E = Box<dyn Error>> = std::result::Result<T, E>;

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Runs, tests and measures Gangway on this machine")]
struct Options {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Build, start everything, onboard one sample person, and stay up
    Run {
        /// Leave after the sample, with an exit status
        #[arg(long)]
        exit: bool,
        #[command(flatten)]
        ports: Ports,
    },
    /// Build and start everything in the background; a second time: deploy what changed
    Up {
        #[command(flatten)]
        ports: Ports,
    },
    /// Stop what `run`, `up` or `test` left running
    Down,
    /// Show the functions' logs
    Logs {
        /// Only this function's, such as create-user
        function: Option<String>,
        /// Go on with what comes
        #[arg(short, long)]
        follow: bool,
    },
    /// Lint, unit tests and end-to-end tests
    Test {
        /// Only tests whose name contains this
        filter: Option<String>,
        /// What is added to every port number, so that `run` may go on beside the tests
        #[arg(long, default_value_t = 200)]
        port_offset: u16,
    },
    /// Measure cold starts of release binaries, and count what an onboarding takes
    Bench {
        /// What is added to every port number
        #[arg(long, default_value_t = 400)]
        port_offset: u16,
    },
    /// Draw the state machine into statemachine/README.md
    Diagram {
        /// Only compare
        #[arg(long)]
        check: bool,
    },
    /// Format the state machine's file
    FormatAsl {
        /// Only compare
        #[arg(long)]
        check: bool,
    },
}

#[derive(Args)]
struct Ports {
    /// Added to every port number
    #[arg(long, default_value_t = 0)]
    port_offset: u16,
}

fn main() -> ExitCode {
    match perform(Options::parse().task) {
        Ok(code) => code,
        Err(error) => {
            interrupt::leave_to_handler_if_interrupted();
            eprintln!("xtask: {error}");
            ExitCode::FAILURE
        }
    }
}

fn perform(task: Task) -> Result<ExitCode> {
    let project = Project::find();
    match task {
        Task::Run { exit, ports } => demo::run(&Engine::local(&project, ports.port_offset), exit)?,
        Task::Up { ports } => demo::up(&Engine::local(&project, ports.port_offset))?,
        Task::Down => {
            let stopped = process::stop_all(&project.output)?;
            let _ = std::fs::remove_file(Engine::local(&project, 0).local_file);
            println!("{}", if stopped == 0 { "nothing was running" } else { "stopped" });
        }
        Task::Logs { function, follow } => local::logs(&project, function.as_deref(), follow)?,
        Task::Test { filter, port_offset } => {
            return suite::run(&Engine::aside(&project, "test", port_offset), filter.as_deref());
        }
        Task::Bench { port_offset } => bench::run(&Engine::aside(&project, "bench", port_offset))?,
        Task::Diagram { check } => diagram::run(&project, check)?,
        Task::FormatAsl { check } => format_asl::run(&project, check)?,
    }
    Ok(ExitCode::SUCCESS)
}
