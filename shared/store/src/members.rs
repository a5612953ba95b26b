//! The people who sign in for an organisation.
//!
//! That an address and an identity belong to one member of an organisation is held by items of their own, beside the
//! members in the same table and written in the same transactions (see [`hold`]).

mod hold;
mod join;

use aws_sdk_dynamodb::types::{AttributeValue, ConditionCheck, Delete, TransactWriteItem, Update};
use chrono::{DateTime, Utc};
use domain::ids::OrgId;
use domain::role::Role;
use domain::sign_in::Identity;
use domain::step_error::StepError;
use serde::{Deserialize, Serialize};

use crate::audit::AuditEntry;
use crate::aws_error::{aws_error, failed_conditions, is_conflict, stored_shape};
use crate::{Store, text};

pub use hold::Held;
pub use join::{Added, Bound, Joined};

pub(crate) const TABLE: &str = "members";
/// What every member's id begins with: other items of the organisation stand in the same partition.
const MEMBER_KEYS: &str = "m";
const PAGE: i32 = 100;
/// How often a transaction that met another one is tried again.
const TRIES: usize = 5;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    pub org: OrgId,
    #[serde(rename = "member")]
    pub id: String,
    pub email: String,
    pub name: String,
    pub role: Role,
    /// Whom the identity provider has to name at a sign-in; none until the first one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<Identity>,
    /// Sessions that began until then have ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sessions_after: Option<DateTime<Utc>>,
    /// The newest one-time link, by the hash of its secret; none once it was used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sign_in_link: Option<String>,
}

impl Member {
    /// Ids are in the order of joining.
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

    /// `ORG/MEMBER`: the person, as requests and decisions compare them.
    pub fn person(&self) -> String {
        format!("{}/{}", self.org, self.id)
    }
}

/// What became of a change or a deletion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Changed {
    Done,
    /// Somebody else changed or deleted the member meanwhile: read again.
    Overtaken,
}

