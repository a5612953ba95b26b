//! Removes the leaver from the groups that Graph can change, and reports the others.

use directory::{Change, Graph};
use domain::step_error::StepError;
use domain::timeline::{Event, StepName};
use messages::{Removed, Skipped};
use serde::{Deserialize, Serialize};
use steps::{NoInput, Step, StepContext, effects};
use store::effects::EffectState;

pub(crate) struct RemoveGroups;

#[derive(Serialize)]
pub(crate) struct Output {}

/// A group that the leaver was in when the step first ran. A run after a crash would no longer find it.
#[derive(Clone, Serialize, Deserialize)]
struct Membership {
    id: String,
    name: String,
    /// Why Graph can't remove the leaver; `None` if it can.
    stays: Option<String>,
}

impl Step for RemoveGroups {
    const NAME: StepName = StepName::RemoveGroups;
    type Input = NoInput;
    type Output = Output;

    async fn run(cx: &StepContext, _: NoInput) -> Result<Output, StepError> {
        if cx.is_skipped() {
            return Ok(Output {});
        }
        cx.record.job.offboarding()?;
        let user = cx.user()?;
        if !cx.config().await?.variables.offboarding_remove_groups {
            let text = messages::groups_kept(&user.upn);
            let report = cx.report(Event::Kept, text).noted("groups-removed");
            report.send().await?;
            return Ok(Output {});
        }
        let graph = cx.graph().await?;
        let memberships = memberships(&graph, &user.id).await?;
        let groups = match cx.store.intend(&cx.key, effects::GROUPS_REMOVED, &memberships).await? {
            EffectState::Done(groups) => groups,
            EffectState::New => remove(&graph, &user.id, memberships).await?,
            EffectState::Intended(before) => remove(&graph, &user.id, before).await?,
        };
        let text = messages::groups_removed(&user.upn, &groups);
        cx.report_removed(effects::GROUPS_REMOVED, &groups, &text).await?;
        Ok(Output {})
    }
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

/// Removes the memberships. A leaver who is no longer a member counts as removed, so this can run again.
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

steps::payload_tests!(RemoveGroups);
