//! Runs the function for sign-in, static files and health.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), web::Error> {
    runtime::init_logs();
    sign_in::run().await
}
