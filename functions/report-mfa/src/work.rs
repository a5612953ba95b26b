//! Reports on the ticket whether the new user will be asked for multi-factor authentication, and what to change.
//! Enforces nothing.

use std::collections::{BTreeMap, BTreeSet};

use directory::{Graph, GroupMatch};
use domain::mfa::{self, Answer, Facts, Group, Person, Verdict};

use domain::step_error::StepError;
use domain::timeline::{Event, StepName};
use serde::Serialize;
use steps::{NoInput, Step, StepContext, effects};
use store::effects::EffectState;

pub(crate) struct ReportMfa;

/// How many groups of policies are reported by name; the others are reported by id.
const MOST_NAMES: usize = 20;

#[derive(Serialize)]
pub(crate) struct Output {}

impl Step for ReportMfa {
    const NAME: StepName = StepName::ReportMfa;
    type Input = NoInput;
    type Output = Output;

    async fn run(cx: &StepContext, _: NoInput) -> Result<Output, StepError> {
        if cx.is_skipped() {
            return Ok(Output {});
        }
        let user = cx.user()?;
        // If only the intent is recorded in the end, the summary knows that the directory could not be read.
        let state = cx.store.intend::<(), ()>(&cx.key, effects::MFA_REPORTED, &()).await?;
        if let EffectState::Done(()) = state {
            return Ok(Output {});
        }
        let facts = facts(cx).await?;
        let report = mfa::report(&facts);
        let text = messages::mfa(&user.upn, &facts, &report);
        let (event, detail) = match report.verdict {
            Verdict::Asked => (Event::Asked, "The user will be asked for MFA".to_owned()),
            Verdict::OnlyIf => (
                Event::Sometimes,
                "The user will be asked for MFA in some cases".to_owned(),
            ),
            Verdict::NotAsked => (Event::NotAsked, messages::mfa_not_asked(&user.upn)),
            Verdict::Unknown => (
                Event::Unknown,
                "Gangway may not read whether the user is asked for MFA".to_owned(),
            ),
        };
        cx.report(event, detail)
            .warning_if(event == Event::NotAsked)
            .note("mfa", text)
            .send()
            .await?;
        cx.store.effect_done(&cx.key, effects::MFA_REPORTED, &()).await?;
        Ok(Output {})
    }
}

async fn facts(cx: &StepContext) -> Result<Facts, StepError> {
    let (user, graph) = (cx.user()?, &cx.graph().await?);
    let groups = graph.all_groups_of(&user.id).await?;
    let mut names: BTreeMap<String, String> = groups.into_iter().map(|group| (group.id, group.name)).collect();
    // The directory's lists may not contain yet what this onboarding has just done.
    let joined = cx
        .store
        .effect::<Vec<(String, String)>, ()>(&cx.key, effects::GROUPS_JOINED);
    if let EffectState::Done(joined) = joined.await? {
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
        mfa_group: the_mfa_group(graph, cx.config().await?.variables.mfa_group.as_deref()).await?,
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

/// Also `None` if the variable names no existing group, which was reported when the groups were added.
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

steps::payload_tests!(ReportMfa);
