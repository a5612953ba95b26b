//! The members of an organisation, who can sign in.
//!
//! An address and an identity belong to at most one member of an organisation. Separate items ensure that; they are in
//! the same table and are written in the same transactions (see [`hold`]).

mod hold;
mod join;

use chrono::{DateTime, Utc};
use domain::ids::OrgId;
use domain::role::Role;
use domain::sign_in::Identity;
use domain::step_error::StepError;
use serde::{Deserialize, Serialize};

use crate::audit::AuditEntry;
use crate::aws_error::aws_error;
use crate::read::{Item, decode, decode_all, encode_value, item};
use crate::write::{Conditional, Tx, check, delete, update};
use crate::{Store, text};

pub use hold::Held;
pub use join::{Added, Bound, Joined};

pub(crate) const TABLE: &str = "members";
/// The prefix of every member's id, which distinguishes members from the organisation's other items.
const MEMBER_KEYS: &str = "m";
const PAGE: i32 = 100;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    pub org: OrgId,
    #[serde(rename = "member")]
    pub id: String,
    pub email: String,
    pub name: String,
    pub role: Role,
    /// The identity that must sign in; `None` before the first sign-in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<Identity>,
    /// Sessions that began up to this time have ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sessions_after: Option<DateTime<Utc>>,
    /// The hash of the secret of the newest one-time link; `None` after the link was used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sign_in_link: Option<String>,
}

impl Member {
    /// Creates a member. Ids sort by the time of joining.
    pub fn new(org: &OrgId, email: &str, name: &str, role: Role) -> Self {
        Self {
            org: org.clone(),
            id: format!("{MEMBER_KEYS}{}", uuid::Uuid::now_v7().simple()),
            email: email.to_owned(),
            name: name.to_owned(),
            role,
            identity: None,
            sessions_after: None,
            sign_in_link: None,
        }
    }

    /// The person as `ORG/MEMBER`, by which requests and decisions compare people.
    pub fn person(&self) -> String {
        format!("{}/{}", self.org, self.id)
    }
}

/// The result of a change or a deletion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Changed {
    Done,
    /// The member was changed or deleted meanwhile, so the caller has to read it again.
    Overtaken,
}

impl From<bool> for Changed {
    fn from(done: bool) -> Self {
        if done { Self::Done } else { Self::Overtaken }
    }
}

/// The member, or the admin who must remain, changed after the caller read them.
#[derive(Clone, Copy)]
pub(crate) struct Overtaken;

/// The key of a member, or of another item of the organisation in the same table.
pub(crate) fn member_key(org: &OrgId, id: &str) -> Item {
    item([("org", text(org.as_str())), ("member", text(id))])
}

impl Store {
    pub async fn member(&self, org: &OrgId, id: &str) -> Result<Option<Member>, StepError> {
        self.read("reading a member", TABLE, member_key(org, id)).await
    }

