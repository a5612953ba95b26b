//! Whether an organisation takes in whoever signs in with an address of its domain. Only the operator's command writes here.
//!
//! A domain's item says whose it is and whether that is on; the organisation's names its domain. The domain's stays when it
//! is turned off, so that refusals are told to the organisation that they concern.

use aws_sdk_dynamodb::types::{AttributeValue, ConditionCheck, Delete, Put, TransactWriteItem};
use domain::ids::OrgId;
use domain::step_error::StepError;

use crate::audit::AuditEntry;
use crate::aws_error::{aws_error, failed_conditions, stored_shape};
use crate::{Store, text};

const TABLE: &str = "organisations";
const NAME: &str = "auto_onboarding";

/// Whose a domain is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DomainOwner {
    pub org: OrgId,
    pub on: bool,
}

impl Store {
    pub async fn domain_owner(&self, domain: &str) -> Result<Option<DomainOwner>, StepError> {
        let Some(mut item) = self.setting_of(&domain_key(domain)).await? else {
            return Ok(None);
        };
        let org = text_of(item.remove("owner")).and_then(|org| OrgId::parse(&org).ok());
        let on = item.get("on").and_then(|v| v.as_bool().ok()).copied();
        match org.zip(on) {
            Some((org, on)) => Ok(Some(DomainOwner { org, on })),
            None => Err(stored_shape(TABLE)),
        }
    }

    /// The domain that was set last, on or off.
    pub async fn auto_onboarding_domain(&self, org: &OrgId) -> Result<Option<String>, StepError> {
        let item = self.setting_of(org.as_str()).await?;
        Ok(item.and_then(|mut item| text_of(item.remove("domain"))))
    }

    /// False: another organisation has the domain on. What another one has off can be taken over.
    pub async fn turn_auto_onboarding_on(&self, org: &OrgId, domain: &str, by: &str) -> Result<bool, StepError> {
        let before = self.auto_onboarding_domain(org).await?;
        let own = Put::builder()
            .table_name(self.table(TABLE))
            .item("org", text(org.as_str()))
            .item("name", text(NAME))
            .item("domain", text(domain))
            .build()
            .map_err(|_| stored_shape(TABLE))?;
        let entry = AuditEntry::now(by, "auto_onboarding.on", domain).changed(before.clone(), Some(domain.to_owned()));
        let mut writes = vec![
            self.domain_put(org, domain, true)?,
            TransactWriteItem::builder().put(own).build(),
            self.audit_put(org, &entry)?,
        ];
        // A domain that another organisation has taken over meanwhile stays theirs.
        if let Some(before) = before.filter(|before| before != domain)
            && self.domain_owner(&before).await?.is_some_and(|owner| owner.org == *org)
        {
            let delete = Delete::builder()
                .table_name(self.table(TABLE))
                .key("org", text(domain_key(&before)))
                .key("name", text(NAME))
                .condition_expression("#owner = :me")
                .expression_attribute_names("#owner", "owner")
                .expression_attribute_values(":me", text(org.as_str()))
                .build()
                .map_err(|_| stored_shape(TABLE))?;
            writes.push(TransactWriteItem::builder().delete(delete).build());
        }
        self.decided("turning auto-onboarding on", writes).await
    }

    /// Removes and changes no member. False: the domain is not this organisation's any more.
    pub async fn turn_auto_onboarding_off(&self, org: &OrgId, domain: &str, by: &str) -> Result<bool, StepError> {
        let entry = AuditEntry::now(by, "auto_onboarding.off", domain).changed(Some(domain.to_owned()), None);
        let writes = vec![self.domain_put(org, domain, false)?, self.audit_put(org, &entry)?];
        self.decided("turning auto-onboarding off", writes).await
    }

    async fn decided(&self, operation: &str, writes: Vec<TransactWriteItem>) -> Result<bool, StepError> {
        let sent = self
            .db
            .transact_write_items()
            .set_transact_items(Some(writes))
            .send()
            .await;
        match sent {
            Ok(_) => Ok(true),
            Err(error) if failed_conditions(&error).is_some() => Ok(false),
            Err(error) => Err(aws_error(operation, &error)),
        }
    }

    fn domain_put(&self, org: &OrgId, domain: &str, on: bool) -> Result<TransactWriteItem, StepError> {
        // What is off may be taken over by being turned on, not by being turned off.
        let condition = if on {
            "attribute_not_exists(#owner) OR #owner = :me OR #on = :off"
        } else {
            "#owner = :me"
        };
        let put = Put::builder()
            .table_name(self.table(TABLE))
            .item("org", text(domain_key(domain)))
            .item("name", text(NAME))
            .item("owner", text(org.as_str()))
            .item("on", AttributeValue::Bool(on))
            .condition_expression(condition)
            .expression_attribute_names("#owner", "owner")
            .expression_attribute_values(":me", text(org.as_str()));
        let put = if on {
            put.expression_attribute_names("#on", "on")
                .expression_attribute_values(":off", AttributeValue::Bool(false))
        } else {
            put
        };
        let put = put.build().map_err(|_| stored_shape(TABLE))?;
        Ok(TransactWriteItem::builder().put(put).build())
    }

    /// A part of the transaction that adds a member: the operator may turn it off at this moment.
    pub(crate) fn auto_onboarding_is_on(&self, org: &OrgId, domain: &str) -> Result<TransactWriteItem, StepError> {
        let check = ConditionCheck::builder()
            .table_name(self.table(TABLE))
            .key("org", text(domain_key(domain)))
            .key("name", text(NAME))
            .condition_expression("#owner = :org AND #on = :on")
            .expression_attribute_names("#owner", "owner")
            .expression_attribute_names("#on", "on")
            .expression_attribute_values(":org", text(org.as_str()))
            .expression_attribute_values(":on", AttributeValue::Bool(true))
            .build()
            .map_err(|_| stored_shape(TABLE))?;
        Ok(TransactWriteItem::builder().condition_check(check).build())
    }

    async fn setting_of(
        &self,
        key: &str,
    ) -> Result<Option<std::collections::HashMap<String, AttributeValue>>, StepError> {
        let answer = self
            .db
            .get_item()
            .table_name(self.table(TABLE))
            .key("org", text(key))
            .key("name", text(NAME))
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| aws_error("reading who has a domain", &error))?;
        Ok(answer.item)
    }
}

/// No organisation's name begins with @.
fn domain_key(domain: &str) -> String {
    format!("@domain:{domain}")
}

fn text_of(value: Option<AttributeValue>) -> Option<String> {
    value.and_then(|value| value.as_s().cloned().ok())
}
