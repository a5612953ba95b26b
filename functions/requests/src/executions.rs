//! Starts the next execution of a request, which takes over from the one before.

use domain::job::Kind;
use domain::request::RequestKey;
use domain::step_error::StepError;
use runtime::{Enter, Env};

pub(crate) struct Executions {
    client: aws_sdk_sfn::Client,
}

impl Executions {
    pub(crate) fn new(client: aws_sdk_sfn::Client) -> Self {
        Self { client }
    }

    pub(crate) fn client(&self) -> &aws_sdk_sfn::Client {
        &self.client
    }

    /// Stops execution `run` - 1 and starts `run`. May be repeated.
    pub(crate) async fn take_over(
        &self,
        kind: Kind,
        key: &RequestKey,
        run: u32,
        enter: Enter,
    ) -> Result<(), StepError> {
        if let Some(before) = run.checked_sub(1) {
            let state_machine = Env.state_machine_arn()?;
            runtime::stop(&self.client, &state_machine, key, before, "The next execution goes on").await?;
        }
        self.begin(kind, key, run, enter).await
    }

    /// Starts execution `run` after one that has ended. May be repeated.
    pub(crate) async fn begin(&self, kind: Kind, key: &RequestKey, run: u32, enter: Enter) -> Result<(), StepError> {
        runtime::start(&self.client, &Env.state_machine_arn()?, key, kind, run, enter).await?;
        Ok(())
    }
}
