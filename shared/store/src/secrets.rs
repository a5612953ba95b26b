//! Secrets Manager: temporary passwords, vendor credentials and the key that signs sign-in cookies.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use aws_sdk_secretsmanager::error::{ProvideErrorMetadata, SdkError};
use chrono::{DateTime, Utc};
use domain::ids::OrgId;
use domain::integration::Organisation;
use domain::request::RequestKey;
use domain::step_error::StepError;
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Mutex;

use crate::access::random_token;
use crate::aws_error::aws_error;

/// Cached credentials are read again after this time, so that a rotated one is picked up.
const CREDENTIALS_AGE: Duration = Duration::from_secs(300);

/// A new key signs nothing until it is this old. By then every running function has read it.
const KEY_SETTLES: chrono::Duration = chrono::Duration::minutes(10);

#[derive(Clone)]
pub struct Secrets {
    client: aws_sdk_secretsmanager::Client,
    prefix: String,
    cache: Arc<Mutex<HashMap<String, (Instant, SecretString)>>>,
    keys: Arc<Mutex<Option<(Instant, SignInKeys)>>>,
}

/// The current key for sign-in cookies and the previous one. Signatures of both are valid.
#[derive(Debug, Clone)]
pub struct SignInKeys {
    current: SecretString,
    current_since: Option<DateTime<Utc>>,
    previous: Option<SecretString>,
}

impl SignInKeys {
    pub fn new(current: SecretString, current_since: Option<DateTime<Utc>>, previous: Option<SecretString>) -> Self {
        Self {
            current,
            current_since,
            previous,
        }
    }

    /// The key that signs new cookies.
    pub fn signing(&self, now: DateTime<Utc>) -> &SecretString {
        let settled = self.current_since.is_none_or(|since| now >= since + KEY_SETTLES);
        match &self.previous {
            Some(previous) if !settled => previous,
            _ => &self.current,
        }
    }

    /// The keys with which a returning cookie may have been signed.
    pub fn verifying(&self) -> impl Iterator<Item = &SecretString> {
        std::iter::once(&self.current).chain(&self.previous)
    }
}

impl Secrets {
    pub fn new(client: aws_sdk_secretsmanager::Client, prefix: impl Into<String>) -> Self {
        Self {
            client,
            prefix: prefix.into(),
            cache: Arc::default(),
            keys: Arc::default(),
        }
    }

    /// The credentials for a system, the organisation's own or else its parent's.
    pub async fn credentials(&self, organisation: &Organisation, system: &str) -> Result<SecretString, StepError> {
        self.credentials_and_owner(organisation, system)
            .await
            .map(|(_, secret)| secret)
    }

    /// The credentials for a system, with the organisation that owns them.
    pub async fn credentials_and_owner(
        &self,
        organisation: &Organisation,
        system: &str,
    ) -> Result<(OrgId, SecretString), StepError> {
        self.owned_credentials(organisation, system).await?.ok_or_else(|| {
            StepError::NeedsAttention(format!(
                "there are no credentials for {system}: set them with `operator credentials set {} {system}`",
                organisation.id
            ))
        })
    }

    /// The credentials for a system that may also work without any, with the organisation that owns them.
    pub async fn owned_credentials(
        &self,
        organisation: &Organisation,
        system: &str,
    ) -> Result<Option<(OrgId, SecretString)>, StepError> {
        for org in std::iter::once(&organisation.id).chain(&organisation.parent) {
            if let Some(secret) = self.cached(self.credentials_name(org, system)).await? {
                return Ok(Some((org.clone(), secret)));
            }
        }
        Ok(None)
    }

    /// Whether the organisation or its parent has credentials for a system. Does not read the values.
    pub async fn has_credentials(&self, organisation: &Organisation, system: &str) -> Result<bool, StepError> {
        for org in std::iter::once(&organisation.id).chain(&organisation.parent) {
            let name = self.credentials_name(org, system);
            match self.client.describe_secret().secret_id(name).send().await {
                Ok(_) => return Ok(true),
                Err(error) if code(&error) == Some("ResourceNotFoundException") => {}
                Err(error) => return Err(aws_error("looking for credentials", &error)),
            }
        }
        Ok(false)
    }

