//! Sign-in, static files and health.

mod pages;
mod routes;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), web::Error> {
    step::init_logs();
    let web = web::Web::new(&step::Aws::load().await)?;
    web::serve("sign-in", &web, |call| routes::handle(&web, call)).await
}
