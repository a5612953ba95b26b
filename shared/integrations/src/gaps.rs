//! Finds what the variables name and nobody has set up. Only the existence of credentials and ids is checked; `verify`
//! checks whether they work.

use domain::field::FieldError;
use domain::job::Kind;
use domain::step_error::StepError;
use domain::variables::{Distributor, PasswordDestination};
use store::secrets::Secrets;

use crate::OrgConfig;
use crate::verify::the_one;

/// The variables that name something that is not set up. None of them stops a submission; each is reported on the
/// ticket.
pub async fn gaps(secrets: &Secrets, config: &OrgConfig, kind: Kind) -> Result<Vec<FieldError>, StepError> {
    let mut gaps = Gaps {
        secrets,
        config,
        found: Vec::new(),
    };
    gaps.tickets().await?;
    if kind == Kind::Onboarding {
        gaps.distributor().await?;
        gaps.vaults().await?;
        gaps.mfa_group().await?;
    }
    Ok(gaps.found)
}

struct Gaps<'a> {
    secrets: &'a Secrets,
    config: &'a OrgConfig,
    found: Vec<FieldError>,
}

impl Gaps<'_> {
    fn note(&mut self, field: &str, message: String) {
        self.found.push(FieldError::new(field, message));
    }

    async fn tickets(&mut self) -> Result<(), StepError> {
        let variables = &self.config.variables;
        match variables.real_psa() {
            Some(psa) => self.system("default_psa", psa.as_str()).await,
            None if variables.no_psa_mail_address.is_none() => {
                let message = "is not set, and default_psa names no PSA: nothing is told to technicians";
                self.note("no_psa_mail_address", message.to_owned());
                Ok(())
            }
            None => Ok(()),
        }
    }

    async fn distributor(&mut self) -> Result<(), StepError> {
        let variables = &self.config.variables;
        match variables.ms_licensing_distributor {
            None | Some(Distributor::Manual) => Ok(()),
            Some(_) if !variables.auto_purchase_license_if_none_available => Ok(()),
            Some(choice) => self.system("ms_licensing_distributor", choice.as_str()).await,
        }
    }

    async fn vaults(&mut self) -> Result<(), StepError> {
        for place in self.config.variables.password_places() {
            if let PasswordDestination::ItGlue | PasswordDestination::Hudu | PasswordDestination::Passportal = place {
                self.system("onboarding_password_save_location", place.as_str()).await?;
            }
        }
        Ok(())
    }

    async fn mfa_group(&mut self) -> Result<(), StepError> {
        let Some(name) = &self.config.variables.mfa_group else {
            return Ok(());
        };
        let graph = crate::graph(self.secrets, &self.config.organisation).await?;
        match graph.group(name).await.and_then(the_one) {
            Ok(_) => {}
            Err(StepError::NeedsAttention(why)) => self.note("mfa_group", format!("is {name}, and {why}")),
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// Checks a system that a variable names: its credentials, and the organisation's company id there.
    async fn system(&mut self, variable: &str, system: &str) -> Result<(), StepError> {
        let org = &self.config.organisation.id;
        if self.config.organisation.company(system).is_none() {
            self.note(
                variable,
                format!(
                    "is {system}, but the organisation has no company there: the operator sets it with --company \
                     {system}=ID"
                ),
            );
        }
        if !self.secrets.has_credentials(&self.config.organisation, system).await? {
            let command = format!("`operator credentials set {org} {system}`");
            self.note(
                variable,
                format!("is {system}, but there are no credentials for it: set them with {command}"),
            );
        }
        Ok(())
    }
}
