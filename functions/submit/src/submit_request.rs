//! The parts of a submitting call: the body, whether it is a dry run, and the key that makes two calls one submission.

use http::HeaderMap;
use serde_json::Value;
use web::{Content, ProblemDetails, Query, RequestBody};

/// Fields of the page's form that are not part of the body.
const KEY: &str = "idempotency_key";
const CHECK: &str = "check";

const KEY_HEADER: &str = "Idempotency-Key";
const MAX_KEY: usize = 255;

pub(crate) struct SubmitRequest {
    pub(crate) body: Value,
    pub(crate) dry_run: bool,
    pub(crate) key: Option<String>,
}

impl SubmitRequest {
    /// `from_pairs` turns the pairs of a page's form into the body.
    pub(crate) fn read(
        headers: &HeaderMap,
        query: &Query,
        sent: &RequestBody,
        from_pairs: fn(&[(String, String)]) -> Value,
    ) -> Result<Self, ProblemDetails> {
        let header = headers
            .get(KEY_HEADER)
            .and_then(|value| value.to_str().ok())
            .map(str::to_owned);
        let (body, key, check) = if sent.content() == Content::Form {
            let form = sent.form()?;
            let given = |name: &str| form.get(name).filter(|value| !value.is_empty());
            let pairs: Vec<_> = form
                .pairs()
                .iter()
                .filter(|(name, _)| name != KEY && name != CHECK)
                .cloned()
                .collect();
            (
                from_pairs(&pairs),
                header.or_else(|| given(KEY).map(str::to_owned)),
                given(CHECK).is_some(),
            )
        } else {
            (Value::Object(sent.json_object()?), header, false)
        };
        let dry_run = match query.get("dry_run") {
            None | Some("false" | "0") => check,
            Some("true" | "1" | "") => true,
            Some(_) => return Err(ProblemDetails::wrong_field("dry_run", "must be true or false")),
        };
        let key_ok = |key: &String| (1..=MAX_KEY).contains(&key.len()) && key.bytes().all(|b| b.is_ascii_graphic());
        if key.as_ref().is_some_and(|key| !key_ok(key)) {
            return Err(ProblemDetails::wrong_field(
                KEY_HEADER,
                "must be 1 to 255 visible ASCII characters",
            ));
        }
        Ok(Self { body, dry_run, key })
    }
}

#[cfg(test)]
mod tests {
    use domain::submission::{Form, Onboarding};
    use http::HeaderValue;
    use serde_json::json;

    use super::*;

    fn read(content: Content, body: &str, query: &str, key: Option<&str>) -> Result<SubmitRequest, ProblemDetails> {
        let mut headers = HeaderMap::new();
        if let Some(key) = key {
            headers.insert(KEY_HEADER, HeaderValue::from_str(key).expect("a header"));
        }
        let body = RequestBody::new(content, body.to_owned());
        SubmitRequest::read(&headers, &Query::parse(query), &body, Onboarding::from_pairs)
    }

    #[test]
    fn form_has_its_key_and_button() {
        let sent = "csrf=c&idempotency_key=k1&check=1&first_name=Ada&licenses=SPB&licenses=SPE_E3";
        let ask = read(Content::Form, sent, "", None);
        let ask = ask.expect("a form");
        assert_eq!(ask.body, json!({"first_name": "Ada", "licenses": ["SPB", "SPE_E3"]}));
        assert_eq!((ask.key.as_deref(), ask.dry_run), (Some("k1"), true));
    }

    #[test]
    fn json_has_key_and_dry_run_outside_the_body() {
        let sent = r#"{"first_name": "Ada"}"#;
        let ask = read(Content::Json, sent, "dry_run=true", Some("k2")).expect("JSON");
        assert_eq!((ask.key.as_deref(), ask.dry_run), (Some("k2"), true));
        let ask = read(Content::Json, "{}", "", None).expect("JSON");
        assert_eq!((ask.key, ask.dry_run), (None, false));
    }

    #[test]
    fn wrong_calls_are_refused() {
        for (body, query, key) in [
            ("[]", "", None),
            ("no", "", None),
            ("{}", "dry_run=maybe", None),
            ("{}", "", Some("")),
            ("{}", "", Some("a b")),
        ] {
            let refused = read(Content::Json, body, query, key).err().expect("refused");
            assert_eq!(refused.status.as_u16(), 422);
        }
    }
}
