//! Runs the function for decisions.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), web::Error> {
    runtime::init_logs();
    decide::run().await
}
