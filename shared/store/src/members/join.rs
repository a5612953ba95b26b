//! How a person becomes a member, and how a member is bound to an identity. Each is one transaction, so of two at the
//! same time one succeeds and the other is refused.

use domain::sign_in::{Identity, Reason};
use domain::step_error::StepError;

use super::{Member, Overtaken, TABLE, hold, member_key, org_email};
use crate::audit::AuditEntry;
use crate::auto_onboarding::auto_onboarding_is_on;
use crate::read::{encode, encode_value};
use crate::write::{Commit, Conditional, Tx, put, update};
use crate::{Store, text};

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Added {
    Added,
    /// This member already has the address.
    AlreadyMember(Box<Member>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Bound {
    Bound,
    /// The member was deleted or bound, or another member has the identity; the caller has to read again.
    Overtaken,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Joined {
    Joined,
    /// The address or the identity belongs, or belonged, to a member of the organisation; the caller has to read again.
    Known,
    /// Auto-onboarding is not on for this organisation and domain.
    Off,
}

/// The reasons for which a first sign-in adds no member.
#[derive(Clone, Copy, PartialEq)]
enum Conflict {
    AutoOnboardingOff,
    AlreadyKnown,
}

impl Store {
    /// Adds a member by hand, with an address of any domain. The address may have belonged to a deleted member.
    pub async fn add_member(&self, member: &Member, by: &str) -> Result<Added, StepError> {
        if let Some(known) = self.member_by_email(&member.org, &member.email).await? {
            // Writes the item for the address, which members of early versions lack.
            let own = hold::hold_still(hold::address_key(&known.email), &known);
            self.write_if("adding a member", own).await?;
            return Ok(Added::AlreadyMember(Box::new(known)));
        }
        let entry = AuditEntry::now(by, "member.added", &member.id).changed(None, Some(shown(member)));
        let mut tx = self.tx("adding a member");
        tx.add(put_member(member)?.or(Overtaken));
        tx.add(hold::hold(hold::address_key(&member.email), member).or(Overtaken));
        tx.audit(&member.org, &entry)?;
        if tx.commit().await?.is_done() {
            return Ok(Added::Added);
        }
        let known = self.member_by_email(&member.org, &member.email).await?;
        // The member was added and deleted again at this moment.
        let known = known.ok_or_else(|| StepError::Transient("adding a member: it changes just now".to_owned()))?;
        Ok(Added::AlreadyMember(Box::new(known)))
    }

    /// Binds the member to the identity. From then on only this identity signs the member in.
    pub async fn bind_member(&self, member: &Member, identity: &Identity) -> Result<Bound, StepError> {
        let bound = update(TABLE, member_key(&member.org, &member.id), "SET #identity = :identity")
            .name("#identity", "identity")
            .value(":identity", encode_value(TABLE, identity)?)
            .when("attribute_exists(org) AND attribute_not_exists(#identity)");
        let entry = AuditEntry::now(&member.id, "member.bound", &member.id)
            .changed(None, Some(Reason::Bound.code().to_owned()));
        let mut tx = self.tx("binding a member");
        tx.add(bound.or(Overtaken));
        tx.add(hold::hold(hold::identity_key(identity), member).or(Overtaken));
        tx.audit(&member.org, &entry)?;
        match tx.commit().await?.is_done() {
            true => Ok(Bound::Bound),
            false => Ok(Bound::Overtaken),
        }
    }

    /// Adds a member at a first sign-in, if auto-onboarding is on and neither the address nor the identity ever
    /// belonged to a member of the organisation.
    pub async fn auto_onboard(&self, member: &Member, identity: &Identity, domain: &str) -> Result<Joined, StepError> {
        let entry = AuditEntry::now(&member.id, "member.auto_onboarded", &member.id).changed(None, Some(shown(member)));
        let member = &Member {
            identity: Some(identity.clone()),
            ..member.clone()
        };
        let mut tx: Tx<'_, Conflict> = self.tx("adding a member at a first sign-in");
        tx.add(auto_onboarding_is_on(&member.org, domain).or(Conflict::AutoOnboardingOff));
        tx.add(put_member(member)?.or(Conflict::AlreadyKnown));
        for held in [hold::address_key(&member.email), hold::identity_key(identity)] {
            tx.add(hold::hold_first(held, member).or(Conflict::AlreadyKnown));
        }
        tx.audit(&member.org, &entry)?;
        Ok(match tx.commit().await? {
            Commit::Done => Joined::Joined,
            Commit::Refused(conflicts) if conflicts.contains(&Conflict::AutoOnboardingOff) => Joined::Off,
            Commit::Refused(_) => Joined::Known,
        })
    }
}

/// The member as the audit shows it.
fn shown(member: &Member) -> String {
    format!("{}, {}", member.email, member.role.as_str())
}

fn put_member(member: &Member) -> Result<Conditional, StepError> {
    let new = put(TABLE, encode(TABLE, member)?).with("org_email", text(org_email(&member.org, &member.email)));
    Ok(new.unless_exists("org"))
}
