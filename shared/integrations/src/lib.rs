//! Builds the vendor clients that an organisation has configured: its variables choose the vendors, its credentials and
//! ids are stored with it. One function for each kind of vendor, so that a binary holds only the clients it uses.

mod distributor;
mod gaps;
mod psa;
mod vault;
mod verify;

use domain::integration::Organisation;
use domain::step_error::StepError;
use notify::Mailer;
use runtime::{Aws, Env};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use store::secrets::Secrets;

pub use distributor::{distributor, has_distributor};
pub use gaps::gaps;
pub(crate) use psa::real_psa;
pub use psa::{mail_psa, psa};
pub use store::{OrgConfig, org_config, request_config};
pub use vault::{pwpush, sms, vault};
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

async fn credentials<T: DeserializeOwned>(
    secrets: &Secrets,
    organisation: &Organisation,
    system: &str,
) -> Result<T, StepError> {
    read(system, &secrets.credentials(organisation, system).await?)
}

/// The organisation's company id in a system that a variable names. Only the operator can set it.
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
