//! Decisions on approvals and license purchases, by mailed links and by signed-in members.

mod app;
mod link;
mod link_state;
mod pages;
mod routes;
mod said;

use std::sync::Arc;

use app::App;

/// The routes of this function, as data.
pub fn routes() -> Vec<web::Route> {
    routes::routes().list()
}

/// Serves the routes until the environment ends.
pub async fn run() -> Result<(), web::Error> {
    let aws = runtime::Aws::load().await;
    let app = App {
        web: web::Web::new(&aws)?,
        step_functions: aws.step_functions(),
    };
    web::serve("decide", routes::routes(), Arc::new(app)).await
}
