//! Organisations and their variables, with inheritance from a parent.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_dynamodb::types::{AttributeValue, Delete, Put, TransactWriteItem};
use domain::ids::OrgId;
use domain::integration::Organisation;
use domain::step_error::StepError;
use domain::variables::{Child, FromParent, Inherited, Values};
use serde::{Deserialize, Serialize};
use serde_json::Value;

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

/// A value that an organisation has set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Setting {
    pub value: Value,
    #[serde(default)]
    pub for_children: ForChildren,
}

/// What a parent's value is to its children.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ForChildren {
    #[default]
    Nothing,
    /// They take it unless they have their own.
    Default,
    /// They take it, and what they have set themselves does not count.
    Locked,
}

pub type Settings = BTreeMap<String, Setting>;

/// What children take of their parent's settings.
pub fn defaults(settings: &Settings) -> Inherited {
    let from_parent = |(name, setting): (&String, &Setting)| {
        let locked = match setting.for_children {
            ForChildren::Nothing => return None,
            ForChildren::Default => false,
            ForChildren::Locked => true,
        };
        let value = setting.value.clone();
        Some((name.clone(), FromParent { value, locked }))
    };
    settings.iter().filter_map(from_parent).collect()
}

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
                let settings = self.settings(&id).await?.into_iter();
                let own = settings.map(|(name, setting)| (name, setting.value)).collect();
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
    pub async fn settings(&self, org: &OrgId) -> Result<Settings, StepError> {
        let mut settings = Settings::new();
        for (name, item) in self.items(org, VARIABLE).await? {
            let setting = item.get("setting").and_then(|v| v.as_s().ok());
            let setting = setting.ok_or_else(|| stored_shape(TABLE))?;
            let setting = serde_json::from_str(setting).map_err(|_| stored_shape(TABLE))?;
            settings.insert(name, setting);
        }
        Ok(settings)
    }

    /// The values that count before the defaults: (own, parent's for its children).
    pub async fn values(&self, organisation: &Organisation) -> Result<(Values, Inherited), StepError> {
        let own = self.settings(&organisation.id).await?;
        let inherited = match &organisation.parent {
            Some(parent) => self.settings(parent).await?,
            None => Settings::new(),
        };
        Ok((
            own.into_iter().map(|(name, setting)| (name, setting.value)).collect(),
            defaults(&inherited),
        ))
    }

    /// Which version the settings have that are read after this.
    pub async fn settings_version(&self, org: &OrgId) -> Result<i64, StepError> {
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
    pub async fn change_settings(
        &self,
        org: &OrgId,
        changes: &BTreeMap<String, Option<Setting>>,
        version: i64,
        before: &Settings,
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

fn entries(name: &str, old: Option<&Setting>, new: Option<&Setting>, by: &str) -> Vec<AuditEntry> {
    let told = |setting: &Setting| setting.value.to_string();
    let for_children = |setting: &&Setting| setting.for_children != ForChildren::Nothing;
    let entry = |what, old: Option<&Setting>, new: Option<&Setting>| {
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

    fn setting(value: &str, for_children: ForChildren) -> Setting {
        Setting {
            value: json!(value),
            for_children,
        }
    }

    #[test]
    fn children_take_defaults_and_locks() {
        let settings = Settings::from([
            ("start_time".to_owned(), setting("own", ForChildren::Nothing)),
            ("timezone".to_owned(), setting("shared", ForChildren::Default)),
            ("default_priority".to_owned(), setting("locked", ForChildren::Locked)),
        ]);
        let from = |value: &str, locked| FromParent {
            value: json!(value),
            locked,
        };
        assert_eq!(
            defaults(&settings),
            Inherited::from([
                ("timezone".to_owned(), from("shared", false)),
                ("default_priority".to_owned(), from("locked", true)),
            ])
        );
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
        let of = |old: Option<&Setting>, new: Option<&Setting>| {
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
