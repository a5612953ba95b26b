//! Text messages, as their recipients receive them.

use serde_json::Value;

use crate::{engine::engine, http};

/// Lists all messages to a number (E.164), oldest first. The engine keeps what SNS was asked to publish.
pub fn to(number: &str) -> Vec<Value> {
    let query = number.replace('+', "%2B");
    let url = format!(
        "{}/_ministack/sns/sms-messages?phoneNumber={query}",
        engine().aws_endpoint
    );
    let answer = http::get(url).expect(200).json();
    answer["sms_messages"][number].as_array().cloned().unwrap_or_default()
}
