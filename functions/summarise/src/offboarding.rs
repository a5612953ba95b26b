//! The end of an offboarding.

use directory::User;
use domain::request::{RequestKey, Skip};
use domain::step_error::StepError;
use domain::submission::Offboarding;
use integrations::{OrgConfig, offboarding};
use messages::{MailText, Removed, SignIn, Summary};
use runtime::Context;
use store::effects::EffectState;
use store::requests::RequestRecord;

use crate::work::STEP;

/// A state that failed without stopping the offboarding could not say so itself.
pub(crate) async fn report_gaps(cx: &Context, record: &RequestRecord, config: &OrgConfig) -> Result<(), StepError> {
    let key = record.key();
    let gap = async |skip: Skip, event: &str, text: &str| match record.skipped.contains(&skip) {
        true => Ok(()),
        false => cx.store.record_failure(record, skip.as_str(), event, "", text).await,
    };
    if config.variables.offboarding_remove_groups && removed(cx, &key, offboarding::GROUPS).await?.is_none() {
        gap(
            Skip::RemoveGroups,
            "groups_left",
            "The user was not removed from all groups: see to the rest by hand",
        )
        .await?;
    }
    if removed(cx, &key, offboarding::LICENSES).await?.is_none() {
        let text = "Not all licenses were freed: remove the rest by hand";
        gap(Skip::RemoveLicenses, "licenses_left", text).await?;
    }
    Ok(())
}

/// What the summary says was done.
pub(crate) async fn offboarded(cx: &Context, key: &RequestKey) -> Result<Vec<(&'static str, String)>, StepError> {
    let mut done = Vec::new();
    if let EffectState::Done(sign_in) = cx.store.effect::<SignIn, ()>(key, offboarding::SIGN_IN).await? {
        done.push(("Sign-in", sign_in.label().to_owned()));
    }
    for (label, effect) in [
        ("Removed from groups", offboarding::GROUPS),
        ("Licenses freed", offboarding::LICENSES),
    ] {
        if let Some(what) = removed(cx, key, effect).await? {
            done.push((label, messages::listed(&what.removed)));
        }
    }
    Ok(done)
}

pub(crate) async fn mail(
    cx: &Context,
    key: &RequestKey,
    summary: &Summary<'_>,
    config: &OrgConfig,
) -> Result<MailText, StepError> {
    let freed = removed(cx, key, offboarding::LICENSES)
        .await?
        .is_some_and(|licenses| !licenses.removed.is_empty());
    Ok(messages::leaver_mail(summary, &config.organisation.name, freed))
}

/// None until the step is done.
async fn removed(cx: &Context, key: &RequestKey, effect: &str) -> Result<Option<Removed>, StepError> {
    match cx.store.effect(key, effect).await? {
        EffectState::Done(removed) => Ok(Some(removed)),
        EffectState::New | EffectState::Intended(serde::de::IgnoredAny) => Ok(None),
    }
}

/// The address of the form's manager, or of the directory's.
pub(crate) async fn manager(
    cx: &Context,
    record: &RequestRecord,
    config: &OrgConfig,
    form: &Offboarding,
) -> Result<Option<String>, StepError> {
    match look_up(cx, record, config, form).await {
        Ok(manager) => Ok(manager.map(|manager| manager.address().to_owned())),
        Err(error) => {
            let text = format!("The manager could not be looked up, and so was not told: {error}");
            cx.store
                .record_event(&record.key(), STEP, "manager_untold", "", &text, true)
                .await?;
            Ok(None)
        }
    }
}

async fn look_up(
    cx: &Context,
    record: &RequestRecord,
    config: &OrgConfig,
    form: &Offboarding,
) -> Result<Option<User>, StepError> {
    let graph = integrations::graph(&cx.secrets, &config.organisation).await?;
    match (&form.manager, &record.user) {
        (Some(manager), _) => graph.user(manager.as_str()).await,
        (None, Some(user)) => graph.manager_of(&user.id).await,
        (None, None) => Ok(None),
    }
}
