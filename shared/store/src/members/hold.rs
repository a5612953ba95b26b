//! Which member holds an address or an identity.
//!
//! The key of such an item is the address or the identity, then the organisation, so that one query finds all memberships
//! of a person as they are at this moment. The key begins with @, which no organisation's name does. The item says which
//! member holds it, or that a member held it and was deleted.

use domain::ids::OrgId;
use domain::sign_in::Identity;
use domain::step_error::StepError;
use serde::Deserialize;

use super::{Member, TABLE};
use crate::aws_error::aws_error;
use crate::read::{Item, decode_all, item};
use crate::write::{Conditional, Write, put, update};
use crate::{Store, text};

/// The most organisations that one person is looked for in.
const MOST_ORGS: i32 = 50;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Held {
    /// By the member with this id.
    By(String),
    /// By a member who was deleted.
    Deleted,
}

#[derive(Deserialize)]
struct Stored {
    /// The organisation: the attribute has its name from the members in the same table.
    #[serde(rename = "member")]
    org: OrgId,
    /// Id of the member; none after the member was deleted.
    holder: Option<String>,
    /// When the identity signed in to this organisation last.
    used_at: Option<String>,
}

impl Store {
    pub async fn holder_of_address(&self, org: &OrgId, email: &str) -> Result<Option<Held>, StepError> {
        self.holder(&address_key(email), org).await
    }

    pub async fn holder_of_identity(&self, org: &OrgId, identity: &Identity) -> Result<Option<Held>, StepError> {
        self.holder(&identity_key(identity), org).await
    }

    /// The person's members in every organisation. The organisation of the last sign-in comes first.
    pub async fn members_with_identity(&self, identity: &Identity) -> Result<Vec<Member>, StepError> {
        let members = self.holders(identity_key(identity)).await?;
        Ok(members
            .into_iter()
            .filter(|member| member.identity.as_ref() == Some(identity))
            .collect())
    }

    /// The members with this address in every organisation.
    pub async fn members_with_address(&self, email: &str) -> Result<Vec<Member>, StepError> {
        self.holders(address_key(email)).await
    }

    /// Records a sign-in: the next one goes to this organisation again, unless the person names another.
    pub async fn identity_used(&self, member: &Member, identity: &Identity) -> Result<(), StepError> {
        let used = update(
            TABLE,
            holder_key(&identity_key(identity), &member.org),
            "SET used_at = :now",
        )
        .value(":now", text(chrono::Utc::now().to_rfc3339()))
        .value(":me", text(&member.id))
        .when("holder = :me");
        // If the member was deleted at this moment, the session finds no member.
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

/// The address or the identity is given to the member, if no member holds it. A deleted member's can be given on.
pub(super) fn hold(key: String, member: &Member) -> Conditional {
    held(&key, member).when("attribute_not_exists(holder)")
}

/// As [`hold`], and if the member itself holds it already.
pub(super) fn hold_still(key: String, member: &Member) -> Conditional {
    let held = held(&key, member).value(":me", text(&member.id));
    held.when("attribute_not_exists(holder) OR holder = :me")
}

/// As [`hold`], but not if a deleted member held it.
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

/// In lower case, because no provider of note tells addresses apart by case. Dots and plus signs stay, because Workspace
/// does tell those apart.
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
