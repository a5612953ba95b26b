//! Creates the account, or enables a rehired person's account: first the password is stored, then the user is created,
//! then the manager is set. Each happens once, whatever happened before.

use directory::{Created, Graph, NewUser};
use domain::authority;
use domain::contact::Upn;
use domain::request::UserRef;
use domain::step_error::StepError;
use domain::timeline::{Event, StepName};
use domain::variables::{OrgVariables, UsernameCollision};
use domain::{password, username};
use secrecy::SecretString;
use serde::Serialize;
use steps::{NoInput, Step, StepContext};
use store::effects::EffectState;
use store::requests::{Changed, RequestRecord};

pub(crate) struct CreateUser;

/// How many numbered names are tried before a person is asked.
const NUMBERS: std::ops::RangeInclusive<u32> = 2..=50;

#[derive(Serialize)]
pub(crate) struct Output {}

impl Step for CreateUser {
    const NAME: StepName = StepName::CreateUser;
    type Input = NoInput;
    type Output = Output;

    async fn run(cx: &StepContext, _: NoInput) -> Result<Output, StepError> {
        let account = Account {
            cx,
            record: &cx.record,
            variables: &cx.config().await?.variables,
            graph: cx.graph().await?,
        };
        let user = account.once().await?;
        if cx.record.user.is_none() {
            account.renew_password(&user.id).await?;
        }
        cx.store.set_user(&cx.key, &user).await?;
        account.report(&user).await?;
        account.set_manager(&user).await?;
        Ok(Output {})
    }
}

/// The account of the request while it is created.
struct Account<'a> {
    cx: &'a StepContext,
    record: &'a RequestRecord,
    variables: &'a OrgVariables,
    graph: Graph,
}

