//! Credentials of an organisation's systems: set, never shown. The function's role can't read them.

mod given;
mod page;
mod routes;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), web::Error> {
    runtime::init_logs();
    let aws = runtime::Aws::load().await;
    let (web, secrets) = (web::Web::new(&aws)?, aws.secrets()?);
    web::serve("credentials", &web, |call| routes::handle(&web, &secrets, call)).await
}
