//! Groups and their members.

use domain::step_error::StepError;
use outbound::Reply;
use serde::Deserialize;

use crate::odata::{GraphError, quoted};
use crate::{Graph, Reading, SYSTEM, not_there_yet, refused, still_spreading};

pub(crate) const SELECT: &str = "id,displayName,groupTypes,mailEnabled,securityEnabled,onPremisesSyncEnabled";

const BY_RULE: &str = "its members follow from a rule";
const ON_PREMISES: &str = "its members are managed in the on-premises Active Directory";
const IN_EXCHANGE: &str = "its members are managed in Exchange";

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
    /// A rule decides who is a member.
    Dynamic,
    /// The group is managed in an on-premises AD.
    Synced,
    Distribution,
    MailEnabledSecurity,
}

impl GroupKind {
    /// Why Graph can't add a member, as text for a ticket; `None` if it can.
    pub fn refuses_members(self) -> Option<&'static str> {
        match self {
            Self::Security | Self::Microsoft365 => None,
            Self::Dynamic => Some(BY_RULE),
            Self::Synced => Some(ON_PREMISES),
            Self::Distribution | Self::MailEnabledSecurity => Some(IN_EXCHANGE),
        }
    }

    /// Whether Graph can add a member.
    pub fn takes_members(self) -> bool {
        self.refuses_members().is_none()
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GroupMatch {
    One(Group),
    None,
    /// Several groups have this name. Names are not unique in Entra; ids are.
    Several(usize),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Added {
    Added,
    AlreadyMember,
    /// Why Graph refused, as text for a ticket.
    Refused(String),
}

impl Graph {
    /// Finds a group by id if the text looks like one, otherwise by display name or mail address.
    pub async fn group(&self, name_or_id: &str) -> Result<GroupMatch, StepError> {
        const OPERATION: &str = "look up a group";
        if is_guid(name_or_id) {
            let reply = self
                .get(OPERATION, self.url(&["groups", name_or_id], &[("$select", SELECT)]))
                .await?;
            return match reply.status() {
                404 => Ok(GroupMatch::None),
                _ if reply.is_success() => Ok(GroupMatch::One(reply.json::<GroupBody>()?.into())),
                _ => Err(refused(&reply)),
            };
        }
        let name = quoted(name_or_id);
        let filter = match name_or_id.contains('@') {
            true => format!("displayName eq {name} or mail eq {name}"),
            false => format!("displayName eq {name}"),
        };
        let url = self.url(&["groups"], &[("$filter", &filter), ("$select", SELECT)]);
        let mut found: Vec<GroupBody> = self.list(OPERATION, url, Reading::Plain).await?;
        match found.len() {
            0 | 1 => Ok(found
                .pop()
                .map_or(GroupMatch::None, |group| GroupMatch::One(group.into()))),
            several => Ok(GroupMatch::Several(several)),
        }
    }

    /// The groups that the user is a direct member of; `None` if there is no such user.
    pub async fn groups_of(&self, upn_or_id: &str) -> Result<Option<Vec<Group>>, StepError> {
        let Some(user) = self.user(upn_or_id).await? else {
            return Ok(None);
        };
        let query = [("$count", "true"), ("$select", SELECT)];
        let url = self.url(&["users", &user.id, "memberOf", "graph.group"], &query);
        let found: Vec<GroupBody> = self.list("list the user's groups", url, Reading::Index).await?;
        Ok(Some(found.into_iter().map(Group::from).collect()))
    }

    /// The groups that the user is a member of, also through other groups.
    pub async fn all_groups_of(&self, user_id: &str) -> Result<Vec<Group>, StepError> {
        const OPERATION: &str = "list the user's groups";
        let query = [("$count", "true"), ("$select", SELECT)];
        let url = self.url(&["users", user_id, "transitiveMemberOf", "graph.group"], &query);
        match self.pages::<GroupBody>(OPERATION, url, Reading::Index).await? {
            Ok(found) => Ok(found.into_iter().map(Group::from).collect()),
            Err(reply) if still_spreading(&reply) => Err(not_there_yet(OPERATION)),
            Err(reply) => Err(refused(&reply)),
        }
    }

    pub async fn add_member(&self, group_id: &str, user_id: &str) -> Result<Added, StepError> {
        const OPERATION: &str = "add the user to a group";
        let url = self.url(&["groups", group_id, "members", "$ref"], &[]);
        let reply = self
            .send(OPERATION, self.http.post(url).json(&self.reference(user_id)))
            .await?;
        if reply.is_success() {
            return Ok(Added::Added);
        }
        if still_spreading(&reply) {
            return Err(not_there_yet(OPERATION));
        }
        refusal(&reply)
    }
}

fn refusal(reply: &Reply) -> Result<Added, StepError> {
    match (reply.status(), reply.error_body::<GraphError>()) {
        (400 | 409, Some(error)) if error.says("already exist") => Ok(Added::AlreadyMember),
        (400, Some(error)) if error.says("mail-enabled") || error.says("distribution list") => {
            Ok(Added::Refused(IN_EXCHANGE.to_owned()))
        }
        (400 | 403, Some(error)) if error.says("dynamic") => Ok(Added::Refused(BY_RULE.to_owned())),
        (400, Some(error)) if error.says("on-premises") => Ok(Added::Refused(ON_PREMISES.to_owned())),
        (400, Some(error)) => Ok(Added::Refused(format!("{SYSTEM} answers {}", error.code()))),
        (403, _) => Ok(Added::Refused(
            "Gangway's application may not add members to it; a group that carries directory roles needs a permission \
             of its own"
                .to_owned(),
        )),
        _ => Err(refused(reply)),
    }
}

fn is_guid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(i, b)| match i {
            8 | 13 | 18 | 23 => b == b'-',
            _ => b.is_ascii_hexdigit(),
        })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct GroupBody {
    id: String,
    display_name: Option<String>,
    #[serde(default)]
    group_types: Vec<String>,
    mail_enabled: Option<bool>,
    security_enabled: Option<bool>,
    on_premises_sync_enabled: Option<bool>,
}

impl From<GroupBody> for Group {
    fn from(body: GroupBody) -> Self {
        let is_type = |name: &str| body.group_types.iter().any(|group_type| group_type == name);
        let kind = if is_type("DynamicMembership") {
            GroupKind::Dynamic
        } else if body.on_premises_sync_enabled == Some(true) {
            GroupKind::Synced
        } else if is_type("Unified") {
            GroupKind::Microsoft365
        } else if body.mail_enabled != Some(true) {
            GroupKind::Security
        } else if body.security_enabled == Some(true) {
            GroupKind::MailEnabledSecurity
        } else {
            GroupKind::Distribution
        };
        Self {
            id: body.id,
            name: body.display_name.unwrap_or_default(),
            kind,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(json: serde_json::Value) -> GroupKind {
        Group::from(serde_json::from_value::<GroupBody>(json).unwrap()).kind
    }

    #[test]
    fn groups_have_the_right_kind() {
        use serde_json::json;
        let of = |types: &[&str], mail: bool, security: bool, synced: Option<bool>| {
            kind(
                json!({"id": "1", "displayName": "G", "groupTypes": types, "mailEnabled": mail,
                "securityEnabled": security, "onPremisesSyncEnabled": synced}),
            )
        };
        assert_eq!(of(&[], false, true, None), GroupKind::Security);
        assert_eq!(of(&["Unified"], true, false, None), GroupKind::Microsoft365);
        assert_eq!(
            of(&["Unified", "DynamicMembership"], true, false, None),
            GroupKind::Dynamic
        );
        assert_eq!(of(&[], false, true, Some(true)), GroupKind::Synced);
        assert_eq!(of(&[], true, false, None), GroupKind::Distribution);
        assert_eq!(of(&[], true, true, Some(false)), GroupKind::MailEnabledSecurity);
    }

    #[test]
    fn ids_are_distinguished_from_names() {
        assert!(is_guid("c7df2760-2c81-4ef7-b578-5b5392b571df"));
        assert!(!is_guid("c7df2760-2c81-4ef7-b578-5b5392b571dg"));
        assert!(!is_guid("Sales"));
    }
}
