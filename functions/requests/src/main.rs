//! Requests: their status, what waits for a decision, cancel, reschedule, resume, and the password that reached no place.

mod cancel;
mod executions;
mod list;
mod one;
mod password;
mod pending;
mod reschedule;
mod resume;
mod routes;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), web::Error> {
    runtime::init_logs();
    let aws = runtime::Aws::load().await;
    let executions = executions::Executions::new(aws.step_functions());
    let app = routes::App {
        web: web::Web::new(&aws)?,
        executions,
        secrets: aws.secrets()?,
    };
    web::serve("requests", &app.web, |call| app.handle(call)).await
}
