//! OData: filters, pages and errors.

use serde::Deserialize;

/// A string in a filter. Quotes are doubled; there is no other escaping.
pub(crate) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

#[derive(Deserialize)]
pub(crate) struct Page<T> {
    pub(crate) value: Vec<T>,
    #[serde(rename = "@odata.nextLink")]
    pub(crate) next: Option<String>,
}

#[derive(Deserialize)]
pub(crate) struct GraphError {
    error: Detail,
}

#[derive(Deserialize)]
struct Detail {
    code: String,
    #[serde(default)]
    message: String,
    target: Option<String>,
    #[serde(default)]
    details: Vec<Detail>,
}

impl GraphError {
    /// The invalid property if the error names one, otherwise the code, because Graph's codes say little.
    pub(crate) fn code(&self) -> &str {
        let targets = || {
            self.error
                .details
                .iter()
                .chain([&self.error])
                .find_map(|detail| detail.target.as_deref())
        };
        targets().unwrap_or(&self.error.code)
    }

    pub(crate) fn has_code(&self, code: &str) -> bool {
        self.error
            .details
            .iter()
            .chain([&self.error])
            .any(|detail| detail.code == code)
    }

    /// Whether the message contains these words. Graph's codes are coarse, so messages must be compared; they quote
    /// people and go no further.
    pub(crate) fn says(&self, words: &str) -> bool {
        let details = self.error.details.iter().chain([&self.error]);
        details
            .map(|detail| detail.message.to_lowercase())
            .any(|message| message.contains(words))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_cannot_end_a_string() {
        assert_eq!(quoted("o'brien' or 1 eq 1"), "'o''brien'' or 1 eq 1'");
    }

    #[test]
    fn a_wrong_property_is_named() {
        let text = r#"{"error":{"code":"Request_BadRequest","message":"m","details":[{"code":"InvalidValue","message":"x","target":"mobilePhone"}]}}"#;
        let error: GraphError = serde_json::from_str(text).unwrap();
        assert_eq!(error.code(), "mobilePhone");
        assert!(error.has_code("InvalidValue") && error.has_code("Request_BadRequest"));
    }
}
