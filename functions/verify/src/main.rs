//! Runs the function that verifies systems.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), web::Error> {
    runtime::init_logs();
    verify::run().await
}
