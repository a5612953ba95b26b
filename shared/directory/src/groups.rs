//! Groups, and what can be done about their members.

use domain::fault::Fault;

use crate::{Graph, unwritten};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    pub id: String,
    pub name: String,
    pub kind: GroupKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GroupKind {
    Security,
    Microsoft365,
    /// Members follow from a rule.
    Dynamic,
    /// Mastered by an on-premises AD.
    Synced,
    Distribution,
    MailEnabledSecurity,
}

impl GroupKind {
    /// Whether Graph can add a member.
    pub fn takes_members(self) -> bool {
        matches!(self, Self::Security | Self::Microsoft365)
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GroupMatch {
    One(Group),
    None,
    /// Names are not unique in Entra; ids are.
    Several(usize),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Added {
    Added,
    AlreadyMember,
    /// Why, in words fit for a ticket.
    Refused(String),
}

impl Graph {
    /// By id when it looks like one, else by display name, or by mail address.
    pub async fn group(&self, name_or_id: &str) -> Result<GroupMatch, Fault> {
        let _ = name_or_id;
        unwritten()
    }

    /// The groups that the user is directly in; None if there is no such user.
    pub async fn groups_of(&self, upn_or_id: &str) -> Result<Option<Vec<Group>>, Fault> {
        let _ = upn_or_id;
        unwritten()
    }

    pub async fn add_member(&self, group_id: &str, user_id: &str) -> Result<Added, Fault> {
        let _ = (group_id, user_id);
        unwritten()
    }
}
