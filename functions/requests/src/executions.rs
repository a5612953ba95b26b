//! The next execution of a request takes over from the one before.

use domain::fault::Fault;
use domain::request::RequestKey;
use step::Enter;

pub(crate) struct Executions {
    client: aws_sdk_sfn::Client,
    state_machine: String,
}

impl Executions {
    pub(crate) fn new(client: aws_sdk_sfn::Client, state_machine: String) -> Self {
        Self { client, state_machine }
    }

    /// Stops execution `run` - 1 and starts `run`. May be repeated.
    pub(crate) async fn take_over(&self, key: &RequestKey, run: u32, enter: Enter) -> Result<(), Fault> {
        if let Some(before) = run.checked_sub(1) {
            step::stop(
                &self.client,
                &self.state_machine,
                key,
                before,
                "The next execution goes on",
            )
            .await?;
        }
        step::start(&self.client, &self.state_machine, key, run, enter).await?;
        Ok(())
    }
}
