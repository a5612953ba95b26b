//! Organisations and their variables, with inheritance from a parent.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::{AttributeValue, Delete, Put, TransactWriteItem};
use domain::ids::OrgId;
use domain::integration::Organisation;
use domain::step_error::StepError;
use domain::variables::{Changes, Child, ForChildren, OwnVariable, OwnVariables};

use crate::audit::AuditEntry;
use crate::aws_error::{aws_error, failed_conditions, is_conflict, stored_shape};
use crate::{Store, number, text};

const TABLE: &str = "organisations";
const PROFILE: &str = "profile";
const VARIABLE: &str = "variable#";
/// How often the variables were changed.
const VERSION: &str = "version";
/// In the parent's list, so that its change can be checked against theirs.
const CHILD: &str = "child#";

/// What became of a change of variables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Changed {
    Done,
    /// Somebody else changed them meanwhile: what was checked together would not be what holds.
    Overtaken,
}

impl Store {
    pub async fn organisation(&self, org: &OrgId) -> Result<Option<Organisation>, StepError> {
        let answer = self
            .db
            .get_item()
            .table_name(self.table(TABLE))
            .key("org", text(org.as_str()))
            .key("name", text(PROFILE))
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| aws_error("reading an organisation", &error))?;
        let Some(AttributeValue::S(profile)) = answer.item.and_then(|mut item| item.remove("profile")) else {
            return Ok(None);
        };
        serde_json::from_str(&profile)
            .map(Some)
            .map_err(|_| stored_shape(TABLE))
    }

    pub async fn put_organisation(&self, organisation: &Organisation, by: &str) -> Result<(), StepError> {
        let profile = serde_json::to_string(organisation).map_err(|_| stored_shape(TABLE))?;
        let put = Put::builder()
            .table_name(self.table(TABLE))
            .item("org", text(organisation.id.as_str()))
            .item("name", text(PROFILE))
            .item("profile", text(profile))
            .build()
            .map_err(|_| stored_shape(TABLE))?;
        let entry = AuditEntry::now(by, "organisation.put", organisation.id.as_str());
        let known_to_parent = match &organisation.parent {
            Some(parent) => {
                let put = Put::builder()
                    .table_name(self.table(TABLE))
                    .item("org", text(parent.as_str()))
                    .item("name", text(format!("{CHILD}{}", organisation.id)))
                    .build()
                    .map_err(|_| stored_shape(TABLE))?;
                Some(TransactWriteItem::builder().put(put).build())
            }
            None => None,
        };
        let writes = [
            TransactWriteItem::builder().put(put).build(),
            self.audit_put(&organisation.id, &entry)?,
        ];
        self.db
            .transact_write_items()
            .set_transact_items(Some(writes.into_iter().chain(known_to_parent).collect()))
            .send()
            .await
            .map(|_| ())
            .map_err(|error| aws_error("writing an organisation", &error))
    }

    /// The organisations whose parent this is, with what they have set.
    pub async fn children(&self, org: &OrgId) -> Result<Vec<Child>, StepError> {
        let mut children = Vec::new();
        for (id, _) in self.items(org, CHILD).await? {
            let id = OrgId::parse(&id).map_err(|_| stored_shape(TABLE))?;
            // One that has another parent by now is still listed here.
            let is_child = |child: &Organisation| child.parent.as_ref() == Some(org);
            if self.organisation(&id).await?.is_some_and(|child| is_child(&child)) {
                let own = self.own_variables(&id).await?;
                children.push(Child { id, own });
            }
        }
        Ok(children)
    }

    /// What stands under a kind of names, without it.
    async fn items(
        &self,
        org: &OrgId,
        kind: &str,
    ) -> Result<Vec<(String, HashMap<String, AttributeValue>)>, StepError> {
        let mut pages = self
            .db
            .query()
            .table_name(self.table(TABLE))
            .key_condition_expression("org = :o AND begins_with(#n, :k)")
            .expression_attribute_names("#n", "name")
            .expression_attribute_values(":o", text(org.as_str()))
            .expression_attribute_values(":k", text(kind))
            .consistent_read(true)
            .into_paginator()
            .items()
            .send();
        let mut items = Vec::new();
        while let Some(item) = pages.next().await {
            let item = item.map_err(|error| aws_error("reading an organisation", &error))?;
            let name = item.get("name").and_then(|name| name.as_s().ok());
            let name = name.and_then(|name| name.strip_prefix(kind)).map(str::to_owned);
            items.push((name.ok_or_else(|| stored_shape(TABLE))?, item));
        }
        Ok(items)
    }

    /// What this organisation itself has set.
    pub async fn own_variables(&self, org: &OrgId) -> Result<OwnVariables, StepError> {
        let mut own = OwnVariables::new();
        for (name, item) in self.items(org, VARIABLE).await? {
            let setting = item.get("setting").and_then(|v| v.as_s().ok());
            let setting = setting.ok_or_else(|| stored_shape(TABLE))?;
            let setting = serde_json::from_str(setting).map_err(|_| stored_shape(TABLE))?;
            own.insert(name, setting);
        }
        Ok(own)
    }

    /// Which version the variables have that are read after this.
    pub(crate) async fn variables_version(&self, org: &OrgId) -> Result<i64, StepError> {
        let answer = self
            .db
            .get_item()
            .table_name(self.table(TABLE))
            .key("org", text(org.as_str()))
            .key("name", text(VERSION))
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| aws_error("reading an organisation", &error))?;
        let Some(item) = answer.item else {
            return Ok(0);
        };
        let version = item.get(VERSION).and_then(|v| v.as_n().ok());
        let version = version.and_then(|version| version.parse().ok());
        version.ok_or_else(|| stored_shape(TABLE))
    }

    /// Changes all or none; `None` goes back to the inherited value or the default. `before` is what the caller read in
    /// that version, and checked with the changes.
    pub async fn change_variables(
        &self,
        org: &OrgId,
        changes: &Changes,
        version: i64,
        before: &OwnVariables,
        by: &str,
    ) -> Result<Changed, StepError> {
        let mut writes = Vec::new();
        for (name, change) in changes {
            let old = before.get(name);
            if old == change.as_ref() {
                continue;
            }
            let key = format!("{VARIABLE}{name}");
            writes.push(match change {
                Some(setting) => {
                    let put = Put::builder()
                        .table_name(self.table(TABLE))
                        .item("org", text(org.as_str()))
                        .item("name", text(key))
                        .item(
                            "setting",
                            text(serde_json::to_string(setting).map_err(|_| stored_shape(TABLE))?),
                        )
                        .build()
                        .map_err(|_| stored_shape(TABLE))?;
                    TransactWriteItem::builder().put(put).build()
                }
                None => {
                    let delete = Delete::builder()
                        .table_name(self.table(TABLE))
                        .key("org", text(org.as_str()))
                        .key("name", text(key))
                        .build()
                        .map_err(|_| stored_shape(TABLE))?;
                    TransactWriteItem::builder().delete(delete).build()
                }
            });
            for entry in entries(name, old, change.as_ref(), by) {
                writes.push(self.audit_put(org, &entry)?);
            }
        }
        if writes.is_empty() {
            return Ok(Changed::Done);
        }
        let next = self.next_version(org, version)?;
        writes.push(TransactWriteItem::builder().put(next).build());
        let sent = self
            .db
            .transact_write_items()
            .set_transact_items(Some(writes))
            .send()
            .await;
        match sent {
            Ok(_) => Ok(Changed::Done),
            Err(error) if failed_conditions(&error).is_some() || is_conflict(&error) => Ok(Changed::Overtaken),
            Err(error) => Err(aws_error("changing variables", &error)),
        }
    }

    /// Only after the version that was read. What the first versions of Gangway wrote has none.
    fn next_version(&self, org: &OrgId, read: i64) -> Result<Put, StepError> {
        let put = Put::builder()
            .table_name(self.table(TABLE))
            .item("org", text(org.as_str()))
            .item("name", text(VERSION))
            .item(VERSION, number(read + 1))
            .expression_attribute_names("#version", VERSION);
        let put = match read {
            0 => put.condition_expression("attribute_not_exists(#version)"),
            _ => put
                .condition_expression("#version = :read")
                .expression_attribute_values(":read", number(read)),
        };
        put.build().map_err(|_| stored_shape(TABLE))
    }
}

