//! One-time sign-in links. The member says which link is the newest one, and no other one is any good.

use aws_sdk_dynamodb::types::{TransactWriteItem, Update};
use chrono::{DateTime, Duration, Utc};
use domain::ids::OrgId;
use domain::step_error::StepError;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use crate::access::{Kind, hash, random_token};
use crate::aws_error::stored_shape;
use crate::members::{Member, TABLE, Written};
use crate::{Store, text};

#[derive(Debug, Serialize, Deserialize)]
struct Stored {
    org: OrgId,
    member: String,
    valid_until: DateTime<Utc>,
}

/// Whom a link signs in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LinkOwner {
    Member(Box<Member>),
    /// Somebody who was deleted since it was issued.
    Deleted {
        org: OrgId,
        member: String,
    },
}

impl Store {
    /// From now on earlier links of the member are no good.
    pub async fn issue_sign_in(&self, member: &Member, valid: Duration) -> Result<SecretString, StepError> {
        let secret = random_token();
        let hash = hash(&secret);
        let stored = Stored {
            org: member.org.clone(),
            member: member.id.clone(),
            valid_until: Utc::now() + valid,
        };
        let put = self.access_put(Kind::Link.key(&hash), &stored, stored.valid_until)?;
        let update = Update::builder()
            .table_name(self.table(TABLE))
            .key("org", text(member.org.as_str()))
            .key("member", text(&member.id))
            .update_expression("SET sign_in_link = :link")
            .condition_expression("attribute_exists(org)")
            .expression_attribute_values(":link", text(hash))
            .build()
            .map_err(|_| stored_shape(TABLE))?;
        let writes = vec![
            TransactWriteItem::builder().put(put).build(),
            TransactWriteItem::builder().update(update).build(),
        ];
        match self.written("issuing a sign-in link", writes).await? {
            Written::Done => Ok(secret),
            Written::Unmet(_) => Err(StepError::Transient(
                "issuing a sign-in link: the member was just deleted".to_owned(),
            )),
        }
    }

    /// Looks without using it up: a GET of the link.
    pub async fn sign_in_link(&self, secret: &SecretString) -> Result<Option<LinkOwner>, StepError> {
        let hash = hash(secret);
        let stored = self.access::<Stored>(Kind::Link.key(&hash)).await?;
        let Some(stored) = stored.filter(|stored| stored.valid_until > Utc::now()) else {
            return Ok(None);
        };
        Ok(match self.member(&stored.org, &stored.member).await? {
            Some(member) if member.sign_in_link.as_ref() == Some(&hash) => Some(LinkOwner::Member(Box::new(member))),
            Some(_) => None,
            None => Some(LinkOwner::Deleted {
                org: stored.org,
                member: stored.member,
            }),
        })
    }

    /// Uses the link up; whoever comes second gets nothing.
    pub async fn redeem_sign_in_link(&self, secret: &SecretString) -> Result<Option<LinkOwner>, StepError> {
        let hash = hash(secret);
        let key = Kind::Link.key(&hash);
        let member = match self.sign_in_link(secret).await? {
            Some(LinkOwner::Member(member)) => member,
            Some(deleted) => {
                self.delete_access(key).await?;
                return Ok(Some(deleted));
            }
            None => return Ok(None),
        };
        let update = Update::builder()
            .table_name(self.table(TABLE))
            .key("org", text(member.org.as_str()))
            .key("member", text(&member.id))
            .update_expression("REMOVE sign_in_link")
            .condition_expression("sign_in_link = :link")
            .expression_attribute_values(":link", text(hash))
            .build()
            .map_err(|_| stored_shape(TABLE))?;
        let writes = vec![
            self.access_delete(key)?,
            TransactWriteItem::builder().update(update).build(),
        ];
        Ok(match self.written("redeeming a sign-in link", writes).await? {
            Written::Done => Some(LinkOwner::Member(member)),
            Written::Unmet(_) => None,
        })
    }
}
