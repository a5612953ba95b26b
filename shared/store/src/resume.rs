//! Resuming a request that ended with a failed step.

use aws_sdk_dynamodb::types::{TransactWriteItem, Update};
use domain::fault::Fault;
use domain::request::{Skip, Status};

use crate::audit::AuditEntry;
use crate::fault::{failed_conditions, fault, is_conflict, stored_shape};
use crate::requests::{RequestRecord, TABLE, in_the_way, org_status, request_sk};
use crate::{Store, number, text};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resumed {
    Yes,
    /// The request is not as it was read any more.
    No,
    /// Another open request has the username.
    UsernameReserved,
}

impl Store {
    /// Opens an ended request again for the execution RUN + 1: in one write with the reservation of the username, which
    /// the end has freed, and with the audit. `skip`: what is left out, and why.
    pub async fn resume(&self, record: &RequestRecord, by: &str, skip: Option<(Skip, &str)>) -> Result<Resumed, Fault> {
        let key = record.key();
        let shape = |_| stored_shape(TABLE);
        let next = number(i64::from(record.run) + 1);
        let mut skipped = record.skipped.clone();
        skipped.extend(skip.map(|(step, _)| step));
        let update = Update::builder()
            .table_name(self.table(TABLE))
            .key("org", text(key.org.as_str()))
            .key("sk", text(request_sk(&key.request)))
            .update_expression(
                "SET #st = :to, org_status = :os, #run = :next, resumed = :next, skipped = :skipped REMOVE ended_at",
            )
            .condition_expression("#run = :r AND #st = :from AND attribute_exists(ended_at)")
            .expression_attribute_names("#run", "run")
            .expression_attribute_names("#st", "status")
            .expression_attribute_values(":r", number(record.run.into()))
            .expression_attribute_values(":next", next)
            .expression_attribute_values(":from", text(record.status.as_str()))
            .expression_attribute_values(":to", text(Status::Running.as_str()))
            .expression_attribute_values(":os", org_status(&key.org, Status::Running))
            .expression_attribute_values(":skipped", serde_dynamo::to_attribute_value(&skipped).map_err(shape)?)
            .build()
            .map_err(|_| stored_shape(TABLE))?;
        let words = skip.map(|(step, reason)| format!("skip {step}: {reason}"));
        let entry = AuditEntry::now(by, "request.resumed", key.request.as_str())
            .changed(Some(record.status.as_str().to_owned()), words);
        let result = self
            .db
            .transact_write_items()
            .transact_items(TransactWriteItem::builder().update(update).build())
            .transact_items(self.reserve_username(&key.org, &record.plan.upn, &key.request)?)
            .transact_items(self.audit_put(&key.org, &entry)?)
            .send()
            .await;
        match result {
            Ok(_) => Ok(Resumed::Yes),
            Err(error) => match failed_conditions(&error) {
                Some(failed) if failed.first() == Some(&true) => Ok(Resumed::No),
                Some(_) => Ok(Resumed::UsernameReserved),
                None if is_conflict(&error) => Err(in_the_way()),
                None => Err(fault("resuming a request", &error)),
            },
        }
    }
}
