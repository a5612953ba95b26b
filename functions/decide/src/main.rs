//! Decisions on approvals and licence purchases, by links and by people who are signed in.

mod pages;
mod routes;
mod said;
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
