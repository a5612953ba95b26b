//! A temporary password that reached no place: it is kept for a while, and shown once.

use aws_sdk_dynamodb::types::{Put, TransactWriteItem};
use chrono::{DateTime, Utc};
use domain::request::RequestKey;
use domain::step_error::StepError;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

use crate::audit::AuditEntry;
use crate::aws_error::stored_shape;
use crate::effects::{EffectState, TABLE};
use crate::requests::{Changed, transacted};
use crate::timeline::partition;
use crate::{Store, text};

/// The effect that is recorded when nothing is left to be done with the password: it has reached a place, was shown, or
/// was deleted.
pub const PASSWORD_SETTLED: &str = "password";
const KEPT: &str = "password-kept";
const SHOWN: &str = "password-shown";

/// Who has seen it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    /// For people.
    pub by: String,
    pub at: DateTime<Utc>,
    /// Number of the execution that waits with it.
    pub run: u32,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kept {
    /// There is none yet, or it is on its way to its places.
    NotYet,
    /// It waits for an admin.
    Here,
    Shown(Shown),
    /// Handed over, or deleted.
    Gone,
}

impl Store {
    /// No place could be reached.
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

    /// The one write that allows showing it, with its audit, which names `who`.
    pub async fn show_password(&self, key: &RequestKey, who: &str, shown: &Shown) -> Result<Changed, StepError> {
        let result = serde_json::to_string(shown).map_err(|_| stored_shape(TABLE))?;
        let put = Put::builder()
            .table_name(self.table(TABLE))
            .item("request", text(partition(key)))
            .item("effect", text(SHOWN))
            .item("result", text(result))
            .item("done_at", text(shown.at.to_rfc3339()))
            .condition_expression("attribute_not_exists(effect)")
            .build()
            .map_err(|_| stored_shape(TABLE))?;
        let entry = AuditEntry::now(who, "password.shown", key.request.as_str());
        let result = self
            .db
            .transact_write_items()
            .transact_items(TransactWriteItem::builder().put(put).build())
            .transact_items(self.audit_put(&key.org, &entry)?)
            .send()
            .await;
        transacted("showing a password", result)
    }

    /// Whether nothing is left to be done with it, or of it.
    pub async fn password_is_settled(&self, key: &RequestKey) -> Result<bool, StepError> {
        self.is_done(key, PASSWORD_SETTLED).await
    }
}
