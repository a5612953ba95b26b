//! An organisation's systems: which ones its variables choose, with its ids and its credentials.
//! Functions, one a kind, so that a binary holds only the clients it uses.

use distributor::Distributor;
use domain::fault::Fault;
use domain::ids::OrgId;
use domain::integration::Organisation;
use domain::request::RequestKey;
use domain::variables::{Distributor as DistributorChoice, OrgVariables, Psa as PsaChoice};
use notify::{Mail, Mailer};
use psa::Psa;
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use step::{Aws, Env};
use store::Store;
use store::secrets::Secrets;

/// An organisation and the variables that hold for it.
pub struct Settled {
    pub organisation: Organisation,
    pub variables: OrgVariables,
}

pub async fn settled(store: &Store, org: &OrgId) -> Result<Settled, Fault> {
    let organisation = store.organisation(org).await?;
    let organisation = organisation.ok_or_else(|| Fault::Permanent(format!("there is no organisation {org}")))?;
    let (own, inherited) = store.values(&organisation).await?;
    let variables = OrgVariables::resolve(&own, &inherited).map_err(|problems| {
        let names: Vec<String> = problems.into_iter().map(|problem| problem.field).collect();
        Fault::NeedsAttention(format!("stored variables are no longer valid: {}", names.join(", ")))
    })?;
    Ok(Settled {
        organisation,
        variables,
    })
}

#[derive(Deserialize)]
struct GraphCredentials {
    client_id: String,
    client_secret: SecretString,
}