    /// Reads the organisation's own credentials past the cache, because another function may have renewed them.
    pub async fn current_credentials(&self, org: &OrgId, system: &str) -> Result<Option<SecretString>, StepError> {
        let name = self.credentials_name(org, system);
        self.cache.lock().await.remove(&name);
        self.cached(name).await
    }

    pub async fn set_credentials(&self, org: &OrgId, system: &str, value: &SecretString) -> Result<(), StepError> {
        self.set(self.credentials_name(org, system), value).await
    }

    async fn set(&self, name: String, value: &SecretString) -> Result<(), StepError> {
        let put = self
            .client
            .put_secret_value()
            .secret_id(&name)
            .secret_string(value.expose_secret())
            .send()
            .await;
        self.cache.lock().await.remove(&name);
        match put {
            Ok(_) => Ok(()),
            Err(error) if code(&error) == Some("ResourceNotFoundException") => self
                .client
                .create_secret()
                .name(&name)
                .secret_string(value.expose_secret())
                .send()
                .await
                .map(|_| ())
                .map_err(|error| aws_error("creating credentials", &error)),
            Err(error) => Err(aws_error("setting credentials", &error)),
        }
    }

    /// When the organisation's own credentials were set; `None` if it has none. Does not read the value.
    pub async fn credentials_set_at(&self, org: &OrgId, system: &str) -> Result<Option<DateTime<Utc>>, StepError> {
        let name = self.credentials_name(org, system);
        match self.client.describe_secret().secret_id(name).send().await {
            Ok(answer) => {
                let at = answer.last_changed_date.or(answer.created_date);
                Ok(at.and_then(|at| DateTime::from_timestamp(at.secs(), 0)))
            }
            Err(error) if code(&error) == Some("ResourceNotFoundException") => Ok(None),
            Err(error) => Err(aws_error("looking for credentials", &error)),
        }
    }

    pub async fn sign_in_keys(&self) -> Result<SignInKeys, StepError> {
        let mut kept = self.keys.lock().await;
        if let Some((at, keys)) = kept.as_ref()
            && at.elapsed() < CREDENTIALS_AGE
        {
            return Ok(keys.clone());
        }
        let current = self.key_version("AWSCURRENT").await?;
        let (current, since) =
            current.ok_or_else(|| StepError::Permanent("the key of the sign-in cookies does not exist".to_owned()))?;
        let previous = self.key_version("AWSPREVIOUS").await?.map(|(previous, _)| previous);
        let keys = SignInKeys::new(current, since, previous);
        *kept = Some((Instant::now(), keys.clone()));
        Ok(keys)
    }

    /// Replaces the key by a new random one. The replaced key stays valid until the next rotation; the one before it
    /// becomes invalid.
    pub async fn rotate_sign_in_key(&self) -> Result<(), StepError> {
        let random = [random_token(), random_token()];
        let value: String = random.iter().map(ExposeSecret::expose_secret).collect();
        self.set(self.sign_in_key_name(), &value.into()).await
    }

    async fn key_version(&self, stage: &str) -> Result<Option<(SecretString, Option<DateTime<Utc>>)>, StepError> {
        let answer = self
            .client
            .get_secret_value()
            .secret_id(self.sign_in_key_name())
            .version_stage(stage)
            .send()
            .await;
        match answer {
            Ok(answer) => {
                let since = answer
                    .created_date
                    .and_then(|at| DateTime::from_timestamp(at.secs(), 0));
                Ok(answer.secret_string.map(|secret| (secret.into(), since)))
            }
            Err(error) if code(&error) == Some("ResourceNotFoundException") => Ok(None),
            Err(error) => Err(aws_error("reading the key of the sign-in cookies", &error)),
        }
    }

    fn sign_in_key_name(&self) -> String {
        format!("{}/sign-in-key", self.prefix)
    }

