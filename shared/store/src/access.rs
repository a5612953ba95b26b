//! Sessions, API tokens and one-time links, found by the secret that a caller presents. Only the secret's hash is
//! stored.
//!
//! The key of an item begins with its kind. So the IAM role of each function can be limited to the kinds it writes, and
//! an item of one kind is never mistaken for another.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use domain::step_error::StepError;
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::read::{Item, encode, item};
use crate::write::{Conditional, Write, delete, put};
use crate::{Store, number, text};

const TABLE: &str = "access";

/// The kinds of items in the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Session,
    Token,
    Link,
    /// When a session or a token was last used. This is a separate item because every function that is called writes
    /// it, and may write nothing else in this table.
    Seen,
    /// Records that a text was used and must not be used again.
    Used,
}

impl Kind {
    /// The key of the item for the hash of a secret.
    pub(crate) fn key(self, hash: &str) -> String {
        let kind = match self {
            Self::Session => "session",
            Self::Token => "token",
            Self::Link => "link",
            Self::Seen => "seen",
            Self::Used => "used",
        };
        format!("{kind}#{hash}")
    }
}

/// The time of the last use of a session or a token.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Seen {
    pub(crate) seen_at: DateTime<Utc>,
}

/// Generates 256 random bits from the operating system.
pub(crate) fn random_token() -> SecretString {
    let bytes: [u8; 32] = rand::random();
    URL_SAFE_NO_PAD.encode(bytes).into()
}

pub(crate) fn hash(token: &SecretString) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(token.expose_secret().as_bytes()))
}

fn access_key(key: String) -> Item {
    item([("hash", text(key))])
}

/// Part of a transaction: stores an item that expires at `expires`.
pub(crate) fn access_put(key: String, value: &impl Serialize, expires: DateTime<Utc>) -> Result<Write, StepError> {
    let write = put(TABLE, encode(TABLE, value)?).with("hash", text(key));
    Ok(write.with("expires_at", number(expires.timestamp())))
}

/// Part of a transaction: deletes an item, and fails if the item is gone.
pub(crate) fn access_delete(key: String) -> Conditional {
    delete(TABLE, access_key(key)).if_exists("hash")
}

impl Store {
    /// Returns true for the first caller with this text. The text is remembered until `until`, which must cover the
    /// time during which it could be used again.
    pub async fn first_use(&self, text_used: &SecretString, until: DateTime<Utc>) -> Result<bool, StepError> {
        let used = put(TABLE, access_key(Kind::Used.key(&hash(text_used))));
        let used = used.with("expires_at", number(until.timestamp()));
        self.write_if("using a sign-in's state", used.unless_exists("hash"))
            .await
    }

    /// Reads an item. DynamoDB takes days to delete expired items, so every caller checks the time in what it reads.
    pub(crate) async fn access<T: DeserializeOwned>(&self, key: String) -> Result<Option<T>, StepError> {
        self.read("reading who has access", TABLE, access_key(key)).await
    }

    pub(crate) async fn put_access(
        &self,
        key: String,
        value: &impl Serialize,
        expires: DateTime<Utc>,
    ) -> Result<(), StepError> {
        let write = access_put(key, value, expires)?;
        self.write("writing who has access", write).await
    }

    pub(crate) async fn delete_access(&self, key: String) -> Result<(), StepError> {
        self.write("ending access", delete(TABLE, access_key(key))).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn same_secret_has_a_separate_item_per_kind() {
        let secret = random_token();
        assert_ne!(hash(&secret), hash(&random_token()));
        let kinds = [Kind::Session, Kind::Token, Kind::Link, Kind::Seen, Kind::Used];
        let keys: std::collections::BTreeSet<_> = kinds.map(|kind| kind.key(&hash(&secret))).into();
        assert_eq!(keys.len(), kinds.len());
        assert!(keys.iter().all(|key| !key.contains(secret.expose_secret())));
    }
}
