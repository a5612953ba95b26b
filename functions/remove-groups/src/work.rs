//! Removes the leaver from the groups that Graph can change; tells of the others.

use directory::{Change, Graph};
use domain::request::Skip;
use domain::step_error::StepError;
use integrations::offboarding;
use messages::{Removed, Skipped};
use runtime::{Context, Input};
use serde::{Deserialize, Serialize};
use store::effects::EffectState;

const STEP: &str = "remove-groups";

#[derive(Serialize)]
pub(crate) struct Output {}

/// A group that the leaver was in when the step first looked: a run after a crash would not find it any more.
#[derive(Clone, Serialize, Deserialize)]
struct Membership {
    id: String,
    name: String,
    /// Why Graph can't end it.
    stays: Option<String>,
}

pub(crate) async fn run(cx: &Context, input: Input) -> Result<Output, StepError> {
    let key = input.key();
    let record = cx.begin(STEP, &key, input.run).await?;
    if record.skipped.contains(&Skip::RemoveGroups) {
        return Ok(Output {});
    }
    record.job.offboarding()?;
    let Some(user) = &record.user else {
        return Err(StepError::Permanent("the request has no account".to_owned()));
    };
    let config = integrations::request_config(&cx.store, &record).await?;
    if !config.variables.offboarding_remove_groups {
        let text = messages::groups_kept(&user.upn);
        cx.store.queue_note(&key, "groups-removed", &text).await?;
        cx.store.record_event(&key, STEP, "kept", "", &text, false).await?;
        return Ok(Output {});
    }
    let graph = integrations::graph(&cx.secrets, &config.organisation).await?;
    let memberships = memberships(&graph, &user.id).await?;
    let groups = match cx.store.intend(&key, offboarding::GROUPS, &memberships).await? {
        EffectState::Done(groups) => groups,
        EffectState::New => remove(&graph, &user.id, memberships).await?,
        EffectState::Intended(before) => remove(&graph, &user.id, before).await?,
    };
    let text = messages::groups_removed(&user.upn, &groups);
    offboarding::tell_removed(&cx.store, &record, STEP, offboarding::GROUPS, &groups, &text).await?;
    Ok(Output {})
}

async fn memberships(graph: &Graph, user_id: &str) -> Result<Vec<Membership>, StepError> {
    let groups = graph.groups_of(user_id).await?.unwrap_or_default();
    let membership = |group: directory::Group| Membership {
        stays: group.kind.refuses_members().map(str::to_owned),
        id: group.id,
        name: group.name,
    };
    Ok(groups.into_iter().map(membership).collect())
}

/// No member any more is as good as removed now, so this can run again.
async fn remove(graph: &Graph, user_id: &str, memberships: Vec<Membership>) -> Result<Removed, StepError> {
    let mut groups = Removed::default();
    for Membership { id, name, stays } in memberships {
        let change = match stays {
            Some(why) => Ok(Change::Refused(why)),
            None => graph.remove_member(&id, user_id).await,
        };
        match change {
            Ok(Change::Done) => groups.removed.push(name),
            Ok(Change::Refused(reason)) => groups.left.push(Skipped { name, reason }),
            Err(error) if error.is_transient() => return Err(error),
            Err(error) => groups.failed.push(Skipped {
                name,
                reason: error.to_string(),
            }),
        }
    }
    Ok(groups)
}

#[cfg(test)]
mod payload_tests {
    use super::*;

    #[test]
    fn takes_what_the_state_machine_sends() {
        assert_eq!(payloads::accepted::<Input>("remove-groups"), Ok(()));
    }
}