impl Account<'_> {
    /// Creates the account, or finds the one that an earlier run created.
    async fn once(&self) -> Result<UserRef, StepError> {
        // Only our mark identifies our account, never the name.
        let ours = async || self.ours(&self.record.plan.upn).await;
        let create = async || self.create().await;
        self.cx.store.once(&self.cx.key, "user", ours, create).await
    }

    /// The account with our mark, if there is one.
    async fn ours(&self, upn: &str) -> Result<Option<UserRef>, StepError> {
        let found = self.graph.find_by_marker(self.record.id.as_str(), upn).await?;
        Ok(found.map(user_ref))
    }

    async fn report(&self, user: &UserRef) -> Result<(), StepError> {
        let (cx, plan) = (self.cx, &self.record.plan);
        if user.upn != plan.upn {
            let text = messages::username_changed(&plan.upn, &user.upn);
            cx.note("username-changed", &text).await?;
        }
        let again = plan.rehired.is_some();
        let text = messages::user_created(&plan.display_name, &user.upn, again, self.variables);
        let event = if again { Event::Enabled } else { Event::Created };
        cx.report(event, &*user.upn).note("user-created", text).send().await
    }

    /// Stores a new password, unless one is stored.
    async fn keep_password(&self) -> Result<SecretString, StepError> {
        let password = password::generate(self.variables.password_style, &names(self.record)?);
        self.cx.secrets.keep_password(&self.cx.key, password).await
    }

    /// If an earlier execution created the account and failed before the request named it, its end deleted the
    /// password. So after a resume the account gets another one.
    async fn renew_password(&self, user_id: &str) -> Result<(), StepError> {
        let (cx, key) = (self.cx, &self.cx.key);
        let effect = self.record.once_more("new-password");
        let begun = cx.store.effect::<(), ()>(key, &effect).await? == EffectState::Intended(());
        if !begun && cx.secrets.password(key).await?.is_some() {
            return Ok(());
        }
        cx.store.intend::<(), ()>(key, &effect, &()).await?;
        let secret = self.keep_password().await?;
        let force_change = self.variables.require_password_change_on_first_login;
        self.graph.set_password(user_id, &secret, force_change).await?;
        cx.store.effect_done(key, &effect, &()).await
    }

    async fn create(&self) -> Result<UserRef, StepError> {
        let secret = self.keep_password().await?;
        if let Some(id) = &self.record.plan.rehired {
            return self.enable_again(id, &secret).await;
        }
        match self.try_name(&self.record.plan.upn, &secret).await? {
            Some(user) => Ok(user),
            None => self.try_numbered_names(&secret).await,
        }
    }

    async fn try_numbered_names(&self, secret: &SecretString) -> Result<UserRef, StepError> {
        let invalid = |_| StepError::Permanent("the planned username is not valid".to_owned());
        let planned = &self.record.plan.upn;
        let wish = Upn::parse(planned).map_err(invalid)?;
        if self.variables.username_collision == UsernameCollision::Ask {
            return Err(StepError::NeedsAttention(
                "the planned username has been taken since submission: free it, or set username_collision to number; or submit \
                 again with another one"
                    .to_owned(),
            ));
        }
        let base = username::LocalPart::parse(wish.local_part()).map_err(invalid)?;
        let mut held = planned.clone();
        for number in NUMBERS {
            let candidate = format!("{}@{}", username::numbered(&base, number), wish.domain());
            if self.cx.store.change_upn(&self.cx.key, &held, &candidate).await? == Changed::No {
                continue;
            }
            held = candidate;
            if let Some(user) = self.try_name(&held, secret).await? {
                return Ok(user);
            }
        }
        Err(StepError::NeedsAttention(
            "no free username was found: submit again with another one".to_owned(),
        ))
    }

    /// Returns `None` if another user has the name.
    async fn try_name(&self, upn: &str, secret: &SecretString) -> Result<Option<UserRef>, StepError> {
        if self.graph.name_taken(upn).await?.is_some() {
            // The name may be taken by our own account, if an earlier run died right after creating it.
            return self.ours(upn).await;
        }
        match self.graph.create_user(&self.wanted(upn, secret)?).await? {
            Created::Created(user) => Ok(Some(user)),
            Created::NameTaken => match self.ours(upn).await? {
                Some(user) => Ok(Some(user)),
                None if self.graph.name_taken(upn).await?.is_some() => Ok(None),
                // The name is taken, but the directory shows no user: it may be our own account from an earlier run,
                // not visible yet.
                None => Err(StepError::Transient(
                    "the directory does not show yet who has the username".to_owned(),
                )),
            },
        }
    }

    /// Enables the account that was found disabled at submission. One call makes all changes and sets our mark. So a
    /// later run finds the mark, and if a run dies before the call, the account stays disabled.
    async fn enable_again(&self, id: &str, secret: &SecretString) -> Result<UserRef, StepError> {
        let Some(user) = self.graph.user(id).await? else {
            return Err(StepError::NeedsAttention(
                "the account to be enabled again is gone: submit again without rehire".to_owned(),
            ));
        };
        let marked = user.marker.as_deref() == Some(self.record.id.as_str());
        match (user.account_enabled, marked) {
            (true, true) => {}
            (true, false) => {
                return Err(StepError::NeedsAttention(
                    "the account to be enabled again was enabled by somebody else: see whose it is now".to_owned(),
                ));
            }
            (false, _) => self.graph.enable_again(id, &self.wanted(&user.upn, secret)?).await?,
        }
        Ok(user_ref(user))
    }

    /// The properties of the account.
    fn wanted(&self, upn: &str, secret: &SecretString) -> Result<NewUser, StepError> {
        let (record, variables) = (self.record, self.variables);
        let person = record.job.onboarding()?;
        let local_part = upn.split('@').next().unwrap_or_default();
        let usage_location = person.usage_location.as_ref().or(variables.usage_location.as_ref());
        // A password can be reset with these, so a form alone must not change them on an account that another person
        // used.
        let trusted = record.plan.rehired.is_none() || authority::may_rehire_alone(record.plan.submitted_as);
        let private = Some(person).filter(|_| trusted);
        let mobile_phone = private.and_then(|person| person.mobile_phone.as_ref());
        let other_mail = private.and_then(|person| person.personal_email.as_ref());
        Ok(NewUser {
            upn: upn.to_owned(),
            display_name: record.plan.display_name.clone(),
            given_name: Some(person.first_name.clone()),
            surname: person.last_name.clone(),
            mail_nickname: local_part.to_owned(),
            job_title: person.job_title.clone(),
            department: person.department.clone(),
            office: person.office.clone(),
            mobile_phone: mobile_phone.map(ToString::to_string),
            other_mails: other_mail.map(ToString::to_string).into_iter().collect(),
            usage_location: usage_location.map(ToString::to_string),
            marker: record.id.to_string(),
            password: secret.clone(),
            force_change: variables.require_password_change_on_first_login,
            password_never_expires: variables.set_password_to_never_expire,
        })
    }

    async fn set_manager(&self, user: &UserRef) -> Result<(), StepError> {
        let Some(manager) = &self.record.plan.manager else {
            return Ok(());
        };
        let why = match self.graph.user(&manager.id).await? {
            // Setting the same manager again changes nothing.
            Some(found) => match self.graph.set_manager(&user.id, &found.id).await {
                Ok(()) => return Ok(()),
                Err(error) if error.is_transient() => return Err(error),
                Err(error) => error.to_string(),
            },
            None => "the manager has no account any more".to_owned(),
        };
        let text = messages::manager_not_set(&user.upn, &why);
        let report = self.cx.report(Event::ManagerNotSet, text).warning();
        report.noted("manager-not-set").send().await
    }
}

fn user_ref(user: directory::User) -> UserRef {
    UserRef {
        id: user.id,
        upn: user.upn,
    }
}

/// The names that the password must not contain.
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn password_avoids_all_names() {
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

steps::payload_tests!(CreateUser);
