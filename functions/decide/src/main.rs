//! Links of approvals and licence purchases.

mod pages;
mod routes;
mod standing;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), web::Error> {
    step::init_logs();
    let aws = step::Aws::load().await;
    let app = routes::App {
        web: web::Web::new(&aws)?,
        step_functions: aws.step_functions(),
    };
    web::serve("decide", &app.web, |call| app.handle(call)).await
}
