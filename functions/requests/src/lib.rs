//! Requests: their status, pending decisions, cancelling, rescheduling, resuming, and undelivered passwords.

mod app;
mod cancel;
mod executions;
mod list;
mod one;
mod password;
mod pending;
mod reschedule;
mod resume;
mod rights;
mod routes;
#[cfg(test)]
mod samples;
mod shown;

use std::sync::Arc;

use app::App;
use executions::Executions;

/// The routes of this function, as data.
pub fn routes() -> Vec<web::Route> {
    routes::routes().list()
}

/// Serves the routes until the environment ends.
pub async fn run() -> Result<(), web::Error> {
    let aws = runtime::Aws::load().await;
    let app = App {
        web: web::Web::new(&aws)?,
        executions: Executions::new(aws.step_functions()),
        secrets: aws.secrets()?,
    };
    web::serve("requests", routes::routes(), Arc::new(app)).await
}
