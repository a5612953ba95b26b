//! Sign-in, static files and health.

mod admit;
mod app;
mod cookie;
mod decision;
mod google;
mod onwards;
mod pages;
mod routes;
mod with_google;

use std::sync::Arc;

use app::App;
use google::Google;

/// The routes of this function, as data.
pub fn routes() -> Vec<web::Route> {
    routes::routes().list()
}

/// Serves the routes until the environment ends.
pub async fn run() -> Result<(), web::Error> {
    let aws = runtime::Aws::load().await;
    let web = web::Web::new(&aws)?;
    let google = match runtime::Env.google_client_id() {
        Some(id) => {
            let issuer = runtime::Env.google_issuer()?;
            Some(Google::new(&issuer, &id, &web.base, runtime::Env.local_origins())?)
        }
        None => None,
    };
    let app = App {
        web,
        google,
        secrets: aws.secrets()?,
    };
    web::serve("sign-in", routes::routes(), Arc::new(app)).await
}
