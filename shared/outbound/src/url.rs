//! Builds addresses from arbitrary parts.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use url::Url;

/// RFC 3986's unreserved characters stay as they are.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Adds path segments and query parameters to `base`. Values are percent-encoded (a space becomes `%20`, never `+`).
/// Names of parameters are constants and are not encoded, as OData's `$filter` requires.
pub fn endpoint(base: &Url, segments: &[&str], query: &[(&str, &str)]) -> Url {
    let mut url = base.clone();
    // Only addresses such as `mailto:` have no path, and the configuration has none of those.
    if let Ok(mut path) = url.path_segments_mut() {
        path.pop_if_empty().extend(segments);
    }
    if !query.is_empty() {
        let pairs: Vec<_> = query
            .iter()
            .map(|(name, value)| format!("{name}={}", utf8_percent_encode(value, ENCODED)))
            .collect();
        url.set_query(Some(&pairs.join("&")));
    }
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_encoded() {
        let base: Url = "https://graph.example/v1.0/".parse().unwrap();
        let url = endpoint(
            &base,
            &["users", "o'b#r/i?n@x"],
            &[("$filter", "a eq 'ü+& b'"), ("$top", "9")],
        );
        assert_eq!(
            url.as_str(),
            "https://graph.example/v1.0/users/o'b%23r%2Fi%3Fn@x?$filter=a%20eq%20%27%C3%BC%2B%26%20b%27&$top=9"
        );
    }

    #[test]
    fn parameter_names_keep_their_dollar_sign() {
        let base: Url = "https://graph.example/v1.0".parse().unwrap();
        assert_eq!(
            endpoint(&base, &["users", "1", "manager", "$ref"], &[]).path(),
            "/v1.0/users/1/manager/$ref"
        );
    }
}
