//! What only one may do at a time: buy a license for an organisation, renew an organisation's tokens of a system.

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::types::AttributeValue;
use chrono::{Duration, Utc};
use domain::ids::{OrgId, RequestId};
use domain::step_error::StepError;

use crate::aws_error::aws_error;
use crate::{Store, number, text};

const TABLE: &str = "leases";

/// Longer than any purchase waits for its order and its seat; only a request that nobody ended lets it run out.
const PURCHASE: Duration = Duration::hours(4);

/// Longer than a token's renewal takes with all its time-outs.
const RENEWAL: Duration = Duration::seconds(60);

fn purchase(org: &OrgId, part_number: &str) -> String {
    format!("{org}#{part_number}")
}

fn renewal(org: &OrgId, system: &str) -> String {
    format!("{org}/tokens/{system}")
}

impl Store {
    /// True if `holder` has the lease now. Taking it again renews it.
    pub async fn take_lease(&self, org: &OrgId, part_number: &str, holder: &RequestId) -> Result<bool, StepError> {
        self.take(purchase(org, part_number), holder.as_str(), PURCHASE).await
    }

    /// True if `holder` may renew the tokens now. The lease runs out by itself.
    pub async fn take_token_lease(&self, org: &OrgId, system: &str, holder: &str) -> Result<bool, StepError> {
        self.take(renewal(org, system), holder, RENEWAL).await
    }

    async fn take(&self, name: String, holder: &str, lasts: Duration) -> Result<bool, StepError> {
        let now = Utc::now();
        let result = self
            .db
            .put_item()
            .table_name(self.table(TABLE))
            .item("lease", text(name))
            .item("holder", text(holder))
            .item("expires_at", number((now + lasts).timestamp()))
            .condition_expression("attribute_not_exists(lease) OR holder = :me OR expires_at < :now")
            .expression_attribute_values(":me", text(holder))
            .expression_attribute_values(":now", number(now.timestamp()))
            .send()
            .await;
        match result {
            Ok(_) => Ok(true),
            Err(SdkError::ServiceError(e)) if e.err().is_conditional_check_failed_exception() => Ok(false),
            Err(error) => Err(aws_error("taking a lease", &error)),
        }
    }

    /// Who holds it, if anybody does.
    pub async fn lease_holder(&self, org: &OrgId, part_number: &str) -> Result<Option<RequestId>, StepError> {
        let answer = self
            .db
            .get_item()
            .table_name(self.table(TABLE))
            .key("lease", text(purchase(org, part_number)))
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| aws_error("reading a purchase lease", &error))?;
        let Some(item) = answer.item else { return Ok(None) };
        let until = item
            .get("expires_at")
            .and_then(|v| v.as_n().ok())
            .and_then(|n| n.parse::<i64>().ok());
        if until.is_none_or(|until| until < Utc::now().timestamp()) {
            return Ok(None);
        }
        let holder = item.get("holder").map(AttributeValue::as_s);
        Ok(holder.and_then(Result::ok).and_then(|id| RequestId::parse(id).ok()))
    }

    /// Gives it back if `holder` has it.
    pub async fn release_lease(&self, org: &OrgId, part_number: &str, holder: &RequestId) -> Result<(), StepError> {
        self.release(purchase(org, part_number), holder.as_str()).await
    }

    pub async fn release_token_lease(&self, org: &OrgId, system: &str, holder: &str) -> Result<(), StepError> {
        self.release(renewal(org, system), holder).await
    }

    async fn release(&self, name: String, holder: &str) -> Result<(), StepError> {
        let result = self
            .db
            .delete_item()
            .table_name(self.table(TABLE))
            .key("lease", text(name))
            .condition_expression("holder = :me")
            .expression_attribute_values(":me", text(holder))
            .send()
            .await;
        match result {
            Ok(_) => Ok(()),
            Err(SdkError::ServiceError(e)) if e.err().is_conditional_check_failed_exception() => Ok(()),
            Err(error) => Err(aws_error("releasing a lease", &error)),
        }
    }
}
