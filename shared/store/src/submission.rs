//! A submission becomes one request, however often and however simultaneously it arrives.

use aws_sdk_dynamodb::types::{AttributeValue, Delete, Put, TransactWriteItem};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{Duration, Utc};
use domain::ids::{OrgId, RequestId};
use domain::step_error::StepError;
use sha2::{Digest, Sha256};

use crate::aws_error::{aws_error, failed_conditions, is_conflict, stored_shape};
use crate::requests::{RequestRecord, TABLE, to_item, username_sk};
use crate::{Store, number, text};

/// The submitter's key, and the body that it stands for.
#[derive(Debug, Clone)]
pub struct Idempotency {
    key: String,
    body: String,
}

impl Idempotency {
    /// A key is its caller's: nobody spoils another one's by using it first.
    pub fn new(caller: &str, key: &str, body: &[u8]) -> Self {
        Self {
            key: digest(format!("{caller}\n{key}").as_bytes()),
            body: digest(body),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Submitted {
    Created,
    /// The same submission came before.
    Before(RequestId),
    /// The key came before, with another body.
    KeyReused,
    /// Another open request has the username.
    UsernameReserved,
}

/// How long a key is remembered.
const DAYS: i64 = 30;

impl Store {
    /// `supersedes` is the waiting request about the same person that this one takes the place of: it is cancelled by the
    /// same write.
    pub async fn create_request(
        &self,
        record: &RequestRecord,
        idempotency: Option<&Idempotency>,
        supersedes: Option<&RequestRecord>,
    ) -> Result<Submitted, StepError> {
        // A transaction that met another one on the same item left nothing; look again what stands now.
        for _ in 0..3 {
            if let Some(idempotency) = idempotency
                && let Some(answer) = self.submitted_before(&record.org, idempotency).await?
            {
                return Ok(answer);
            }
            let put = put_item(self.table(TABLE), to_item(record)?, "attribute_not_exists(sk)")?;
            let mut transaction =
                self.db
                    .transact_write_items()
                    .transact_items(put)
                    .transact_items(self.reserve_username(
                        &record.org,
                        &record.plan.upn,
                        &record.id,
                        supersedes.map(|earlier| &earlier.id),
                    )?);
            if let Some(idempotency) = idempotency {
                let item = [
                    ("org", text(record.org.as_str())),
                    ("sk", text(format!("idempotency#{}", idempotency.key))),
                    ("body", text(&idempotency.body)),
                    ("request", text(record.id.as_str())),
                    ("expires_at", number((Utc::now() + Duration::days(DAYS)).timestamp())),
                ];
                let item = item.into_iter().map(|(k, v)| (k.to_owned(), v)).collect();
                transaction =
                    transaction.transact_items(put_item(self.table(TABLE), item, "attribute_not_exists(sk)")?);
            }
            if let Some(earlier) = supersedes {
                for part in self.cancellation(earlier, &record.requester.id)? {
                    transaction = transaction.transact_items(part);
                }
            }
            match transaction.send().await {
                Ok(_) => return Ok(Submitted::Created),
                Err(error) => match failed_conditions(&error) {
                    // The twin submission won the race: its answer is found on the next look.
                    Some(failed) if idempotency.is_some() && failed.get(2) == Some(&true) => {}
                    Some(_) => return Ok(Submitted::UsernameReserved),
                    None if is_conflict(&error) => {}
                    None => return Err(aws_error("creating a request", &error)),
                },
            }
        }
        Err(StepError::Transient(
            "creating a request: other submissions are in the way".to_owned(),
        ))
    }

    /// What became of an earlier submission with this key.
    pub async fn submitted_before(
        &self,
        org: &OrgId,
        idempotency: &Idempotency,
    ) -> Result<Option<Submitted>, StepError> {
        let answer = self
            .db
            .get_item()
            .table_name(self.table(TABLE))
            .key("org", text(org.as_str()))
            .key("sk", text(format!("idempotency#{}", idempotency.key)))
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| aws_error("reading an idempotency key", &error))?;
        let Some(item) = answer.item else { return Ok(None) };
        if item.get("body").map(AttributeValue::as_s) != Some(Ok(&idempotency.body)) {
            return Ok(Some(Submitted::KeyReused));
        }
        let id = item
            .get("request")
            .and_then(|v| v.as_s().ok())
            .and_then(|id| RequestId::parse(id).ok());
        id.map(|id| Some(Submitted::Before(id)))
            .ok_or_else(|| stored_shape(TABLE))
    }

    /// Which open request has reserved a username.
    pub async fn username_holder(&self, org: &OrgId, upn: &str) -> Result<Option<RequestId>, StepError> {
        let answer = self
            .db
            .get_item()
            .table_name(self.table(TABLE))
            .key("org", text(org.as_str()))
            .key("sk", text(username_sk(upn)))
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| aws_error("reading a username", &error))?;
        let holder = answer.item.and_then(|mut item| item.remove("request"));
        Ok(holder.and_then(|v| v.as_s().ok().and_then(|id| RequestId::parse(id).ok())))
    }

    /// The reservation as a part of a transaction; a request may reserve its own again, and the one of the request that it
    /// takes the place of.
    pub(crate) fn reserve_username(
        &self,
        org: &OrgId,
        upn: &str,
        holder: &RequestId,
        from: Option<&RequestId>,
    ) -> Result<TransactWriteItem, StepError> {
        let put = Put::builder()
            .table_name(self.table(TABLE))
            .item("org", text(org.as_str()))
            .item("sk", text(username_sk(upn)))
            .item("request", text(holder.as_str()))
            .condition_expression("attribute_not_exists(sk) OR #request IN (:me, :from)")
            .expression_attribute_names("#request", "request")
            .expression_attribute_values(":me", text(holder.as_str()))
            .expression_attribute_values(":from", text(from.unwrap_or(holder).as_str()))
            .build()
            .map_err(|_| stored_shape(TABLE))?;
        Ok(TransactWriteItem::builder().put(put).build())
    }

    /// The end of this request's own reservation, as a part of a transaction.
    pub(crate) fn free_username(
        &self,
        org: &OrgId,
        upn: &str,
        holder: &RequestId,
    ) -> Result<TransactWriteItem, StepError> {
        let delete = Delete::builder()
            .table_name(self.table(TABLE))
            .key("org", text(org.as_str()))
            .key("sk", text(username_sk(upn)))
            .condition_expression("#request = :me")
            .expression_attribute_names("#request", "request")
            .expression_attribute_values(":me", text(holder.as_str()))
            .build()
            .map_err(|_| stored_shape(TABLE))?;
        Ok(TransactWriteItem::builder().delete(delete).build())
    }
}

fn put_item(
    table: String,
    item: std::collections::HashMap<String, AttributeValue>,
    condition: &str,
) -> Result<TransactWriteItem, StepError> {
    let put = Put::builder()
        .table_name(table)
        .set_item(Some(item))
        .condition_expression(condition)
        .build()
        .map_err(|_| stored_shape(TABLE))?;
    Ok(TransactWriteItem::builder().put(put).build())
}

/// Keys and bodies are kept as digests: they may hold personal data.
fn digest(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(bytes))
}
