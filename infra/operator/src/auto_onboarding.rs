//! Turns auto-onboarding on and off, which only the operator can.

use domain::ids::OrgId;
use domain::sign_in::WorkspaceDomain;
use store::Store;

use crate::{Failure, OPERATOR, existing};

pub(crate) async fn on(store: &Store, org: &OrgId, domain: &WorkspaceDomain) -> Result<(), Failure> {
    existing(store, org).await?;
    if !store.turn_auto_onboarding_on(org, domain.as_str(), OPERATOR).await? {
        return Err(format!("{domain} is another organisation's: one domain belongs to one organisation").into());
    }
    println!("auto-onboarding of {org} is on: people who sign in with a Google account of {domain} become members");
    Ok(())
}

pub(crate) async fn off(store: &Store, org: &OrgId) -> Result<(), Failure> {
    existing(store, org).await?;
    if let Some(domain) = store.auto_onboarding_domain(org).await?
        && store.turn_auto_onboarding_off(org, &domain, OPERATOR).await?
    {
        println!("auto-onboarding of {org} is off; its members stay");
    } else {
        println!("auto-onboarding of {org} was not on");
    }
    Ok(())
}
