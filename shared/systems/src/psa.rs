//! The organisation's ticket system.

use ::psa::Psa;
use domain::fault::Fault;
use domain::variables::{OrgVariables, Psa as PsaChoice};
use step::{Aws, Env};
use store::secrets::Secrets;

use crate::{Settled, mailer, read};

/// The ticket system that `default_psa` names; mails to `no_psa_mail_address` where it names none. `None` where there
/// is no address for these either.
pub async fn psa(aws: &Aws, secrets: &Secrets, settled: &Settled) -> Result<Option<Psa>, Fault> {
    let variables = &settled.variables;
    match variables.default_psa {
        None | Some(PsaChoice::EmailOnly) => mail_psa(aws, variables),
        Some(choice) => real_psa(secrets, settled, choice).await.map(Some),
    }
}

/// One that keeps tickets.
pub(crate) async fn real_psa(secrets: &Secrets, settled: &Settled, choice: PsaChoice) -> Result<Psa, Fault> {
    let organisation = &settled.organisation;
    let company = organisation.psa_company.clone().ok_or_else(|| {
        Fault::NeedsAttention(format!(
            "the organisation has no company in {choice}: set its PSA company"
        ))
    })?;
    let system = choice.as_str();
    let secret = &secrets.credentials(organisation, system).await?;
    let http = outbound::given_client();
    let address = |text: &str| Env.given_address(system, text);
    match choice {
        PsaChoice::Autotask => {
            let keys = read(system, secret)?;
            ::psa::Autotask::new(http, Env.autotask_url()?, keys, company).map(Psa::Autotask)
        }
        PsaChoice::Connectwise => {
            let keys: ::psa::connectwise::Credentials = read(system, secret)?;
            ::psa::ConnectWise::new(http, address(&keys.site)?, keys, company).map(Psa::ConnectWise)
        }
        PsaChoice::Freshdesk => {
            let keys: ::psa::freshdesk::Credentials = read(system, secret)?;
            ::psa::Freshdesk::new(http, address(&keys.address)?, keys, company).map(Psa::Freshdesk)
        }
        PsaChoice::Halopsa => {
            let keys: ::psa::halopsa::Credentials = read(system, secret)?;
            ::psa::HaloPsa::new(http, address(&keys.address)?, keys, company).map(Psa::HaloPsa)
        }
        PsaChoice::KaseyaBms => {
            let keys: ::psa::kaseya_bms::Credentials = read(system, secret)?;
            ::psa::KaseyaBms::new(http, address(&keys.address)?, keys, company).map(Psa::KaseyaBms)
        }
        PsaChoice::Servicenow => {
            let keys: ::psa::servicenow::Credentials = read(system, secret)?;
            ::psa::ServiceNow::new(http, address(&keys.address)?, keys, company).map(Psa::ServiceNow)
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
    Ok(Some(Psa::EmailOnly(::psa::EmailOnly::new(
        mailer(aws)?,
        address.to_string(),
        reply_to,
    ))))
}
