//! Sign-in, static files and health.

mod admit;
mod cookie;
mod decision;
mod google;
mod onwards;
mod pages;
mod routes;
mod with_google;

use google::Google;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), web::Error> {
    runtime::init_logs();
    let aws = runtime::Aws::load().await;
    let web = web::Web::new(&aws)?;
    let google = match runtime::Env.google_client_id() {
        Some(id) => {
            let issuer = runtime::Env.google_issuer()?;
            Some(Google::new(&issuer, &id, &web.base, runtime::Env.local_origins())?)
        }
        None => None,
    };
    let at = routes::SignIn {
        web,
        google,
        secrets: aws.secrets()?,
    };
    web::serve("sign-in", &at.web, |call| routes::handle(&at, call)).await
}
