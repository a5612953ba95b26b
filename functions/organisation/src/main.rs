//! Runs the function for an organisation's variables, members, tokens and audit.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), web::Error> {
    runtime::init_logs();
    organisation::run().await
}
