//! AWS clients, all on the same HTTP client.

use aws_config::{BehaviorVersion, SdkConfig};
use domain::step_error::StepError;
use store::Store;
use store::secrets::Secrets;

use crate::Env;

/// Creates AWS clients on demand, so a function has only those it uses.
#[derive(Clone)]
pub struct Aws {
    config: SdkConfig,
}

impl Aws {
    pub async fn load() -> Self {
        let config = aws_config::defaults(BehaviorVersion::latest())
            .http_client(outbound::sdk_http_client())
            .load()
            .await;
        Self { config }
    }

    pub fn store(&self) -> Result<Store, StepError> {
        Ok(Store::new(
            aws_sdk_dynamodb::Client::new(&self.config),
            Env.table_prefix()?,
        ))
    }

    pub fn secrets(&self) -> Result<Secrets, StepError> {
        Ok(Secrets::new(
            aws_sdk_secretsmanager::Client::new(&self.config),
            Env.secret_prefix()?,
        ))
    }

    pub fn step_functions(&self) -> aws_sdk_sfn::Client {
        aws_sdk_sfn::Client::new(&self.config)
    }

    pub fn ses(&self) -> aws_sdk_sesv2::Client {
        aws_sdk_sesv2::Client::new(&self.config)
    }

    pub fn sns(&self) -> aws_sdk_sns::Client {
        aws_sdk_sns::Client::new(&self.config)
    }
}
