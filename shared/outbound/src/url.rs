//! Addresses built from parts that may hold anything.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use url::Url;

/// RFC 3986's unreserved characters stay as they are.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// `base` with path segments and query parameters added, the values percent-encoded (a space is `%20`, never `+`).
/// The names of parameters are constants of the callers and go as they are, as OData's `$filter` must.
pub fn endpoint(base: &Url, segments: &[&str], query: &[(&str, &str)]) -> Url {
    let mut url = base.clone();
    // Only addresses such as `mailto:` have no path; the configuration holds none.
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
    fn values_cannot_leave_their_place() {
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
    fn references_keep_their_dollar_sign() {
        let base: Url = "https://graph.example/v1.0".parse().unwrap();
        assert_eq!(
            endpoint(&base, &["users", "1", "manager", "$ref"], &[]).path(),
            "/v1.0/users/1/manager/$ref"
        );
    }
}
