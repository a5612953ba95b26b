//! The context of one run of a step.

use std::cell::OnceCell;

use directory::Graph;
use distributor::Distributor;
use domain::job::Kind;
use domain::request::{RequestKey, Skip, UserRef};
use domain::step_error::StepError;
use domain::timeline::StepName;
use domain::variables::PasswordDestination;
use integrations::OrgConfig;
use notify::Mailer;
use psa::Psa;
use runtime::{Aws, Clients, Env};
use secrecy::{ExposeSecret, SecretString};
use store::Store;
use store::requests::RequestRecord;
use store::secrets::Secrets;
use vault::{PwPush, Vault};

use crate::{Entry, Execution};

/// One run of a step for one request. It creates the clients of outside systems on demand, so a function has no client,
/// and needs no right, that its step does not use.
pub struct StepContext {
    pub aws: Aws,
    pub store: Store,
    pub secrets: Secrets,
    pub key: RequestKey,
    /// The number of the execution.
    pub run: u32,
    /// The request as it was when the step began.
    pub record: RequestRecord,
    step: StepName,
    config: OnceCell<OrgConfig>,
}

impl StepContext {
    /// Returns `None` if another execution took over the request, or the request is gone.
    pub(crate) async fn enter(
        clients: &Clients,
        step: StepName,
        entry: Entry,
        execution: Execution,
    ) -> Result<Option<Self>, StepError> {
        let Execution { org, request, run } = execution;
        tracing::info!(step = step.as_str(), %org, %request, run, "step begins");
        let key = RequestKey { org, request };
        let Clients { aws, store, secrets } = clients.clone();
        let record = match entry {
            Entry::Begins => store.begin_step(&key, run, step.as_str()).await?,
            Entry::WritesEnd => store.request(&key).await?.filter(|record| record.run == run),
        };
        Ok(record.map(|record| Self {
            aws,
            store,
            secrets,
            key,
            run,
            record,
            step,
            config: OnceCell::new(),
        }))
    }

    pub(crate) fn step(&self) -> StepName {
        self.step
    }

    /// Whether an admin has left out this step.
    pub fn is_skipped(&self) -> bool {
        Skip::try_from(self.step).is_ok_and(|skip| self.record.skipped.contains(&skip))
    }

    /// The account that the request created, or the leaver's. A permanent error if there is none.
    pub fn user(&self) -> Result<&UserRef, StepError> {
        let missing = match self.record.kind() {
            Kind::Onboarding => "the user does not exist yet",
            Kind::Offboarding => "the request has no account",
        };
        let user = self.record.user.as_ref();
        user.ok_or_else(|| StepError::Permanent(missing.to_owned()))
    }

    /// The sign-in name of the account, or the planned one before the account exists.
    pub fn upn(&self) -> &str {
        let user = self.record.user.as_ref();
        user.map_or(&self.record.plan.upn, |user| &user.upn)
    }

    /// The organisation and the variables that apply to this request. They are read at the first call.
    pub async fn config(&self) -> Result<&OrgConfig, StepError> {
        if let Some(config) = self.config.get() {
            return Ok(config);
        }
        let config = integrations::request_config(&self.store, &self.record).await?;
        Ok(self.config.get_or_init(|| config))
    }

    pub async fn graph(&self) -> Result<Graph, StepError> {
        integrations::graph(&self.secrets, &self.config().await?.organisation).await
    }

    /// The ticket system: the organisation's PSA, or mails if it has none. `None` if there is no address for mails
    /// either.
    pub async fn psa(&self) -> Result<Option<Psa>, StepError> {
        integrations::psa(&self.aws, &self.secrets, self.config().await?).await
    }

    /// Notes as mails. `None` if the organisation has no address for them.
    pub async fn mail_psa(&self) -> Result<Option<Psa>, StepError> {
        integrations::mail_psa(&self.aws, &self.config().await?.variables)
    }

    /// The organisation's distributor. `None` if technicians buy licenses by hand.
    pub async fn distributor(&self) -> Result<Option<Distributor>, StepError> {
        integrations::distributor(&self.store, &self.secrets, self.config().await?).await
    }

    pub async fn vault(&self, place: PasswordDestination) -> Result<Vault, StepError> {
        integrations::vault(&self.secrets, self.config().await?, place).await
    }

    pub async fn pwpush(&self) -> Result<PwPush, StepError> {
        integrations::pwpush(&self.secrets, self.config().await?).await
    }

    pub(crate) fn mailer(&self) -> Result<Mailer, StepError> {
        integrations::mailer(&self.aws)
    }

    /// The address of the page on which a person decides.
    pub fn decide_link(&self, capability: &SecretString) -> Result<SecretString, StepError> {
        Ok(format!("{}/decide?c={}", Env.base_url()?, capability.expose_secret()).into())
    }

    /// Wakes the task that waits with this token, after its gate was decided.
    pub async fn wake(&self, token: &SecretString) -> Result<(), StepError> {
        runtime::deliver(&self.aws.step_functions(), token.expose_secret()).await?;
        Ok(())
    }
}
