//! What a secret that somebody brings stands for: a session, an API token, a one-time link. Only its hash is stored.
//!
//! The key of an item begins with its kind, so that each function's role can be limited to the kinds that it writes, and so
//! that nothing of one kind is taken for another.

use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::{Delete, Put, TransactWriteItem};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use domain::step_error::StepError;
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::aws_error::{aws_error, stored_shape};
use crate::{Store, number, text};

const TABLE: &str = "access";

/// What an item of the table is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Session,
    Token,
    Link,
    /// When a session or a token was last used. An item of its own: whichever function is called writes it, and may write
    /// nothing else here.
    Seen,
    /// A text that must not be used a second time.
    Used,
}

impl Kind {
    /// The key of the item for a secret's hash.
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

/// When something was last used.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Seen {
    pub(crate) seen_at: DateTime<Utc>,
}

/// 256 bits from the operating system's generator.
pub(crate) fn random_token() -> SecretString {
    let bytes: [u8; 32] = rand::random();
    URL_SAFE_NO_PAD.encode(bytes).into()
}

pub(crate) fn hash(token: &SecretString) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(token.expose_secret().as_bytes()))
}

impl Store {
    /// True for whoever comes first with this text; it is remembered for as long as it could be used again.
    pub async fn first_use(&self, text_used: &SecretString, until: DateTime<Utc>) -> Result<bool, StepError> {
        let result = self
            .db
            .put_item()
            .table_name(self.table(TABLE))
            .item("hash", text(Kind::Used.key(&hash(text_used))))
            .item("expires_at", number(until.timestamp()))
            .condition_expression("attribute_not_exists(#h)")
            .expression_attribute_names("#h", "hash")
            .send()
            .await;
        match result {
            Ok(_) => Ok(true),
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(PutItemError::is_conditional_check_failed_exception) =>
            {
                Ok(false)
            }
            Err(error) => Err(aws_error("using a sign-in's state", &error)),
        }
    }

    /// DynamoDB deletes what has expired within days only: whoever reads an item looks at its time.
    pub(crate) async fn access<T: DeserializeOwned>(&self, key: String) -> Result<Option<T>, StepError> {
        let answer = self
            .db
            .get_item()
            .table_name(self.table(TABLE))
            .key("hash", text(key))
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| aws_error("reading who has access", &error))?;
        answer
            .item
            .map(|item| serde_dynamo::from_item(item).map_err(|_| stored_shape(TABLE)))
            .transpose()
    }

    pub(crate) async fn put_access(
        &self,
        key: String,
        value: &impl Serialize,
        expires: DateTime<Utc>,
    ) -> Result<(), StepError> {
        let put = self.access_put(key, value, expires)?;
        self.db
            .put_item()
            .table_name(put.table_name)
            .set_item(Some(put.item))
            .send()
            .await
            .map(|_| ())
            .map_err(|error| aws_error("writing who has access", &error))
    }

    pub(crate) fn access_put(
        &self,
        key: String,
        value: &impl Serialize,
        expires: DateTime<Utc>,
    ) -> Result<Put, StepError> {
        let fields: std::collections::HashMap<_, _> = serde_dynamo::to_item(value).map_err(|_| stored_shape(TABLE))?;
        Put::builder()
            .table_name(self.table(TABLE))
            .set_item(Some(fields))
            .item("hash", text(key))
            .item("expires_at", number(expires.timestamp()))
            .build()
            .map_err(|_| stored_shape(TABLE))
    }

    pub(crate) async fn delete_access(&self, key: String) -> Result<(), StepError> {
        self.db
            .delete_item()
            .table_name(self.table(TABLE))
            .key("hash", text(key))
            .send()
            .await
            .map(|_| ())
            .map_err(|error| aws_error("ending access", &error))
    }

    /// A part of a transaction that fails if the item is gone.
    pub(crate) fn access_delete(&self, key: String) -> Result<TransactWriteItem, StepError> {
        let delete = Delete::builder()
            .table_name(self.table(TABLE))
            .key("hash", text(key))
            .condition_expression("attribute_exists(#h)")
            .expression_attribute_names("#h", "hash")
            .build()
            .map_err(|_| stored_shape(TABLE))?;
        Ok(TransactWriteItem::builder().delete(delete).build())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_secret_is_another_item_in_each_kind() {
        let secret = random_token();
        assert_ne!(hash(&secret), hash(&random_token()));
        let kinds = [Kind::Session, Kind::Token, Kind::Link, Kind::Seen, Kind::Used];
        let keys: std::collections::BTreeSet<_> = kinds.map(|kind| kind.key(&hash(&secret))).into();
        assert_eq!(keys.len(), kinds.len());
        assert!(keys.iter().all(|key| !key.contains(secret.expose_secret())));
    }
}
