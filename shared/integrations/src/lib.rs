//! An organisation's systems: which ones its variables choose, with its ids and its credentials.
//! Functions, one a kind, so that a binary holds only the clients it uses.

mod distributor;
mod gaps;
pub mod offboarding;
mod psa;
mod vault;
mod verify;

use domain::integration::Organisation;
use domain::request::RequestKey;
use domain::step_error::StepError;
use notify::{Mail, Mailer};
use runtime::{Aws, Env};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use store::Store;
use store::secrets::Secrets;

pub use distributor::{Purchase, distributor, has_distributor, leave_to_technician, purchase_effect};
pub use gaps::gaps;
pub(crate) use psa::real_psa;
pub use psa::{mail_psa, psa};
pub use store::{OrgConfig, org_config, request_config};
pub use vault::{pwpush, sms, sms_once, vault};
pub use verify::{Report, verify};

#[derive(Deserialize)]
struct GraphCredentials {
    client_id: String,
    client_secret: SecretString,
}

pub async fn graph(secrets: &Secrets, organisation: &Organisation) -> Result<directory::Graph, StepError> {
    let tenant_id = organisation.tenant_id.clone().ok_or_else(|| {
        StepError::NeedsAttention(format!(
            "organisation {} has no Microsoft 365 tenant: set its tenant id",
            organisation.id
        ))
    })?;
    let GraphCredentials {
        client_id,
        client_secret,
    } = credentials(secrets, organisation, "graph").await?;
    let endpoints = directory::Endpoints {
        graph: Env.graph_url()?,
        login: Env.graph_login_url()?,
    };
    let credentials = directory::Credentials {
        tenant_id,
        client_id,
        client_secret,
    };
    Ok(directory::Graph::new(outbound::http_client(), endpoints, credentials))
}

pub fn mailer(aws: &Aws) -> Result<Mailer, StepError> {
    Ok(Mailer::new(aws.ses(), Env.mail_from()?))
}

/// The effect of adding groups that holds id and name of each that the user is in by it.
pub const JOINED_EFFECT: &str = "joined-groups";

/// The effect that stands for the report on MFA.
pub const MFA_EFFECT: &str = "mfa";

async fn credentials<T: DeserializeOwned>(
    secrets: &Secrets,
    organisation: &Organisation,
    system: &str,
) -> Result<T, StepError> {
    read(system, &secrets.credentials(organisation, system).await?)
}

/// The organisation's company in a system that a variable names; only the operator sets it.
fn company(organisation: &Organisation, system: &str) -> Result<String, StepError> {
    let company = organisation.company(system).map(str::to_owned);
    company.ok_or_else(|| StepError::NeedsAttention(no_company(system)))
}

fn no_company(system: &str) -> String {
    format!("the organisation has no company in {system}: the operator sets it with --company {system}=ID")
}

fn read<T: DeserializeOwned>(system: &str, secret: &SecretString) -> Result<T, StepError> {
    serde_json::from_str(secret.expose_secret())
        .map_err(|_| StepError::NeedsAttention(format!("the credentials for {system} have not the fields it needs")))
}

/// The address of a link's page.
pub fn decide_link(capability: &SecretString) -> Result<SecretString, StepError> {
    Ok(format!("{}/decide?c={}", Env.base_url()?, capability.expose_secret()).into())
}

/// Sends a mail once over all runs of a step. Nobody can be asked whether a mail went out, so a crash between sending
/// and recording sends it again; that is counted. How many mails there are follows from how many requests and dates may be
/// submitted, so there is no limit here that could hold up a request.
pub async fn mail_once(
    store: &Store,
    mailer: &Mailer,
    key: &RequestKey,
    effect: &str,
    compose: impl AsyncFn() -> Result<Mail, StepError>,
) -> Result<(), StepError> {
    let send = async || mailer.send(&compose().await?).await;
    let repeated = async || {
        runtime::metric("MailRepeated", 1.0);
        Ok(None)
    };
    store.once(key, effect, repeated, send).await
}
