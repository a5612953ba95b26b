//! Tells on the ticket whether the new user will be asked for multi-factor authentication, and what to change.
//! Enforces nothing.

use std::collections::{BTreeMap, BTreeSet};

use directory::{Graph, GroupMatch};
use domain::mfa::{self, Answer, Facts, Group, Person, Verdict};

use domain::request::{RequestKey, Skip, UserRef};
use domain::step_error::StepError;
use runtime::{Context, Input};
use serde::Serialize;
use store::effects::EffectState;

const STEP: &str = "report-mfa";

/// Groups of policies whose names are looked up; the others are told by their ids.
const MOST_NAMES: usize = 20;

#[derive(Serialize)]
pub(crate) struct Output {}

pub(crate) async fn run(cx: &Context, input: Input) -> Result<Output, StepError> {
    let key = input.key();
    let record = cx.begin(STEP, &key, input.run).await?;
    if record.skipped.contains(&Skip::ReportMfa) {
        return Ok(Output {});
    }
    let Some(user) = &record.user else {
        return Err(StepError::Permanent("the user does not exist yet".to_owned()));
    };
    // Where this stands and no result, the summary knows that the directory could not be read.
    if let EffectState::Done(()) = cx.store.intend::<(), ()>(&key, integrations::MFA_EFFECT, &()).await? {
        return Ok(Output {});
    }
    let config = integrations::request_config(&cx.store, &record).await?;
    let graph = integrations::graph(&cx.secrets, &config.organisation).await?;
    let facts = facts(cx, &graph, &key, user, config.variables.mfa_group.as_deref()).await?;
    let report = mfa::report(&facts);
    let text = messages::mfa(&user.upn, &facts, &report);
    cx.store.queue_note(&key, "mfa", &text).await?;
    let (event, detail, warning) = match report.verdict {
        Verdict::Asked => ("asked", "The user will be asked for MFA".to_owned(), false),
        Verdict::OnlyIf => (
            "sometimes",
            "The user will be asked for MFA in some cases".to_owned(),
            false,
        ),
        Verdict::NotAsked => ("not_asked", messages::mfa_not_asked(&user.upn), true),
        Verdict::Unknown => (
            "unknown",
            "Gangway may not read whether the user is asked for MFA".to_owned(),
            false,
        ),
    };
    cx.store.record_event(&key, STEP, event, "", &detail, warning).await?;
    cx.store.effect_done(&key, integrations::MFA_EFFECT, &()).await?;
    Ok(Output {})
}

async fn facts(
    cx: &Context,
    graph: &Graph,
    key: &RequestKey,
    user: &UserRef,
    mfa_group: Option<&str>,
) -> Result<Facts, StepError> {
    let mut names: BTreeMap<String, String> = graph
        .all_groups_of(&user.id)
        .await?
        .into_iter()
        .map(|group| (group.id, group.name))
        .collect();
    // The directory's lists lag behind what this onboarding has just done.
    if let EffectState::Done(joined) = cx
        .store
        .effect::<Vec<(String, String)>, ()>(key, integrations::JOINED_EFFECT)
        .await?
    {
        names.extend(joined);
    }
    let person = Person {
        id: user.id.clone(),
        groups: names.keys().cloned().collect(),
    };
    let policies = graph.conditional_access().await?;
    name_groups(graph, &policies, &mut names).await?;
    Ok(Facts {
        person,
        security_defaults: graph.security_defaults().await?,
        campaign: graph.registration_campaign().await?,
        registration: graph.registration_of(&user.id).await?,
        mfa_group: the_mfa_group(graph, mfa_group).await?,
        policies,
        names,
    })
}

async fn name_groups(
    graph: &Graph,
    policies: &Answer<Vec<mfa::Policy>>,
    names: &mut BTreeMap<String, String>,
) -> Result<(), StepError> {
    let Answer::Given(policies) = policies else {
        return Ok(());
    };
    let asking = policies.iter().filter(|policy| policy.requires_mfa());
    let unknown: BTreeSet<String> = asking
        .flat_map(mfa::Policy::groups)
        .filter(|id| !names.contains_key(*id))
        .cloned()
        .collect();
    for id in unknown.into_iter().take(MOST_NAMES) {
        if let GroupMatch::One(group) = graph.group(&id).await? {
            names.insert(id, group.name);
        }
    }
    Ok(())
}

/// Whether the variable names a group has been told when the groups were added.
async fn the_mfa_group(graph: &Graph, name: Option<&str>) -> Result<Option<Group>, StepError> {
    let Some(name) = name else { return Ok(None) };
    Ok(match graph.group(name).await? {
        GroupMatch::One(group) => Some(Group {
            id: group.id,
            name: group.name,
        }),
        GroupMatch::None | GroupMatch::Several(_) => None,
    })
}

#[cfg(test)]
mod payload_tests {
    use super::*;

    #[test]
    fn takes_what_the_state_machine_sends() {
        assert_eq!(payloads::accepted::<Input>("report-mfa"), Ok(()));
    }
}