impl Store {
    pub async fn member(&self, org: &OrgId, id: &str) -> Result<Option<Member>, StepError> {
        let answer = self
            .db
            .get_item()
            .table_name(self.table(TABLE))
            .key("org", text(org.as_str()))
            .key("member", text(id))
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| aws_error("reading a member", &error))?;
        answer.item.map(from_item).transpose()
    }

    /// One page in the order of joining, after the member named; with where the next page begins, if there is one.
    pub async fn members(&self, org: &OrgId, after: Option<&str>) -> Result<(Vec<Member>, Option<String>), StepError> {
        let start = after.map(|id| {
            std::collections::HashMap::from([("org".to_owned(), text(org.as_str())), ("member".to_owned(), text(id))])
        });
        let answer = self
            .db
            .query()
            .table_name(self.table(TABLE))
            .key_condition_expression("org = :o AND begins_with(#member, :m)")
            .expression_attribute_names("#member", "member")
            .expression_attribute_values(":o", text(org.as_str()))
            .expression_attribute_values(":m", text(MEMBER_KEYS))
            .set_exclusive_start_key(start)
            .limit(PAGE)
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| aws_error("listing the members", &error))?;
        let next = answer
            .last_evaluated_key
            .and_then(|mut key| key.remove("member"))
            .and_then(|id| id.as_s().cloned().ok());
        let members: Result<Vec<_>, _> = answer.items.unwrap_or_default().into_iter().map(from_item).collect();
        Ok((members?, next))
    }

    pub async fn member_by_email(&self, org: &OrgId, email: &str) -> Result<Option<Member>, StepError> {
        match self.holder_of_address(org, email).await? {
            Some(Held::By(id)) => self.member(org, &id).await,
            Some(Held::Deleted) => Ok(None),
            None => self.member_of_old(org, email).await,
        }
    }

    /// Members of the first versions have no item for their address: [`Store::add_member`] writes it.
    async fn member_of_old(&self, org: &OrgId, email: &str) -> Result<Option<Member>, StepError> {
        let answer = self
            .db
            .query()
            .table_name(self.table(TABLE))
            .index_name("by_email")
            .key_condition_expression("org_email = :e")
            .expression_attribute_values(":e", org_email(org, email))
            .send()
            .await
            .map_err(|error| aws_error("looking up a member", &error))?;
        let Some(item) = answer.items.unwrap_or_default().into_iter().next() else {
            return Ok(None);
        };
        // The index lags: the table knows whether the member is still there.
        self.member(org, &from_item(item)?.id).await
    }

    /// Name and role, if the member is still as the caller read it. The address stays: it is how the member was found,
    /// and a person with another one is another member. `remaining` must still be an admin then: of two who lower each other
    /// at once, one stays.
    pub async fn change_member(
        &self,
        read: &Member,
        name: &str,
        role: Role,
        by: &str,
        remaining: Option<&Member>,
    ) -> Result<Changed, StepError> {
        let told = |name: &str, role: Role| Some(format!("{name}, {}", role.as_str()));
        let update = Update::builder()
            .table_name(self.table(TABLE))
            .key("org", text(read.org.as_str()))
            .key("member", text(&read.id))
            .update_expression("SET #name = :name, #role = :role")
            .condition_expression("#name = :old_name AND #role = :old_role")
            .expression_attribute_names("#name", "name")
            .expression_attribute_names("#role", "role")
            .expression_attribute_values(":name", text(name))
            .expression_attribute_values(":role", text(role.as_str()))
            .expression_attribute_values(":old_name", text(&read.name))
            .expression_attribute_values(":old_role", text(read.role.as_str()))
            .build()
            .map_err(|_| stored_shape(TABLE))?;
        let entry =
            AuditEntry::now(by, "member.changed", &read.id).changed(told(&read.name, read.role), told(name, role));
        let mut writes = vec![
            TransactWriteItem::builder().update(update).build(),
            self.audit_put(&read.org, &entry)?,
        ];
        writes.extend(remaining.map(|admin| self.still_admin(admin)).transpose()?);
        match self.written("changing a member", writes).await? {
            Written::Done => Ok(Changed::Done),
            Written::Unmet(_) => Ok(Changed::Overtaken),
        }
    }

    /// Leaves tombstones for the address and the identity, which never expire: only an admin's adding lets the person in
    /// again. `remaining` as for a change.
    pub async fn delete_member(
        &self,
        read: &Member,
        by: &str,
        remaining: Option<&Member>,
    ) -> Result<Changed, StepError> {
        let entry = AuditEntry::now(by, "member.deleted", &read.id)
            .changed(Some(format!("{}, {}", read.email, read.role.as_str())), None);
        let mut writes = vec![
            TransactWriteItem::builder().delete(self.deletion(read)?).build(),
            self.audit_put(&read.org, &entry)?,
        ];
        writes.push(self.tombstone(hold::address_key(&read.email), read)?);
        if let Some(identity) = &read.identity {
            writes.push(self.tombstone(hold::identity_key(identity), read)?);
        }
        writes.extend(remaining.map(|admin| self.still_admin(admin)).transpose()?);
        match self.written("deleting a member", writes).await? {
            Written::Done => Ok(Changed::Done),
            Written::Unmet(_) => Ok(Changed::Overtaken),
        }
    }

    /// If the member is still as the caller read it: who became an admin meanwhile may be the one that another change
    /// left, and a sign-in that binds the member at this moment would leave its identity without a tombstone.
    fn deletion(&self, read: &Member) -> Result<Delete, StepError> {
        let delete = Delete::builder()
            .table_name(self.table(TABLE))
            .key("org", text(read.org.as_str()))
            .key("member", text(&read.id));
        let delete = match &read.identity {
            Some(identity) => delete
                .condition_expression("#role = :old_role AND #identity = :identity")
                .expression_attribute_values(":identity", attribute(identity)?),
            None => delete.condition_expression("#role = :old_role AND attribute_not_exists(#identity)"),
        };
        delete
            .expression_attribute_names("#role", "role")
            .expression_attribute_names("#identity", "identity")
            .expression_attribute_values(":old_role", text(read.role.as_str()))
            .build()
            .map_err(|_| stored_shape(TABLE))
    }

    /// An admin beside this one.
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

    fn still_admin(&self, member: &Member) -> Result<TransactWriteItem, StepError> {
        let check = ConditionCheck::builder()
            .table_name(self.table(TABLE))
            .key("org", text(member.org.as_str()))
            .key("member", text(&member.id))
            .condition_expression("#role = :admin")
            .expression_attribute_names("#role", "role")
            .expression_attribute_values(":admin", text(Role::Admin.as_str()))
            .build()
            .map_err(|_| stored_shape(TABLE))?;
        Ok(TransactWriteItem::builder().condition_check(check).build())
    }

    /// Tries again what met another transaction on the same items, as that one leaves nothing or everything.
    pub(crate) async fn written(&self, operation: &str, writes: Vec<TransactWriteItem>) -> Result<Written, StepError> {
        for _ in 0..TRIES {
            let sent = self
                .db
                .transact_write_items()
                .set_transact_items(Some(writes.clone()))
                .send()
                .await;
            match sent {
                Ok(_) => return Ok(Written::Done),
                Err(error) => match failed_conditions(&error) {
                    Some(failed) => return Ok(Written::Unmet(failed)),
                    None if is_conflict(&error) => {}
                    None => return Err(aws_error(operation, &error)),
                },
            }
        }
        Err(StepError::Transient(format!(
            "{operation}: other changes are in the way"
        )))
    }
}

pub(crate) enum Written {
    Done,
    /// Which writes failed on their condition.
    Unmet(Vec<bool>),
}

type Item = std::collections::HashMap<String, AttributeValue>;

fn from_item(item: Item) -> Result<Member, StepError> {
    serde_dynamo::from_item(item).map_err(|_| stored_shape(TABLE))
}

fn attribute(identity: &Identity) -> Result<AttributeValue, StepError> {
    serde_dynamo::to_attribute_value(identity).map_err(|_| stored_shape(TABLE))
}

fn org_email(org: &OrgId, email: &str) -> AttributeValue {
    text(format!("{org}#{}", hold::normalised(email)))
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::config::BehaviorVersion;

    use super::*;

    /// Otherwise whoever was made an admin meanwhile is deleted as the basic member that was read, and nobody is left.
    #[test]
    fn who_has_another_role_than_was_read_is_not_deleted() {
        let config = aws_sdk_dynamodb::Config::builder().behavior_version(BehaviorVersion::latest());
        let store = Store::new(aws_sdk_dynamodb::Client::from_conf(config.build()), "gangway");
        let mut read = Member::new(&OrgId::parse("acme").unwrap(), "bob@acme.example", "Bob", Role::Basic);
        for identity in [None, Some("1")] {
            read.identity = identity.map(|subject| Identity {
                issuer: "https://accounts.google.com".to_owned(),
                subject: subject.to_owned(),
            });
            let delete = store.deletion(&read).unwrap();
            let condition = delete.condition_expression().unwrap();
            assert!(condition.contains("#role = :old_role AND "), "{condition}");
            let value = |name: &str| delete.expression_attribute_values().unwrap().get(name).cloned();
            assert_eq!(value(":old_role"), Some(text("basic")));
            assert_eq!(value(":identity").is_some(), identity.is_some());
        }
    }
}
