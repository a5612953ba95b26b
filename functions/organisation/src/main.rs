//! An organisation's settings: variables with their history, members, tokens, and the audit.

mod audit;
mod change;
mod history;
mod members;
mod page;
mod people;
mod routes;
mod show;
mod tokens;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), web::Error> {
    runtime::init_logs();
    let web = web::Web::new(&runtime::Aws::load().await)?;
    web::serve("organisation", &web, |call| routes::handle(&web, call)).await
}
