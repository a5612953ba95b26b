//! Runs the function for an organisation's settings.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), web::Error> {
    runtime::init_logs();
    organisation::run().await
}
