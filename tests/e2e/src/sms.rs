//! Text messages, as the phones have them.

use serde_json::Value;

use crate::{engine::engine, http};

/// All messages to a number (E.164), oldest first, as the engine keeps what SNS was asked to publish.
pub fn to(number: &str) -> Vec<Value> {
    let query = number.replace('+', "%2B");
    let url = format!(
        "{}/_ministack/sns/sms-messages?phoneNumber={query}",
        engine().aws_endpoint
    );
    let answer = http::get(url).expect(200).json();
    answer["sms_messages"][number].as_array().cloned().unwrap_or_default()
}
