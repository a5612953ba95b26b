//! Decisions on approvals and license purchases, by links and by people who are signed in.

mod link_state;
mod pages;
mod routes;
mod said;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), web::Error> {
    runtime::init_logs();
    let aws = runtime::Aws::load().await;
    let app = routes::App {
        web: web::Web::new(&aws)?,
        step_functions: aws.step_functions(),
    };
    web::serve("decide", &app.web, |call| app.handle(call)).await
}
