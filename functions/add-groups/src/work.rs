//! Adds the groups of the plan, which the approver saw; reports what Graph can't add.

use std::collections::BTreeSet;

use directory::{Added, Graph, Group, GroupKind, GroupMatch};
use domain::request::Skip;
use domain::step_error::StepError;
use messages::Skipped;
use runtime::{Context, Input};
use serde::Serialize;
use serde::de::IgnoredAny;
use store::effects::EffectState;
use store::requests::RequestRecord;

const STEP: &str = "add-groups";

/// The effect that holds the names of the groups that were added.
const GROUPS: &str = "groups";

#[derive(Serialize)]
pub(crate) struct Output {}

pub(crate) async fn run(cx: &Context, input: Input) -> Result<Output, StepError> {
    let key = input.key();
    let record = cx.begin(STEP, &key, input.run).await?;
    if record.skipped.contains(&Skip::AddGroups) {
        return Ok(Output {});
    }
    if let EffectState::Done(_) = cx.store.effect::<IgnoredAny, IgnoredAny>(&key, GROUPS).await? {
        return Ok(Output {});
    }
    let Some(user) = &record.user else {
        return Err(StepError::Permanent("the user does not exist yet".to_owned()));
    };
    let config = integrations::request_config(&cx.store, &record).await?;
    let graph = integrations::graph(&cx.secrets, &config.organisation).await?;
    let mut skipped = Vec::new();
    let mut wanted = planned(&graph, &record, &mut skipped).await?;
    wanted.extend(of_mfa(&graph, config.variables.mfa_group.as_deref(), &mut skipped).await?);

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
    if let Some(text) = messages::groups(&user.upn, &added, &skipped) {
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
    cx.store.effect_done(&key, integrations::JOINED_EFFECT, &joined).await?;
    cx.store.effect_done(&key, GROUPS, &added).await?;
    Ok(Output {})
}

/// By the ids that submission found: a group that took a name since, or that the colleague joined since, is not what was
/// approved.
async fn planned(graph: &Graph, record: &RequestRecord, skipped: &mut Vec<Skipped>) -> Result<Vec<Group>, StepError> {
    let mut groups = Vec::new();
    for planned in &record.plan.groups {
        let why = match (&planned.id, &planned.reason) {
            (Some(id), _) => match graph.group(id).await? {
                GroupMatch::One(group) => {
                    groups.push(group);
                    continue;
                }
                GroupMatch::None | GroupMatch::Several(_) => "the group was deleted after the request was submitted",
            },
            (None, Some(reason)) => reason,
            (None, None) => "there is no such group",
        };
        skipped.push(Skipped {
            name: planned.name.clone(),
            reason: why.to_owned(),
        });
    }
    Ok(groups)
}

/// The organisation's own group for MFA.
async fn of_mfa(graph: &Graph, name: Option<&str>, skipped: &mut Vec<Skipped>) -> Result<Option<Group>, StepError> {
    let Some(name) = name else {
        return Ok(None);
    };
    let reason = match graph.group(name).await? {
        GroupMatch::One(group) => return Ok(Some(group)),
        GroupMatch::None => "there is no such group".to_owned(),
        GroupMatch::Several(count) => format!("{count} groups have this name: give the id"),
    };
    skipped.push(Skipped {
        name: name.to_owned(),
        reason,
    });
    Ok(None)
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
