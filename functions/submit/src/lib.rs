//! The forms, and their submission.

mod flow;
mod form;
mod kinds;
mod preview;
mod record;
mod routes;
mod submit_request;

use std::sync::Arc;

use store::secrets::Secrets;
use web::{HasWeb, Web};

/// The state of the handlers.
struct App {
    web: Web,
    secrets: Secrets,
    step_functions: aws_sdk_sfn::Client,
}

impl HasWeb for App {
    fn web(&self) -> &Web {
        &self.web
    }
}

/// The routes of this function, as data.
pub fn routes() -> Vec<web::Route> {
    routes::routes().list()
}

/// Serves the routes until the environment ends.
pub async fn run() -> Result<(), web::Error> {
    let aws = runtime::Aws::load().await;
    let app = App {
        web: Web::new(&aws)?,
        secrets: aws.secrets()?,
        step_functions: aws.step_functions(),
    };
    web::serve("submit", routes::routes(), Arc::new(app)).await
}
