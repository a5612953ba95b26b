//! Structured logs: one JSON object per line, without names, addresses or tokens.

use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// Sets up logging. `main` calls this first, once.
pub fn init() {
    // The SDK's debug logs repeat requests, so only Gangway's logs are let through. The Lambda runtime would log
    // failures a second time that are already logged here.
    let filter = EnvFilter::new("warn,runtime=info,steps=info,web=info,gangway=info,lambda_runtime::layers::panic=off");
    let lines = tracing_subscriber::fmt::layer()
        .json()
        .flatten_event(true)
        .with_current_span(true)
        .with_span_list(false);
    // A second call finds that a subscriber is set, as in tests.
    let _ = tracing_subscriber::registry().with(filter).with(lines).try_init();
}
