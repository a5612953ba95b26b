//! What the steps of a state machine work with.

use domain::fault::Fault;
use domain::request::RequestKey;
use store::Store;
use store::requests::RequestRecord;
use store::secrets::Secrets;

use crate::Aws;

pub struct Context {
    pub aws: Aws,
    pub store: Store,
    pub secrets: Secrets,
}

impl Context {
    pub async fn load() -> Result<Self, Fault> {
        let aws = Aws::load().await;
        Ok(Self {
            store: aws.store()?,
            secrets: aws.secrets()?,
            aws,
        })
    }

    /// Every step begins here: it is refused for an execution that another one has taken over from.
    pub async fn begin(&self, step: &'static str, key: &RequestKey, run: u32) -> Result<RequestRecord, Fault> {
        tracing::info!(step, org = %key.org, request = %key.request, run, "step begins");
        let record = self.store.begin_step(key, run, step).await?;
        record.ok_or_else(|| Fault::Permanent("another execution has taken over, or the request is gone".to_owned()))
    }

    /// For the steps that write the end: as `begin`, but the record goes on naming the step that began before.
    pub async fn current(&self, step: &'static str, key: &RequestKey, run: u32) -> Result<RequestRecord, Fault> {
        tracing::info!(step, org = %key.org, request = %key.request, run, "step begins");
        let record = self.store.request(key).await?.filter(|record| record.run == run);
        record.ok_or_else(|| Fault::Permanent("another execution has taken over, or the request is gone".to_owned()))
    }
}
