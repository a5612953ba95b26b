//! Transactions with named conditions: callers learn what failed by their own names, never by position.

use std::convert::Infallible;

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{CancellationReason, TransactWriteItem};
use domain::ids::OrgId;
use domain::step_error::StepError;

use super::{Conditional, Write};
use crate::Store;
use crate::audit::{AuditEntry, entry_put};
use crate::aws_error::aws_error;

/// How often a transaction is retried when it conflicts with others on the same items. DynamoDB then writes nothing.
const TRIES: usize = 5;

/// A transaction under construction. `C` are the caller's names for the conditions that may fail.
#[must_use]
pub(crate) struct Tx<'a, C> {
    store: &'a Store,
    operation: &'static str,
    parts: Vec<Part<C>>,
}

/// A write, and the name of its condition's failure.
pub(crate) struct Part<C> {
    write: Write,
    conflict: Option<C>,
}

/// An unconditional write needs no name.
impl<C> From<Write> for Part<C> {
    fn from(write: Write) -> Self {
        Self { write, conflict: None }
    }
}

impl Conditional {
    /// Names the failure of the condition.
    pub(crate) fn or<C>(self, conflict: C) -> Part<C> {
        Part {
            write: self.0,
            conflict: Some(conflict),
        }
    }
}

#[derive(Debug, PartialEq, Eq)]
#[must_use]
pub(crate) enum Commit<C> {
    Done,
    /// Nothing was written. Lists the failed conditions in the order in which the parts were added.
    Refused(Vec<C>),
}

impl<C> Commit<C> {
    pub(crate) fn is_done(&self) -> bool {
        matches!(self, Self::Done)
    }
}

impl Store {
    /// `operation` is for error messages, such as "creating a request".
    pub(crate) fn tx<C: Copy>(&self, operation: &'static str) -> Tx<'_, C> {
        Tx {
            store: self,
            operation,
            parts: Vec::new(),
        }
    }
}

impl<C: Copy> Tx<'_, C> {
    /// Adds a write. A conditional write needs a name for its failure (see [`Conditional::or`]).
    pub(crate) fn add(&mut self, part: impl Into<Part<C>>) -> &mut Self {
        self.parts.push(part.into());
        self
    }

    /// Adds an audit entry about the transaction. The entry's key is random, so its condition has no name.
    pub(crate) fn audit(&mut self, org: &OrgId, entry: &AuditEntry) -> Result<&mut Self, StepError> {
        let write = entry_put(org.as_str(), entry, None)?.0;
        Ok(self.add(write))
    }

    /// Commits all writes or none.
    ///
    /// # Errors
    ///
    /// [`StepError::Transient`] if other transactions conflict on every attempt, or if a condition without a name
    /// failed.
    pub(crate) async fn commit(&self) -> Result<Commit<C>, StepError> {
        let operation = self.operation;
        let parts = self.built()?;
        for _ in 0..TRIES {
            let transaction = self.store.db.transact_write_items();
            let Err(error) = transaction.set_transact_items(Some(parts.clone())).send().await else {
                return Ok(Commit::Done);
            };
            let reasons = cancellation_reasons(&error);
            let failed = failed_conditions(&self.parts, reasons);
            let named: Vec<C> = failed.iter().copied().flatten().collect();
            if !named.is_empty() {
                return Ok(Commit::Refused(named));
            }
            if !failed.is_empty() {
                return Err(StepError::Transient(format!(
                    "{operation}: a condition without a name failed"
                )));
            }
            if !reasons
                .iter()
                .any(|reason| reason.code() == Some("TransactionConflict"))
            {
                return Err(aws_error(operation, &error));
            }
        }
        Err(StepError::Transient(format!(
            "{operation}: other changes are in the way"
        )))
    }

    fn built(&self) -> Result<Vec<TransactWriteItem>, StepError> {
        let parts = self.parts.iter().map(|Part { write, .. }| {
            let table = self.store.table(write.table);
            let part = write.clone().in_transaction(table);
            part.map_err(|_| StepError::Permanent(format!("{}: a part is incomplete", self.operation)))
        });
        parts.collect()
    }
}

impl Tx<'_, Infallible> {
    /// Commits a transaction without named conditions.
    pub(crate) async fn commit_all(&self) -> Result<(), StepError> {
        self.commit().await.map(|_| ())
    }
}

/// One reason per part, in order; empty if the transaction was not cancelled.
fn cancellation_reasons(error: &SdkError<TransactWriteItemsError>) -> &[CancellationReason] {
    match error.as_service_error() {
        Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => cancelled.cancellation_reasons(),
        _ => &[],
    }
}

