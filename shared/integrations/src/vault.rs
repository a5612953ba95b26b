//! Destinations for temporary passwords other than the ticket: vaults, PWPush and phones.

use ::vault::{Hudu, ItGlue, Passportal, PwPush, Vault};
use domain::step_error::StepError;
use domain::variables::PasswordDestination;
use notify::SmsSender;
use runtime::{Aws, Env};
use store::secrets::Secrets;

use crate::{OrgConfig, company, read};

/// The vault for this destination.
pub async fn vault(secrets: &Secrets, config: &OrgConfig, place: PasswordDestination) -> Result<Vault, StepError> {
    let system = place.as_str();
    let organisation = &config.organisation;
    let company = company(organisation, system)?;
    let secret = secrets.credentials(organisation, system).await?;
    let http = outbound::given_client();
    let address = |text: &str| Env.given_address(system, text);
    match place {
        PasswordDestination::ItGlue => {
            let keys: ::vault::itglue::Credentials = read(system, &secret)?;
            ItGlue::new(http, address(&keys.address)?, keys, company).map(Vault::ItGlue)
        }
        PasswordDestination::Hudu => {
            let keys: ::vault::hudu::Credentials = read(system, &secret)?;
            Hudu::new(http, address(&keys.address)?, keys, company).map(Vault::Hudu)
        }
        PasswordDestination::Passportal => {
            let keys: ::vault::passportal::Credentials = read(system, &secret)?;
            let write = keys.write_address(&company)?.map(|text| address(&text)).transpose()?;
            Passportal::new(http, address(&keys.address)?, keys, company, write).map(Vault::Passportal)
        }
        PasswordDestination::TicketNote | PasswordDestination::PwPush | PasswordDestination::Manager => {
            Err(StepError::Permanent(format!("{system} is no vault")))
        }
    }
}

/// The PWPush server that `pwpush_url` names. Some servers accept pushes without a key, so credentials may be missing.
/// The credentials may be the parent's, and are used only for the address they were stored with.
pub async fn pwpush(secrets: &Secrets, config: &OrgConfig) -> Result<PwPush, StepError> {
    const SYSTEM: &str = "pwpush";
    let url = config.variables.pwpush_url.as_ref();
    let url = url.ok_or_else(|| StepError::NeedsAttention("pwpush_url is not set".to_owned()))?;
    let base = Env.given_address("pwpush_url", url.as_str())?;
    let key = match secrets.owned_credentials(&config.organisation, SYSTEM).await? {
        Some((owner, secret)) => {
            let keys: ::vault::pwpush::Credentials = read(SYSTEM, &secret)?;
            Some(::vault::pwpush::Key {
                server: Env.given_address(SYSTEM, &keys.address)?,
                token: keys.api_token,
                own: owner == config.organisation.id,
            })
        }
        None => None,
    };
    Ok(PwPush::new(outbound::given_client(), base, key))
}

pub fn sms(aws: &Aws) -> Result<SmsSender, StepError> {
    Ok(SmsSender::new(aws.sns(), Env.sms_sender_name()?, Env.sms_max_price()?))
}

#[cfg(test)]
mod tests {
    use aws_sdk_secretsmanager::config::{BehaviorVersion, Region};
    use aws_sdk_secretsmanager::{Client, Config};
    use domain::ids::OrgId;
    use domain::integration::Organisation;
    use domain::variables::OrgVariables;

    use super::*;

    /// A stored value may be older than the check that now applies when it is set, so it is checked again.
    #[tokio::test]
    async fn internal_address_is_not_used() {
        let config = Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("eu-central-1"))
            .build();
        let secrets = Secrets::new(Client::from_conf(config), "gangway");
        for ours in ["http://127.0.0.1:4700/pwpush/acme", "https://10.0.0.1"] {
            let config = OrgConfig {
                organisation: Organisation::new(OrgId::parse("acme").unwrap(), "Acme"),
                variables: OrgVariables {
                    pwpush_url: Some(ours.parse().unwrap()),
                    ..OrgVariables::default()
                },
            };
            let refused = pwpush(&secrets, &config).await;
            assert!(
                matches!(&refused, Err(StepError::NeedsAttention(text)) if text.contains("pwpush_url")),
                "{refused:?}"
            );
        }
    }
}