    /// The secret of Gangway's OAuth client at Google, if the operator has set it.
    pub async fn google_client_secret(&self) -> Result<Option<SecretString>, StepError> {
        self.cached(self.google_name()).await
    }

    pub async fn set_google_client_secret(&self, value: &SecretString) -> Result<(), StepError> {
        self.set(self.google_name(), value).await
    }

    fn google_name(&self) -> String {
        format!("{}/google-client-secret", self.prefix)
    }

    /// Stores a new temporary password and returns it. If one is already stored, returns that one, so a second run uses
    /// the first password.
    pub async fn keep_password(&self, key: &RequestKey, password: SecretString) -> Result<SecretString, StepError> {
        let created = self
            .client
            .create_secret()
            .name(self.password_name(key))
            .secret_string(password.expose_secret())
            .send()
            .await;
        match created {
            Ok(_) => Ok(password),
            Err(error) if code(&error) == Some("ResourceExistsException") => self
                .password(key)
                .await?
                .ok_or_else(|| StepError::Transient("the temporary password is being deleted".to_owned())),
            Err(error) => Err(aws_error("keeping the temporary password", &error)),
        }
    }

    pub async fn password(&self, key: &RequestKey) -> Result<Option<SecretString>, StepError> {
        self.read(&self.password_name(key)).await
    }

    /// Deletes the password without a recovery window, because a deleted secret costs money until it is gone.
    pub async fn forget_password(&self, key: &RequestKey) -> Result<(), StepError> {
        let deleted = self
            .client
            .delete_secret()
            .secret_id(self.password_name(key))
            .force_delete_without_recovery(true)
            .send()
            .await;
        match deleted {
            Ok(_) => Ok(()),
            Err(error) if code(&error) == Some("ResourceNotFoundException") => Ok(()),
            Err(error) => Err(aws_error("deleting the temporary password", &error)),
        }
    }

    fn credentials_name(&self, org: &OrgId, system: &str) -> String {
        format!("{}/credentials/{org}/{system}", self.prefix)
    }

    fn password_name(&self, key: &RequestKey) -> String {
        format!("{}/password/{}/{}", self.prefix, key.org, key.request)
    }

    async fn cached(&self, name: String) -> Result<Option<SecretString>, StepError> {
        if let Some((at, secret)) = self.cache.lock().await.get(&name)
            && at.elapsed() < CREDENTIALS_AGE
        {
            return Ok(Some(secret.clone()));
        }
        let secret = self.read(&name).await?;
        if let Some(secret) = &secret {
            self.cache.lock().await.insert(name, (Instant::now(), secret.clone()));
        }
        Ok(secret)
    }

    async fn read(&self, name: &str) -> Result<Option<SecretString>, StepError> {
        match self.client.get_secret_value().secret_id(name).send().await {
            Ok(answer) => Ok(answer.secret_string.map(Into::into)),
            Err(error) if code(&error) == Some("ResourceNotFoundException") => Ok(None),
            Err(error) => Err(aws_error("reading a secret", &error)),
        }
    }
}

fn code<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> Option<&str> {
    error.as_service_error().and_then(ProvideErrorMetadata::code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn new_key_signs_when_every_function_has_read_it() {
        let since: DateTime<Utc> = "2026-11-28T07:00:00Z".parse().unwrap();
        let key = |text: &str| SecretString::from(text.to_owned());
        let signing = |keys: &SignInKeys, minutes: i64| {
            let key = keys.signing(since + chrono::Duration::minutes(minutes));
            key.expose_secret().to_owned()
        };
        let rotated = SignInKeys::new(key("new"), Some(since), Some(key("old")));
        assert_eq!(
            (signing(&rotated, 9), signing(&rotated, 10)),
            ("old".into(), "new".into())
        );
        let both: Vec<_> = rotated.verifying().map(ExposeSecret::expose_secret).collect();
        assert_eq!(both, ["new", "old"]);
        // The first key has no predecessor.
        let first = SignInKeys::new(key("first"), Some(since), None);
        assert_eq!(signing(&first, 0), "first");
    }
}
