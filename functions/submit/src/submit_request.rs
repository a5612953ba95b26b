//! What a submission asks for: the body, whether only to check it, and the key that makes two calls one submission.

use domain::field::FieldError;
use domain::submission::Onboarding;
use http::HeaderMap;
use serde_json::{Value, json};
use web::{Content, ProblemDetails, Query, RequestBody};

/// Fields of the page's form that are no part of the body.
const KEY: &str = "idempotency_key";
const CHECK: &str = "check";

const KEY_HEADER: &str = "Idempotency-Key";
const MAX_KEY: usize = 255;

/// What an onboarding cannot be without.
const NAMES: [&str; 3] = ["first_name", "last_name", "single_name"];

pub(crate) struct SubmitRequest {
    pub(crate) body: Value,
    pub(crate) dry_run: bool,
    pub(crate) key: Option<String>,
}

impl SubmitRequest {
    /// `from_form` makes the body of a form's pairs.
    pub(crate) fn read(
        headers: &HeaderMap,
        query: &Query,
        sent: &RequestBody,
        from_form: fn(&[(String, String)]) -> Value,
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
                from_form(&pairs),
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

/// A body with wrong fields without them, so that what the rest comes to can be told in the same answer.
pub(crate) struct Partial {
    pub(crate) onboarding: Onboarding,
    wrong: Vec<FieldError>,
}

impl Partial {
    pub(crate) fn of(body: &Value, wrong: Vec<FieldError>) -> Result<Self, Vec<FieldError>> {
        let Value::Object(fields) = body else { return Err(wrong) };
        let is_wrong = |name: &str| wrong.iter().any(|problem| problem.field == name);
        let mut fields = fields.clone();
        fields.retain(|name, _| !is_wrong(name));
        if NAMES.into_iter().any(is_wrong) {
            // Stands in for the names; what it leads to is left out below.
            fields.insert("first_name".to_owned(), json!("X"));
            fields.insert("last_name".to_owned(), json!("X"));
            fields.remove("single_name");
        }
        match Onboarding::parse(&Value::Object(fields)) {
            Ok(onboarding) => Ok(Self { onboarding, wrong }),
            Err(_) => Err(wrong),
        }
    }

    /// The wrong fields, and what was found about the others.
    pub(crate) fn with_found(self, found: Vec<FieldError>) -> Vec<FieldError> {
        let is_wrong = |name: &str| self.wrong.iter().any(|problem| problem.field == name);
        let no_username = NAMES.into_iter().chain(["middle_name", "email_domain"]).any(is_wrong);
        // With another name or domain it would be another username.
        let follows = |field: &str| no_username && (["username", "rehire"].contains(&field) || NAMES.contains(&field));
        let right = |problem: &FieldError| !is_wrong(&problem.field) && !follows(&problem.field);
        let found: Vec<_> = found.into_iter().filter(right).collect();
        let mut all = self.wrong;
        all.extend(found);
        all
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn read(content: Content, body: &str, query: &str, key: Option<&str>) -> Result<SubmitRequest, ProblemDetails> {
        let mut headers = HeaderMap::new();
        headers.extend(key.map(|key| {
            let name = http::HeaderName::from_static("idempotency-key");
            (name, HeaderValue::from_str(key).expect("a header"))
        }));
        let body = RequestBody::new(content, body.to_owned());
        SubmitRequest::read(&headers, &Query::parse(query), &body, Onboarding::from_form)
    }

    #[test]
    fn a_form_carries_its_key_and_button() {
        let sent = "csrf=c&idempotency_key=k1&check=1&first_name=Ada&licenses=SPB&licenses=SPE_E3";
        let ask = read(Content::Form, sent, "", None);
        let ask = ask.expect("a form");
        assert_eq!(ask.body, json!({"first_name": "Ada", "licenses": ["SPB", "SPE_E3"]}));
        assert_eq!((ask.key.as_deref(), ask.dry_run), (Some("k1"), true));
    }

    #[test]
    fn json_carries_them_beside() {
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

    #[test]
    fn what_is_right_beside_wrong_fields_is_checked_too() {
        let body = json!({"first_name": 1, "last_name": "L", "start_date": "soon", "licenses": ["SPB"], "shoe": 43});
        let wrong = Onboarding::parse(&body).expect_err("three are wrong");
        let partial = Partial::of(&body, wrong).expect("the rest is right");
        assert_eq!(partial.onboarding.licenses.len(), 1);
        let found = ["username", "start_date", "licenses", "email_domain"].map(|field| FieldError::new(field, "found"));
        let mut fields: Vec<_> = partial
            .with_found(found.into())
            .into_iter()
            .map(|problem| problem.field)
            .collect();
        fields.sort();
        assert_eq!(fields, ["email_domain", "first_name", "licenses", "shoe", "start_date"]);
    }
}
