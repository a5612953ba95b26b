//! What happened to a request, each event once.

use aws_sdk_dynamodb::error::SdkError;
use chrono::Utc;
use domain::request::{RequestKey, TimelineEvent};
use domain::step_error::StepError;

use crate::aws_error::{aws_error, stored_shape};
use crate::requests::RequestRecord;
use crate::{Store, text};

const TABLE: &str = "timeline";

/// What an event says, and whom it names.
#[derive(Debug, Clone, Copy)]
pub struct Of<'a> {
    pub detail: &'a str,
    /// As the detail has them.
    pub people: &'a [String],
    pub warning: bool,
}

pub(crate) fn partition(key: &RequestKey) -> String {
    format!("{}/{}", key.org, key.request)
}

impl Store {
    /// `once` tells occurrences of the same event apart (a SKU, a round); the same one recorded again changes nothing.
    pub async fn record_event(
        &self,
        key: &RequestKey,
        step: &str,
        event: &str,
        once: &str,
        detail: &str,
        warning: bool,
    ) -> Result<(), StepError> {
        let line = TimelineEvent {
            at: Utc::now(),
            step: step.to_owned(),
            event: event.to_owned(),
            detail: detail.to_owned(),
            warning,
            failed_in: None,
            people: Vec::new(),
        };
        self.put_event(key, &line, once).await
    }

    /// The same with a detail that names people.
    pub async fn record_event_of(
        &self,
        key: &RequestKey,
        step: &str,
        event: &str,
        once: &str,
        of: Of<'_>,
    ) -> Result<(), StepError> {
        let line = TimelineEvent {
            at: Utc::now(),
            step: step.to_owned(),
            event: event.to_owned(),
            detail: of.detail.to_owned(),
            warning: of.warning,
            failed_in: None,
            people: of.people.to_vec(),
        };
        self.put_event(key, &line, once).await
    }

    /// That a step failed, or left something undone: a warning until a resume makes up for it. Once in each execution.
    pub async fn record_failure(
        &self,
        record: &RequestRecord,
        step: &str,
        event: &str,
        once: &str,
        detail: &str,
    ) -> Result<(), StepError> {
        let line = TimelineEvent {
            at: Utc::now(),
            step: step.to_owned(),
            event: event.to_owned(),
            detail: detail.to_owned(),
            warning: true,
            failed_in: Some(record.run),
            people: Vec::new(),
        };
        let once = format!("{once}#{}", record.run);
        self.put_event(&record.key(), &line, &once).await
    }

    async fn put_event(&self, key: &RequestKey, line: &TimelineEvent, once: &str) -> Result<(), StepError> {
        let TimelineEvent { step, event, .. } = line;
        let fields: std::collections::HashMap<_, _> = serde_dynamo::to_item(line).map_err(|_| stored_shape(TABLE))?;
        let result = self
            .db
            .put_item()
            .table_name(self.table(TABLE))
            .set_item(Some(fields))
            .item("request", text(partition(key)))
            .item("event_key", text(format!("{step}#{event}#{once}")))
            .condition_expression("attribute_not_exists(event_key)")
            .send()
            .await;
        match result {
            Ok(_) => Ok(()),
            Err(SdkError::ServiceError(e)) if e.err().is_conditional_check_failed_exception() => Ok(()),
            Err(error) => Err(aws_error("recording an event", &error)),
        }
    }

    pub async fn timeline(&self, key: &RequestKey) -> Result<Vec<TimelineEvent>, StepError> {
        let mut pages = self
            .db
            .query()
            .table_name(self.table(TABLE))
            .key_condition_expression("#request = :r")
            .expression_attribute_names("#request", "request")
            .expression_attribute_values(":r", text(partition(key)))
            .consistent_read(true)
            .into_paginator()
            .items()
            .send();
        let mut events: Vec<TimelineEvent> = Vec::new();
        while let Some(item) = pages.next().await {
            let item = item.map_err(|error| aws_error("reading the timeline", &error))?;
            events.push(serde_dynamo::from_item(item).map_err(|_| stored_shape(TABLE))?);
        }
        events.sort_by_key(|event| event.at);
        Ok(events)
    }
}
