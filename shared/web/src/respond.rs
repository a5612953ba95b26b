//! Responses, with the headers that all of them carry.

use axum::response::{IntoResponse, Response};
use http::header::{
    CACHE_CONTROL, CONTENT_LENGTH, CONTENT_SECURITY_POLICY, CONTENT_TYPE, LOCATION, REFERRER_POLICY, SET_COOKIE,
    STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde::Serialize;

use crate::problem_details::ProblemDetails;

/// The content security policy of every page: no framing, nothing inline, and only Gangway's own files.
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

fn respond(status: StatusCode, content_type: &'static str, body: String) -> Response {
    let content_type = [(CONTENT_TYPE, HeaderValue::from_static(content_type))];
    (status, content_type, body).into_response()
}

/// A JSON response.
pub fn json(status: StatusCode, value: &impl Serialize) -> Response {
    match serde_json::to_string(value) {
        Ok(body) => respond(status, "application/json", body),
        Err(_) => respond(StatusCode::INTERNAL_SERVER_ERROR, "application/json", "{}".to_owned()),
    }
}

pub(crate) fn html(status: StatusCode, page: String) -> Response {
    respond(status, "text/html; charset=utf-8", page)
}

pub(crate) fn file(content_type: &'static str, text: &str) -> Response {
    respond(StatusCode::OK, content_type, text.to_owned())
}

pub(crate) fn problem(problem: &ProblemDetails) -> Response {
    let body = problem.to_json().to_string();
    let mut response = respond(problem.status, "application/problem+json", body);
    problem.write_headers(response.headers_mut());
    response
}

/// 303: the client requests `location` with GET. `location` comes from [`crate::Base::link`].
pub fn see_other(location: &str) -> Response {
    let mut response = respond(StatusCode::SEE_OTHER, "text/plain; charset=utf-8", String::new());
    match HeaderValue::from_str(location) {
        Ok(location) => {
            response.headers_mut().insert(LOCATION, location);
        }
        Err(_) => *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR,
    }
    response
}

/// Adds a cookie to the response.
#[must_use]
pub fn with_cookie(mut response: Response, cookie: &cookie::Cookie<'_>) -> Response {
    if let Ok(value) = HeaderValue::from_str(&cookie.to_string()) {
        response.headers_mut().append(SET_COOKIE, value);
    }
    response
}

/// Allows a page's forms to redirect to one more origin. Browsers check the redirect of a form's response against the
/// page's policy, so the page must name that origin.
#[must_use]
pub fn with_forms_leading_to(mut response: Response, origin: &str) -> Response {
    let policy = CSP.replace("form-action 'self'", &format!("form-action 'self' {origin}"));
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        response.headers_mut().insert(CONTENT_SECURITY_POLICY, policy);
    }
    response
}

/// Writes the headers of every response, also of errors. API Gateway adds the length.
pub(crate) fn write_headers(headers: &mut HeaderMap) {
    for (name, value) in ALWAYS {
        // A page that leads to another site's form has a policy of its own (`with_forms_leading_to`).
        if name != CONTENT_SECURITY_POLICY || !headers.contains_key(&name) {
            headers.insert(name, value);
        }
    }
    headers.remove(CONTENT_LENGTH);
}

#[cfg(test)]
pub(crate) mod tests {
    use http::header::{RETRY_AFTER, WWW_AUTHENTICATE};

    use super::*;

    pub(crate) fn assert_security_headers(headers: &HeaderMap) {
        for (name, value) in ALWAYS {
            assert_eq!(headers.get(&name), Some(&value));
        }
        assert!(headers.contains_key(CONTENT_TYPE));
    }

    #[test]
    fn every_response_carries_the_security_headers() {
        let responses = [
            json(StatusCode::OK, &1),
            html(StatusCode::OK, "<p>".into()),
            see_other("/x"),
            problem(&ProblemDetails::not_found()),
            file("text/css", "a{}"),
        ];
        for mut response in responses {
            write_headers(response.headers_mut());
            assert_security_headers(response.headers());
        }
    }

    #[test]
    fn form_may_lead_to_exactly_one_more_origin() {
        let page = html(StatusCode::OK, "<p>".into());
        let mut response = with_forms_leading_to(page, "https://accounts.google.com");
        write_headers(response.headers_mut());
        let policy = response.headers()[CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(
            policy.contains("form-action 'self' https://accounts.google.com; "),
            "{policy}"
        );
        assert_eq!(policy.replace(" https://accounts.google.com", ""), CSP);
        assert_eq!(response.headers().get_all(CONTENT_SECURITY_POLICY).iter().count(), 1);
    }

    #[test]
    fn problems_say_when_and_how_to_try_again() {
        let error = domain::step_error::StepError::Transient("x".into());
        assert_eq!(problem(&ProblemDetails::from(error)).headers()[RETRY_AFTER], "5");
        let response = problem(&ProblemDetails::unauthorised());
        assert_eq!(response.headers()[WWW_AUTHENTICATE], "Bearer");
        assert_eq!(response.headers()[CONTENT_TYPE], "application/problem+json");
    }

    #[test]
    fn a_location_cannot_split_the_header() {
        assert_eq!(
            see_other("/a\r\nSet-Cookie: x").status(),
            StatusCode::INTERNAL_SERVER_ERROR
        );
    }
}
