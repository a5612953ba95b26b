//! The clients that every step needs.

use domain::step_error::StepError;
use store::Store;
use store::secrets::Secrets;

use crate::Aws;

/// Created once in the lifetime of a function's environment.
#[derive(Clone)]
pub struct Clients {
    pub aws: Aws,
    pub store: Store,
    pub secrets: Secrets,
}

impl Clients {
    pub(crate) async fn load() -> Result<Self, StepError> {
        let aws = Aws::load().await;
        Ok(Self {
            store: aws.store()?,
            secrets: aws.secrets()?,
            aws,
        })
    }
}
