//! Effects on outside systems: intent first, then the act, then its result; so that a step can run again.

use std::collections::HashMap;

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::types::AttributeValue;
use chrono::Utc;
use domain::request::RequestKey;
use domain::step_error::StepError;
use serde::Serialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::Value;

use crate::aws_error::{aws_error, stored_shape};
use crate::timeline::partition;
use crate::{Store, text};

pub(crate) const TABLE: &str = "effects";

/// What an earlier run of the step left behind.
#[derive(Debug, PartialEq)]
pub enum EffectState<T, I> {
    /// Nobody tried before; the intent is now written.
    New,
    /// Somebody meant to, with this intent; whether it happened only the outside system knows.
    Intended(I),
    Done(T),
}

/// Sixteen hexadecimal digits, which mean nothing to any vendor's search or markup.
pub fn random_mark() -> String {
    format!("{:016x}", rand::random::<u64>())
}

impl Store {
    /// Writes the intent unless one stands.
    pub async fn intend<T, I>(&self, key: &RequestKey, effect: &str, intent: &I) -> Result<EffectState<T, I>, StepError>
    where
        T: DeserializeOwned,
        I: Serialize + DeserializeOwned,
    {
        let intent = serde_json::to_string(intent).map_err(|_| stored_shape(TABLE))?;
        let result = self
            .db
            .put_item()
            .table_name(self.table(TABLE))
            .item("request", text(partition(key)))
            .item("effect", text(effect))
            .item("intent", text(intent))
            .item("intended_at", text(Utc::now().to_rfc3339()))
            .condition_expression("attribute_not_exists(effect)")
            .send()
            .await;
        match result {
            Ok(_) => Ok(EffectState::New),
            Err(SdkError::ServiceError(e)) if e.err().is_conditional_check_failed_exception() => {
                self.effect(key, effect).await
            }
            Err(error) => Err(aws_error("writing an intent", &error)),
        }
    }

    /// Writes the intent to try again over the one that stands: false if another run did so meanwhile.
    pub async fn intend_again<I: Serialize>(
        &self,
        key: &RequestKey,
        effect: &str,
        earlier: &I,
        intent: &I,
    ) -> Result<bool, StepError> {
        let json = |intent: &I| serde_json::to_string(intent).map_err(|_| stored_shape(TABLE));
        let result = self
            .db
            .update_item()
            .table_name(self.table(TABLE))
            .key("request", text(partition(key)))
            .key("effect", text(effect))
            .update_expression("SET intent = :new, intended_at = :at")
            .condition_expression("intent = :earlier AND attribute_not_exists(#r)")
            .expression_attribute_names("#r", "result")
            .expression_attribute_values(":earlier", text(json(earlier)?))
            .expression_attribute_values(":new", text(json(intent)?))
            .expression_attribute_values(":at", text(Utc::now().to_rfc3339()))
            .send()
            .await;
        match result {
            Ok(_) => Ok(true),
            Err(SdkError::ServiceError(e)) if e.err().is_conditional_check_failed_exception() => Ok(false),
            Err(error) => Err(aws_error("writing an intent again", &error)),
        }
    }

    /// What stands, without writing anything.
    pub async fn effect<T, I>(&self, key: &RequestKey, effect: &str) -> Result<EffectState<T, I>, StepError>
    where
        T: DeserializeOwned,
        I: DeserializeOwned,
    {
        let item = self.effect_item(key, effect).await?;
        let Some(item) = item else { return Ok(EffectState::New) };
        if let Some(Ok(result)) = item.get("result").map(AttributeValue::as_s) {
            return serde_json::from_str(result)
                .map(EffectState::Done)
                .map_err(|_| stored_shape(TABLE));
        }
        match item.get("intent").map(AttributeValue::as_s) {
            Some(Ok(intent)) => serde_json::from_str(intent)
                .map(EffectState::Intended)
                .map_err(|_| stored_shape(TABLE)),
            _ => Err(stored_shape(TABLE)),
        }
    }

    /// Whether the effect is known to have happened.
    pub async fn is_done(&self, key: &RequestKey, effect: &str) -> Result<bool, StepError> {
        let state: EffectState<IgnoredAny, IgnoredAny> = self.effect(key, effect).await?;
        Ok(matches!(state, EffectState::Done(_)))
    }

    /// The result of an effect that is known to have happened.
    pub async fn effect_done<T: Serialize>(&self, key: &RequestKey, effect: &str, result: &T) -> Result<(), StepError> {
        let result = serde_json::to_string(result).map_err(|_| stored_shape(TABLE))?;
        self.db
            .update_item()
            .table_name(self.table(TABLE))
            .key("request", text(partition(key)))
            .key("effect", text(effect))
            .update_expression("SET #r = :r, done_at = :at")
            .expression_attribute_names("#r", "result")
            .expression_attribute_values(":r", text(result))
            .expression_attribute_values(":at", text(Utc::now().to_rfc3339()))
            .send()
            .await
            .map(|_| ())
            .map_err(|error| aws_error("recording an effect", &error))
    }

    /// Does `act` once over all runs of a step: an earlier result is answered; where only the intent stands, `ask`
    /// finds out from the outside system whether it happened.
    pub async fn once<T>(
        &self,
        key: &RequestKey,
        effect: &str,
        ask: impl AsyncFnOnce() -> Result<Option<T>, StepError>,
        act: impl AsyncFnOnce() -> Result<T, StepError>,
    ) -> Result<T, StepError>
    where
        T: Serialize + DeserializeOwned,
    {
        let result = match self.intend::<T, Value>(key, effect, &Value::Null).await? {
            EffectState::Done(result) => return Ok(result),
            EffectState::New => act().await?,
            EffectState::Intended(_) => match ask().await? {
                Some(result) => result,
                None => act().await?,
            },
        };
        self.effect_done(key, effect, &result).await?;
        Ok(result)
    }

    /// As [`Store::once`], for an outside system where others write too. What Gangway writes there carries a mark that
    /// nobody could know before it was written: 64 random bits, which are the effect's intent. So nobody can put up
    /// beforehand what a repeated step would take for its own work.
    pub async fn once_marked<T>(
        &self,
        key: &RequestKey,
        effect: &str,
        ask: impl AsyncFnOnce(&str) -> Result<Option<T>, StepError>,
        act: impl AsyncFnOnce(&str) -> Result<T, StepError>,
    ) -> Result<T, StepError>
    where
        T: Serialize + DeserializeOwned,
    {
        let new = random_mark();
        let intent = Value::String(new.clone());
        let result = match self.intend::<T, Value>(key, effect, &intent).await? {
            EffectState::Done(result) => return Ok(result),
            EffectState::New => act(&new).await?,
            EffectState::Intended(Value::String(mark)) => match ask(&mark).await? {
                Some(result) => result,
                None => act(&mark).await?,
            },
            // The other way of the same effect, by mail, which has no mark.
            EffectState::Intended(earlier) => {
                self.intend_again(key, effect, &earlier, &intent).await?;
                act(&new).await?
            }
        };
        self.effect_done(key, effect, &result).await?;
        Ok(result)
    }

    async fn effect_item(
        &self,
        key: &RequestKey,
        effect: &str,
    ) -> Result<Option<HashMap<String, AttributeValue>>, StepError> {
        let answer = self
            .db
            .get_item()
            .table_name(self.table(TABLE))
            .key("request", text(partition(key)))
            .key("effect", text(effect))
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| aws_error("reading an effect", &error))?;
        Ok(answer.item)
    }
}
