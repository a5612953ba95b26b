//! Errors of the API, as defined by RFC 9457.

use axum::response::{IntoResponse, Response};
use domain::field::FieldError;
use domain::step_error::StepError;
use http::header::{HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderMap, StatusCode};
use serde_json::{Map, Value, json};

/// Why a request failed. Handlers return it as their error, and [`serve()`](crate::serve()) renders it as JSON or as a page.
#[derive(Debug, Clone)]
pub struct ProblemDetails {
    pub status: StatusCode,
    pub detail: String,
    /// All invalid fields.
    pub errors: Vec<FieldError>,
    kind: Kind,
    /// Additional members of the JSON object.
    more: Map<String, Value>,
    retry_after: Option<u32>,
    /// The cause, for the log only.
    cause: Option<StepError>,
}

/// How a program can distinguish problems with the same status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// The status is sufficient.
    Plain,
    SignInAgain,
}

/// How many seconds to wait before retrying a transient failure.
const RETRY_SECONDS: u32 = 5;

impl ProblemDetails {
    pub fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self {
            status,
            detail: detail.into(),
            errors: Vec::new(),
            kind: Kind::Plain,
            more: Map::new(),
            retry_after: None,
            cause: None,
        }
    }

    /// 422: the call was understood, but some fields are invalid.
    pub fn wrong_fields(errors: Vec<FieldError>) -> Self {
        let detail = match errors.len() {
            1 => "One field is wrong.".to_owned(),
            n => format!("{n} fields are wrong."),
        };
        Self {
            errors,
            ..Self::new(StatusCode::UNPROCESSABLE_ENTITY, detail)
        }
    }

    pub fn wrong_field(field: &str, message: &str) -> Self {
        Self::wrong_fields(vec![FieldError::new(field, message)])
    }

    /// 422: the body as a whole is invalid.
    pub fn wrong_body(detail: &str) -> Self {
        Self {
            errors: vec![FieldError::new("body", detail)],
            ..Self::new(StatusCode::UNPROCESSABLE_ENTITY, format!("The body {detail}."))
        }
    }

    pub fn unauthorised() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "Sign in, or send an API token as Authorization: Bearer TOKEN.",
        )
    }

    /// 401: the session is valid, but its sign-in is too old for this action.
    pub fn sign_in_again() -> Self {
        Self {
            kind: Kind::SignInAgain,
            ..Self::new(
                StatusCode::UNAUTHORIZED,
                "This needs a sign-in of the last fifteen minutes. Sign in again, and repeat it.",
            )
        }
    }

    pub fn forbidden(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, detail)
    }

    /// 403: the call was understood, but the caller may not use these fields.
    pub fn not_allowed(errors: Vec<FieldError>) -> Self {
        let fields: Vec<_> = errors.iter().map(|problem| problem.field.as_str()).collect();
        let detail = format!("Your role does not allow this: {}.", fields.join(", "));
        Self {
            errors,
            ..Self::forbidden(detail)
        }
    }

    /// 404, both for what does not exist and for what belongs to another organisation.
    pub fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "There is nothing at this address.")
    }

    pub(crate) fn method_not_allowed() -> Self {
        Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "There is nothing at this address for this method.",
        )
    }

    pub fn conflict(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, detail)
    }

    pub fn gone(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::GONE, detail)
    }

    /// 429: the caller or their organisation has used up a limit. `seconds` is the time until the next try may succeed.
    pub fn too_many(detail: impl Into<String>, seconds: u32) -> Self {
        Self {
            retry_after: Some(seconds),
            ..Self::new(StatusCode::TOO_MANY_REQUESTS, detail)
        }
    }

    /// Adds a member to the JSON object. Members defined by RFC 9457 cannot be replaced.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.more.insert(name.to_owned(), value.into());
        self
    }

    pub fn title(&self) -> &'static str {
        match self.kind {
            Kind::Plain => self.status.canonical_reason().unwrap_or("Error"),
            Kind::SignInAgain => "Sign in again",
        }
    }

    fn type_uri(&self) -> &'static str {
        match self.kind {
            Kind::Plain => "about:blank",
            Kind::SignInAgain => "urn:gangway:problem:sign-in-again",
        }
    }

    /// Writes the headers that say when and how to try again.
    pub(crate) fn write_headers(&self, headers: &mut HeaderMap) {
        if let Some(seconds) = self.retry_after {
            headers.insert(RETRY_AFTER, seconds.into());
        }
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
    }

    pub(crate) fn cause(&self) -> Option<&StepError> {
        self.cause.as_ref()
    }

    pub fn to_json(&self) -> Value {
        let mut object = self.more.clone();
        object.insert("type".to_owned(), json!(self.type_uri()));
        object.insert("title".to_owned(), json!(self.title()));
        object.insert("status".to_owned(), json!(self.status.as_u16()));
        object.insert("detail".to_owned(), json!(self.detail));
        if !self.errors.is_empty() {
            object.insert("errors".to_owned(), json!(self.errors));
        }
        Value::Object(object)
    }
}

