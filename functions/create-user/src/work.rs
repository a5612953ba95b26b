//! Creates the account, or enables the one of somebody who comes back: password kept first, then the user, then the
//! manager. Each once, whatever happened before.

use directory::{Created, Graph, NewUser};
use domain::authority;
use domain::contact::Upn;
use domain::request::UserRef;
use domain::step_error::StepError;
use domain::variables::{OrgVariables, UsernameCollision};
use domain::{password, username};
use runtime::{Context, Input};
use secrecy::SecretString;
use serde::Serialize;
use store::effects::EffectState;
use store::requests::{Changed, RequestRecord};

const STEP: &str = "create-user";

/// How many numbered names are tried before a person is asked.
const NUMBERS: std::ops::RangeInclusive<u32> = 2..=50;

#[derive(Serialize)]
pub(crate) struct Output {}

pub(crate) async fn run(cx: &Context, input: Input) -> Result<Output, StepError> {
    let key = input.key();
    let record = cx.begin(STEP, &key, input.run).await?;
    let config = integrations::request_config(&cx.store, &record).await?;
    let graph = integrations::graph(&cx.secrets, &config.organisation).await?;
    let user = cx
        .store
        .once(
            &key,
            "user",
            // The account is ours by our mark only, never by its name.
            async || {
                let found = graph.find_by_marker(key.request.as_str(), &record.plan.upn).await?;
                Ok(found.map(user_ref))
            },
            async || create(cx, &graph, &record, &config.variables).await,
        )
        .await?;
    if record.user.is_none() {
        renew_password(cx, &graph, &record, &config.variables, &user.id).await?;
    }
    cx.store.set_user(&key, &user).await?;
    if user.upn != record.plan.upn {
        cx.store
            .queue_note(
                &key,
                "username-changed",
                &messages::username_changed(&record.plan.upn, &user.upn),
            )
            .await?;
    }
    let again = record.plan.rehired.is_some();
    let text = messages::user_created(&record.plan.display_name, &user.upn, again, &config.variables);
    cx.store.queue_note(&key, "user-created", &text).await?;
    let event = if again { "enabled" } else { "created" };
    cx.store.record_event(&key, STEP, event, "", &user.upn, false).await?;
    set_manager(cx, &graph, &record, &user).await?;
    Ok(Output {})
}

fn user_ref(user: directory::User) -> UserRef {
    UserRef {
        id: user.id,
        upn: user.upn,
    }
}

/// A new one, unless one is kept.
async fn keep_password(
    cx: &Context,
    record: &RequestRecord,
    variables: &OrgVariables,
) -> Result<SecretString, StepError> {
    let password = password::generate(variables.password_style, &names(record)?);
    cx.secrets.keep_password(&record.key(), password).await
}

/// What the password has no part of.
fn names(record: &RequestRecord) -> Result<Vec<&str>, StepError> {
    let person = record.job.onboarding()?;
    let names = [
        Some(person.first_name.as_str()),
        person.middle_name.as_deref(),
        person.last_name.as_deref(),
        Some(&record.plan.display_name),
        Some(&record.plan.upn),
    ];
    Ok(names.into_iter().flatten().collect())
}

/// An execution that failed after it made the account, and before the request named it, has deleted the password with
/// its end: once resumed, the account gets another.
async fn renew_password(
    cx: &Context,
    graph: &Graph,
    record: &RequestRecord,
    variables: &OrgVariables,
    user_id: &str,
) -> Result<(), StepError> {
    let key = record.key();
    let effect = record.once_more("new-password");
    let begun = cx.store.effect::<(), ()>(&key, &effect).await? == EffectState::Intended(());
    if !begun && cx.secrets.password(&key).await?.is_some() {
        return Ok(());
    }
    cx.store.intend::<(), ()>(&key, &effect, &()).await?;
    let secret = keep_password(cx, record, variables).await?;
    graph
        .set_password(user_id, &secret, variables.require_password_change_on_first_login)
        .await?;
    cx.store.effect_done(&key, &effect, &()).await
}

async fn create(
    cx: &Context,
    graph: &Graph,
    record: &RequestRecord,
    variables: &OrgVariables,
) -> Result<UserRef, StepError> {
    let secret = keep_password(cx, record, variables).await?;
    if let Some(id) = &record.plan.rehired {
        return enable_again(graph, record, variables, id, &secret).await;
    }
    let planned = record.plan.upn.clone();
    if let Some(user) = try_name(graph, record, variables, &planned, &secret).await? {
        return Ok(user);
    }
    let wish =
        Upn::parse(&planned).map_err(|_| StepError::Permanent("the planned username is not valid".to_owned()))?;
    if variables.username_collision == UsernameCollision::Ask {
        return Err(StepError::NeedsAttention(
            "the planned username has been taken since submission: free it, or set username_collision to number; or submit \
             again with another one"
                .to_owned(),
        ));
    }
    let base = username::LocalPart::parse(wish.local_part())
        .map_err(|_| StepError::Permanent("the planned username is not valid".to_owned()))?;
    let mut held = planned;
    for number in NUMBERS {
        let candidate = format!("{}@{}", username::numbered(&base, number), wish.domain());
        if cx.store.change_upn(&record.key(), &held, &candidate).await? == Changed::No {
            continue;
        }
        held = candidate;
        if let Some(user) = try_name(graph, record, variables, &held, &secret).await? {
            return Ok(user);
        }
    }
    Err(StepError::NeedsAttention(
        "no free username was found: submit again with another one".to_owned(),
    ))
}

