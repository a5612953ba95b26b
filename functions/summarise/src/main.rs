mod leaver;
mod work;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    step::init_logs();
    let context = step::Context::load().await?;
    step::serve("summarise", async |input| work::run(&context, input).await).await
}
