//! Groups: found or not, and whether Graph can add members. What can't be added is told, never refused.

use directory::{Graph, Group, GroupKind, GroupMatch};
use domain::fault::Fault;
use domain::submission::Onboarding;
use futures::{StreamExt, TryStreamExt, stream};

/// Look-ups at once: Graph throttles a tenant that asks for everything at the same moment.
const AT_ONCE: usize = 8;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupFound {
    /// As asked for, or the group's own name where it is copied from the colleague.
    pub name: String,
    pub found: bool,
    pub addable: bool,
    /// Why not.
    pub reason: Option<&'static str>,
}

pub(crate) struct Groups {
    pub(crate) found: Vec<GroupFound>,
    /// True as well when no colleague was named.
    pub(crate) colleague_found: bool,
}

pub(crate) async fn find(graph: &Graph, onboarding: &Onboarding) -> Result<Groups, Fault> {
    let asked = stream::iter(onboarding.groups.clone())
        .map(|name| async move {
            let answer = graph.group(&name).await?;
            Ok::<_, Fault>((name, answer))
        })
        .buffered(AT_ONCE)
        .try_collect::<Vec<_>>();
    let (asked, copied) = tokio::try_join!(asked, colleague(graph, onboarding))?;
    Ok(told(asked, copied))
}

/// None if the colleague doesn't exist; no groups if there is none to copy from.
async fn colleague(graph: &Graph, onboarding: &Onboarding) -> Result<Option<Vec<Group>>, Fault> {
    match &onboarding.copy_groups_from {
        Some(upn) => graph.groups_of(upn.as_str()).await,
        None => Ok(Some(Vec::new())),
    }
}

fn told(asked: Vec<(String, GroupMatch)>, copied: Option<Vec<Group>>) -> Groups {
    let mut ids: Vec<String> = Vec::new();
    let mut found = Vec::new();
    for (name, answer) in asked {
        match answer {
            GroupMatch::One(group) => {
                if !ids.contains(&group.id) {
                    found.push(line(name, group.kind));
                    ids.push(group.id);
                }
            }
            GroupMatch::None => found.push(not_addable(name, false, "there is no such group")),
            GroupMatch::Several(_) => {
                found.push(not_addable(name, true, "several groups have this name: give the id"));
            }
        }
    }
    let colleague_found = copied.is_some();
    for group in copied.unwrap_or_default() {
        if !ids.contains(&group.id) {
            found.push(line(group.name, group.kind));
            ids.push(group.id);
        }
    }
    Groups { found, colleague_found }
}

fn line(name: String, kind: GroupKind) -> GroupFound {
    match refusal(kind) {
        None => GroupFound {
            name,
            found: true,
            addable: true,
            reason: None,
        },
        Some(reason) => not_addable(name, true, reason),
    }
}

fn not_addable(name: String, found: bool, reason: &'static str) -> GroupFound {
    GroupFound {
        name,
        found,
        addable: false,
        reason: Some(reason),
    }
}

fn refusal(kind: GroupKind) -> Option<&'static str> {
    match kind {
        GroupKind::Security | GroupKind::Microsoft365 => None,
        GroupKind::Dynamic => Some("its members follow from a rule"),
        GroupKind::Synced => Some("it is managed in the on-premises directory"),
        GroupKind::Distribution => Some("it is a distribution list, which is managed in Exchange"),
        GroupKind::MailEnabledSecurity => Some("it is a mail-enabled security group, which is managed in Exchange"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(id: &str, kind: GroupKind) -> Group {
        Group {
            id: id.to_owned(),
            name: format!("Group {id}"),
            kind,
        }
    }

    #[test]
    fn each_group_once_with_what_can_be_done() {
        let asked = vec![
            ("Sales".to_owned(), GroupMatch::One(group("1", GroupKind::Security))),
            ("1".to_owned(), GroupMatch::One(group("1", GroupKind::Security))),
            ("Nowhere".to_owned(), GroupMatch::None),
            ("Twins".to_owned(), GroupMatch::Several(2)),
            ("Everybody".to_owned(), GroupMatch::One(group("2", GroupKind::Dynamic))),
        ];
        let copied = Some(vec![
            group("1", GroupKind::Security),
            group("3", GroupKind::Microsoft365),
        ]);
        let groups = told(asked, copied);
        let lines: Vec<_> = groups
            .found
            .iter()
            .map(|g| (g.name.as_str(), g.found, g.addable))
            .collect();
        assert_eq!(
            lines,
            [
                ("Sales", true, true),
                ("Nowhere", false, false),
                ("Twins", true, false),
                ("Everybody", true, false),
                ("Group 3", true, true),
            ]
        );
        assert!(groups.found.iter().all(|g| g.addable == g.reason.is_none()));
        assert!(groups.colleague_found && !told(Vec::new(), None).colleague_found);
    }

    #[test]
    fn only_kinds_that_take_members_are_addable() {
        for kind in [
            GroupKind::Security,
            GroupKind::Microsoft365,
            GroupKind::Dynamic,
            GroupKind::Synced,
            GroupKind::Distribution,
            GroupKind::MailEnabledSecurity,
        ] {
            assert_eq!(refusal(kind).is_none(), kind.takes_members(), "{kind:?}");
        }
    }
}
