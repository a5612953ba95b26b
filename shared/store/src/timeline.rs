//! The timeline of a request; each event is recorded once.

use aws_sdk_dynamodb::error::SdkError;
use chrono::Utc;
use domain::request::{RequestKey, TimelineEvent};
use domain::step_error::StepError;
use domain::timeline::{Event, StepName};

use crate::aws_error::{aws_error, stored_shape};
use crate::{Store, text};

const TABLE: &str = "timeline";

/// An event to record, with the text that distinguishes it from other occurrences of the same event.
#[derive(Debug, Clone)]
pub struct NewEvent {
    line: TimelineEvent,
    once: String,
}

impl NewEvent {
    /// `detail` is the text for people.
    pub fn new(step: StepName, event: Event, detail: impl Into<String>) -> Self {
        Self {
            line: TimelineEvent {
                at: Utc::now(),
                step: step.as_str().to_owned(),
                event: event.as_str().to_owned(),
                detail: detail.into(),
                warning: false,
                failed_in: None,
                people: Vec::new(),
            },
            once: String::new(),
        }
    }

    /// Distinguishes occurrences of the same event, for example by SKU or by round. Recording the same occurrence again
    /// changes nothing.
    pub fn once(mut self, once: impl Into<String>) -> Self {
        self.once = once.into();
        self
    }

    /// Marks the event as a warning; a request with a warning completes with warnings.
    pub fn warning(self) -> Self {
        self.warning_if(true)
    }

    pub fn warning_if(mut self, warning: bool) -> Self {
        self.line.warning = warning;
        self
    }

    /// The people named in the detail, spelled as in the detail.
    pub fn naming(mut self, people: &[String]) -> Self {
        self.line.people = people.to_vec();
        self
    }

    /// Marks a step that failed, or left something undone, in the execution `run`. This is a warning until a resume
    /// makes up for it, and is recorded once per execution.
    pub fn failed_in(mut self, run: u32) -> Self {
        self.line.warning = true;
        self.line.failed_in = Some(run);
        self
    }

    pub fn detail(&self) -> &str {
        &self.line.detail
    }

    /// The sort key of the stored event, unique within its request.
    fn key(&self) -> String {
        let Self { line, once } = self;
        let run = line.failed_in.map(|run| format!("#{run}")).unwrap_or_default();
        format!("{}#{}#{once}{run}", line.step, line.event)
    }
}

pub(crate) fn partition(key: &RequestKey) -> String {
    format!("{}/{}", key.org, key.request)
}

impl Store {
    /// Records the event; recording the same event again changes nothing.
    pub async fn record(&self, key: &RequestKey, event: &NewEvent) -> Result<(), StepError> {
        let fields: std::collections::HashMap<_, _> =
            serde_dynamo::to_item(&event.line).map_err(|_| stored_shape(TABLE))?;
        let result = self
            .db
            .put_item()
            .table_name(self.table(TABLE))
            .set_item(Some(fields))
            .item("request", text(partition(key)))
            .item("event_key", text(event.key()))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failure_is_recorded_once_per_execution() {
        let event = NewEvent::new(StepName::Ticket, Event::Opened, "Opened");
        assert_eq!(event.key(), "ticket#opened#");
        let failed = event.once("SPB").failed_in(2);
        assert_eq!(failed.key(), "ticket#opened#SPB#2");
        assert!(failed.line.warning && failed.line.failed_in == Some(2));
    }
}
