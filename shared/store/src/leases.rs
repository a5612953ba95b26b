//! One purchase at a time for an organisation and a licence.

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::types::AttributeValue;
use chrono::{Duration, Utc};
use domain::fault::Fault;
use domain::ids::{OrgId, RequestId};

use crate::fault::fault;
use crate::{Store, number, text};

const TABLE: &str = "leases";

/// Longer than any purchase waits for its order and its seat; only a request that nobody ended lets it run out.
const HOURS: i64 = 4;

fn name(org: &OrgId, part_number: &str) -> String {
    format!("{org}#{part_number}")
}

impl Store {
    /// True if `holder` has the lease now. Taking it again renews it.
    pub async fn take_lease(&self, org: &OrgId, part_number: &str, holder: &RequestId) -> Result<bool, Fault> {
        let now = Utc::now();
        let result = self
            .db
            .put_item()
            .table_name(self.table(TABLE))
            .item("lease", text(name(org, part_number)))
            .item("holder", text(holder.as_str()))
            .item("expires_at", number((now + Duration::hours(HOURS)).timestamp()))
            .condition_expression("attribute_not_exists(lease) OR holder = :me OR expires_at < :now")
            .expression_attribute_values(":me", text(holder.as_str()))
            .expression_attribute_values(":now", number(now.timestamp()))
            .send()
            .await;
        match result {
            Ok(_) => Ok(true),
            Err(SdkError::ServiceError(e)) if e.err().is_conditional_check_failed_exception() => Ok(false),
            Err(error) => Err(fault("taking a purchase lease", &error)),
        }
    }

    /// Who holds it, if anybody does.
    pub async fn lease_holder(&self, org: &OrgId, part_number: &str) -> Result<Option<RequestId>, Fault> {
        let answer = self
            .db
            .get_item()
            .table_name(self.table(TABLE))
            .key("lease", text(name(org, part_number)))
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| fault("reading a purchase lease", &error))?;
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
    pub async fn release_lease(&self, org: &OrgId, part_number: &str, holder: &RequestId) -> Result<(), Fault> {
        let result = self
            .db
            .delete_item()
            .table_name(self.table(TABLE))
            .key("lease", text(name(org, part_number)))
            .condition_expression("holder = :me")
            .expression_attribute_values(":me", text(holder.as_str()))
            .send()
            .await;
        match result {
            Ok(_) => Ok(()),
            Err(SdkError::ServiceError(e)) if e.err().is_conditional_check_failed_exception() => Ok(()),
            Err(error) => Err(fault("releasing a purchase lease", &error)),
        }
    }
}
