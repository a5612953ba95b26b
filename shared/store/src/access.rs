//! API tokens and one-time sign-in links. Only their hashes are stored.

use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::ReturnValue;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Duration, Utc};
use domain::fault::Fault;
use domain::ids::OrgId;
use domain::role::Role;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::fault::{fault, stored_shape};
use crate::{Store, number, text};

const TABLE: &str = "access";

/// What a token of the API stands for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiToken {
    pub org: OrgId,
    pub name: String,
    pub role: Role,
}

/// Where a token is kept: its hash.
#[derive(Debug)]
pub struct TokenKey(String);

/// What a sign-in link stands for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignIn {
    pub org: OrgId,
    pub member: String,
    pub valid_until: DateTime<Utc>,
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Entry {
    Token(ApiToken),
    SignIn(SignIn),
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
    pub async fn issue_token(&self, token: &ApiToken) -> Result<SecretString, Fault> {
        let secret = random_token();
        self.put_access(&secret, &Entry::Token(token.clone()), None).await?;
        Ok(secret)
    }

    pub async fn api_token(&self, secret: &SecretString) -> Result<Option<ApiToken>, Fault> {
        match self.access(secret).await? {
            Some(Entry::Token(token)) => Ok(Some(token)),
            _ => Ok(None),
        }
    }

    /// All of an organisation, with the keys that [`Store::revoke_token`] takes. Looks through the whole table: for a person's
    /// command, not for a call.
    pub async fn api_tokens(&self, org: &OrgId) -> Result<Vec<(TokenKey, ApiToken)>, Fault> {
        let mut pages = self
            .db
            .scan()
            .table_name(self.table(TABLE))
            .filter_expression("#k = :k AND #o = :o")
            .expression_attribute_names("#k", "kind")
            .expression_attribute_names("#o", "org")
            .expression_attribute_values(":k", text("token"))
            .expression_attribute_values(":o", text(org.as_str()))
            .consistent_read(true)
            .into_paginator()
            .items()
            .send();
        let mut tokens = Vec::new();
        while let Some(item) = pages.next().await {
            let item = item.map_err(|error| fault("listing the tokens", &error))?;
            let key = item.get("hash").and_then(|hash| hash.as_s().ok()).cloned();
            let token = serde_dynamo::from_item(item).map_err(|_| stored_shape(TABLE))?;
            tokens.push((TokenKey(key.ok_or_else(|| stored_shape(TABLE))?), token));
        }
        Ok(tokens)
    }

    /// From the next call on nobody gets in with it.
    pub async fn revoke_token(&self, key: &TokenKey) -> Result<(), Fault> {
        self.db
            .delete_item()
            .table_name(self.table(TABLE))
            .key("hash", text(&key.0))
            .send()
            .await
            .map(|_| ())
            .map_err(|error| fault("revoking a token", &error))
    }

    pub async fn issue_sign_in(&self, org: &OrgId, member: &str, valid: Duration) -> Result<SecretString, Fault> {
        let secret = random_token();
        let valid_until = Utc::now() + valid;
        let entry = Entry::SignIn(SignIn {
            org: org.clone(),
            member: member.to_owned(),
            valid_until,
        });
        self.put_access(&secret, &entry, Some(valid_until)).await?;
        Ok(secret)
    }

    /// Looks without using it up: a GET of the link.
    pub async fn sign_in(&self, secret: &SecretString) -> Result<Option<SignIn>, Fault> {
        match self.access(secret).await? {
            Some(Entry::SignIn(sign_in)) if sign_in.valid_until > Utc::now() => Ok(Some(sign_in)),
            _ => Ok(None),
        }
    }

    /// Uses the link up; whoever comes second gets nothing.
    pub async fn redeem_sign_in(&self, secret: &SecretString) -> Result<Option<SignIn>, Fault> {
        let answer = self
            .db
            .delete_item()
            .table_name(self.table(TABLE))
            .key("hash", text(hash(secret)))
            .condition_expression("attribute_not_exists(#k) OR #k = :k")
            .expression_attribute_names("#k", "kind")
            .expression_attribute_values(":k", text("sign_in"))
            .return_values(ReturnValue::AllOld)
            .send()
            .await;
        let item = match answer {
            Ok(answer) => answer.attributes,
            Err(error) if is_unmet(&error) => None,
            Err(error) => return Err(fault("redeeming a sign-in link", &error)),
        };
        let Some(item) = item.filter(|item| !item.is_empty()) else {
            return Ok(None);
        };
        match serde_dynamo::from_item(item).map_err(|_| stored_shape(TABLE))? {
            Entry::SignIn(sign_in) if sign_in.valid_until > Utc::now() => Ok(Some(sign_in)),
            _ => Ok(None),
        }
    }

    /// True for whoever comes first with this text; it is remembered for as long as it could be used again.
    pub async fn first_use(&self, text_used: &SecretString, until: DateTime<Utc>) -> Result<bool, Fault> {
        let result = self
            .db
            .put_item()
            .table_name(self.table(TABLE))
            .item("hash", text(format!("used#{}", hash(text_used))))
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
            Err(error) => Err(fault("using a sign-in's state", &error)),
        }
    }

    async fn access(&self, secret: &SecretString) -> Result<Option<Entry>, Fault> {
        let answer = self
            .db
            .get_item()
            .table_name(self.table(TABLE))
            .key("hash", text(hash(secret)))
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| fault("reading an access token", &error))?;
        answer
            .item
            .map(|item| serde_dynamo::from_item(item).map_err(|_| stored_shape(TABLE)))
            .transpose()
    }

    async fn put_access(
        &self,
        secret: &SecretString,
        entry: &Entry,
        expires: Option<DateTime<Utc>>,
    ) -> Result<(), Fault> {
        let fields: std::collections::HashMap<_, _> = serde_dynamo::to_item(entry).map_err(|_| stored_shape(TABLE))?;
        let mut put = self
            .db
            .put_item()
            .table_name(self.table(TABLE))
            .set_item(Some(fields))
            .item("hash", text(hash(secret)));
        if let Some(expires) = expires {
            put = put.item("expires_at", number(expires.timestamp()));
        }
        put.send()
            .await
            .map(|_| ())
            .map_err(|error| fault("issuing access", &error))
    }
}

fn is_unmet<R>(
    error: &aws_sdk_dynamodb::error::SdkError<aws_sdk_dynamodb::operation::delete_item::DeleteItemError, R>,
) -> bool {
    error
        .as_service_error()
        .is_some_and(aws_sdk_dynamodb::operation::delete_item::DeleteItemError::is_conditional_check_failed_exception)
}
