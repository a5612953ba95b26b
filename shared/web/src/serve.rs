//! Runs an HTTP function.

use std::time::Instant;

use domain::ids::OrgId;
use http::StatusCode;
use lambda_http::{Error, Request, service_fn};

use crate::access::Web;
use crate::answer::Answer;
use crate::call::Call;
use crate::problem::Problem;

/// Serves `handle` as the function `name`. Query strings are never logged: links carry capabilities there.
pub async fn serve<F, Fut>(name: &'static str, web: &Web, handle: F) -> Result<(), Error>
where
    F: Fn(Call) -> Fut,
    Fut: Future<Output = Result<Answer, Problem>> + Send,
{
    lambda_http::run(service_fn(|request: Request| {
        let call = Call::from(request);
        let seen = call.clone();
        let handled = handle(call);
        async move {
            let began = Instant::now();
            let result = handled.await;
            log(name, &seen, &result, began);
            let answer = answer(web, &seen, result);
            Ok::<_, std::convert::Infallible>(answer.into_response(seen.is_head()))
        }
    }))
    .await
}

fn log(name: &str, call: &Call, result: &Result<Answer, Problem>, began: Instant) {
    // What is not an id of ours is not logged.
    let org = OrgId::parse(call.param("org"))
        .map(|org| org.to_string())
        .unwrap_or_default();
    let status = match result {
        Ok(answer) => answer.status,
        Err(problem) => problem.status,
    };
    if let Some(fault) = result.as_ref().err().and_then(Problem::cause) {
        tracing::warn!(function = name, org, error = fault.name(), reason = %fault, "call failed");
    }
    let milliseconds = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    tracing::info!(
        function = name,
        method = call.verb(),
        route = call.route(),
        org,
        status = status.as_u16(),
        milliseconds,
        "call answered"
    );
}

/// A problem as JSON or as a page; who must sign in first is sent there.
pub fn answer(web: &Web, call: &Call, result: Result<Answer, Problem>) -> Answer {
    match result {
        Ok(answer) => answer,
        Err(problem) if !call.wants_page() => Answer::problem(&problem),
        Err(problem) if problem.status == StatusCode::UNAUTHORIZED => Answer::see_other(&web.base.link("/sign-in")),
        Err(problem) => crate::page::problem(&web.base, &problem),
    }
}
