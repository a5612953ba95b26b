//! One-time sign-in links. Only the newest link, which the member's item names, is valid.

use chrono::{DateTime, Duration, Utc};
use domain::ids::OrgId;
use domain::step_error::StepError;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use crate::access::{Kind, access_delete, access_put, hash, random_token};
use crate::members::{Member, TABLE, member_key};
use crate::write::update;
use crate::{Store, text};

#[derive(Debug, Serialize, Deserialize)]
struct Stored {
    org: OrgId,
    member: String,
    valid_until: DateTime<Utc>,
}

/// The member whom a link signs in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LinkOwner {
    Member(Box<Member>),
    /// The member was deleted after the link was issued.
    Deleted {
        org: OrgId,
        member: String,
    },
}

/// The member is gone, or a newer link exists.
#[derive(Clone, Copy)]
struct Outdated;

impl Store {
    /// Creates a link and returns its secret. Earlier links of the member become invalid.
    pub async fn issue_sign_in(&self, member: &Member, valid: Duration) -> Result<SecretString, StepError> {
        let secret = random_token();
        let hash = hash(&secret);
        let stored = Stored {
            org: member.org.clone(),
            member: member.id.clone(),
            valid_until: Utc::now() + valid,
        };
        let link = update(TABLE, member_key(&member.org, &member.id), "SET sign_in_link = :link");
        let mut tx = self.tx("issuing a sign-in link");
        tx.add(access_put(Kind::Link.key(&hash), &stored, stored.valid_until)?);
        tx.add(link.value(":link", text(hash)).if_exists("org").or(Outdated));
        match tx.commit().await?.is_done() {
            true => Ok(secret),
            false => Err(StepError::Transient(
                "issuing a sign-in link: the member was just deleted".to_owned(),
            )),
        }
    }

    /// Reads a link without using it up, for a GET of the link.
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

    /// Uses the link up. Every later call returns `None`.
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
        let used = update(TABLE, member_key(&member.org, &member.id), "REMOVE sign_in_link");
        let used = used.value(":link", text(hash)).when("sign_in_link = :link");
        let mut tx = self.tx("redeeming a sign-in link");
        tx.add(access_delete(key).or(Outdated)).add(used.or(Outdated));
        let redeemed = tx.commit().await?.is_done();
        Ok(redeemed.then_some(LinkOwner::Member(member)))
    }
}
