//! Looks up groups and whether Graph can add members to them. A group that can't be used is reported and does not stop
//! the request.

use directory::{Graph, Group, GroupMatch};
use domain::contact::Upn;
use domain::field::FieldError;
use domain::request::PlannedGroup;
use domain::step_error::StepError;
use domain::submission::OnboardingFields;
use futures::{StreamExt, TryStreamExt, stream};

/// The number of concurrent calls; Graph throttles tenants that send more.
const AT_ONCE: usize = 8;

pub(crate) struct Groups {
    pub(crate) found: Vec<PlannedGroup>,
    /// The error if the colleague whose groups are copied is no user of the tenant.
    pub(crate) colleague_missing: Option<FieldError>,
}

pub(crate) async fn find(graph: &Graph, form: &OnboardingFields) -> Result<Groups, StepError> {
    let colleague = form.copy_groups_from.as_ref().and_then(Option::as_ref);
    let asked = stream::iter(form.groups.clone().unwrap_or_default())
        .map(|name| async move {
            let answer = graph.group(&name).await?;
            Ok::<_, StepError>((name, answer))
        })
        .buffered(AT_ONCE)
        .try_collect::<Vec<_>>();
    let (asked, copied) = tokio::try_join!(asked, groups_of(graph, colleague))?;
    let missing = colleague.filter(|_| copied.is_none());
    Ok(Groups {
        found: each_once(asked, copied.unwrap_or_default()),
        colleague_missing: missing
            .map(|upn| FieldError::new("copy_groups_from", format!("{upn} is no user of the tenant"))),
    })
}

/// The colleague's groups. `None` if the colleague doesn't exist, and empty if none was named.
async fn groups_of(graph: &Graph, colleague: Option<&Upn>) -> Result<Option<Vec<Group>>, StepError> {
    match colleague {
        Some(upn) => graph.groups_of(upn.as_str()).await,
        None => Ok(Some(Vec::new())),
    }
}

/// Lists each group once, even if it is both in the form and one of the colleague's.
fn each_once(asked: Vec<(String, GroupMatch)>, copied: Vec<Group>) -> Vec<PlannedGroup> {
    let mut found: Vec<PlannedGroup> = Vec::new();
    let mut add = |group: PlannedGroup| {
        let known = |other: &PlannedGroup| other.id.is_some() && other.id == group.id;
        if !found.iter().any(known) {
            found.push(group);
        }
    };
    for (name, answer) in asked {
        match answer {
            // The approver reads the directory's name even if the form has an id.
            GroupMatch::One(group) => add(planned(group, false)),
            GroupMatch::None => add(unclear(name, "there is no such group")),
            GroupMatch::Several(_) => add(unclear(name, "several groups have this name: give the id")),
        }
    }
    for group in copied {
        add(planned(group, true));
    }
    found
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
    fn each_group_is_listed_once_with_its_state() {
        let asked = vec![
            ("Sales".to_owned(), GroupMatch::One(group("1", GroupKind::Security))),
            ("1".to_owned(), GroupMatch::One(group("1", GroupKind::Security))),
            ("Nowhere".to_owned(), GroupMatch::None),
            ("Twins".to_owned(), GroupMatch::Several(2)),
            ("Everybody".to_owned(), GroupMatch::One(group("2", GroupKind::Dynamic))),
        ];
        let copied = vec![group("1", GroupKind::Security), group("3", GroupKind::Microsoft365)];
        let groups = each_once(asked, copied);
        let lines: Vec<_> = groups
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
    }
}
