//! Runs an HTTP function.

use std::time::Instant;

use domain::ids::OrgId;
use http::StatusCode;
use lambda_http::{Error, Request, service_fn};
use store::audit::of_api_request;

use crate::access::Web;
use crate::answer::Answer;
use crate::base::Base;
use crate::call::Call;
use crate::problem_details::ProblemDetails;
use crate::routes;

/// Serves `handle` as the function `name`. Query strings are never logged: links carry capabilities there.
pub async fn serve<F, Fut>(name: &'static str, web: &Web, handle: F) -> Result<(), Error>
where
    F: Fn(Call) -> Fut,
    Fut: Future<Output = Result<Answer, ProblemDetails>> + Send,
{
    lambda_http::run(service_fn(|request: Request| {
        let call = Call::from(request);
        let seen = call.clone();
        let handled = of_api_request(seen.id().map(str::to_owned), handle(call));
        async move {
            let began = Instant::now();
            let result = handled.await;
            log(name, &seen, &result, began);
            let answer = answer(&web.base, &seen, result);
            Ok::<_, std::convert::Infallible>(answer.into_response(seen.is_head()))
        }
    }))
    .await
}

fn log(name: &str, call: &Call, result: &Result<Answer, ProblemDetails>, began: Instant) {
    // What is not an id of ours is not logged.
    let org = OrgId::parse(call.param("org"))
        .map(|org| org.to_string())
        .unwrap_or_default();
    let status = match result {
        Ok(answer) => answer.status,
        Err(problem) => problem.status,
    };
    if let Some(error) = result.as_ref().err().and_then(ProblemDetails::cause) {
        tracing::warn!(function = name, org, error = error.name(), reason = %error, "call failed");
    }
    let milliseconds = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    tracing::info!(
        function = name,
        method = call.verb(),
        route = call.route(),
        org,
        api_request_id = call.id().unwrap_or_default(),
        status = status.as_u16(),
        milliseconds,
        "call answered"
    );
}

/// A problem as JSON or as a page; who must sign in first is sent there.
fn answer(base: &Base, call: &Call, result: Result<Answer, ProblemDetails>) -> Answer {
    match result {
        Ok(answer) => answer,
        Err(problem) if !call.wants_page() => Answer::problem(&problem),
        Err(problem) if problem.status == StatusCode::UNAUTHORIZED => Answer::see_other(&base.link(&sign_in(call))),
        Err(problem) => crate::page::problem(base, &problem),
    }
}

/// The sign-in page, which leads back to where they were.
fn sign_in(call: &Call) -> String {
    match routes::come_back(call) {
        Some(page) => format!("/sign-in?next={}", page.path()),
        None => "/sign-in".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use domain::field::FieldError;
    use http::Method;
    use http::header::{ACCEPT, CONTENT_TYPE, HeaderValue, LOCATION, RETRY_AFTER};

    use super::*;

    const HOSTILE: &str = "<script>alert(1)</script>\"'&";

    fn refused(accept: &'static str, problem: ProblemDetails) -> Answer {
        let call = Call::new(Method::GET, "/x").with_header(ACCEPT, HeaderValue::from_static(accept));
        let base = Base::new("http://127.0.0.1:4566/base").unwrap();
        answer(&base, &call, Err(problem))
    }

    #[test]
    fn who_must_sign_in_is_sent_there_or_told() {
        let page = refused("text/html", ProblemDetails::unauthorised());
        assert_eq!(
            (page.status.as_u16(), page.header(LOCATION)),
            (303, Some("/base/sign-in"))
        );
        assert_eq!(refused("*/*", ProblemDetails::unauthorised()).status.as_u16(), 401);
    }

    #[test]
    fn who_asks_too_often_is_told_when_to_come_back() {
        for accept in ["application/json", "text/html"] {
            let answer = refused(accept, ProblemDetails::too_many("Too many.", 17));
            assert_eq!(
                (answer.status.as_u16(), answer.header(RETRY_AFTER)),
                (429, Some("17")),
                "{accept}"
            );
        }
    }

    #[test]
    fn the_sign_in_page_leads_back() {
        let call = Call::new(Method::POST, "/orgs/{org}/requests/{id}/approval")
            .with_param("org", "acme")
            .with_header(ACCEPT, HeaderValue::from_static("text/html"));
        let base = Base::new("http://127.0.0.1:4566/base").unwrap();
        let answer = answer(&base, &call, Err(ProblemDetails::sign_in_again()));
        assert_eq!(answer.header(LOCATION), Some("/base/sign-in?next=/orgs/acme/pending"));
    }

    #[test]
    fn problems_are_json_or_an_escaped_page() {
        let problem =
            ProblemDetails::wrong_fields(vec![FieldError::new(HOSTILE, HOSTILE), FieldError::new("b", "is b")]);
        let json = refused("application/json", problem.clone());
        assert_eq!(json.header(CONTENT_TYPE), Some("application/problem+json"));
        let page = refused("text/html", problem);
        assert_eq!(page.status.as_u16(), 422);
        assert!(!page.body().contains("<script>"), "{}", page.body());
        insta::assert_snapshot!(page.body());
    }
}
