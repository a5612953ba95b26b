//! Organisations and their variables, with inheritance from a parent.

use std::convert::Infallible;

use domain::ids::OrgId;
use domain::integration::Organisation;
use domain::step_error::StepError;
use domain::variables::{Changes, Child, ForChildren, OwnVariable, OwnVariables};

use crate::audit::AuditEntry;
use crate::read::{Item, all_items, decode_json, encode_json, item, optional_text, wrong_attribute};
use crate::write::{Conditional, Tx, Write, delete, put};
use crate::{Store, number, text};

const TABLE: &str = "organisations";
const PROFILE: &str = "profile";
const VARIABLE: &str = "variable#";
/// The attribute that counts the changes of the variables.
const VERSION: &str = "version";
/// The prefix of entries in the parent's list of children, with which a change of the parent's variables is checked.
const CHILD: &str = "child#";

/// The result of a change of variables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Changed {
    Done,
    /// The variables were changed meanwhile, so the check of the change no longer applies.
    Overtaken,
}

/// The variables have another version than the one that was read.
#[derive(Clone, Copy)]
struct AnotherVersion;

#[derive(serde::Deserialize)]
struct Version {
    version: i64,
}

/// The key of one of the organisation's items.
fn key(org: &OrgId, name: &str) -> Item {
    item([("org", text(org.as_str())), ("name", text(name))])
}

impl Store {
    pub async fn organisation(&self, org: &OrgId) -> Result<Option<Organisation>, StepError> {
        let found = self.item("reading an organisation", TABLE, key(org, PROFILE)).await?;
        let found = found.filter(|found| found.contains_key("profile"));
        found.map(|found| decode_json(TABLE, &found, "profile")).transpose()
    }

    pub async fn put_organisation(&self, organisation: &Organisation, by: &str) -> Result<(), StepError> {
        let profile = put(TABLE, key(&organisation.id, PROFILE)).with("profile", encode_json(TABLE, organisation)?);
        let entry = AuditEntry::now(by, "organisation.put", organisation.id.as_str());
        let mut tx: Tx<'_, Infallible> = self.tx("writing an organisation");
        tx.add(profile).audit(&organisation.id, &entry)?;
        if let Some(parent) = &organisation.parent {
            tx.add(put(TABLE, key(parent, &format!("{CHILD}{}", organisation.id))));
        }
        tx.commit_all().await
    }

    /// The child organisations, with the values they have set.
    pub async fn children(&self, org: &OrgId) -> Result<Vec<Child>, StepError> {
        let mut children = Vec::new();
        for (id, _) in self.items(org, CHILD).await? {
            let id = OrgId::parse(&id).map_err(|_| wrong_attribute(TABLE, "name"))?;
            // An organisation that has moved to another parent may still be listed here.
            let is_child = |child: &Organisation| child.parent.as_ref() == Some(org);
            if self.organisation(&id).await?.is_some_and(|child| is_child(&child)) {
                let own = self.own_variables(&id).await?;
                children.push(Child { id, own });
            }
        }
        Ok(children)
    }

    /// The organisation's items whose names begin with `kind`, with the rest of each name.
    async fn items(&self, org: &OrgId, kind: &str) -> Result<Vec<(String, Item)>, StepError> {
        let items = self
            .query(TABLE)
            .key_condition_expression("org = :o AND begins_with(#n, :k)")
            .expression_attribute_names("#n", "name")
            .expression_attribute_values(":o", text(org.as_str()))
            .expression_attribute_values(":k", text(kind))
            .consistent_read(true);
        let items = all_items("reading an organisation", items).await?;
        let named = items.into_iter().map(|found| {
            let name = optional_text(&found, "name").and_then(|name| name.strip_prefix(kind));
            let name = name.ok_or_else(|| wrong_attribute(TABLE, "name"))?.to_owned();
            Ok((name, found))
        });
        named.collect()
    }

    /// The values that this organisation itself has set.
    pub async fn own_variables(&self, org: &OrgId) -> Result<OwnVariables, StepError> {
        let mut own = OwnVariables::new();
        for (name, item) in self.items(org, VARIABLE).await? {
            own.insert(name, decode_json(TABLE, &item, "setting")?);
        }
        Ok(own)
    }

    /// The version of the variables, to be read before them; 0 if the organisation has never changed any.
    pub(crate) async fn variables_version(&self, org: &OrgId) -> Result<i64, StepError> {
        let version: Option<Version> = self.read("reading an organisation", TABLE, key(org, VERSION)).await?;
        Ok(version.map_or(0, |version| version.version))
    }

