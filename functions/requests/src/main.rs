//! Runs the function for requests.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), web::Error> {
    runtime::init_logs();
    requests::run().await
}
