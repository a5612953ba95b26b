//! Counts the license seats that were bought automatically in a day. The limit bounds what a mistake or misuse can
//! cost.

use aws_sdk_dynamodb::types::AttributeValue;
use chrono::{Duration, NaiveDate, Utc};
use domain::ids::OrgId;
use domain::request::RequestKey;
use domain::step_error::StepError;

use crate::read::item;
use crate::write::update;
use crate::{Store, number, text};

const TABLE: &str = "leases";

/// Long enough for the day to have ended in every time zone.
const COUNTER_LIFETIME: Duration = Duration::days(3);

fn key(org: &OrgId, day: NaiveDate) -> String {
    format!("{org}/seats/{day}")
}

impl Store {
    /// Returns true if the request may buy a seat of this license on this day; the seat then counts as bought.
    /// Repeating the call for the same seat returns true again.
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
        let counter = item([("lease", text(key(&request.org, day)))]);
        let counted = update(TABLE, counter, "ADD seats :seats SET expires_at = :until")
            .value(":seats", AttributeValue::Ss(vec![seat.clone()]))
            .value(":seat", text(seat))
            .value(":most", number(most.into()))
            .value(":until", number((Utc::now() + COUNTER_LIFETIME).timestamp()))
            .when("attribute_not_exists(seats) OR contains(seats, :seat) OR size(seats) < :most");
        self.write_if("counting a seat", counted).await
    }
}
