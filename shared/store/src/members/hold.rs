//! Records which member holds an address or an identity.
//!
//! The key of such an item is the address or the identity, followed by the organisation, so that one consistent query
//! finds all memberships of a person. The key begins with @, which an organisation's id never does. The item names the
//! member who holds it, or says that a deleted member held it.

use domain::ids::OrgId;
use domain::sign_in::Identity;
use domain::step_error::StepError;
use serde::Deserialize;

use super::{Member, TABLE};
use crate::aws_error::aws_error;
use crate::read::{Item, decode_all, item};
use crate::write::{Conditional, Write, put, update};
use crate::{Store, text};

/// The most organisations in which a person's memberships are looked up.
const MOST_ORGS: i32 = 50;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Held {
    /// The member with this id holds it.
    By(String),
    /// A deleted member held it.
    Deleted,
}

#[derive(Deserialize)]
struct Stored {
    /// The organisation's id. The attribute is called `member` because members in the same table use that name.
    #[serde(rename = "member")]
    org: OrgId,
    /// The member's id; `None` after the member was deleted.
    holder: Option<String>,
    /// When the identity last signed in to this organisation.
    used_at: Option<String>,
}

impl Store {
    pub async fn holder_of_address(&self, org: &OrgId, email: &str) -> Result<Option<Held>, StepError> {
        self.holder(&address_key(email), org).await
    }

    pub async fn holder_of_identity(&self, org: &OrgId, identity: &Identity) -> Result<Option<Held>, StepError> {
        self.holder(&identity_key(identity), org).await
    }

    /// The person's memberships in all organisations. The organisation of the last sign-in comes first.
    pub async fn members_with_identity(&self, identity: &Identity) -> Result<Vec<Member>, StepError> {
        let members = self.holders(identity_key(identity)).await?;
        Ok(members
            .into_iter()
            .filter(|member| member.identity.as_ref() == Some(identity))
            .collect())
    }

    /// The memberships with this address in all organisations.
    pub async fn members_with_address(&self, email: &str) -> Result<Vec<Member>, StepError> {
        self.holders(address_key(email)).await
    }

    /// Records a sign-in. The next one goes to the same organisation, unless the person names another.
    pub async fn identity_used(&self, member: &Member, identity: &Identity) -> Result<(), StepError> {
        let used = update(
            TABLE,
            holder_key(&identity_key(identity), &member.org),
            "SET used_at = :now",
        )
        .value(":now", text(chrono::Utc::now().to_rfc3339()))
        .value(":me", text(&member.id))
        .when("holder = :me");
        // If the member was deleted meanwhile, the session finds no member.
        self.write_if("recording a sign-in", used).await.map(|_| ())
    }

    async fn holder(&self, key: &str, org: &OrgId) -> Result<Option<Held>, StepError> {
        let found: Option<Stored> = self
            .read("reading who holds an address", TABLE, holder_key(key, org))
            .await?;
        Ok(found.map(|found| found.holder.map_or(Held::Deleted, Held::By)))
    }

    async fn holders(&self, key: String) -> Result<Vec<Member>, StepError> {
        let answer = self
            .query(TABLE)
            .key_condition_expression("org = :k")
            .expression_attribute_values(":k", text(key))
            .limit(MOST_ORGS)
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| aws_error("looking for a person's memberships", &error))?;
        let mut found: Vec<Stored> = decode_all(TABLE, answer.items.unwrap_or_default())?;
        found.sort_by(|one, other| one.used_at.cmp(&other.used_at));
        let mut members = Vec::new();
        for Stored { org, holder, .. } in found.into_iter().rev() {
            // Deleted members hold nothing.
            if let Some(holder) = holder {
                members.extend(self.member(&org, &holder).await?);
            }
        }
        Ok(members)
    }
}

fn holder_key(key: &str, org: &OrgId) -> Item {
    item([("org", text(key)), ("member", text(org.as_str()))])
}

/// Assigns the address or the identity to the member, if no member holds it. It may have belonged to a deleted member.
pub(super) fn hold(key: String, member: &Member) -> Conditional {
    held(&key, member).when("attribute_not_exists(holder)")
}

/// Like [`hold`], but also succeeds if this member already holds it.
pub(super) fn hold_still(key: String, member: &Member) -> Conditional {
    let held = held(&key, member).value(":me", text(&member.id));
    held.when("attribute_not_exists(holder) OR holder = :me")
}

/// Like [`hold`], but fails if a deleted member held it.
pub(super) fn hold_first(key: String, member: &Member) -> Conditional {
    held(&key, member).unless_exists("org")
}

fn held(key: &str, member: &Member) -> Write {
    put(TABLE, holder_key(key, &member.org)).with("holder", text(&member.id))
}

pub(super) fn tombstone(key: String, member: &Member) -> Write {
    let tombstone = put(TABLE, holder_key(&key, &member.org)).with("deleted", text(&member.id));
    tombstone.with("deleted_at", text(chrono::Utc::now().to_rfc3339()))
}

/// The address in lower case, because no major provider distinguishes addresses by case. Dots and plus signs stay,
/// because Workspace does distinguish those.
pub(super) fn normalised(email: &str) -> String {
    email.trim().to_lowercase()
}

pub(super) fn address_key(email: &str) -> String {
    format!("@address:{}", normalised(email))
}

pub(super) fn identity_key(identity: &Identity) -> String {
    // An issuer contains no space, so two identities never have the same key.
    format!("@identity:{} {}", identity.issuer, identity.subject)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_not_ids_of_organisations() {
        let identity = Identity {
            issuer: "https://accounts.google.com".to_owned(),
            subject: "1234".to_owned(),
        };
        assert_eq!(identity_key(&identity), "@identity:https://accounts.google.com 1234");
        assert_eq!(address_key(" Ada@Example.COM "), "@address:ada@example.com");
        assert!(OrgId::parse(&address_key("ada")).is_err());
    }
}