/// `None` if somebody else has the name.
async fn try_name(
    graph: &Graph,
    record: &RequestRecord,
    variables: &OrgVariables,
    upn: &str,
    secret: &SecretString,
) -> Result<Option<UserRef>, StepError> {
    let marker = record.id.as_str();
    if graph.name_taken(upn).await?.is_some() {
        // Taken by ourselves, if an earlier run died right after the effect.
        return Ok(graph.find_by_marker(marker, upn).await?.map(user_ref));
    }
    let user = account(record, variables, upn, secret)?;
    match graph.create_user(&user).await? {
        Created::Created(user) => Ok(Some(user)),
        Created::NameTaken => match graph.find_by_marker(marker, upn).await? {
            Some(user) => Ok(Some(user_ref(user))),
            None if graph.name_taken(upn).await?.is_some() => Ok(None),
            // Taken, says the directory, and shows nobody: it may be our own account of an earlier run, not yet visible.
            None => Err(StepError::Transient(
                "the directory does not show yet who has the username".to_owned(),
            )),
        },
    }
}

/// The account that was found disabled at submission. One call changes all of it and leaves our mark, so that a run
/// after it finds the mark, and one before it finds the account disabled.
async fn enable_again(
    graph: &Graph,
    record: &RequestRecord,
    variables: &OrgVariables,
    id: &str,
    secret: &SecretString,
) -> Result<UserRef, StepError> {
    let Some(user) = graph.user(id).await? else {
        return Err(StepError::NeedsAttention(
            "the account to be enabled again is gone: submit again without rehire".to_owned(),
        ));
    };
    let marked = user.marker.as_deref() == Some(record.id.as_str());
    match (user.account_enabled, marked) {
        (true, true) => {}
        (true, false) => {
            return Err(StepError::NeedsAttention(
                "the account to be enabled again was enabled by somebody else: see whose it is now".to_owned(),
            ));
        }
        (false, _) => {
            let account = account(record, variables, &user.upn, secret)?;
            graph.enable_again(id, &account).await?;
        }
    }
    Ok(user_ref(user))
}

/// What the account is to be.
fn account(
    record: &RequestRecord,
    variables: &OrgVariables,
    upn: &str,
    secret: &SecretString,
) -> Result<NewUser, StepError> {
    let person = record.job.onboarding()?;
    let local_part = upn.split('@').next().unwrap_or_default();
    let usage_location = person.usage_location.as_ref().or(variables.usage_location.as_ref());
    // With these a password is reset, so they are not changed on somebody else's account because the form says so.
    let trusted = record.plan.rehired.is_none() || authority::may_rehire_alone(record.plan.submitted_as);
    let private = Some(person).filter(|_| trusted);
    Ok(NewUser {
        upn: upn.to_owned(),
        display_name: record.plan.display_name.clone(),
        given_name: Some(person.first_name.clone()),
        surname: person.last_name.clone(),
        mail_nickname: local_part.to_owned(),
        job_title: person.job_title.clone(),
        department: person.department.clone(),
        office: person.office.clone(),
        mobile_phone: private
            .and_then(|person| person.mobile_phone.as_ref())
            .map(ToString::to_string),
        other_mails: private
            .and_then(|person| person.personal_email.as_ref())
            .map(ToString::to_string)
            .into_iter()
            .collect(),
        usage_location: usage_location.map(ToString::to_string),
        marker: record.id.to_string(),
        password: secret.clone(),
        force_change: variables.require_password_change_on_first_login,
        password_never_expires: variables.set_password_to_never_expire,
    })
}

async fn set_manager(cx: &Context, graph: &Graph, record: &RequestRecord, user: &UserRef) -> Result<(), StepError> {
    let Some(manager) = &record.plan.manager else {
        return Ok(());
    };
    let why = match graph.user(&manager.id).await? {
        // Setting the same manager again changes nothing.
        Some(found) => match graph.set_manager(&user.id, &found.id).await {
            Ok(()) => return Ok(()),
            Err(error) if error.is_transient() => return Err(error),
            Err(error) => error.to_string(),
        },
        None => "the manager has no account any more".to_owned(),
    };
    let text = messages::manager_not_set(&user.upn, &why);
    cx.store.queue_note(&record.key(), "manager-not-set", &text).await?;
    cx.store
        .record_event(&record.key(), STEP, "manager_not_set", "", &text, true)
        .await
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_password_avoids_all_names() {
        let record: RequestRecord = serde_json::from_value(json!({
            "org": "acme", "id": "r019f0000000070008000000000000001", "status": "running", "run": 1,
            "onboarding": {"first_name": "Ada", "middle_name": "King", "last_name": "Lovelace", "single_name": false,
                "license_purchase": "auto"},
            "plan": {"upn": "countess@acme.example", "display_name": "Enchantress of Numbers", "licenses": [],
                "approval_required": false, "approvers": []},
            "requester": {"id": "token:test"}, "created_at": "2026-11-21T19:00:00Z",
        }))
        .unwrap();
        assert_eq!(
            names(&record).unwrap(),
            [
                "Ada",
                "King",
                "Lovelace",
                "Enchantress of Numbers",
                "countess@acme.example"
            ]
        );
    }
}

#[cfg(test)]
mod payload_tests {
    use super::*;

    #[test]
    fn takes_what_the_state_machine_sends() {
        assert_eq!(payloads::accepted::<Input>("create-user"), Ok(()));
    }
}
