//! The end of an offboarding.

use directory::User;
use domain::request::Skip;
use domain::step_error::StepError;
use domain::submission::Offboarding;
use domain::timeline::Event;
use integrations::OrgConfig;
use messages::{MailText, Removed, SignIn, Summary};
use steps::{StepContext, effects};
use store::effects::EffectState;

use crate::work::report_gap;

pub(crate) async fn report_gaps(cx: &StepContext) -> Result<(), StepError> {
    let removes_groups = cx.config().await?.variables.offboarding_remove_groups;
    if removes_groups && removed(cx, effects::GROUPS_REMOVED).await?.is_none() {
        let text = "The user was not removed from all groups: see to the rest by hand";
        report_gap(cx, Skip::RemoveGroups, Event::GroupsLeft, "", text).await?;
    }
    if removed(cx, effects::LICENSES_REMOVED).await?.is_none() {
        let text = "Not all licenses were freed: remove the rest by hand";
        report_gap(cx, Skip::RemoveLicenses, Event::LicensesLeft, "", text).await?;
    }
    Ok(())
}

/// What the summary lists as done.
pub(crate) async fn offboarded(cx: &StepContext) -> Result<Vec<(&'static str, String)>, StepError> {
    let mut done = Vec::new();
    let sign_in = cx.store.effect::<SignIn, ()>(&cx.key, effects::SIGN_IN_BLOCKED);
    if let EffectState::Done(sign_in) = sign_in.await? {
        done.push(("Sign-in", sign_in.label().to_owned()));
    }
    for (label, effect) in [
        ("Removed from groups", effects::GROUPS_REMOVED),
        ("Licenses freed", effects::LICENSES_REMOVED),
    ] {
        if let Some(what) = removed(cx, effect).await? {
            done.push((label, messages::listed(&what.removed)));
        }
    }
    Ok(done)
}

/// The mail to the manager.
pub(crate) async fn mail(cx: &StepContext, summary: &Summary<'_>, config: &OrgConfig) -> Result<MailText, StepError> {
    let licenses = removed(cx, effects::LICENSES_REMOVED).await?;
    let freed = licenses.is_some_and(|licenses| !licenses.removed.is_empty());
    Ok(messages::leaver_mail(summary, &config.organisation.name, freed))
}

/// Returns `None` until the step is done.
async fn removed(cx: &StepContext, effect: &str) -> Result<Option<Removed>, StepError> {
    match cx.store.effect(&cx.key, effect).await? {
        EffectState::Done(removed) => Ok(Some(removed)),
        EffectState::New | EffectState::Intended(serde::de::IgnoredAny) => Ok(None),
    }
}

/// The address of the manager in the form, or else in the directory.
pub(crate) async fn manager(cx: &StepContext, form: &Offboarding) -> Result<Option<String>, StepError> {
    match look_up(cx, form).await {
        Ok(manager) => Ok(manager.map(|manager| manager.address().to_owned())),
        Err(error) => {
            let text = format!("The manager could not be looked up, and so was not told: {error}");
            let report = cx.report(Event::ManagerUntold, text).warning();
            report.send().await?;
            Ok(None)
        }
    }
}

async fn look_up(cx: &StepContext, form: &Offboarding) -> Result<Option<User>, StepError> {
    let graph = cx.graph().await?;
    match (&form.manager, &cx.record.user) {
        (Some(manager), _) => graph.user(manager.as_str()).await,
        (None, Some(user)) => graph.manager_of(&user.id).await,
        (None, None) => Ok(None),
    }
}