pub async fn graph(secrets: &Secrets, organisation: &Organisation) -> Result<directory::Graph, Fault> {
    let tenant_id = organisation.tenant_id.clone().ok_or_else(|| {
        Fault::NeedsAttention(format!(
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

pub fn mailer(aws: &Aws) -> Result<Mailer, Fault> {
    Ok(Mailer::new(aws.ses(), Env.mail_from()?))
}

/// The ticket system that `default_psa` names; mails to `no_psa_mail_address` where it names none. `None` where there
/// is no address for these either.
pub async fn psa(aws: &Aws, secrets: &Secrets, settled: &Settled) -> Result<Option<Psa>, Fault> {
    let variables = &settled.variables;
    let choice = match variables.default_psa {
        None | Some(PsaChoice::EmailOnly) => return mail_psa(aws, variables),
        Some(choice) => choice,
    };
    let organisation = &settled.organisation;
    let company = organisation.psa_company.clone().ok_or_else(|| {
        Fault::NeedsAttention(format!(
            "the organisation has no company in {choice}: set its PSA company"
        ))
    })?;
    let secret = secrets.credentials(organisation, choice.as_str()).await?;
    real_psa(choice, &secret, company).map(Some)
}

fn real_psa(choice: PsaChoice, secret: &SecretString, company: String) -> Result<Psa, Fault> {
    let system = choice.as_str();
    let http = outbound::given_client();
    let address = |text: &str| Env.given_address(system, text);
    match choice {
        PsaChoice::Autotask => {
            let keys = read(system, secret)?;
            psa::Autotask::new(http, Env.autotask_url()?, keys, company).map(Psa::Autotask)
        }
        PsaChoice::Connectwise => {
            let keys: psa::connectwise::Credentials = read(system, secret)?;
            psa::ConnectWise::new(http, address(&keys.site)?, keys, company).map(Psa::ConnectWise)
        }
        PsaChoice::Freshdesk => {
            let keys: psa::freshdesk::Credentials = read(system, secret)?;
            psa::Freshdesk::new(http, address(&keys.address)?, keys, company).map(Psa::Freshdesk)
        }
        PsaChoice::Halopsa => {
            let keys: psa::halopsa::Credentials = read(system, secret)?;
            psa::HaloPsa::new(http, address(&keys.address)?, keys, company).map(Psa::HaloPsa)
        }
        PsaChoice::KaseyaBms => {
            let keys: psa::kaseya_bms::Credentials = read(system, secret)?;
            psa::KaseyaBms::new(http, address(&keys.address)?, keys, company).map(Psa::KaseyaBms)
        }
        PsaChoice::Servicenow => {
            let keys: psa::servicenow::Credentials = read(system, secret)?;
            psa::ServiceNow::new(http, address(&keys.address)?, keys, company).map(Psa::ServiceNow)
        }
        PsaChoice::EmailOnly => Err(Fault::Permanent("mails need no credentials".to_owned())),
    }
}

/// Notes as mails: chosen, or the way out when the PSA fails.
pub fn mail_psa(aws: &Aws, variables: &OrgVariables) -> Result<Option<Psa>, Fault> {
    let Some(address) = &variables.no_psa_mail_address else {
        return Ok(None);
    };
    let reply_to = variables.send_from_address.as_ref().map(ToString::to_string);
    Ok(Some(Psa::EmailOnly(psa::EmailOnly::new(
        mailer(aws)?,
        address.to_string(),
        reply_to,
    ))))
}

/// The seller of licences; `None` means that technicians buy by hand.
pub async fn distributor(secrets: &Secrets, settled: &Settled) -> Result<Option<Distributor>, Fault> {
    let organisation = &settled.organisation;
    let (choice, company) = match (
        settled.variables.ms_licensing_distributor,
        &organisation.distributor_company,
    ) {
        (None | Some(DistributorChoice::Manual), _) | (_, None) => return Ok(None),
        (Some(choice), Some(company)) => (choice, company.clone()),
    };
    let system = choice.as_str();
    let secret = secrets.credentials(organisation, system).await?;
    let http = outbound::http_client();
    let distributor = match choice {
        DistributorChoice::Manual => return Ok(None),
        DistributorChoice::Pax8 => {
            let keys = read(system, &secret)?;
            Distributor::Pax8(distributor::Pax8::new(http, Env.pax8_url()?, keys, company))
        }
        DistributorChoice::Sherweb => {
            let keys = read(system, &secret)?;
            Distributor::Sherweb(distributor::Sherweb::new(http, Env.sherweb_url()?, keys, company))
        }
        DistributorChoice::IngramMicro => {
            let keys: distributor::ingram_micro::Credentials = read(system, &secret)?;
            let base = Env.given_address(system, &keys.address)?;
            let http = outbound::given_client();
            Distributor::IngramMicro(distributor::IngramMicro::new(http, base, keys, company))
        }
        DistributorChoice::TdSynnex => {
            let keys = read(system, &secret)?;
            Distributor::TdSynnex(distributor::TdSynnex::new(http, Env.td_synnex_url()?, keys, company))
        }
    };
    Ok(Some(distributor))
}

/// Whether licences can be bought without a person.
pub fn has_distributor(settled: &Settled) -> bool {
    let choice = settled.variables.ms_licensing_distributor;
    settled.organisation.distributor_company.is_some() && !matches!(choice, None | Some(DistributorChoice::Manual))
}

/// The effect that stands for the one purchase of a licence that a request may make.
pub fn purchase_effect(part_number: &str) -> String {
    format!("purchase/{part_number}")
}

/// That purchase: the subscription, and how many seats it has to have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Purchase {
    pub subscription: String,
    pub target: u32,
    /// What the distributor calls the order; missing until its answer was read.
    #[serde(default)]
    pub order: Option<String>,
}

async fn credentials<T: DeserializeOwned>(
    secrets: &Secrets,
    organisation: &Organisation,
    system: &str,
) -> Result<T, Fault> {
    read(system, &secrets.credentials(organisation, system).await?)
}

fn read<T: DeserializeOwned>(system: &str, secret: &SecretString) -> Result<T, Fault> {
    serde_json::from_str(secret.expose_secret())
        .map_err(|_| Fault::NeedsAttention(format!("the credentials for {system} have not the fields it needs")))
}

/// The address of a link's page.
pub fn decide_link(capability: &SecretString) -> Result<SecretString, Fault> {
    Ok(format!("{}/decide?c={}", Env.base_url()?, capability.expose_secret()).into())
}

/// Sends a mail once over all runs of a step. Nobody can be asked whether a mail went out, so a crash between sending
/// and recording sends it again; that is counted.
pub async fn mail_once(
    store: &Store,
    mailer: &Mailer,
    key: &RequestKey,
    effect: &str,
    compose: impl AsyncFn() -> Result<Mail, Fault>,
) -> Result<(), Fault> {
    let send = async || mailer.send(&compose().await?).await;
    let repeated = async || {
        step::metric("MailRepeated", 1.0);
        Ok(None)
    };
    store.once(key, effect, repeated, send).await
}
