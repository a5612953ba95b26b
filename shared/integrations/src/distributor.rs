//! The distributor that an organisation buys licenses from.

use ::distributor::td_synnex::Keys;
use ::distributor::{Distributor, IngramMicro, Pax8, Sherweb, TdSynnex};
use chrono::Utc;
use domain::ids::OrgId;
use domain::integration::Organisation;

use domain::step_error::StepError;
use domain::variables::Distributor as DistributorChoice;
use runtime::Env;
use secrecy::SecretString;
use store::Store;
use store::secrets::Secrets;

use crate::{OrgConfig, read};

/// The organisation's distributor; `None` means that technicians buy licenses by hand.
pub async fn distributor(
    store: &Store,
    secrets: &Secrets,
    config: &OrgConfig,
) -> Result<Option<Distributor>, StepError> {
    let organisation = &config.organisation;
    let Some(choice) = config.variables.ms_licensing_distributor else {
        return Ok(None);
    };
    let system = choice.as_str();
    let Some(company) = organisation.company(system).map(str::to_owned) else {
        return Ok(None);
    };
    let http = outbound::http_client();
    let distributor = match choice {
        DistributorChoice::Manual => return Ok(None),
        DistributorChoice::Pax8 => {
            let keys = read(system, &secrets.credentials(organisation, system).await?)?;
            Distributor::Pax8(Pax8::new(http, Env.pax8_url()?, keys, company))
        }
        DistributorChoice::Sherweb => {
            let keys = read(system, &secrets.credentials(organisation, system).await?)?;
            Distributor::Sherweb(Sherweb::new(http, Env.sherweb_url()?, keys, company))
        }
        DistributorChoice::IngramMicro => {
            let keys = secrets.credentials(organisation, system).await?;
            let keys: ::distributor::ingram_micro::Credentials = read(system, &keys)?;
            let base = Env.given_address(system, &keys.address)?;
            Distributor::IngramMicro(IngramMicro::new(outbound::given_client(), base, keys, company))
        }
        DistributorChoice::TdSynnex => {
            let keys = td_synnex_keys(store, secrets, organisation).await?;
            let token = keys.access_token(Utc::now()).cloned().ok_or_else(too_short)?;
            Distributor::TdSynnex(TdSynnex::new(
                http,
                Env.td_synnex_url()?,
                &keys.account_id,
                token,
                company,
            ))
        }
    };
    Ok(Some(distributor))
}

/// Whether licenses can be bought automatically.
pub fn has_distributor(config: &OrgConfig) -> bool {
    let choice = config.variables.ms_licensing_distributor;
    let choice = choice.filter(|choice| *choice != DistributorChoice::Manual);
    choice.is_some_and(|choice| config.organisation.company(choice.as_str()).is_some())
}

const TD_SYNNEX: &str = "td_synnex";

/// Returns TD SYNNEX's keys with a valid access token. All functions share the token in the secret. Only one function
/// at a time renews it, under a lease and after reading the secret again, because using a refresh token twice locks the
/// account.
async fn td_synnex_keys(store: &Store, secrets: &Secrets, organisation: &Organisation) -> Result<Keys, StepError> {
    // The error says what is missing, if there are no keys.
    let known: Keys = read(TD_SYNNEX, &secrets.credentials(organisation, TD_SYNNEX).await?)?;
    if known.access_token(Utc::now()).is_some() {
        return Ok(known);
    }
    let Some((owner, _)) = secrets.owned_credentials(organisation, TD_SYNNEX).await? else {
        return Err(StepError::Transient(format!(
            "the credentials for {TD_SYNNEX} are being changed"
        )));
    };
    let known = current(secrets, &owner).await?;
    if known.access_token(Utc::now()).is_some() {
        return Ok(known);
    }
    let holder = uuid::Uuid::now_v7().to_string();
    if !store.take_token_lease(&owner, TD_SYNNEX, &holder).await? {
        return Err(StepError::Transient(format!(
            "another function renews the tokens of {TD_SYNNEX}"
        )));
    }
    let renewed = renewed(secrets, &owner).await;
    if renewed.is_err() {
        store.release_token_lease(&owner, TD_SYNNEX, &holder).await?;
    }
    // After a successful renewal the lease expires by itself. By then no function can read an outdated copy of the secret.
    renewed
}

async fn renewed(secrets: &Secrets, owner: &OrgId) -> Result<Keys, StepError> {
    let known = current(secrets, owner).await?;
    if known.access_token(Utc::now()).is_some() {
        return Ok(known);
    }
    let keys = known.renewed(&outbound::http_client(), &Env.td_synnex_url()?).await?;
    keep(secrets, owner, &keys.secret()).await?;
    Ok(keys)
}

/// Stores the new keys before they are used. The old refresh token is already void, so storing is tried several times.
async fn keep(secrets: &Secrets, owner: &OrgId, keys: &SecretString) -> Result<(), StepError> {
    const TRIES: usize = 3;
    let mut kept = Ok(());
    for _ in 0..TRIES {
        kept = secrets.set_credentials(owner, TD_SYNNEX, keys).await;
        if kept.is_ok() {
            break;
        }
    }
    kept
}

async fn current(secrets: &Secrets, owner: &OrgId) -> Result<Keys, StepError> {
    let secret = secrets.current_credentials(owner, TD_SYNNEX).await?;
    let secret =
        secret.ok_or_else(|| StepError::NeedsAttention(format!("the credentials for {TD_SYNNEX} are gone")))?;
    read(TD_SYNNEX, &secret)
}

fn too_short() -> StepError {
    StepError::Transient(format!("the access token of {TD_SYNNEX} does not last long enough"))
}

#[cfg(test)]
mod tests {
    use domain::variables::OrgVariables;

    use super::*;

    #[test]
    fn company_id_belongs_to_one_distributor() {
        let mut organisation = Organisation::new(OrgId::parse("acme").unwrap(), "Acme");
        organisation.companies.insert("pax8".to_owned(), "c".to_owned());
        let has = |choice| {
            has_distributor(&OrgConfig {
                organisation: organisation.clone(),
                variables: OrgVariables {
                    ms_licensing_distributor: choice,
                    ..OrgVariables::default()
                },
            })
        };
        assert!(has(Some(DistributorChoice::Pax8)));
        for none in [None, Some(DistributorChoice::Manual), Some(DistributorChoice::Sherweb)] {
            assert!(!has(none), "{none:?}");
        }
    }
}
