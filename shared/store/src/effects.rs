//! Effects on outside systems. The intent is recorded first, then the step acts, then it records the result. So a step
//! can run again without a second effect.

use chrono::Utc;
use domain::request::RequestKey;
use domain::step_error::StepError;
use serde::Serialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::Value;

use crate::read::{Item, decode_json, encode_json, item};
use crate::timeline::partition;
use crate::write::{put, update};
use crate::{Store, text};

pub(crate) const TABLE: &str = "effects";

/// What an earlier run of the step has recorded.
#[derive(Debug, PartialEq)]
pub enum EffectState<T, I> {
    /// No run has recorded anything; the intent is now written.
    New,
    /// An earlier run recorded this intent. Only the outside system knows whether the effect happened.
    Intended(I),
    /// The effect happened, with this result.
    Done(T),
}

/// Sixteen random hexadecimal digits, which have no meaning in any vendor's search syntax or markup.
pub fn random_mark() -> String {
    format!("{:016x}", rand::random::<u64>())
}

/// The key of the item that records the effect.
pub(crate) fn effect_key(key: &RequestKey, effect: &str) -> Item {
    item([("request", text(partition(key))), ("effect", text(effect))])
}

impl Store {
    /// Writes the intent unless one is recorded, and returns what was recorded before.
    pub async fn intend<T, I>(&self, key: &RequestKey, effect: &str, intent: &I) -> Result<EffectState<T, I>, StepError>
    where
        T: DeserializeOwned,
        I: Serialize + DeserializeOwned,
    {
        let intended = put(TABLE, effect_key(key, effect))
            .with("intent", encode_json(TABLE, intent)?)
            .with("intended_at", text(Utc::now().to_rfc3339()));
        match self
            .write_if("writing an intent", intended.unless_exists("effect"))
            .await?
        {
            true => Ok(EffectState::New),
            false => self.effect(key, effect).await,
        }
    }

    /// Replaces the recorded intent by that of another attempt. Returns false if another run did so meanwhile.
    pub async fn intend_again<I: Serialize>(
        &self,
        key: &RequestKey,
        effect: &str,
        earlier: &I,
        intent: &I,
    ) -> Result<bool, StepError> {
        let again = update(TABLE, effect_key(key, effect), "SET intent = :new, intended_at = :at")
            .name("#r", "result")
            .value(":earlier", encode_json(TABLE, earlier)?)
            .value(":new", encode_json(TABLE, intent)?)
            .value(":at", text(Utc::now().to_rfc3339()))
            .when("intent = :earlier AND attribute_not_exists(#r)");
        self.write_if("writing an intent again", again).await
    }

    /// Returns what is recorded about the effect, and writes nothing.
    pub async fn effect<T, I>(&self, key: &RequestKey, effect: &str) -> Result<EffectState<T, I>, StepError>
    where
        T: DeserializeOwned,
        I: DeserializeOwned,
    {
        let found = self.item("reading an effect", TABLE, effect_key(key, effect)).await?;
        match found {
            None => Ok(EffectState::New),
            Some(found) if found.contains_key("result") => decode_json(TABLE, &found, "result").map(EffectState::Done),
            Some(found) => decode_json(TABLE, &found, "intent").map(EffectState::Intended),
        }
    }

    /// Whether the effect is known to have happened.
    pub async fn is_done(&self, key: &RequestKey, effect: &str) -> Result<bool, StepError> {
        let state: EffectState<IgnoredAny, IgnoredAny> = self.effect(key, effect).await?;
        Ok(matches!(state, EffectState::Done(_)))
    }

    /// Records that the effect happened, with its result.
    pub async fn effect_done<T: Serialize>(&self, key: &RequestKey, effect: &str, result: &T) -> Result<(), StepError> {
        let done = update(TABLE, effect_key(key, effect), "SET #r = :r, done_at = :at")
            .name("#r", "result")
            .value(":r", encode_json(TABLE, result)?)
            .value(":at", text(Utc::now().to_rfc3339()));
        self.write("recording an effect", done).await
    }

    /// Performs `act` once across all runs of a step, and returns its result. If an earlier run recorded only the
    /// intent, `ask` finds out from the outside system whether the effect happened.
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

    /// Like [`Store::once`], for an outside system in which other people write too. What Gangway writes there carries a
    /// random mark of 64 bits, which is recorded as the intent. Nobody can know the mark in advance, so nobody can
    /// prepare something that a repeated step would mistake for its own work.
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
            // The intent of the same effect when it was sent by mail, which has no mark.
            EffectState::Intended(earlier) => {
                self.intend_again(key, effect, &earlier, &intent).await?;
                act(&new).await?
            }
        };
        self.effect_done(key, effect, &result).await?;
        Ok(result)
    }
}
