//! Adds the groups that were asked for, and a colleague's; tells what Graph can't add.

use std::collections::BTreeSet;

use directory::{Added, Graph, Group, GroupKind, GroupMatch};
use domain::fault::Fault;
use domain::note::{self, Skipped};
use domain::request::Skip;
use serde::Serialize;
use serde::de::IgnoredAny;
use step::{Context, Input};
use store::effects::Standing;
use store::requests::RequestRecord;

const STEP: &str = "add-groups";

/// The effect that holds the names of the groups that were added.
const GROUPS: &str = "groups";

#[derive(Serialize)]
pub(crate) struct Output {}

pub(crate) async fn run(cx: &Context, input: Input) -> Result<Output, Fault> {
    let key = input.key();
    let record = cx.begin(STEP, &key, input.run).await?;
    if record.skipped.contains(&Skip::AddGroups) {
        return Ok(Output {});
    }
    if let Standing::Done(_) = cx.store.standing::<IgnoredAny, IgnoredAny>(&key, GROUPS).await? {
        return Ok(Output {});
    }
    let Some(user) = &record.user else {
        return Err(Fault::Permanent("the user does not exist yet".to_owned()));
    };
    let settled = systems::settled_for(&cx.store, &record).await?;
    let graph = systems::graph(&cx.secrets, &settled.organisation).await?;
    let mut skipped = Vec::new();
    let mut wanted = named(&graph, &record, settled.variables.mfa_group.as_deref(), &mut skipped).await?;
    wanted.extend(colleagues(&graph, &record, &mut skipped).await?);

    let mut added = Vec::new();
    let mut joined = Vec::new();
    let mut seen = BTreeSet::new();
    for group in wanted {
        if !seen.insert(group.id.clone()) {
            continue;
        }
        if !group.kind.takes_members() {
            skipped.push(Skipped {
                name: group.name,
                reason: reason(group.kind).to_owned(),
            });
            continue;
        }
        // Added before is as good as added now, so the step can run again.
        match graph.add_member(&group.id, &user.id).await? {
            Added::Added | Added::AlreadyMember => {
                joined.push((group.id, group.name.clone()));
                added.push(group.name);
            }
            Added::Refused(why) => skipped.push(Skipped {
                name: group.name,
                reason: why,
            }),
        }
    }
    if let Some(text) = note::groups(&user.upn, &added, &skipped) {
        cx.store.queue_note(&key, "groups", &text).await?;
        cx.store
            .record_event(&key, STEP, "added", "", &added.join(", "), false)
            .await?;
    }
    for left in skipped {
        let detail = format!("{}: {}", left.name, left.reason);
        cx.store
            .record_event(&key, STEP, "skipped", &left.name, &detail, true)
            .await?;
    }
    cx.store.effect_done(&key, systems::JOINED_EFFECT, &joined).await?;
    cx.store.effect_done(&key, GROUPS, &added).await?;
    Ok(Output {})
}

/// Groups by name or id, of the form and of `mfa_group`.
async fn named(
    graph: &Graph,
    record: &RequestRecord,
    mfa_group: Option<&str>,
    skipped: &mut Vec<Skipped>,
) -> Result<Vec<Group>, Fault> {
    let mut groups = Vec::new();
    for name in record
        .job
        .onboarding()?
        .groups
        .iter()
        .map(String::as_str)
        .chain(mfa_group)
    {
        let why = match graph.group(name).await? {
            GroupMatch::One(group) => {
                groups.push(group);
                continue;
            }
            GroupMatch::None => "there is no such group".to_owned(),
            GroupMatch::Several(count) => format!("{count} groups have this name: give the id"),
        };
        skipped.push(Skipped {
            name: name.to_owned(),
            reason: why,
        });
    }
    Ok(groups)
}

async fn colleagues(graph: &Graph, record: &RequestRecord, skipped: &mut Vec<Skipped>) -> Result<Vec<Group>, Fault> {
    let Some(colleague) = &record.job.onboarding()?.copy_groups_from else {
        return Ok(Vec::new());
    };
    if let Some(groups) = graph.groups_of(colleague.as_str()).await? {
        return Ok(groups);
    }
    let reason = "the colleague has no account any more".to_owned();
    skipped.push(Skipped {
        name: format!("the groups of {colleague}"),
        reason,
    });
    Ok(Vec::new())
}

fn reason(kind: GroupKind) -> &'static str {
    match kind {
        GroupKind::Security | GroupKind::Microsoft365 => "Microsoft Graph refused it",
        GroupKind::Dynamic => "its members follow from a rule (dynamic group)",
        GroupKind::Synced => "it is synchronised from the on-premises directory",
        GroupKind::Distribution => "Microsoft Graph can't change distribution lists",
        GroupKind::MailEnabledSecurity => "Microsoft Graph can't change mail-enabled security groups",
    }
}

#[cfg(test)]
mod payload_tests {
    use super::*;

    #[test]
    fn takes_what_the_state_machine_sends() {
        assert_eq!(payloads::accepted::<Input>("add-groups"), Ok(()));
    }
}
