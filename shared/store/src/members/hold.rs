//! Who holds an address or an identity.
//!
//! The key of such an item is what is held, then the organisation, so that one query finds all of a person's memberships as
//! they are at this moment. It begins with @, which no organisation's name has. It says which member holds it, or that one
//! did and was deleted.

use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{Put, TransactWriteItem};
use domain::ids::OrgId;
use domain::sign_in::Identity;
use domain::step_error::StepError;

use super::{Member, TABLE};
use crate::aws_error::{aws_error, stored_shape};
use crate::{Store, text};

/// The most organisations that one person is looked for in.
const MOST_ORGS: i32 = 50;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Held {
    /// By the member with this id.
    By(String),
    /// By one that was deleted.
    Deleted,
}

impl Store {
    pub async fn holder_of_address(&self, org: &OrgId, email: &str) -> Result<Option<Held>, StepError> {
        self.holder(&address_key(email), org).await
    }

    pub async fn holder_of_identity(&self, org: &OrgId, identity: &Identity) -> Result<Option<Held>, StepError> {
        self.holder(&identity_key(identity), org).await
    }

    /// In every organisation, where the person signed in last first.
    pub async fn members_with_identity(&self, identity: &Identity) -> Result<Vec<Member>, StepError> {
        let members = self.holders(identity_key(identity)).await?;
        Ok(members
            .into_iter()
            .filter(|member| member.identity.as_ref() == Some(identity))
            .collect())
    }

    /// In every organisation.
    pub async fn members_with_address(&self, email: &str) -> Result<Vec<Member>, StepError> {
        self.holders(address_key(email)).await
    }

    /// The next sign-in goes to this organisation again, unless the person names another.
    pub async fn identity_used(&self, member: &Member, identity: &Identity) -> Result<(), StepError> {
        let result = self
            .db
            .update_item()
            .table_name(self.table(TABLE))
            .key("org", text(identity_key(identity)))
            .key("member", text(member.org.as_str()))
            .update_expression("SET used_at = :now")
            .condition_expression("holder = :me")
            .expression_attribute_values(":now", text(chrono::Utc::now().to_rfc3339()))
            .expression_attribute_values(":me", text(&member.id))
            .send()
            .await;
        match result {
            Ok(_) => Ok(()),
            // Deleted in this moment: the session finds no member.
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(UpdateItemError::is_conditional_check_failed_exception) =>
            {
                Ok(())
            }
            Err(error) => Err(aws_error("recording a sign-in", &error)),
        }
    }

    async fn holder(&self, key: &str, org: &OrgId) -> Result<Option<Held>, StepError> {
        let answer = self
            .db
            .get_item()
            .table_name(self.table(TABLE))
            .key("org", text(key))
            .key("member", text(org.as_str()))
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| aws_error("reading who holds an address", &error))?;
        Ok(answer
            .item
            .map(|item| match item.get("holder").and_then(|v| v.as_s().ok()) {
                Some(id) => Held::By(id.clone()),
                None => Held::Deleted,
            }))
    }

    async fn holders(&self, key: String) -> Result<Vec<Member>, StepError> {
        let answer = self
            .db
            .query()
            .table_name(self.table(TABLE))
            .key_condition_expression("org = :k")
            .expression_attribute_values(":k", text(key))
            .limit(MOST_ORGS)
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| aws_error("looking for a person's memberships", &error))?;
        let mut items = answer.items.unwrap_or_default();
        items.sort_by_cached_key(|item| item.get("used_at").and_then(|v| v.as_s().ok()).cloned());
        let mut members = Vec::new();
        for item in items.into_iter().rev() {
            let value = |name| item.get(name).and_then(|v| v.as_s().ok());
            // Deleted members hold nothing.
            let Some(holder) = value("holder") else { continue };
            let org = value("member").and_then(|org| OrgId::parse(org).ok());
            let org = org.ok_or_else(|| stored_shape(TABLE))?;
            members.extend(self.member(&org, holder).await?);
        }
        Ok(members)
    }

    /// The key becomes the member's: one condition for what nobody holds, and what a deleted member held.
    pub(super) fn hold(&self, key: String, member: &Member, condition: &str) -> Result<TransactWriteItem, StepError> {
        let put = Put::builder()
            .table_name(self.table(TABLE))
            .item("org", text(key))
            .item("member", text(member.org.as_str()))
            .item("holder", text(&member.id))
            .condition_expression(condition);
        // DynamoDB refuses a value that no expression uses.
        let put = if condition.contains(":me") {
            put.expression_attribute_values(":me", text(&member.id))
        } else {
            put
        };
        let put = put.build().map_err(|_| stored_shape(TABLE))?;
        Ok(TransactWriteItem::builder().put(put).build())
    }

    pub(super) fn tombstone(&self, key: String, member: &Member) -> Result<TransactWriteItem, StepError> {
        let put = Put::builder()
            .table_name(self.table(TABLE))
            .item("org", text(key))
            .item("member", text(member.org.as_str()))
            .item("deleted", text(&member.id))
            .item("deleted_at", text(chrono::Utc::now().to_rfc3339()))
            .build()
            .map_err(|_| stored_shape(TABLE))?;
        Ok(TransactWriteItem::builder().put(put).build())
    }
}

/// No provider of note tells addresses apart by case; dots and plus signs stay, as Workspace tells those apart.
pub(super) fn normalised(email: &str) -> String {
    email.trim().to_lowercase()
}

pub(super) fn address_key(email: &str) -> String {
    format!("@address:{}", normalised(email))
}

pub(super) fn identity_key(identity: &Identity) -> String {
    // A space is in no issuer, so that no two identities have one key.
    format!("@identity:{} {}", identity.issuer, identity.subject)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_nobodys_organisation() {
        let identity = Identity {
            issuer: "https://accounts.google.com".to_owned(),
            subject: "1234".to_owned(),
        };
        assert_eq!(identity_key(&identity), "@identity:https://accounts.google.com 1234");
        assert_eq!(address_key(" Ada@Example.COM "), "@address:ada@example.com");
        assert!(OrgId::parse(&address_key("ada")).is_err());
    }
}
