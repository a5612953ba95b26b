mod work;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    step::init_logs();
    let context = step::Context::load().await?;
    step::serve("record-bad-end", async |event| work::run(&context, event).await).await
}
