//! Structured logs: one JSON object a line; names, addresses and tokens never.

use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// Called once, first in main.
pub fn init() {
    // The SDK's own logs repeat requests at debug level, so only ours are let through.
    // The Lambda runtime would log once more a failure that we have logged.
    let filter = EnvFilter::new("warn,runtime=info,steps=info,web=info,gangway=info,lambda_runtime::layers::panic=off");
    let lines = tracing_subscriber::fmt::layer()
        .json()
        .flatten_event(true)
        .with_current_span(true)
        .with_span_list(false);
    // A second call would find a subscriber set, as in tests.
    let _ = tracing_subscriber::registry().with(filter).with(lines).try_init();
}
