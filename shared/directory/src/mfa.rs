//! Reads what the tenant requires at sign-in: security defaults, Conditional Access, registration.
//!
//! Each needs a permission or a license that many tenants lack. Lacking it is a result here and not an error.

use domain::mfa::{Answer, Campaign, Policy, Registration};
use domain::step_error::StepError;
use outbound::Reply;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::odata::GraphError;
use crate::{Graph, Reading, refused};

const POLICIES: &str = "Policy.Read.All";
const REPORTS: &str = "AuditLog.Read.All";

impl Graph {
    pub async fn security_defaults(&self) -> Result<Answer<bool>, StepError> {
        let at = ["policies", "identitySecurityDefaultsEnforcementPolicy"];
        let found: Answer<SecurityDefaults> = self.policy("read security defaults", &at).await?;
        Ok(found.map(|policy| policy.is_enabled))
    }

    pub async fn conditional_access(&self) -> Result<Answer<Vec<Policy>>, StepError> {
        let url = self.url(&["identity", "conditionalAccess", "policies"], &[]);
        let found = self
            .pages("read the Conditional Access policies", url, Reading::Plain)
            .await?;
        match found {
            Ok(policies) => Ok(Answer::Given(policies)),
            Err(reply) => withheld(&reply, POLICIES),
        }
    }

    /// `None` if the tenant's policy has no campaign.
    pub async fn registration_campaign(&self) -> Result<Answer<Option<Campaign>>, StepError> {
        let at = ["policies", "authenticationMethodsPolicy"];
        let found: Answer<MethodsPolicy> = self.policy("read the registration campaign", &at).await?;
        Ok(found.map(|policy| {
            policy
                .registration_enforcement?
                .authentication_methods_registration_campaign
        }))
    }

    /// `None` if the report, which is hours behind, does not contain the user yet.
    pub async fn registration_of(&self, user_id: &str) -> Result<Answer<Option<Registration>>, StepError> {
        let at = ["reports", "authenticationMethods", "userRegistrationDetails", user_id];
        let reply = self
            .get("read what the user has registered", self.url(&at, &[]))
            .await?;
        match reply.status() {
            404 => Ok(Answer::Given(None)),
            _ if reply.is_success() => Ok(Answer::Given(Some(reply.json()?))),
            _ => withheld(&reply, REPORTS),
        }
    }

    async fn policy<T: DeserializeOwned>(&self, operation: &'static str, at: &[&str]) -> Result<Answer<T>, StepError> {
        let reply = self.get(operation, self.url(at, &[])).await?;
        match reply.is_success() {
            true => Ok(Answer::Given(reply.json()?)),
            false => withheld(&reply, POLICIES),
        }
    }
}

/// Graph refuses with 403 both what is not licensed and what is not permitted; this distinguishes them.
fn withheld<T>(reply: &Reply, permission: &'static str) -> Result<Answer<T>, StepError> {
    if reply.status() != 403 {
        return Err(refused(reply));
    }
    let unlicensed = |error: GraphError| {
        error.has_code("Authentication_RequestFromNonPremiumTenantOrB2CTenant")
            || error.says("premium")
            || error.says("not licensed")
    };
    Ok(match reply.error_body().is_some_and(unlicensed) {
        true => Answer::NotLicensed,
        false => Answer::NotPermitted(permission),
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SecurityDefaults {
    is_enabled: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct MethodsPolicy {
    registration_enforcement: Option<Enforcement>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Enforcement {
    authentication_methods_registration_campaign: Option<Campaign>,
}