/// The organisation's own value was changed.
pub const SET: &str = "variable.set";
/// The same, where the value is also the children's default, who may see such an entry: it tells nothing else.
pub const SET_FOR_CHILDREN: &str = "variable.set_for_children";
/// The same, where children may not have their own. It begins like the other, so that both are found together.
const LOCKED_FOR_CHILDREN: &str = "variable.set_for_children_locked";

fn entries(name: &str, old: Option<&OwnVariable>, new: Option<&OwnVariable>, by: &str) -> Vec<AuditEntry> {
    let told = |setting: &OwnVariable| setting.value.to_string();
    let for_children = |setting: &&OwnVariable| setting.for_children != ForChildren::Nothing;
    let entry = |what, old: Option<&OwnVariable>, new: Option<&OwnVariable>| {
        AuditEntry::now(by, what, name).changed(old.map(told), new.map(told))
    };
    let (old_default, new_default) = (old.filter(for_children), new.filter(for_children));
    let what = match new {
        Some(setting) if setting.for_children == ForChildren::Locked => LOCKED_FOR_CHILDREN,
        _ => SET_FOR_CHILDREN,
    };
    match (old_default, new_default) {
        (None, None) => vec![entry(SET, old, new)],
        (was, is) if was == old && is == new => vec![entry(what, old, new)],
        (was, is) => vec![entry(SET, old, new), entry(what, was, is)],
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::config::BehaviorVersion;
    use serde_json::json;

    use super::*;

    fn setting(value: &str, for_children: ForChildren) -> OwnVariable {
        OwnVariable {
            value: json!(value),
            for_children,
        }
    }

    #[test]
    fn a_change_follows_the_version_that_was_read() {
        let config = aws_sdk_dynamodb::Config::builder().behavior_version(BehaviorVersion::latest());
        let store = Store::new(aws_sdk_dynamodb::Client::from_conf(config.build()), "gangway");
        let of = |read| store.next_version(&OrgId::parse("acme").unwrap(), read).unwrap();
        let first = of(0);
        assert_eq!(first.condition_expression(), Some("attribute_not_exists(#version)"));
        assert_eq!(first.item()[VERSION], number(1));
        let later = of(7);
        assert_eq!(later.condition_expression(), Some("#version = :read"));
        assert_eq!(later.expression_attribute_values().unwrap()[":read"], number(7));
        assert_eq!(later.item()[VERSION], number(8));
    }

    #[test]
    fn children_can_see_what_was_theirs_and_no_more() {
        let (own, shared) = (
            setting("own", ForChildren::Nothing),
            setting("shared", ForChildren::Default),
        );
        let locked = setting("shared", ForChildren::Locked);
        let of = |old: Option<&OwnVariable>, new: Option<&OwnVariable>| {
            let entries = entries("timezone", old, new, "m1").into_iter();
            entries
                .map(|entry| (entry.what, entry.old, entry.new))
                .collect::<Vec<_>>()
        };
        let quoted = |text: &str| Some(format!("\"{text}\""));
        let told = |what: &str, old, new| (what.to_owned(), old, new);
        assert_eq!(of(None, Some(&own)), [told(SET, None, quoted("own"))]);
        assert_eq!(
            of(None, Some(&shared)),
            [told(SET_FOR_CHILDREN, None, quoted("shared"))]
        );
        assert_eq!(
            of(Some(&shared), None),
            [told(SET_FOR_CHILDREN, quoted("shared"), None)]
        );
        assert_eq!(
            of(Some(&shared), Some(&locked)),
            [told(LOCKED_FOR_CHILDREN, quoted("shared"), quoted("shared"))]
        );
        assert!(LOCKED_FOR_CHILDREN.starts_with(SET_FOR_CHILDREN));
        assert_eq!(
            of(Some(&own), Some(&shared)),
            [
                told(SET, quoted("own"), quoted("shared")),
                told(SET_FOR_CHILDREN, None, quoted("shared"))
            ]
        );
    }
}
