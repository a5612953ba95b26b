//! Links: 256 random bits for one request, one gate, one action and one person. Only the hash is stored.

use aws_sdk_dynamodb::types::{Put, TransactWriteItem};
use chrono::Utc;
use domain::decision::{Action, Gate};
use domain::ids::{OrgId, RequestId};
use domain::request::RequestKey;
use domain::step_error::StepError;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use crate::access::{hash, random_token};
use crate::aws_error::{aws_error, stored_shape};
use crate::{Store, has_expired, number, text};

const TABLE: &str = "capabilities";

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Capability {
    pub org: OrgId,
    pub request: RequestId,
    pub gate: Gate,
    pub action: Action,
    /// Whose link it is: an address, or `technician` for a link on a ticket.
    pub person: String,
}

impl Capability {
    pub fn key(&self) -> RequestKey {
        RequestKey {
            org: self.org.clone(),
            request: self.request.clone(),
        }
    }
}

impl Store {
    /// Makes one link for each action, for one person.
    pub async fn issue_links(
        &self,
        key: &RequestKey,
        gate: &Gate,
        actions: &[Action],
        person: &str,
    ) -> Result<Vec<SecretString>, StepError> {
        let mut tokens = Vec::new();
        let mut hashes = Vec::new();
        let mut writes = Vec::new();
        for action in actions {
            let token = random_token();
            let digest = hash(&token);
            let capability = Capability {
                org: key.org.clone(),
                request: key.request.clone(),
                gate: gate.clone(),
                action: *action,
                person: person.to_owned(),
            };
            let fields: std::collections::HashMap<_, _> =
                serde_dynamo::to_item(&capability).map_err(|_| stored_shape(TABLE))?;
            let put = Put::builder()
                .table_name(self.table(TABLE))
                .set_item(Some(fields))
                .item("hash", text(&digest))
                .build()
                .map_err(|_| stored_shape(TABLE))?;
            writes.push(TransactWriteItem::builder().put(put).build());
            hashes.push(digest);
            tokens.push(token);
        }
        self.remember_links(key, gate, hashes).await?;
        self.db
            .transact_write_items()
            .set_transact_items(Some(writes))
            .send()
            .await
            .map_err(|error| aws_error("issuing links", &error))?;
        Ok(tokens)
    }

    pub async fn capability(&self, token: &SecretString) -> Result<Option<Capability>, StepError> {
        let answer = self
            .db
            .get_item()
            .table_name(self.table(TABLE))
            .key("hash", text(hash(token)))
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| aws_error("reading a link", &error))?;
        answer
            .item
            // DynamoDB may take days to delete what has expired.
            .filter(|item| !has_expired(item, Utc::now()))
            .map(|item| serde_dynamo::from_item(item).map_err(|_| stored_shape(TABLE)))
            .transpose()
    }

    pub(crate) async fn retire_capability(&self, hash: &str, until: i64) -> Result<(), StepError> {
        self.db
            .update_item()
            .table_name(self.table(TABLE))
            .key("hash", text(hash))
            .update_expression("SET expires_at = :u")
            .expression_attribute_values(":u", number(until))
            .send()
            .await
            .map(|_| ())
            .map_err(|error| aws_error("retiring a link", &error))
    }
}