    /// Makes all changes or none. `None` goes back to the inherited value or the default. `before` are the variables in
    /// the version that the caller read and checked together with the changes.
    pub async fn change_variables(
        &self,
        org: &OrgId,
        changes: &Changes,
        version: i64,
        before: &OwnVariables,
        by: &str,
    ) -> Result<Changed, StepError> {
        let changes = changes.iter().map(|(name, new)| (name, before.get(name), new.as_ref()));
        let changes: Vec<_> = changes.filter(|(_, old, new)| old != new).collect();
        if changes.is_empty() {
            return Ok(Changed::Done);
        }
        let mut tx = self.tx("changing variables");
        for (name, old, new) in changes {
            tx.add(setting_write(org, name, new)?);
            for entry in entries(name, old, new, by) {
                tx.audit(org, &entry)?;
            }
        }
        tx.add(next_version(org, version).or(AnotherVersion));
        match tx.commit().await?.is_done() {
            true => Ok(Changed::Done),
            false => Ok(Changed::Overtaken),
        }
    }
}

fn setting_write(org: &OrgId, name: &str, new: Option<&OwnVariable>) -> Result<Write, StepError> {
    let key = key(org, &format!("{VARIABLE}{name}"));
    Ok(match new {
        Some(setting) => put(TABLE, key).with("setting", encode_json(TABLE, setting)?),
        None => delete(TABLE, key),
    })
}

/// Counts the version up if it is still the one that was read. Variables stored by early versions of Gangway have no
/// version.
fn next_version(org: &OrgId, read: i64) -> Conditional {
    let next = put(TABLE, key(org, VERSION)).with(VERSION, number(read + 1));
    let next = next.name("#version", VERSION);
    match read {
        0 => next.when("attribute_not_exists(#version)"),
        _ => next.value(":read", number(read)).when("#version = :read"),
    }
}

/// Audit entry: the organisation's own value was changed.
pub const SET: &str = "variable.set";
/// Audit entry: a value was changed that is also the default for children. Members of the children may see the entry,
/// because it contains nothing else.
pub const SET_FOR_CHILDREN: &str = "variable.set_for_children";
/// Audit entry: a value was changed that children may not override. It begins like [`SET_FOR_CHILDREN`], so that one
/// filter finds both.
const LOCKED_FOR_CHILDREN: &str = "variable.set_for_children_locked";

fn entries(name: &str, old: Option<&OwnVariable>, new: Option<&OwnVariable>, by: &str) -> Vec<AuditEntry> {
    let shown = |setting: &OwnVariable| setting.value.to_string();
    let for_children = |setting: &&OwnVariable| setting.for_children != ForChildren::Nothing;
    let entry = |what, old: Option<&OwnVariable>, new: Option<&OwnVariable>| {
        AuditEntry::now(by, what, name).changed(old.map(shown), new.map(shown))
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
    use aws_sdk_dynamodb::types::Put;
    use serde_json::json;

    use super::*;

    fn setting(value: &str, for_children: ForChildren) -> OwnVariable {
        OwnVariable {
            value: json!(value),
            for_children,
        }
    }

    #[test]
    fn change_requires_the_version_that_was_read() {
        let of = |read| -> Put {
            let sent = next_version(&OrgId::parse("acme").unwrap(), read).sent();
            sent.put().unwrap().clone()
        };
        let first = of(0);
        assert_eq!(first.condition_expression(), Some("attribute_not_exists(#version)"));
        assert_eq!(first.item()[VERSION], number(1));
        let later = of(7);
        assert_eq!(later.condition_expression(), Some("#version = :read"));
        assert_eq!(later.expression_attribute_values().unwrap()[":read"], number(7));
        assert_eq!(later.item()[VERSION], number(8));
    }

    #[test]
    fn children_see_only_entries_that_concern_them() {
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
        let entry = |what: &str, old, new| (what.to_owned(), old, new);
        assert_eq!(of(None, Some(&own)), [entry(SET, None, quoted("own"))]);
        assert_eq!(
            of(None, Some(&shared)),
            [entry(SET_FOR_CHILDREN, None, quoted("shared"))]
        );
        assert_eq!(
            of(Some(&shared), None),
            [entry(SET_FOR_CHILDREN, quoted("shared"), None)]
        );
        assert_eq!(
            of(Some(&shared), Some(&locked)),
            [entry(LOCKED_FOR_CHILDREN, quoted("shared"), quoted("shared"))]
        );
        assert!(LOCKED_FOR_CHILDREN.starts_with(SET_FOR_CHILDREN));
        assert_eq!(
            of(Some(&own), Some(&shared)),
            [
                entry(SET, quoted("own"), quoted("shared")),
                entry(SET_FOR_CHILDREN, None, quoted("shared"))
            ]
        );
    }
}
