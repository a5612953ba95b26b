//! Runs a step as a Lambda function: logs, typed input, the three error names. The only place that reads the
//! environment.

mod aws;
mod callback;
mod cancellation;
mod context;
mod env;
mod execution;
mod log;
mod metric;
mod serve;

pub use aws::Aws;
pub use callback::{Delivered, deliver};
pub use cancellation::finish_cancelling;
pub use context::{Context, Input};
pub use env::Env;
pub use execution::{Enter, Started, start, stop};
pub use log::init as init_logs;
pub use metric::{metric, metric_by};
pub use serve::serve;
