//! Metrics in CloudWatch's embedded metric format: log lines that CloudWatch counts.

/// Counts a metric in the namespace `Gangway`.
pub fn metric(name: &str, value: f64) {
    metric_by(name, value, None);
}

/// Counts a metric by one dimension, for example requests by outcome.
pub fn metric_by(name: &str, value: f64, dimension: Option<(&str, &str)>) {
    let dimensions: Vec<&str> = dimension.iter().map(|(key, _)| *key).collect();
    let mut line = serde_json::json!({
        "_aws": {
            "Timestamp": std::time::SystemTime::now()
                .duration_since(std::time::UNIX_EPOCH)
                .map_or(0, |since| since.as_millis()),
            "CloudWatchMetrics": [{
                "Namespace": "Gangway",
                "Dimensions": [dimensions],
                "Metrics": [{ "Name": name, "Unit": "Count" }],
            }],
        },
    });
    if let Some(fields) = line.as_object_mut() {
        fields.insert(name.to_owned(), value.into());
        if let Some((key, value)) = dimension {
            fields.insert(key.to_owned(), value.into());
        }
    }
    println!("{line}");
}
