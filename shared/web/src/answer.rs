//! Answers, with the headers that each of them carries.

use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, LOCATION, REFERRER_POLICY, RETRY_AFTER, SET_COOKIE,
    STRICT_TRANSPORT_SECURITY, WWW_AUTHENTICATE, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};
use lambda_http::Body;
use serde::Serialize;

use crate::problem_details::ProblemDetails;

/// No page needs more; nothing may frame it, and nothing inline runs.
const CSP: &str = "default-src 'none'; style-src 'self'; script-src 'self'; form-action 'self'; img-src 'self'; \
    connect-src 'self'; frame-ancestors 'none'; base-uri 'none'";

const ALWAYS: [(HeaderName, HeaderValue); 5] = [
    (CONTENT_SECURITY_POLICY, HeaderValue::from_static(CSP)),
    (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (CACHE_CONTROL, HeaderValue::from_static("no-store")),
    (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (
        STRICT_TRANSPORT_SECURITY,
        HeaderValue::from_static("max-age=31536000; includeSubDomains"),
    ),
];

#[derive(Debug, Clone)]
pub struct Answer {
    pub status: StatusCode,
    headers: HeaderMap,
    body: String,
    /// In place of the usual policy.
    policy: Option<HeaderValue>,
}

impl Answer {
    fn new(status: StatusCode, content_type: &'static str, body: String) -> Self {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        Self {
            status,
            headers,
            body,
            policy: None,
        }
    }

    pub fn json(status: StatusCode, value: &impl Serialize) -> Self {
        match serde_json::to_string(value) {
            Ok(body) => Self::new(status, "application/json", body),
            Err(_) => Self::new(StatusCode::INTERNAL_SERVER_ERROR, "application/json", "{}".to_owned()),
        }
    }

    pub(crate) fn html(status: StatusCode, page: String) -> Self {
        Self::new(status, "text/html; charset=utf-8", page)
    }

    pub(crate) fn file(content_type: &'static str, text: &str) -> Self {
        Self::new(StatusCode::OK, content_type, text.to_owned())
    }

    pub(crate) fn problem(problem: &ProblemDetails) -> Self {
        Self::new(
            problem.status,
            "application/problem+json",
            problem.to_json().to_string(),
        )
        .with_headers_of(problem)
    }

    pub(crate) fn with_headers_of(self, problem: &ProblemDetails) -> Self {
        let mut answer = self;
        if let Some(seconds) = problem.retry_after() {
            answer.headers.insert(RETRY_AFTER, seconds.into());
        }
        if problem.status == StatusCode::UNAUTHORIZED {
            answer
                .headers
                .insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        answer
    }

    /// 303: look there with GET. `location` is from [`crate::Base::link`].
    pub fn see_other(location: &str) -> Self {
        let mut answer = Self::new(StatusCode::SEE_OTHER, "text/plain; charset=utf-8", String::new());
        match HeaderValue::from_str(location) {
            Ok(location) => {
                answer.headers.insert(LOCATION, location);
            }
            Err(_) => answer.status = StatusCode::INTERNAL_SERVER_ERROR,
        }
        answer
    }

    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.append(name, value);
        self
    }

    #[must_use]
    pub fn with_cookie(mut self, cookie: &cookie::Cookie<'_>) -> Self {
        if let Ok(value) = HeaderValue::from_str(&cookie.to_string()) {
            self.headers.append(SET_COOKIE, value);
        }
        self
    }

    /// Browsers hold the address that a form's answer redirects to against the page's policy: the page of a form whose
    /// answer leads elsewhere has to name that origin.
    #[must_use]
    pub fn with_forms_leading_to(mut self, origin: &str) -> Self {
        let policy = CSP.replace("form-action 'self'", &format!("form-action 'self' {origin}"));
        self.policy = HeaderValue::from_str(&policy).ok();
        self
    }

    pub fn header(&self, name: HeaderName) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    pub fn body(&self) -> &str {
        &self.body
    }

    pub(crate) fn into_response(self, head: bool) -> Response<Body> {
        let body = if head || self.body.is_empty() {
            Body::Empty
        } else {
            Body::Text(self.body)
        };
        let mut response = Response::new(body);
        *response.status_mut() = self.status;
        *response.headers_mut() = self.headers;
        for (name, value) in ALWAYS {
            response.headers_mut().insert(name, value);
        }
        if let Some(policy) = self.policy {
            response.headers_mut().insert(CONTENT_SECURITY_POLICY, policy);
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_answer_carries_the_security_headers() {
        let answers = [
            Answer::json(StatusCode::OK, &1),
            Answer::html(StatusCode::OK, "<p>".into()),
            Answer::see_other("/x"),
            Answer::problem(&ProblemDetails::not_found()),
            Answer::file("text/css", "a{}"),
        ];
        for answer in answers {
            let response = answer.into_response(false);
            for (name, value) in ALWAYS {
                assert_eq!(response.headers().get(&name), Some(&value));
            }
            assert!(response.headers().contains_key(CONTENT_TYPE));
        }
    }

    #[test]
    fn a_form_may_lead_to_one_more_origin_and_nothing_else_changes() {
        let answer = Answer::html(StatusCode::OK, "<p>".into()).with_forms_leading_to("https://accounts.google.com");
        let response = answer.into_response(false);
        let policy = response.headers()[CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(
            policy.contains("form-action 'self' https://accounts.google.com; "),
            "{policy}"
        );
        assert_eq!(policy.replace(" https://accounts.google.com", ""), CSP);
        assert_eq!(response.headers().get_all(CONTENT_SECURITY_POLICY).iter().count(), 1);
    }

    #[test]
    fn head_has_no_body() {
        let answer = Answer::json(StatusCode::OK, &"text");
        assert!(matches!(answer.clone().into_response(true).into_body(), Body::Empty));
        assert!(matches!(answer.into_response(false).into_body(), Body::Text(text) if text == "\"text\""));
    }

    #[test]
    fn problems_say_when_and_how_to_try_again() {
        let error = domain::step_error::StepError::Transient("x".into());
        assert_eq!(
            Answer::problem(&ProblemDetails::from(error)).header(RETRY_AFTER),
            Some("5")
        );
        let answer = Answer::problem(&ProblemDetails::unauthorised());
        assert_eq!(answer.header(WWW_AUTHENTICATE), Some("Bearer"));
        assert_eq!(answer.header(CONTENT_TYPE), Some("application/problem+json"));
    }

    #[test]
    fn a_location_cannot_split_the_header() {
        assert_eq!(
            Answer::see_other("/a\r\nSet-Cookie: x").status,
            StatusCode::INTERNAL_SERVER_ERROR
        );
    }
}
