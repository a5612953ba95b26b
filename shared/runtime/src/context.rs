//! What the steps of a state machine work with.

use domain::ids::{OrgId, RequestId};
use domain::request::RequestKey;
use domain::step_error::StepError;
use serde::Deserialize;
use store::Store;
use store::requests::RequestRecord;
use store::secrets::Secrets;

use crate::Aws;

/// The input of a step that needs to know no more than which request, and for which execution.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Input {
    pub org: OrgId,
    pub request: RequestId,
    pub run: u32,
}

impl Input {
    pub fn key(&self) -> RequestKey {
        RequestKey {
            org: self.org.clone(),
            request: self.request.clone(),
        }
    }
}

pub struct Context {
    pub aws: Aws,
    pub store: Store,
    pub secrets: Secrets,
}

impl Context {
    pub async fn load() -> Result<Self, StepError> {
        let aws = Aws::load().await;
        Ok(Self {
            store: aws.store()?,
            secrets: aws.secrets()?,
            aws,
        })
    }

    /// Every step begins here: it is refused for an execution that another one has taken over from.
    pub async fn begin(&self, step: &'static str, key: &RequestKey, run: u32) -> Result<RequestRecord, StepError> {
        tracing::info!(step, org = %key.org, request = %key.request, run, "step begins");
        let record = self.store.begin_step(key, run, step).await?;
        record
            .ok_or_else(|| StepError::Permanent("another execution has taken over, or the request is gone".to_owned()))
    }

    /// For the steps that write the end: as `begin`, but the record goes on naming the step that began before.
    pub async fn current(&self, step: &'static str, key: &RequestKey, run: u32) -> Result<RequestRecord, StepError> {
        tracing::info!(step, org = %key.org, request = %key.request, run, "step begins");
        let record = self.store.request(key).await?.filter(|record| record.run == run);
        record
            .ok_or_else(|| StepError::Permanent("another execution has taken over, or the request is gone".to_owned()))
    }
}
