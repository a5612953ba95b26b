//! Sets the credentials of an organisation's systems and never shows them. The function's role can't read them.

mod given;
mod page;
mod routes;

use std::sync::Arc;

/// The routes of this function, as data.
pub fn routes() -> Vec<web::Route> {
    routes::routes().list()
}

/// Serves the routes until the environment ends.
pub async fn run() -> Result<(), web::Error> {
    let aws = runtime::Aws::load().await;
    let app = routes::App {
        web: web::Web::new(&aws)?,
        secrets: aws.secrets()?,
    };
    web::serve("credentials", routes::routes(), Arc::new(app)).await
}
