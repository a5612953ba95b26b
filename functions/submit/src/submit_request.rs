//! What a call submits: the body, whether it is only a dry run, and the key that makes two calls one submission.

use serde_json::Value;
use web::{Call, Content, ProblemDetails};

/// Fields of the page's form that are no part of the body.
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
    pub(crate) fn read(call: &Call, from_pairs: fn(&[(String, String)]) -> Value) -> Result<Self, ProblemDetails> {
        let header = call.header(KEY_HEADER).map(str::to_owned);
        let (body, key, check) = if call.content() == Content::Form {
            let form = call.form()?;
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
            (Value::Object(call.json_object()?), header, false)
        };
        let dry_run = match call.query("dry_run") {
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
    use http::header::CONTENT_TYPE;
    use http::{HeaderName, HeaderValue, Method};
    use serde_json::json;

    use super::*;

    fn read(call: &Call) -> Result<SubmitRequest, ProblemDetails> {
        SubmitRequest::read(call, Onboarding::from_pairs)
    }

    fn post() -> Call {
        Call::new(Method::POST, "/orgs/{org}/onboardings")
    }

    fn form(body: &str) -> Call {
        let form = HeaderValue::from_static("application/x-www-form-urlencoded");
        post().with_header(CONTENT_TYPE, form).with_body(body)
    }

    #[test]
    fn a_form_carries_its_key_and_button() {
        let ask = read(&form(
            "csrf=c&idempotency_key=k1&check=1&first_name=Ada&licenses=SPB&licenses=SPE_E3",
        ));
        let ask = ask.expect("a form");
        assert_eq!(ask.body, json!({"first_name": "Ada", "licenses": ["SPB", "SPE_E3"]}));
        assert_eq!((ask.key.as_deref(), ask.dry_run), (Some("k1"), true));
    }

    #[test]
    fn json_carries_them_beside() {
        let key = HeaderValue::from_static("k2");
        let call = post()
            .with_body(r#"{"first_name": "Ada"}"#)
            .with_query("dry_run", "true")
            .with_header(HeaderName::from_static("idempotency-key"), key);
        let ask = read(&call).expect("JSON");
        assert_eq!((ask.key.as_deref(), ask.dry_run), (Some("k2"), true));
        let ask = read(&post().with_body("{}")).expect("JSON");
        assert_eq!((ask.key, ask.dry_run), (None, false));
    }

    #[test]
    fn wrong_calls_are_refused() {
        let key = HeaderName::from_static("idempotency-key");
        for call in [
            post().with_body("[]"),
            post().with_body("no"),
            post().with_body("{}").with_query("dry_run", "maybe"),
            post()
                .with_body("{}")
                .with_header(key.clone(), HeaderValue::from_static("")),
            post().with_body("{}").with_header(key, HeaderValue::from_static("a b")),
        ] {
            assert_eq!(read(&call).err().expect("refused").status.as_u16(), 422);
        }
    }
}
