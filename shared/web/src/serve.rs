//! Runs an HTTP function: from API Gateway's event to the response, with its log line and its headers.

use std::convert::Infallible;
use std::time::Instant;

use axum::Router;
use axum::body::Body;
use axum::response::{IntoResponse, Response};
use domain::ids::OrgId;
use http::StatusCode;
use http::header::ALLOW;
use lambda_http::tower::ServiceExt;
use lambda_http::{Error, Request, service_fn};
use store::audit::of_api_request;

use crate::base::Base;
use crate::gateway::Matched;
use crate::negotiate::Format;
use crate::problem_details::ProblemDetails;
use crate::respond;
use crate::router::{HasWeb, Routes};
use crate::routes::Route;

/// Serves the routes as the function `name`; `app` is the state of their handlers.
pub async fn serve<S>(name: &'static str, routes: Routes<S>, app: S) -> Result<(), Error>
where
    S: HasWeb + Clone + Send + Sync + 'static,
{
    let function = &Function::new(name, routes, app);
    lambda_http::run(service_fn(move |request: Request| async move {
        Ok::<_, Infallible>(function.answer(request).await)
    }))
    .await
}

struct Function {
    name: &'static str,
    base: Base,
    routes: Vec<Route>,
    router: Router,
}

impl Function {
    fn new<S>(name: &'static str, routes: Routes<S>, app: S) -> Self
    where
        S: HasWeb + Clone + Send + Sync + 'static,
    {
        let base = app.web().base.clone();
        let (routes, router) = routes.into_parts();
        Self {
            name,
            base,
            routes,
            router: router.with_state(app),
        }
    }

    async fn answer(&self, request: Request) -> Response {
        let began = Instant::now();
        let matched = Matched::of(&request);
        let format = Format::of(request.headers());
        let mut response = match matched.routed(request) {
            Some(request) => {
                let answered = self.router.clone().oneshot(request);
                of_api_request(matched.request_id.clone(), answered)
                    .await
                    .into_response()
            }
            None => ProblemDetails::not_found().into_response(),
        };
        let problem = response.extensions_mut().remove::<ProblemDetails>();
        self.log(&matched, response.status(), problem.as_ref(), began);
        if let Some(problem) = problem {
            let allow = response.headers_mut().remove(ALLOW);
            response = self.problem(&matched, format, &problem);
            response.headers_mut().extend(allow.map(|allow| (ALLOW, allow)));
        }
        if matched.is_head() {
            *response.body_mut() = Body::empty();
        }
        respond::write_headers(response.headers_mut());
        response
    }

    /// Logs one line. Queries are never logged, because links carry capabilities in them.
    fn log(&self, matched: &Matched, status: StatusCode, problem: Option<&ProblemDetails>, began: Instant) {
        let function = self.name;
        // Only valid ids are logged.
        let org = OrgId::parse(matched.param("org"))
            .map(|org| org.to_string())
            .unwrap_or_default();
        if let Some(error) = problem.and_then(ProblemDetails::cause) {
            tracing::warn!(function, org, error = error.name(), reason = %error, "call failed");
        }
        let milliseconds = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
        tracing::info!(
            function,
            method = matched.verb(),
            route = matched.path(),
            org,
            api_request_id = matched.request_id.as_deref().unwrap_or_default(),
            status = status.as_u16(),
            milliseconds,
            "call answered"
        );
    }

    /// A problem as JSON or as a page. A browser whose user must sign in first is redirected to the sign-in page.
    fn problem(&self, matched: &Matched, format: Format, problem: &ProblemDetails) -> Response {
        match format {
            Format::Json => respond::problem(problem),
            Format::Html if problem.status == StatusCode::UNAUTHORIZED => {
                respond::see_other(&self.base.link(&self.sign_in(matched)))
            }
            Format::Html => crate::page::problem(&self.base, problem),
        }
    }

    /// The address of the sign-in page, which leads back to the current page.
    fn sign_in(&self, matched: &Matched) -> String {
        let route = self.routes.iter().find(|route| matched.is(route));
        match route.and_then(|route| route.come_back(|path| matched.filled(path))) {
            Some(page) => format!("/sign-in?next={}", page.path()),
            None => "/sign-in".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests;
