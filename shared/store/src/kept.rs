//! A temporary password that could not be delivered to any destination. It is kept for a limited time and shown once.

use chrono::{DateTime, Utc};
use domain::request::RequestKey;
use domain::step_error::StepError;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

use crate::audit::AuditEntry;
use crate::effects::{EffectState, TABLE, effect_key};
use crate::read::encode_json;
use crate::requests::Changed;
use crate::write::put;
use crate::{Store, text};

/// The effect that is recorded when the password needs no further work, because it was delivered, shown or deleted.
pub const PASSWORD_SETTLED: &str = "password";
const KEPT: &str = "password-kept";
const SHOWN: &str = "password-shown";

/// Who saw the password, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    /// The person's name as shown to people.
    pub by: String,
    pub at: DateTime<Utc>,
    /// The number of the execution that keeps the password.
    pub run: u32,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kept {
    /// There is no password yet, or its delivery is in progress.
    NotYet,
    /// An admin can see the password.
    Here,
    Shown(Shown),
    /// The password was delivered or deleted.
    Gone,
}

#[derive(Clone, Copy)]
struct AlreadyShown;

impl Store {
    /// Records that no destination could be reached.
    pub async fn keep_for_admin(&self, key: &RequestKey) -> Result<(), StepError> {
        self.effect_done(key, KEPT, &()).await
    }

    pub async fn kept_password(&self, key: &RequestKey) -> Result<Kept, StepError> {
        if let Some(shown) = self.password_shown(key).await? {
            return Ok(Kept::Shown(shown));
        }
        if self.password_is_settled(key).await? {
            return Ok(Kept::Gone);
        }
        Ok(match self.is_done(key, KEPT).await? {
            true => Kept::Here,
            false => Kept::NotYet,
        })
    }

    pub async fn password_shown(&self, key: &RequestKey) -> Result<Option<Shown>, StepError> {
        match self.effect(key, SHOWN).await? {
            EffectState::Done(shown) => Ok(Some(shown)),
            EffectState::New | EffectState::Intended(IgnoredAny) => Ok(None),
        }
    }

    /// Allows one person to see the password, in a single conditional write that includes the audit entry about `who`.
    pub async fn show_password(&self, key: &RequestKey, who: &str, shown: &Shown) -> Result<Changed, StepError> {
        let first = put(TABLE, effect_key(key, SHOWN))
            .with("result", encode_json(TABLE, shown)?)
            .with("done_at", text(shown.at.to_rfc3339()))
            .unless_exists("effect");
        let mut tx = self.tx("showing a password");
        tx.add(first.or(AlreadyShown));
        tx.audit(&key.org, &AuditEntry::now(who, "password.shown", key.request.as_str()))?;
        Ok(tx.commit().await?.is_done().into())
    }

    /// Whether the password needs no further work (see [`PASSWORD_SETTLED`]).
    pub async fn password_is_settled(&self, key: &RequestKey) -> Result<bool, StepError> {
        self.is_done(key, PASSWORD_SETTLED).await
    }
}