    /// One page of members in the order of joining, starting after the id `after`, and the id after which the next page
    /// starts, if there is one.
    pub async fn members(&self, org: &OrgId, after: Option<&str>) -> Result<(Vec<Member>, Option<String>), StepError> {
        let answer = self
            .query(TABLE)
            .key_condition_expression("org = :o AND begins_with(#member, :m)")
            .expression_attribute_names("#member", "member")
            .expression_attribute_values(":o", text(org.as_str()))
            .expression_attribute_values(":m", text(MEMBER_KEYS))
            .set_exclusive_start_key(after.map(|id| member_key(org, id)))
            .limit(PAGE)
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| aws_error("listing the members", &error))?;
        let next = answer
            .last_evaluated_key
            .and_then(|mut key| key.remove("member"))
            .and_then(|id| id.as_s().cloned().ok());
        Ok((decode_all(TABLE, answer.items.unwrap_or_default())?, next))
    }

    pub async fn member_by_email(&self, org: &OrgId, email: &str) -> Result<Option<Member>, StepError> {
        match self.holder_of_address(org, email).await? {
            Some(Held::By(id)) => self.member(org, &id).await,
            Some(Held::Deleted) => Ok(None),
            None => self.member_of_old(org, email).await,
        }
    }

    /// Finds a member that early versions of Gangway stored without an item for the address. [`Store::add_member`]
    /// writes that item.
    async fn member_of_old(&self, org: &OrgId, email: &str) -> Result<Option<Member>, StepError> {
        let answer = self
            .query(TABLE)
            .index_name("by_email")
            .key_condition_expression("org_email = :e")
            .expression_attribute_values(":e", text(org_email(org, email)))
            .send()
            .await
            .map_err(|error| aws_error("looking up a member", &error))?;
        let Some(item) = answer.items.unwrap_or_default().into_iter().next() else {
            return Ok(None);
        };
        // The index may be outdated, so the table decides whether the member still exists.
        let indexed: Member = decode(TABLE, item)?;
        self.member(org, &indexed.id).await
    }

    /// Changes the member's name and role, if the member did not change since the caller read it. The address cannot
    /// change, because it identifies the member; a person with another address is another member. `remaining` must
    /// still be an admin at the time of the write. So if two admins demote each other at the same time, one stays
    /// admin.
    pub async fn change_member(
        &self,
        read: &Member,
        name: &str,
        role: Role,
        by: &str,
        remaining: Option<&Member>,
    ) -> Result<Changed, StepError> {
        let shown = |name: &str, role: Role| Some(format!("{name}, {}", role.as_str()));
        let change = update(
            TABLE,
            member_key(&read.org, &read.id),
            "SET #name = :name, #role = :role",
        );
        let change = change.name("#name", "name").name("#role", "role");
        let change = change
            .value(":name", text(name))
            .value(":role", text(role.as_str()))
            .value(":old_name", text(&read.name))
            .value(":old_role", text(read.role.as_str()))
            .when("#name = :old_name AND #role = :old_role");
        let entry =
            AuditEntry::now(by, "member.changed", &read.id).changed(shown(&read.name, read.role), shown(name, role));
        let mut tx = self.tx("changing a member");
        tx.add(change.or(Overtaken)).audit(&read.org, &entry)?;
        if let Some(admin) = remaining {
            tx.add(still_admin(admin).or(Overtaken));
        }
        Ok(tx.commit().await?.is_done().into())
    }

    /// Deletes the member and leaves tombstones for the address and the identity. Tombstones never expire: the person
    /// can come back only if an admin adds them again. For `remaining`, see [`Store::change_member`].
    pub async fn delete_member(
        &self,
        read: &Member,
        by: &str,
        remaining: Option<&Member>,
    ) -> Result<Changed, StepError> {
        let entry = AuditEntry::now(by, "member.deleted", &read.id)
            .changed(Some(format!("{}, {}", read.email, read.role.as_str())), None);
        let mut tx: Tx<'_, Overtaken> = self.tx("deleting a member");
        tx.add(deletion(read)?.or(Overtaken)).audit(&read.org, &entry)?;
        tx.add(hold::tombstone(hold::address_key(&read.email), read));
        if let Some(identity) = &read.identity {
            tx.add(hold::tombstone(hold::identity_key(identity), read));
        }
        if let Some(admin) = remaining {
            tx.add(still_admin(admin).or(Overtaken));
        }
        Ok(tx.commit().await?.is_done().into())
    }

    /// Another admin of the same organisation.
    pub async fn another_admin(&self, than: &Member) -> Result<Option<Member>, StepError> {
        let mut after = None;
        loop {
            let (members, next) = self.members(&than.org, after.as_deref()).await?;
            let mut others = members.into_iter().filter(|member| member.id != than.id);
            if let Some(admin) = others.find(|member| member.role == Role::Admin) {
                return Ok(Some(admin));
            }
            after = next;
            if after.is_none() {
                return Ok(None);
            }
        }
    }
}

/// A deletion that succeeds only if the member did not change since the caller read it. The member may have become the
/// only admin meanwhile. Or a sign-in may just have bound the member to an identity, which would then have no
/// tombstone.
fn deletion(read: &Member) -> Result<Conditional, StepError> {
    let member = delete(TABLE, member_key(&read.org, &read.id));
    let member = member.name("#role", "role").name("#identity", "identity");
    let member = member.value(":old_role", text(read.role.as_str()));
    Ok(match &read.identity {
        Some(identity) => member
            .value(":identity", encode_value(TABLE, identity)?)
            .when("#role = :old_role AND #identity = :identity"),
        None => member.when("#role = :old_role AND attribute_not_exists(#identity)"),
    })
}

fn still_admin(member: &Member) -> Conditional {
    let admin = check(TABLE, member_key(&member.org, &member.id)).name("#role", "role");
    admin.value(":admin", text(Role::Admin.as_str())).when("#role = :admin")
}

/// The key of the index of addresses.
fn org_email(org: &OrgId, email: &str) -> String {
    format!("{org}#{}", hold::normalised(email))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Otherwise a member who was just made admin could be deleted as the basic member that was read, and no admin
    /// would be left.
    #[test]
    fn delete_fails_if_role_changed_since_read() {
        let mut read = Member::new(&OrgId::parse("acme").unwrap(), "bob@acme.example", "Bob", Role::Basic);
        for identity in [None, Some("1")] {
            read.identity = identity.map(|subject| Identity {
                issuer: "https://accounts.google.com".to_owned(),
                subject: subject.to_owned(),
            });
            let sent = deletion(&read).unwrap().sent();
            let delete = sent.delete().unwrap();
            let condition = delete.condition_expression().unwrap();
            assert!(condition.contains("#role = :old_role AND "), "{condition}");
            let value = |name: &str| delete.expression_attribute_values().unwrap().get(name).cloned();
            assert_eq!(value(":old_role"), Some(text("basic")));
            assert_eq!(value(":identity").is_some(), identity.is_some());
        }
    }
}
