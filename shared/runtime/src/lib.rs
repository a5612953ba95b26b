//! Runs a function as a Lambda: logs, AWS clients, error names, executions and callbacks of the state machine. Only
//! this crate reads the environment.

mod aws;
mod callback;
mod cancellation;
mod clients;
mod env;
mod execution;
mod log;
mod metric;
mod serve;

pub use aws::Aws;
pub use callback::{Delivered, deliver};
pub use cancellation::finish_cancelling;
pub use clients::Clients;
pub use env::Env;
pub use execution::{Enter, Started, start, stop};
pub use lambda_runtime::Error;
pub use log::init as init_logs;
pub use metric::{metric, metric_by};
pub use serve::{parse_input, serve};
