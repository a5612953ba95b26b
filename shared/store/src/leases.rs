//! Leases for work that only one holder may do at a time: buying a license for an organisation, or renewing an
//! organisation's tokens for a vendor.

use chrono::{Duration, Utc};
use domain::ids::{OrgId, RequestId};
use domain::step_error::StepError;
use serde::Deserialize;

use crate::read::{Item, item};
use crate::write::{delete, put};
use crate::{Store, number, text};

const TABLE: &str = "leases";

/// Longer than any purchase waits for its order and its seat. The lease expires only if its request was never ended.
const PURCHASE: Duration = Duration::hours(4);

/// Longer than a token's renewal takes, including all its timeouts.
const RENEWAL: Duration = Duration::seconds(60);

fn purchase(org: &OrgId, part_number: &str) -> String {
    format!("{org}#{part_number}")
}

fn renewal(org: &OrgId, system: &str) -> String {
    format!("{org}/tokens/{system}")
}

#[derive(Deserialize)]
struct Lease {
    holder: RequestId,
    /// In Unix seconds.
    expires_at: i64,
}

fn lease_key(name: String) -> Item {
    item([("lease", text(name))])
}

impl Store {
    /// Returns true if `holder` now has the lease. Taking it again renews it.
    pub async fn take_lease(&self, org: &OrgId, part_number: &str, holder: &RequestId) -> Result<bool, StepError> {
        self.take(purchase(org, part_number), holder.as_str(), PURCHASE).await
    }

    /// Returns true if `holder` may renew the tokens now. The lease expires by itself.
    pub async fn take_token_lease(&self, org: &OrgId, system: &str, holder: &str) -> Result<bool, StepError> {
        self.take(renewal(org, system), holder, RENEWAL).await
    }

    async fn take(&self, name: String, holder: &str, lasts: Duration) -> Result<bool, StepError> {
        let now = Utc::now();
        let lease = put(TABLE, lease_key(name))
            .with("holder", text(holder))
            .with("expires_at", number((now + lasts).timestamp()))
            .value(":me", text(holder))
            .value(":now", number(now.timestamp()))
            .when("attribute_not_exists(lease) OR holder = :me OR expires_at < :now");
        self.write_if("taking a lease", lease).await
    }

    /// The request that currently holds the lease.
    pub async fn lease_holder(&self, org: &OrgId, part_number: &str) -> Result<Option<RequestId>, StepError> {
        let key = lease_key(purchase(org, part_number));
        let lease: Option<Lease> = self.read("reading a purchase lease", TABLE, key).await?;
        let now = Utc::now().timestamp();
        Ok(lease.filter(|lease| lease.expires_at >= now).map(|lease| lease.holder))
    }

    /// Ends the lease if `holder` has it.
    pub async fn release_lease(&self, org: &OrgId, part_number: &str, holder: &RequestId) -> Result<(), StepError> {
        self.release(purchase(org, part_number), holder.as_str()).await
    }

    pub async fn release_token_lease(&self, org: &OrgId, system: &str, holder: &str) -> Result<(), StepError> {
        self.release(renewal(org, system), holder).await
    }

    async fn release(&self, name: String, holder: &str) -> Result<(), StepError> {
        let own = delete(TABLE, lease_key(name))
            .value(":me", text(holder))
            .when("holder = :me");
        self.write_if("releasing a lease", own).await.map(|_| ())
    }
}
