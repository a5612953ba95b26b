//! How somebody becomes a member, and how a member becomes bound to an identity. Each is one transaction, so that of two at
//! once one wins and the other learns of it.

use aws_sdk_dynamodb::types::{Put, TransactWriteItem, Update};
use domain::sign_in::{Identity, Reason};
use domain::step_error::StepError;

use super::{Member, TABLE, Written, attribute, hold, org_email};
use crate::audit::AuditEntry;
use crate::aws_error::stored_shape;
use crate::{Store, text};

const NOBODYS: &str = "attribute_not_exists(holder)";
const NEVER_HELD: &str = "attribute_not_exists(org)";

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Added {
    Added,
    /// The address is this member's.
    AlreadyMember(Box<Member>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Bound {
    Bound,
    /// The member is gone or bound, or the identity is another member's here: read again.
    Overtaken,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Joined {
    Joined,
    /// The address or the identity is or was a member's of the organisation: read again.
    Known,
    /// Auto-onboarding is not on for this organisation and domain.
    Off,
}

impl Store {
    /// By hand, from any domain; lets an address in again whose member was deleted.
    pub async fn add_member(&self, member: &Member, by: &str) -> Result<Added, StepError> {
        if let Some(known) = self.member_by_email(&member.org, &member.email).await? {
            // Writes the item that a member of the first versions lacks.
            let hold = self.hold(
                hold::address_key(&known.email),
                &known,
                "attribute_not_exists(holder) OR holder = :me",
            )?;
            self.written("adding a member", vec![hold]).await?;
            return Ok(Added::AlreadyMember(Box::new(known)));
        }
        let told = format!("{}, {}", member.email, member.role.as_str());
        let entry = AuditEntry::now(by, "member.added", &member.id).changed(None, Some(told));
        let writes = vec![
            self.put_member(member)?,
            self.hold(hold::address_key(&member.email), member, NOBODYS)?,
            self.audit_put(&member.org, &entry)?,
        ];
        match self.written("adding a member", writes).await? {
            Written::Done => Ok(Added::Added),
            Written::Unmet(_) => {
                let known = self.member_by_email(&member.org, &member.email).await?;
                // Added and deleted again within this moment.
                let known =
                    known.ok_or_else(|| StepError::Transient("adding a member: it changes just now".to_owned()))?;
                Ok(Added::AlreadyMember(Box::new(known)))
            }
        }
    }

    /// From now on this identity signs the member in, and no other.
    pub async fn bind_member(&self, member: &Member, identity: &Identity) -> Result<Bound, StepError> {
        let update = Update::builder()
            .table_name(self.table(TABLE))
            .key("org", text(member.org.as_str()))
            .key("member", text(&member.id))
            .update_expression("SET #identity = :identity")
            .condition_expression("attribute_exists(org) AND attribute_not_exists(#identity)")
            .expression_attribute_names("#identity", "identity")
            .expression_attribute_values(":identity", attribute(identity)?)
            .build()
            .map_err(|_| stored_shape(TABLE))?;
        let entry = AuditEntry::now(&member.id, "member.bound", &member.id)
            .changed(None, Some(Reason::Bound.code().to_owned()));
        let writes = vec![
            TransactWriteItem::builder().update(update).build(),
            self.hold(hold::identity_key(identity), member, NOBODYS)?,
            self.audit_put(&member.org, &entry)?,
        ];
        match self.written("binding a member", writes).await? {
            Written::Done => Ok(Bound::Bound),
            Written::Unmet(_) => Ok(Bound::Overtaken),
        }
    }

    /// At a first sign-in: only where auto-onboarding is on, and neither address nor identity ever was a member's here.
    pub async fn auto_onboard(&self, member: &Member, identity: &Identity, domain: &str) -> Result<Joined, StepError> {
        let told = format!("{}, {}", member.email, member.role.as_str());
        let entry = AuditEntry::now(&member.id, "member.auto_onboarded", &member.id).changed(None, Some(told));
        let member = &Member {
            identity: Some(identity.clone()),
            ..member.clone()
        };
        let writes = vec![
            self.auto_onboarding_is_on(&member.org, domain)?,
            self.put_member(member)?,
            self.hold(hold::address_key(&member.email), member, NEVER_HELD)?,
            self.hold(hold::identity_key(identity), member, NEVER_HELD)?,
            self.audit_put(&member.org, &entry)?,
        ];
        match self.written("adding a member at a first sign-in", writes).await? {
            Written::Done => Ok(Joined::Joined),
            Written::Unmet(failed) if failed.first() == Some(&true) => Ok(Joined::Off),
            Written::Unmet(_) => Ok(Joined::Known),
        }
    }

    fn put_member(&self, member: &Member) -> Result<TransactWriteItem, StepError> {
        let fields: super::Item = serde_dynamo::to_item(member).map_err(|_| stored_shape(TABLE))?;
        let put = Put::builder()
            .table_name(self.table(TABLE))
            .set_item(Some(fields))
            .item("org_email", org_email(&member.org, &member.email))
            .condition_expression(NEVER_HELD)
            .build()
            .map_err(|_| stored_shape(TABLE))?;
        Ok(TransactWriteItem::builder().put(put).build())
    }
}
