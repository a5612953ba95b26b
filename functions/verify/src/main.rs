//! Whether an organisation's systems are as its settings need them.

mod routes;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), web::Error> {
    runtime::init_logs();
    let aws = runtime::Aws::load().await;
    let (web, secrets) = (web::Web::new(&aws)?, aws.secrets()?);
    web::serve("verify", &web, |call| routes::handle(&web, &secrets, call)).await
}
