//! Adds the user to the groups of the plan, which the approver saw. Whatever Graph cannot add is reported.

use std::collections::BTreeSet;

use directory::{Added, Graph, Group, GroupKind, GroupMatch};
use domain::step_error::StepError;
use domain::timeline::{Event, StepName};
use messages::Skipped;
use serde::Serialize;
use steps::{NoInput, Step, StepContext, effects};

pub(crate) struct AddGroups;

#[derive(Serialize)]
pub(crate) struct Output {}

impl Step for AddGroups {
    const NAME: StepName = StepName::AddGroups;
    type Input = NoInput;
    type Output = Output;

    async fn run(cx: &StepContext, _: NoInput) -> Result<Output, StepError> {
        if cx.is_skipped() {
            return Ok(Output {});
        }
        if cx.store.is_done(&cx.key, effects::GROUPS_ADDED).await? {
            return Ok(Output {});
        }
        cx.user()?;
        let mut adding = Adding {
            cx,
            graph: cx.graph().await?,
            joined: Vec::new(),
            skipped: Vec::new(),
        };
        let mut wanted = adding.planned().await?;
        wanted.extend(adding.mfa_group().await?);
        let mut seen = BTreeSet::new();
        wanted.retain(|group| seen.insert(group.id.clone()));
        for group in wanted {
            adding.add(group).await?;
        }
        adding.report().await?;
        Ok(Output {})
    }
}

struct Adding<'a> {
    cx: &'a StepContext,
    graph: Graph,
    /// The id and name of each group that the user is in now.
    joined: Vec<(String, String)>,
    skipped: Vec<Skipped>,
}

impl Adding<'_> {
    fn skip(&mut self, name: impl Into<String>, reason: impl Into<String>) {
        self.skipped.push(Skipped {
            name: name.into(),
            reason: reason.into(),
        });
    }

    /// The groups with the ids found at submission. A group that took the name later, or that the colleague joined
    /// later, was not approved.
    async fn planned(&mut self) -> Result<Vec<Group>, StepError> {
        let mut groups = Vec::new();
        for planned in &self.cx.record.plan.groups {
            let why = match (&planned.id, &planned.reason) {
                (Some(id), _) => match self.graph.group(id).await? {
                    GroupMatch::One(group) => {
                        groups.push(group);
                        continue;
                    }
                    GroupMatch::None | GroupMatch::Several(_) => {
                        "the group was deleted after the request was submitted"
                    }
                },
                (None, Some(reason)) => reason,
                (None, None) => "there is no such group",
            };
            self.skip(&*planned.name, why);
        }
        Ok(groups)
    }

    /// The organisation's own group for MFA.
    async fn mfa_group(&mut self) -> Result<Option<Group>, StepError> {
        let Some(name) = &self.cx.config().await?.variables.mfa_group else {
            return Ok(None);
        };
        match self.graph.group(name).await? {
            GroupMatch::One(group) => return Ok(Some(group)),
            GroupMatch::None => self.skip(name, "there is no such group"),
            GroupMatch::Several(count) => self.skip(name, format!("{count} groups have this name: give the id")),
        }
        Ok(None)
    }

    async fn add(&mut self, group: Group) -> Result<(), StepError> {
        if !group.kind.takes_members() {
            self.skip(group.name, reason(group.kind));
            return Ok(());
        }
        // A user who is already a member counts as added, so the step can run again.
        match self.graph.add_member(&group.id, &self.cx.user()?.id).await? {
            Added::Added | Added::AlreadyMember => self.joined.push((group.id, group.name)),
            Added::Refused(why) => self.skip(group.name, why),
        }
        Ok(())
    }

    async fn report(self) -> Result<(), StepError> {
        let cx = self.cx;
        let added: Vec<String> = self.joined.iter().map(|(_, name)| name.clone()).collect();
        if let Some(text) = messages::groups(&cx.user()?.upn, &added, &self.skipped) {
            let report = cx.report(Event::Added, added.join(", "));
            report.note("groups", text).send().await?;
        }
        for left in self.skipped {
            cx.report(Event::Skipped, format!("{}: {}", left.name, left.reason))
                .once(left.name)
                .warning()
                .send()
                .await?;
        }
        cx.store
            .effect_done(&cx.key, effects::GROUPS_JOINED, &self.joined)
            .await?;
        cx.store.effect_done(&cx.key, effects::GROUPS_ADDED, &added).await
    }
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

steps::payload_tests!(AddGroups);
