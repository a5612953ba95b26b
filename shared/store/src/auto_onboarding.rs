//! Whether people become members of an organisation when they sign in with an address of its domain. Only the
//! operator's command writes these items.
//!
//! The domain's item names its organisation and says whether auto-onboarding is on. The organisation's item names its
//! domain. The domain's item stays when auto-onboarding is turned off, so that refusals are still recorded for the
//! organisation they concern.

use aws_sdk_dynamodb::types::AttributeValue;
use domain::ids::OrgId;
use domain::step_error::StepError;
use serde::Deserialize;

use crate::audit::AuditEntry;
use crate::read::{Item, item};
use crate::write::{Conditional, Tx, Write, check, delete, put};
use crate::{Store, text};

const TABLE: &str = "organisations";
const NAME: &str = "auto_onboarding";

/// The organisation to which a domain belongs.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct DomainOwner {
    #[serde(rename = "owner")]
    pub org: OrgId,
    /// Whether auto-onboarding is on.
    pub on: bool,
}

#[derive(Deserialize)]
struct OwnDomain {
    domain: Option<String>,
}

/// The domain belongs to another organisation.
#[derive(Clone, Copy)]
struct NotOurs;

impl Store {
    pub async fn domain_owner(&self, domain: &str) -> Result<Option<DomainOwner>, StepError> {
        self.read("reading who has a domain", TABLE, key(&domain_key(domain)))
            .await
    }

    /// The domain that was set last, whether auto-onboarding is on or off.
    pub async fn auto_onboarding_domain(&self, org: &OrgId) -> Result<Option<String>, StepError> {
        let own: Option<OwnDomain> = self.read("reading who has a domain", TABLE, key(org.as_str())).await?;
        Ok(own.and_then(|own| own.domain))
    }

    /// Returns false if another organisation has auto-onboarding on for the domain. If that organisation has turned it
    /// off, the domain can be taken over.
    pub async fn turn_auto_onboarding_on(&self, org: &OrgId, domain: &str, by: &str) -> Result<bool, StepError> {
        let before = self.auto_onboarding_domain(org).await?;
        let entry = AuditEntry::now(by, "auto_onboarding.on", domain).changed(before.clone(), Some(domain.to_owned()));
        let mut tx = self.tx("turning auto-onboarding on");
        tx.add(turn_on(org, domain).or(NotOurs));
        tx.add(put(TABLE, key(org.as_str())).with("domain", text(domain)));
        tx.audit(org, &entry)?;
        // Another organisation may have taken over the old domain meanwhile; then it stays with that one.
        if let Some(before) = before.filter(|before| before != domain)
            && self.domain_owner(&before).await?.is_some_and(|owner| owner.org == *org)
        {
            let own = delete(TABLE, key(&domain_key(&before))).name("#owner", "owner");
            let own = own.value(":me", text(org.as_str())).when("#owner = :me");
            tx.add(own.or(NotOurs));
        }
        Ok(tx.commit().await?.is_done())
    }

    /// Turns auto-onboarding off without changing any member. Returns false if the domain no longer belongs to this
    /// organisation.
    pub async fn turn_auto_onboarding_off(&self, org: &OrgId, domain: &str, by: &str) -> Result<bool, StepError> {
        let entry = AuditEntry::now(by, "auto_onboarding.off", domain).changed(Some(domain.to_owned()), None);
        let mut tx: Tx<'_, NotOurs> = self.tx("turning auto-onboarding off");
        tx.add(turn_off(org, domain).or(NotOurs)).audit(org, &entry)?;
        Ok(tx.commit().await?.is_done())
    }
}

/// Takes the domain unless another organisation has auto-onboarding on for it.
fn turn_on(org: &OrgId, domain: &str) -> Conditional {
    let ours = owned(org, domain, true)
        .name("#on", "on")
        .value(":off", AttributeValue::Bool(false));
    ours.when("attribute_not_exists(#owner) OR #owner = :me OR #on = :off")
}

/// Turns the domain off only if it belongs to this organisation.
fn turn_off(org: &OrgId, domain: &str) -> Conditional {
    owned(org, domain, false).when("#owner = :me")
}

fn owned(org: &OrgId, domain: &str, on: bool) -> Write {
    let owned = put(TABLE, key(&domain_key(domain))).with("owner", text(org.as_str()));
    let owned = owned.with("on", AttributeValue::Bool(on));
    owned.name("#owner", "owner").value(":me", text(org.as_str()))
}

/// Part of the transaction that adds a member: checks that the operator has not just turned auto-onboarding off.
pub(crate) fn auto_onboarding_is_on(org: &OrgId, domain: &str) -> Conditional {
    let domain = check(TABLE, key(&domain_key(domain)))
        .name("#owner", "owner")
        .name("#on", "on");
    let domain = domain
        .value(":org", text(org.as_str()))
        .value(":on", AttributeValue::Bool(true));
    domain.when("#owner = :org AND #on = :on")
}

fn key(of: &str) -> Item {
    item([("org", text(of)), ("name", text(NAME))])
}

/// The key of a domain's item. It begins with @, which an organisation's id never does.
fn domain_key(domain: &str) -> String {
    format!("@domain:{domain}")
}
