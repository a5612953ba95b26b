//! Reads and sets the counters of `store::limits`.

use chrono::Utc;
use serde_json::json;

use crate::{aws, engine::Stack};

/// The counter's keys in this hour and in the next, which may begin while a test runs.
fn keys(name: &str) -> [String; 2] {
    let hour = Utc::now().timestamp().div_euclid(3600) * 3600;
    [hour, hour + 3600].map(|begin| format!("{name}#{begin}"))
}

/// Sets the counter of this hour.
pub fn count_in_this_hour(stack: &Stack, name: &str, used: u32) {
    for key in keys(name) {
        let item = json!({
            "limit": {"S": key}, "used": {"N": used.to_string()},
            "expires_at": {"N": (Utc::now().timestamp() + 7200).to_string()},
        });
        let put = json!({"TableName": stack.table("limits"), "Item": item});
        aws::call("DynamoDB_20120810.PutItem", &put);
    }
}

/// Reads the counter of this hour and the next.
pub fn counted(stack: &Stack, name: &str) -> u32 {
    let items = keys(name).map(|key| aws::query(stack.table("limits"), "limit", &key));
    let used = items.iter().flatten().filter_map(|item| item["used"]["N"].as_str());
    used.filter_map(|used| used.parse::<u32>().ok())
        .max()
        .unwrap_or_default()
}
