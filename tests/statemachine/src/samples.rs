//! Sample values for the paths of a Payload.

use serde_json::{Map, Value, json};

/// The payload of `state` with sample values for its paths. Values that the state machine contains itself are kept.
pub(crate) fn payload(state: &str, payload: &Map<String, Value>) -> Result<Value, String> {
    let mut fields = Map::new();
    for (key, value) in payload {
        match key.strip_suffix(".$") {
            None => fields.insert(key.clone(), value.clone()),
            Some(name) => {
                let value = sample(name).ok_or_else(|| format!("`{state}` sends `{name}`: give it a sample value"))?;
                fields.insert(name.to_owned(), value)
            }
        };
    }
    Ok(Value::Object(fields))
}

fn sample(name: &str) -> Option<Value> {
    Some(match name {
        "org" => json!("acme"),
        "request" => json!("r0199d0c4e1f27c3a8b5d6e7f80912a3b"),
        "run" => json!(1),
        "token" => json!("sample-task-token"),
        "sku" => json!("SPB"),
        "gate" => json!("license-SPB"),
        "round" | "retried" => json!(0),
        "rounds" => json!(7),
        "reminder" | "closes_in" => json!(86_400),
        "kept_seconds" => json!(604_800),
        "status" => json!("complete"),
        "end" => json!("completed"),
        "error" => json!("NeedsAttention"),
        "cause" => json!(r#"{"errorType":"NeedsAttention","errorMessage":"create-user: set the tenant id"}"#),
        _ => return None,
    })
}
