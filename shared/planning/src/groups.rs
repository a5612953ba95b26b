//! Groups: found or not, and whether Graph can add members. What can't be added is reported, never refused.

use directory::{Graph, Group, GroupMatch};
use domain::request::PlannedGroup;
use domain::step_error::StepError;
use domain::submission::Onboarding;
use futures::{StreamExt, TryStreamExt, stream};

/// Look-ups at once: Graph throttles a tenant that asks for everything at the same moment.
const AT_ONCE: usize = 8;

pub(crate) struct Groups {
    pub(crate) found: Vec<PlannedGroup>,
    /// True as well when no colleague was named.
    pub(crate) colleague_found: bool,
}

pub(crate) async fn find(graph: &Graph, onboarding: &Onboarding) -> Result<Groups, StepError> {
    let asked = stream::iter(onboarding.groups.clone())
        .map(|name| async move {
            let answer = graph.group(&name).await?;
            Ok::<_, StepError>((name, answer))
        })
        .buffered(AT_ONCE)
        .try_collect::<Vec<_>>();
    let (asked, copied) = tokio::try_join!(asked, colleague(graph, onboarding))?;
    Ok(told(asked, copied))
}

/// None if the colleague doesn't exist; no groups if there is none to copy from.
async fn colleague(graph: &Graph, onboarding: &Onboarding) -> Result<Option<Vec<Group>>, StepError> {
    match &onboarding.copy_groups_from {
        Some(upn) => graph.groups_of(upn.as_str()).await,
        None => Ok(Some(Vec::new())),
    }
}

/// Each group once, and not a second time because the colleague has it too.
fn told(asked: Vec<(String, GroupMatch)>, copied: Option<Vec<Group>>) -> Groups {
    let mut found: Vec<PlannedGroup> = Vec::new();
    let mut add = |group: PlannedGroup| {
        let known = |other: &PlannedGroup| other.id.is_some() && other.id == group.id;
        if !found.iter().any(known) {
            found.push(group);
        }
    };
    for (name, answer) in asked {
        match answer {
            // The approver reads the directory's name, though an id was typed.
            GroupMatch::One(group) => add(planned(group, false)),
            GroupMatch::None => add(unclear(name, "there is no such group")),
            GroupMatch::Several(_) => add(unclear(name, "several groups have this name: give the id")),
        }
    }
    let colleague_found = copied.is_some();
    for group in copied.unwrap_or_default() {
        add(planned(group, true));
    }
    Groups { found, colleague_found }
}

fn planned(group: Group, copied: bool) -> PlannedGroup {
    PlannedGroup {
        name: group.name,
        id: Some(group.id),
        copied,
        reason: group.kind.refuses_members().map(str::to_owned),
    }
}

fn unclear(name: String, reason: &str) -> PlannedGroup {
    PlannedGroup {
        name,
        id: None,
        copied: false,
        reason: Some(reason.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use directory::GroupKind;

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
            .map(|g| (g.name.as_str(), g.id.is_some(), g.reason.is_none(), g.copied))
            .collect();
        assert_eq!(
            lines,
            [
                ("Group 1", true, true, false),
                ("Nowhere", false, false, false),
                ("Twins", false, false, false),
                ("Group 2", true, false, false),
                ("Group 3", true, true, true),
            ]
        );
        assert!(groups.colleague_found && !told(Vec::new(), None).colleague_found);
    }
}
