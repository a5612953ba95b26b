//! Runs the function for the forms and submissions.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), web::Error> {
    runtime::init_logs();
    submit::run().await
}
