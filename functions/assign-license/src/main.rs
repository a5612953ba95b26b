mod work;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    runtime::init_logs();
    let context = runtime::Context::load().await?;
    runtime::serve("assign-license", async |input| work::run(&context, input).await).await
}
