//! Secrets Manager: temporary passwords, vendor credentials and the key of the session cookies.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use aws_sdk_secretsmanager::error::{ProvideErrorMetadata, SdkError};
use chrono::{DateTime, Utc};
use domain::fault::Fault;
use domain::ids::OrgId;
use domain::integration::Organisation;
use domain::request::RequestKey;
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Mutex;

use crate::fault::fault;

/// Credentials are read again after this long, so that a rotated one is picked up.
const CREDENTIALS_AGE: Duration = Duration::from_secs(300);

#[derive(Clone)]
pub struct Secrets {
    client: aws_sdk_secretsmanager::Client,
    prefix: String,
    cache: Arc<Mutex<HashMap<String, (Instant, SecretString)>>>,
}

impl Secrets {
    pub fn new(client: aws_sdk_secretsmanager::Client, prefix: impl Into<String>) -> Self {
        Self {
            client,
            prefix: prefix.into(),
            cache: Arc::default(),
        }
    }

    /// The organisation's credentials for a system, or its parent's.
    pub async fn credentials(&self, organisation: &Organisation, system: &str) -> Result<SecretString, Fault> {
        self.credentials_and_owner(organisation, system)
            .await
            .map(|(_, secret)| secret)
    }

    /// The same, with whose they are.
    pub async fn credentials_and_owner(
        &self,
        organisation: &Organisation,
        system: &str,
    ) -> Result<(OrgId, SecretString), Fault> {
        self.owned_credentials(organisation, system).await?.ok_or_else(|| {
            Fault::NeedsAttention(format!(
                "there are no credentials for {system}: set them with `operator credentials set {} {system}`",
                organisation.id
            ))
        })
    }

    /// The same for a system that may do without, with whose they are.
    pub async fn owned_credentials(
        &self,
        organisation: &Organisation,
        system: &str,
    ) -> Result<Option<(OrgId, SecretString)>, Fault> {
        for org in std::iter::once(&organisation.id).chain(&organisation.parent) {
            if let Some(secret) = self.cached(self.credentials_name(org, system)).await? {
                return Ok(Some((org.clone(), secret)));
            }
        }
        Ok(None)
    }

    /// Whether the organisation or its parent has credentials for a system; what they are is not read.
    pub async fn has_credentials(&self, organisation: &Organisation, system: &str) -> Result<bool, Fault> {
        for org in std::iter::once(&organisation.id).chain(&organisation.parent) {
            let name = self.credentials_name(org, system);
            match self.client.describe_secret().secret_id(name).send().await {
                Ok(_) => return Ok(true),
                Err(error) if code(&error) == Some("ResourceNotFoundException") => {}
                Err(error) => return Err(fault("looking for credentials", &error)),
            }
        }
        Ok(false)
    }

    /// As they are at this moment: what is cached may have been renewed meanwhile.
    pub async fn current_credentials(&self, org: &OrgId, system: &str) -> Result<Option<SecretString>, Fault> {
        let name = self.credentials_name(org, system);
        self.cache.lock().await.remove(&name);
        self.cached(name).await
    }

    pub async fn set_credentials(&self, org: &OrgId, system: &str, value: &SecretString) -> Result<(), Fault> {
        self.set(self.credentials_name(org, system), value).await
    }

    async fn set(&self, name: String, value: &SecretString) -> Result<(), Fault> {
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
                .map_err(|error| fault("creating credentials", &error)),
            Err(error) => Err(fault("setting credentials", &error)),
        }
    }

    /// When the organisation's own credentials were set; None where it has none. Reads no value.
    pub async fn credentials_set_at(&self, org: &OrgId, system: &str) -> Result<Option<DateTime<Utc>>, Fault> {
        let name = self.credentials_name(org, system);
        match self.client.describe_secret().secret_id(name).send().await {
            Ok(answer) => {
                let at = answer.last_changed_date.or(answer.created_date);
                Ok(at.and_then(|at| DateTime::from_timestamp(at.secs(), 0)))
            }
            Err(error) if code(&error) == Some("ResourceNotFoundException") => Ok(None),
            Err(error) => Err(fault("looking for credentials", &error)),
        }
    }

    /// The key that signs session cookies.
    pub async fn session_key(&self) -> Result<SecretString, Fault> {
        let secret = self.cached(format!("{}/session-key", self.prefix)).await?;
        secret.ok_or_else(|| Fault::Permanent("the session key does not exist".to_owned()))
    }

    /// What proves to Google that Gangway asks, if the operator has set it.
    pub async fn google_client_secret(&self) -> Result<Option<SecretString>, Fault> {
        self.cached(self.google_name()).await
    }

    pub async fn set_google_client_secret(&self, value: &SecretString) -> Result<(), Fault> {
        self.set(self.google_name(), value).await
    }

    fn google_name(&self) -> String {
        format!("{}/google-client-secret", self.prefix)
    }

    /// Keeps a new temporary password, unless one is kept: a rerun uses the first one.
    pub async fn keep_password(&self, key: &RequestKey, password: SecretString) -> Result<SecretString, Fault> {
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
                .ok_or_else(|| Fault::Transient("the temporary password is being deleted".to_owned())),
            Err(error) => Err(fault("keeping the temporary password", &error)),
        }
    }

    pub async fn password(&self, key: &RequestKey) -> Result<Option<SecretString>, Fault> {
        self.read(&self.password_name(key)).await
    }

    /// Deletes for good: a secret costs until it is gone.
    pub async fn forget_password(&self, key: &RequestKey) -> Result<(), Fault> {
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
            Err(error) => Err(fault("deleting the temporary password", &error)),
        }
    }

    fn credentials_name(&self, org: &OrgId, system: &str) -> String {
        format!("{}/credentials/{org}/{system}", self.prefix)
    }

    fn password_name(&self, key: &RequestKey) -> String {
        format!("{}/password/{}/{}", self.prefix, key.org, key.request)
    }

    async fn cached(&self, name: String) -> Result<Option<SecretString>, Fault> {
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

    async fn read(&self, name: &str) -> Result<Option<SecretString>, Fault> {
        match self.client.get_secret_value().secret_id(name).send().await {
            Ok(answer) => Ok(answer.secret_string.map(Into::into)),
            Err(error) if code(&error) == Some("ResourceNotFoundException") => Ok(None),
            Err(error) => Err(fault("reading a secret", &error)),
        }
    }
}

fn code<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> Option<&str> {
    error.as_service_error().and_then(ProvideErrorMetadata::code)
}
