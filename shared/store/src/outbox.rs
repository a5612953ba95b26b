//! Notes for the ticket. Steps queue them, and the ticket step posts them, in order, each once. Nothing secret may be
//! queued, because the texts stay in DynamoDB.

use aws_sdk_dynamodb::error::SdkError;
use chrono::{DateTime, Utc};
use domain::request::RequestKey;
use domain::step_error::StepError;
use serde::{Deserialize, Serialize};

use crate::aws_error::{aws_error, stored_shape};
use crate::effects::random_mark;
use crate::timeline::partition;
use crate::{Store, text};

const TABLE: &str = "effects";
const PREFIX: &str = "note#";

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueuedNote {
    /// Unique in the request; part of the marker on the ticket.
    pub name: String,
    pub text: String,
    /// Random, and part of the note on the ticket: nobody can post a note beforehand that passes for it.
    pub mark: String,
    pub queued_at: DateTime<Utc>,
    pub state: NoteState,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoteState {
    Queued,
    /// About to be posted: after a crash, the PSA is asked whether it was.
    Posting,
    Posted,
    /// Sent as a mail because the PSA refused it.
    Mailed,
}

impl Store {
    /// Queues a note for the ticket. The first text queued under a name stays.
    pub async fn queue_note(&self, key: &RequestKey, name: &str, body: &str) -> Result<(), StepError> {
        let note = QueuedNote {
            name: name.to_owned(),
            text: body.to_owned(),
            mark: random_mark(),
            queued_at: Utc::now(),
            state: NoteState::Queued,
        };
        let fields: std::collections::HashMap<_, _> = serde_dynamo::to_item(&note).map_err(|_| stored_shape(TABLE))?;
        let result = self
            .db
            .put_item()
            .table_name(self.table(TABLE))
            .set_item(Some(fields))
            .item("request", text(partition(key)))
            .item("effect", text(format!("{PREFIX}{name}")))
            .condition_expression("attribute_not_exists(effect)")
            .send()
            .await;
        match result {
            Ok(_) => Ok(()),
            Err(SdkError::ServiceError(e)) if e.err().is_conditional_check_failed_exception() => Ok(()),
            Err(error) => Err(aws_error("queueing a note", &error)),
        }
    }

    /// All notes of a request, oldest first.
    pub async fn notes(&self, key: &RequestKey) -> Result<Vec<QueuedNote>, StepError> {
        let mut pages = self
            .db
            .query()
            .table_name(self.table(TABLE))
            .key_condition_expression("#request = :r AND begins_with(effect, :p)")
            .expression_attribute_names("#request", "request")
            .expression_attribute_values(":r", text(partition(key)))
            .expression_attribute_values(":p", text(PREFIX))
            .consistent_read(true)
            .into_paginator()
            .items()
            .send();
        let mut notes: Vec<QueuedNote> = Vec::new();
        while let Some(item) = pages.next().await {
            let item = item.map_err(|error| aws_error("reading the notes", &error))?;
            notes.push(serde_dynamo::from_item(item).map_err(|_| stored_shape(TABLE))?);
        }
        notes.sort_by_key(|note| note.queued_at);
        Ok(notes)
    }

    pub async fn mark_note(&self, key: &RequestKey, name: &str, state: NoteState) -> Result<(), StepError> {
        let state = serde_dynamo::to_attribute_value(state).map_err(|_| stored_shape(TABLE))?;
        self.db
            .update_item()
            .table_name(self.table(TABLE))
            .key("request", text(partition(key)))
            .key("effect", text(format!("{PREFIX}{name}")))
            .update_expression("SET #s = :s")
            .condition_expression("attribute_exists(effect)")
            .expression_attribute_names("#s", "state")
            .expression_attribute_values(":s", state)
            .send()
            .await
            .map(|_| ())
            .map_err(|error| aws_error("marking a note", &error))
    }
}
