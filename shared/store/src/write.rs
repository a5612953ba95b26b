//! A write to one item, sent by itself or as part of a transaction (see [`Tx`]).

mod tx;

use std::collections::HashMap;

use aws_sdk_dynamodb::error::{BuildError, ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::types::{AttributeValue, ConditionCheck, Delete, Put, ReturnValue, TransactWriteItem, Update};
use domain::step_error::StepError;

use crate::Store;
use crate::aws_error::aws_error;
use crate::read::Item;

pub(crate) use tx::{Commit, Tx};

/// An unconditional write.
#[derive(Debug, Clone)]
#[must_use]
pub(crate) struct Write {
    table: &'static str,
    kind: Kind,
    /// The whole item of a put, otherwise its primary key.
    item: Item,
    condition: Option<String>,
    names: HashMap<String, String>,
    values: HashMap<String, AttributeValue>,
}

#[derive(Debug, Clone)]
enum Kind {
    Put,
    /// An update with this expression.
    Update(String),
    Delete,
    /// Writes nothing; the transaction only requires a condition on the item.
    Check,
}

/// A write that happens only if its condition is true.
#[derive(Debug, Clone)]
#[must_use]
pub(crate) struct Conditional(Write);

/// Writes the item, replacing any item with the same primary key.
pub(crate) fn put(table: &'static str, item: Item) -> Write {
    Write::new(table, Kind::Put, item)
}

/// Changes the item, or creates it.
pub(crate) fn update(table: &'static str, key: Item, expression: impl Into<String>) -> Write {
    Write::new(table, Kind::Update(expression.into()), key)
}

pub(crate) fn delete(table: &'static str, key: Item) -> Write {
    Write::new(table, Kind::Delete, key)
}

/// A check that writes nothing. It works only with a condition and in a transaction.
pub(crate) fn check(table: &'static str, key: Item) -> Write {
    Write::new(table, Kind::Check, key)
}

impl Write {
    fn new(table: &'static str, kind: Kind, item: Item) -> Self {
        Self {
            table,
            kind,
            item,
            condition: None,
            names: HashMap::new(),
            values: HashMap::new(),
        }
    }

    /// Adds an attribute to the item.
    pub(crate) fn with(mut self, attribute: &str, value: AttributeValue) -> Self {
        self.item.insert(attribute.to_owned(), value);
        self
    }

    /// Lets `#NAME` in expressions stand for an attribute, whose name may be reserved in DynamoDB.
    pub(crate) fn name(mut self, placeholder: &str, attribute: &str) -> Self {
        self.names.insert(placeholder.to_owned(), attribute.to_owned());
        self
    }

    /// Lets `:NAME` in expressions stand for a value.
    pub(crate) fn value(mut self, placeholder: &str, value: AttributeValue) -> Self {
        self.values.insert(placeholder.to_owned(), value);
        self
    }

    /// Makes the write conditional on the expression.
    pub(crate) fn when(mut self, condition: impl Into<String>) -> Conditional {
        self.condition = Some(condition.into());
        Conditional(self)
    }

    /// Makes the write conditional: the item must not exist, or must lack the attribute.
    pub(crate) fn unless_exists(self, attribute: &str) -> Conditional {
        self.name("#absent", attribute).when("attribute_not_exists(#absent)")
    }

    /// Makes the write conditional: the item must exist and have the attribute.
    pub(crate) fn if_exists(self, attribute: &str) -> Conditional {
        self.name("#present", attribute).when("attribute_exists(#present)")
    }

    /// The write as part of a transaction; `table` is the full name.
    fn in_transaction(self, table: String) -> Result<TransactWriteItem, BuildError> {
        let (names, values) = (filled(self.names), filled(self.values));
        let part = TransactWriteItem::builder();
        let part = match self.kind {
            Kind::Put => {
                let put = Put::builder().table_name(table).set_item(Some(self.item));
                let put = put.set_condition_expression(self.condition);
                let put = put.set_expression_attribute_names(names);
                part.put(put.set_expression_attribute_values(values).build()?)
            }
            Kind::Update(expression) => {
                let update = Update::builder().table_name(table).set_key(Some(self.item));
                let update = update.update_expression(expression);
                let update = update.set_condition_expression(self.condition);
                let update = update.set_expression_attribute_names(names);
                part.update(update.set_expression_attribute_values(values).build()?)
            }
            Kind::Delete => {
                let delete = Delete::builder().table_name(table).set_key(Some(self.item));
                let delete = delete.set_condition_expression(self.condition);
                let delete = delete.set_expression_attribute_names(names);
                part.delete(delete.set_expression_attribute_values(values).build()?)
            }
            Kind::Check => {
                let check = ConditionCheck::builder().table_name(table).set_key(Some(self.item));
                let check = check.set_condition_expression(self.condition);
                let check = check.set_expression_attribute_names(names);
                part.condition_check(check.set_expression_attribute_values(values).build()?)
            }
        };
        Ok(part.build())
    }
}

#[cfg(test)]
impl Conditional {
    /// The write as it is sent to DynamoDB.
    pub(crate) fn sent(self) -> TransactWriteItem {
        let table = self.0.table.to_owned();
        self.0.in_transaction(table).unwrap()
    }
}

impl Store {
    pub(crate) async fn write(&self, operation: &str, write: Write) -> Result<(), StepError> {
        self.send(operation, write, None).await.map(|_| ())
    }

    /// Returns whether the condition was true, and so whether the write happened.
    pub(crate) async fn write_if(&self, operation: &str, write: Conditional) -> Result<bool, StepError> {
        let sent = self.send(operation, write.0, None).await?;
        Ok(sent.is_some())
    }

    /// Writes under a condition that is false only if something is wrong.
    ///
    /// # Errors
    ///
    /// [`StepError::Permanent`] if the condition is false.
    pub(crate) async fn write_or_fail(&self, operation: &str, write: Conditional) -> Result<(), StepError> {
        match self.write_if(operation, write).await? {
            true => Ok(()),
            false => Err(StepError::Permanent(format!(
                "{operation}: the item is not as expected"
            ))),
        }
    }

    /// Updates the item and returns its new state.
    pub(crate) async fn write_and_read(&self, operation: &str, update: Write) -> Result<Item, StepError> {
        let found = self.send(operation, update, Some(ReturnValue::AllNew)).await?;
        Ok(found.unwrap_or_default())
    }

    /// Updates the item if the condition is true and returns its new state, or `None` if the condition is false.
    pub(crate) async fn write_if_and_read(
        &self,
        operation: &str,
        update: Conditional,
    ) -> Result<Option<Item>, StepError> {
        self.send(operation, update.0, Some(ReturnValue::AllNew)).await
    }

    /// Returns `None` if the condition is false.
    async fn send(
        &self,
        operation: &str,
        write: Write,
        returned: Option<ReturnValue>,
    ) -> Result<Option<Item>, StepError> {
        let table = self.table(write.table);
        let (names, values) = (filled(write.names), filled(write.values));
        match write.kind {
            Kind::Put => {
                let put = self.db.put_item().table_name(table).set_item(Some(write.item));
                let put = put.set_condition_expression(write.condition);
                let put = put.set_expression_attribute_names(names);
                let sent = put.set_expression_attribute_values(values).send().await;
                held(operation, sent).map(|held| held.map(|_| Item::new()))
            }
            Kind::Update(expression) => {
                let update = self.db.update_item().table_name(table).set_key(Some(write.item));
                let update = update.update_expression(expression).set_return_values(returned);
                let update = update.set_condition_expression(write.condition);
                let update = update.set_expression_attribute_names(names);
                let sent = update.set_expression_attribute_values(values).send().await;
                held(operation, sent).map(|held| held.map(|answer| answer.attributes.unwrap_or_default()))
            }
            Kind::Delete => {
                let delete = self.db.delete_item().table_name(table).set_key(Some(write.item));
                let delete = delete.set_condition_expression(write.condition);
                let delete = delete.set_expression_attribute_names(names);
                let sent = delete.set_expression_attribute_values(values).send().await;
                held(operation, sent).map(|held| held.map(|_| Item::new()))
            }
            Kind::Check => Err(StepError::Permanent(format!(
                "{operation}: a check alone writes nothing"
            ))),
        }
    }
}

/// Converts DynamoDB's response to a write; `None` if the condition was false.
fn held<T, E, R>(operation: &str, sent: Result<T, SdkError<E, R>>) -> Result<Option<T>, StepError>
where
    E: ProvideErrorMetadata,
{
    match sent {
        Ok(answer) => Ok(Some(answer)),
        Err(SdkError::ServiceError(error)) if error.err().code() == Some("ConditionalCheckFailedException") => Ok(None),
        Err(error) => Err(aws_error(operation, &error)),
    }
}

/// Returns `None` for an empty map, because DynamoDB refuses an empty list of names or values.
fn filled<V>(named: HashMap<String, V>) -> Option<HashMap<String, V>> {
    Some(named).filter(|named| !named.is_empty())
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::config::retry::RetryConfig;
    use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region};
    use serde_json::{Value, json};
    use wiremock::matchers::any;
    use wiremock::{Mock, MockServer, ResponseTemplate};

    use super::*;
    use crate::read::item;
    use crate::text;

    pub(super) fn store(server: &MockServer) -> Store {
        let config = aws_sdk_dynamodb::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("eu-central-1"))
            .credentials_provider(Credentials::new("id", "key", None, None, "test"))
            .http_client(outbound::sdk_http_client())
            .retry_config(RetryConfig::disabled())
            .endpoint_url(server.uri());
        Store::new(aws_sdk_dynamodb::Client::from_conf(config.build()), "gangway")
    }

    async fn answering(status: u16, body: Value) -> MockServer {
        let server = MockServer::start().await;
        let answer = ResponseTemplate::new(status).set_body_json(body);
        Mock::given(any()).respond_with(answer).mount(&server).await;
        server
    }

    async fn write_if(server: &MockServer) -> Result<bool, StepError> {
        let lease = put("leases", item([("lease", text("acme"))]));
        store(server)
            .write_if("taking a lease", lease.unless_exists("lease"))
            .await
    }

    #[tokio::test]
    async fn conditional_write_returns_whether_it_happened() {
        let server = answering(200, json!({})).await;
        assert_eq!(write_if(&server).await, Ok(true));
        let sent: Value = server.received_requests().await.unwrap()[0].body_json().unwrap();
        assert_eq!(sent["ConditionExpression"], "attribute_not_exists(#absent)");
        assert_eq!(sent["ExpressionAttributeNames"], json!({"#absent": "lease"}));
        // DynamoDB would refuse an empty list.
        assert_eq!(sent.get("ExpressionAttributeValues"), None);
        let failed = json!({"__type": "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException"});
        assert_eq!(write_if(&answering(400, failed).await).await, Ok(false));
        let throttled = json!({"__type": "ThrottlingException"});
        let error = write_if(&answering(400, throttled).await).await.unwrap_err();
        assert!(error.is_transient(), "{error}");
    }

    #[tokio::test]
    async fn failed_required_condition_is_an_error() {
        let failed = json!({"__type": "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException"});
        let server = answering(400, failed).await;
        let ticket = update("requests", item([("sk", text("request#1"))]), "SET ticket = :t");
        let ticket = ticket.value(":t", text("1")).if_exists("sk");
        let error = store(&server).write_or_fail("changing a request", ticket).await;
        assert!(matches!(error, Err(StepError::Permanent(_))), "{error:?}");
    }
}
