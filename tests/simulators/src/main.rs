//! `simulators --port 4700` starts the simulators and serves until it is stopped.

use clap::Parser;
use simulators::server::{self, Options};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let running = server::start(Options::parse()).await?;
    println!("simulators: {}", running.base);
    for (port, target) in &running.proxies {
        println!("simulators: proxy on port {port} for {target}");
    }
    tokio::signal::ctrl_c().await?;
    Ok(())
}