/// The response carries the problem as an extension, because only [`serve()`](crate::serve()) knows whether it becomes a page.
impl IntoResponse for ProblemDetails {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

impl From<StepError> for ProblemDetails {
    fn from(error: StepError) -> Self {
        let (status, detail, retry_after) = match &error {
            StepError::Transient(_) => (
                StatusCode::SERVICE_UNAVAILABLE,
                "Something that is needed does not answer now. Please try again in a moment.".to_owned(),
                Some(RETRY_SECONDS),
            ),
            StepError::Permanent(_) => (
                StatusCode::INTERNAL_SERVER_ERROR,
                "Gangway failed. The failure is in the log of the function.".to_owned(),
                None,
            ),
            // The text is written for the person who must change something.
            StepError::NeedsAttention(text) => (
                StatusCode::SERVICE_UNAVAILABLE,
                format!("Somebody must change something first: {text}"),
                None,
            ),
        };
        Self {
            retry_after,
            cause: Some(error),
            ..Self::new(status, detail)
        }
    }
}

impl From<Vec<FieldError>> for ProblemDetails {
    fn from(errors: Vec<FieldError>) -> Self {
        Self::wrong_fields(errors)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_wrong_fields_are_listed() {
        let problem = ProblemDetails::wrong_fields(vec![
            FieldError::new("a", "must be a"),
            FieldError::new("b", "must be b"),
        ]);
        assert_eq!(
            problem.to_json(),
            json!({"type": "about:blank", "title": "Unprocessable Entity", "status": 422,
                "detail": "2 fields are wrong.",
                "errors": [{"field": "a", "message": "must be a"}, {"field": "b", "message": "must be b"}]})
        );
    }

    #[test]
    fn sign_in_again_has_a_code_of_its_own() {
        let (again, at_all) = (ProblemDetails::sign_in_again(), ProblemDetails::unauthorised());
        assert_eq!((again.status, again.title()), (at_all.status, "Sign in again"));
        assert_ne!(again.to_json()["type"], at_all.to_json()["type"]);
    }

    #[test]
    fn errors_become_statuses_without_internals() {
        let cases = [
            (
                StepError::Transient("reading the gates: AWS answered X".into()),
                503,
                Some(RETRY_SECONDS),
            ),
            (StepError::Permanent("an item of table gates".into()), 500, None),
        ];
        for (error, status, retry_after) in cases {
            let internal = error.to_string();
            let problem = ProblemDetails::from(error);
            assert_eq!(problem.status.as_u16(), status);
            assert_eq!(problem.retry_after, retry_after);
            assert!(!problem.to_json().to_string().contains(&internal));
        }
        let problem = ProblemDetails::from(StepError::NeedsAttention("set the credentials".into()));
        assert_eq!(problem.status.as_u16(), 503);
        assert!(problem.detail.contains("set the credentials"));
    }

    #[test]
    fn additional_members_never_replace_standard_ones() {
        let json = ProblemDetails::conflict("x")
            .with("decision", "denied")
            .with("status", "closed")
            .to_json();
        assert_eq!(json["decision"], "denied");
        assert_eq!(json["status"], 409);
    }
}
