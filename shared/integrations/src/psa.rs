//! The organisation's ticket system.

use ::psa::Psa;
use domain::step_error::StepError;
use domain::variables::{OrgVariables, Psa as PsaChoice};
use runtime::{Aws, Env};
use store::secrets::Secrets;

use crate::{OrgConfig, company, mailer, read};

/// The ticket system that `default_psa` names, or mails to `no_psa_mail_address` if it names none. `None` if there is
/// no such address either.
pub async fn psa(aws: &Aws, secrets: &Secrets, config: &OrgConfig) -> Result<Option<Psa>, StepError> {
    let variables = &config.variables;
    match variables.default_psa {
        None | Some(PsaChoice::EmailOnly) => mail_psa(aws, variables),
        Some(choice) => real_psa(secrets, config, choice).await.map(Some),
    }
}

/// A PSA that keeps tickets.
pub(crate) async fn real_psa(secrets: &Secrets, config: &OrgConfig, choice: PsaChoice) -> Result<Psa, StepError> {
    let organisation = &config.organisation;
    let system = choice.as_str();
    let company = company(organisation, system)?;
    let (owner, secret) = secrets.credentials_and_owner(organisation, system).await?;
    let secret = &secret;
    let http = outbound::given_client();
    let address = |text: &str| Env.given_address(system, text);
    let psa = match choice {
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
        PsaChoice::EmailOnly => Err(StepError::Permanent("mails need no credentials".to_owned())),
    }?;
    // With the parent's key, the PSA's names would be those of the parent and of its other customers.
    Ok(if owner == organisation.id {
        psa.listing_names()
    } else {
        psa
    })
}

/// Sends notes as mails, if the organisation chose that or if its PSA fails.
pub fn mail_psa(aws: &Aws, variables: &OrgVariables) -> Result<Option<Psa>, StepError> {
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

#[cfg(test)]
mod tests {
    use aws_sdk_secretsmanager::config::{BehaviorVersion, Region};
    use aws_sdk_secretsmanager::{Client, Config};
    use domain::ids::OrgId;
    use domain::integration::Organisation;

    use super::*;

    /// The same number is another company in another PSA, and the parent may have keys for both.
    #[tokio::test]
    async fn company_id_belongs_to_one_psa() {
        let config = Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("eu-central-1"))
            .build();
        let secrets = Secrets::new(Client::from_conf(config), "gangway");
        let mut organisation = Organisation::new(OrgId::parse("acme").unwrap(), "Acme");
        organisation
            .companies
            .insert("connectwise".to_owned(), "250".to_owned());
        let config = OrgConfig {
            organisation,
            variables: OrgVariables::default(),
        };
        // The error occurs before any key is read.
        let refused = real_psa(&secrets, &config, PsaChoice::Halopsa).await;
        assert!(
            matches!(&refused, Err(StepError::NeedsAttention(text)) if text.contains("--company halopsa=ID")),
            "{refused:?}"
        );
    }
}
