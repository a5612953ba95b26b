//! What the settings name and nobody has set up. Looks for credentials and ids only: whether they are right, `verify` says.

use domain::fault::Fault;
use domain::field::FieldProblem;
use domain::job::Kind;
use domain::variables::{Distributor, PasswordPlace};
use store::secrets::Secrets;

use crate::Settled;
use crate::verify::the_one;

/// None of these keeps a request from being submitted, as each is told on the ticket, or instead of it.
pub async fn gaps(secrets: &Secrets, settled: &Settled, kind: Kind) -> Result<Vec<FieldProblem>, Fault> {
    let mut gaps = Gaps {
        secrets,
        settled,
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
    settled: &'a Settled,
    found: Vec<FieldProblem>,
}

impl Gaps<'_> {
    fn note(&mut self, field: &str, message: String) {
        self.found.push(FieldProblem::new(field, message));
    }

    async fn tickets(&mut self) -> Result<(), Fault> {
        let variables = &self.settled.variables;
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

    async fn distributor(&mut self) -> Result<(), Fault> {
        let variables = &self.settled.variables;
        match variables.ms_licensing_distributor {
            None | Some(Distributor::Manual) => Ok(()),
            Some(_) if !variables.auto_purchase_license_if_none_available => Ok(()),
            Some(choice) => self.system("ms_licensing_distributor", choice.as_str()).await,
        }
    }

    async fn vaults(&mut self) -> Result<(), Fault> {
        for place in self.settled.variables.password_places() {
            if let PasswordPlace::ItGlue | PasswordPlace::Hudu | PasswordPlace::Passportal = place {
                self.system("onboarding_password_save_location", place.as_str()).await?;
            }
        }
        Ok(())
    }

    async fn mfa_group(&mut self) -> Result<(), Fault> {
        let Some(name) = &self.settled.variables.mfa_group else {
            return Ok(());
        };
        let graph = crate::graph(self.secrets, &self.settled.organisation).await?;
        match graph.group(name).await.and_then(the_one) {
            Ok(_) => {}
            Err(Fault::NeedsAttention(why)) => self.note("mfa_group", format!("is {name}, and {why}")),
            Err(fault) => return Err(fault),
        }
        Ok(())
    }

    /// Of a system that a variable names: its credentials, and the organisation's company there.
    async fn system(&mut self, variable: &str, system: &str) -> Result<(), Fault> {
        let org = &self.settled.organisation.id;
        if self.settled.organisation.company(system).is_none() {
            self.note(
                variable,
                format!(
                    "is {system}, but the organisation has no company there: the operator sets it with --company \
                     {system}=ID"
                ),
            );
        }
        if !self.secrets.has_credentials(&self.settled.organisation, system).await? {
            let command = format!("`operator credentials set {org} {system}`");
            self.note(
                variable,
                format!("is {system}, but there are no credentials for it: set them with {command}"),
            );
        }
        Ok(())
    }
}