/// The names of the failed conditions. Only this function deals with positions.
fn failed_conditions<C: Copy>(parts: &[Part<C>], reasons: &[CancellationReason]) -> Vec<Option<C>> {
    let parts = parts.iter().zip(reasons);
    let failed = parts.filter(|(_, reason)| reason.code() == Some("ConditionalCheckFailed"));
    failed.map(|(part, _)| part.conflict).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use wiremock::matchers::header;
    use wiremock::{Mock, MockBuilder, MockServer, ResponseTemplate};

    use super::*;
    use crate::read::item;
    use crate::text;
    use crate::write::tests::store;
    use crate::write::{delete, put, update};

    const TABLE: &str = "requests";

    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    enum Conflict {
        Request,
        Username,
    }

    fn transaction() -> MockBuilder {
        Mock::given(header("x-amz-target", "DynamoDB_20120810.TransactWriteItems"))
    }

    async fn accepting() -> MockServer {
        let server = MockServer::start().await;
        let done = ResponseTemplate::new(200).set_body_json(json!({}));
        transaction().respond_with(done).with_priority(9).mount(&server).await;
        server
    }

    /// A server that refuses the first `times` transactions with this error and accepts later ones.
    async fn answering(error: Value, times: u64) -> MockServer {
        let server = accepting().await;
        let refused = ResponseTemplate::new(400).set_body_json(error);
        transaction()
            .respond_with(refused)
            .up_to_n_times(times)
            .mount(&server)
            .await;
        server
    }

    /// DynamoDB's error for a cancelled transaction, with one code for each part.
    fn cancelled(codes: [&str; 4]) -> Value {
        json!({
            "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
            "Message": "Transaction cancelled, please refer cancellation reasons for specific reasons",
            "CancellationReasons": codes.map(|code| json!({"Code": code, "Message": "The conditional request failed"})),
        })
    }

    async fn commit(server: &MockServer) -> Result<Commit<Conflict>, StepError> {
        let store = store(server);
        let key = |sk: &str| item([("org", text("acme")), ("sk", text(sk))]);
        let org = OrgId::parse("acme").unwrap();
        let mut tx = store.tx("submitting");
        tx.add(put(TABLE, key("request#1")).unless_exists("sk").or(Conflict::Request))
            .add(delete(TABLE, key("username#old")))
            .add(
                update(TABLE, key("username#ada"), "SET holder = :me")
                    .value(":me", text("1"))
                    .if_exists("sk")
                    .or(Conflict::Username),
            )
            .audit(&org, &AuditEntry::now("m1", "request.created", "1"))
            .unwrap();
        tx.commit().await
    }

    async fn tries(server: &MockServer) -> usize {
        server.received_requests().await.unwrap().len()
    }

    #[tokio::test]
    async fn successful_commit_is_done() {
        let server = accepting().await;
        assert_eq!(commit(&server).await, Ok(Commit::Done));
        let requests = server.received_requests().await.unwrap();
        let body: Value = requests[0].body_json().unwrap();
        let parts = body["TransactItems"].as_array().unwrap();
        let kinds: Vec<_> = parts.iter().flat_map(|part| part.as_object().unwrap().keys()).collect();
        assert_eq!(kinds, ["Put", "Delete", "Update", "Put"]);
        assert_eq!(
            parts[1]["Delete"],
            json!({"TableName": "gangway-requests", "Key": {"org": {"S": "acme"}, "sk": {"S": "username#old"}}})
        );
        assert_eq!(
            parts[2]["Update"]["ExpressionAttributeNames"],
            json!({"#present": "sk"})
        );
        // The token makes DynamoDB write once if the SDK repeats a call whose response was lost.
        assert!(body["ClientRequestToken"].is_string());
    }

    #[tokio::test]
    async fn failed_condition_is_returned_by_name() {
        let server = answering(cancelled(["None", "None", "ConditionalCheckFailed", "None"]), 1).await;
        assert_eq!(commit(&server).await, Ok(Commit::Refused(vec![Conflict::Username])));
    }

    #[tokio::test]
    async fn two_failed_conditions_are_both_returned() {
        // A failed condition is more specific than a conflict with another transaction.
        let codes = [
            "ConditionalCheckFailed",
            "TransactionConflict",
            "ConditionalCheckFailed",
            "None",
        ];
        let server = answering(cancelled(codes), 1).await;
        let both = vec![Conflict::Request, Conflict::Username];
        assert_eq!(commit(&server).await, Ok(Commit::Refused(both)));
        assert_eq!(tries(&server).await, 1);
    }

    #[tokio::test]
    async fn failed_condition_without_a_name_is_no_conflict() {
        let server = answering(cancelled(["None", "None", "None", "ConditionalCheckFailed"]), 1).await;
        let error = commit(&server).await.unwrap_err();
        assert!(
            matches!(&error, StepError::Transient(why) if why.starts_with("submitting: ")),
            "{error}"
        );
    }

    #[tokio::test]
    async fn conflicting_transaction_is_retried() {
        let codes = ["None", "None", "TransactionConflict", "None"];
        let server = answering(cancelled(codes), 1).await;
        assert_eq!(commit(&server).await, Ok(Commit::Done));
        let server = answering(cancelled(codes), 99).await;
        let error = commit(&server).await.unwrap_err();
        assert_eq!(
            error,
            StepError::Transient("submitting: other changes are in the way".to_owned())
        );
        assert_eq!(tries(&server).await, TRIES);
    }

    #[tokio::test]
    async fn other_errors_keep_their_aws_name() {
        let server = answering(json!({"__type": "ProvisionedThroughputExceededException"}), 99).await;
        assert!(matches!(commit(&server).await, Err(StepError::Transient(_))));
        let server = answering(json!({"__type": "ValidationException"}), 99).await;
        assert!(matches!(commit(&server).await, Err(StepError::Permanent(_))));
        let server = answering(cancelled(["None", "ValidationError", "None", "None"]), 99).await;
        assert!(matches!(commit(&server).await, Err(StepError::Permanent(_))));
    }
}
