//! Variables of an organisation.

mod change;
mod page;
mod routes;
mod show;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), web::Error> {
    step::init_logs();
    let web = web::Web::new(&step::Aws::load().await)?;
    web::serve("organisation", &web, |call| routes::handle(&web, call)).await
}
