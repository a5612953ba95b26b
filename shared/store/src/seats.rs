//! How many seats were bought by themselves on a day. A bound on what a mistake or a misuse can cost.

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::types::AttributeValue;
use chrono::{Duration, NaiveDate, Utc};
use domain::ids::OrgId;
use domain::request::RequestKey;
use domain::step_error::StepError;

use crate::aws_error::aws_error;
use crate::{Store, number, text};

const TABLE: &str = "leases";

/// Long after the day has ended in every time zone.
const KEPT: Duration = Duration::days(3);

fn key(org: &OrgId, day: NaiveDate) -> String {
    format!("{org}/seats/{day}")
}

impl Store {
    /// True if the request may buy a seat of this license on this day; it then counts as bought. Asking again for the same
    /// seat is the same answer.
    pub async fn count_seat(
        &self,
        request: &RequestKey,
        part_number: &str,
        day: NaiveDate,
        most: u32,
    ) -> Result<bool, StepError> {
        if most == 0 {
            return Ok(false);
        }
        let seat = format!("{}/{part_number}", request.request);
        let result = self
            .db
            .update_item()
            .table_name(self.table(TABLE))
            .key("lease", text(key(&request.org, day)))
            .update_expression("ADD seats :seats SET expires_at = :until")
            .condition_expression("attribute_not_exists(seats) OR contains(seats, :seat) OR size(seats) < :most")
            .expression_attribute_values(":seats", AttributeValue::Ss(vec![seat.clone()]))
            .expression_attribute_values(":seat", text(seat))
            .expression_attribute_values(":most", number(most.into()))
            .expression_attribute_values(":until", number((Utc::now() + KEPT).timestamp()))
            .send()
            .await;
        match result {
            Ok(_) => Ok(true),
            Err(SdkError::ServiceError(e)) if e.err().is_conditional_check_failed_exception() => Ok(false),
            Err(error) => Err(aws_error("counting a seat", &error)),
        }
    }
}
