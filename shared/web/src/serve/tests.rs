use domain::field::FieldError;
use domain::role::Role;
use domain::step_error::StepError;
use http::header::{CONTENT_TYPE, LOCATION, RETRY_AFTER};
use serde_json::{Value, json};

use super::*;
use crate::access::Web;
use crate::body::RequestBody;
use crate::extract::{PathParams, Query};
use crate::gateway::tests::event;
use crate::org_scope::OrgScope;
use crate::own_form::FromOwnForm;
use crate::respond::tests::assert_security_headers;
use crate::router::{OwnForm, Public};
use crate::routes::member;
use axum::extract::State;

const HOSTILE: &str = "<script>alert(1)</script>\"'&";

async fn member_page(_web: State<Web>, scope: OrgScope) -> Response {
    respond::json(StatusCode::OK, &scope.org().as_str())
}

async fn echo(params: PathParams, query: Query, body: RequestBody) -> Response {
    let body = body.json_object().ok();
    respond::json(
        StatusCode::OK,
        &json!({"file": params.get("file"), "c": query.get("c"), "body": body}),
    )
}

async fn own_form(
    _web: State<Web>,
    _own: FromOwnForm,
    params: PathParams,
    _query: Query,
    _body: RequestBody,
) -> Response {
    respond::json(StatusCode::OK, &params.get("file"))
}

async fn refuse(params: PathParams) -> Result<Response, ProblemDetails> {
    Err(match params.get("why") {
        "signed-out" => ProblemDetails::unauthorised(),
        "too-often" => ProblemDetails::too_many("Too many.", 17),
        "wrong" => ProblemDetails::wrong_fields(vec![FieldError::new(HOSTILE, HOSTILE), FieldError::new("b", "is b")]),
        "again" => ProblemDetails::sign_in_again(),
        _ => StepError::Permanent("inside".to_owned()).into(),
    })
}

/// A store without a server, because these tests are refused before the store is used.
fn web() -> Web {
    let config = aws_sdk_dynamodb::Config::builder()
        .behavior_version(aws_sdk_dynamodb::config::BehaviorVersion::latest())
        .build();
    Web {
        store: store::Store::new(aws_sdk_dynamodb::Client::from_conf(config), "test"),
        base: Base::new("http://127.0.0.1:4566/base").unwrap(),
    }
}

fn function() -> Function {
    let approval = member(Role::decides_approvals).recently_from("/orgs/{org}/pending");
    let routes = Routes::default()
        .get("/orgs/{org}/members", member(Role::manages_members), member_page)
        .post("/orgs/{org}/requests/{id}/approval", approval, member_page)
        .get("/static/{file}", Public, echo)
        .post("/static/{file}", Public, echo)
        .get("/refused/{why}", Public, refuse)
        .post("/forms/{file}", OwnForm("Press the button."), own_form)
        // A mistake in the declaration: the handler needs a scope that the route does not provide.
        .get("/undeclared/{org}", Public, async |_scope: OrgScope| "never");
    Function::new("test", routes, web())
}

struct Answered {
    status: u16,
    headers: http::HeaderMap,
    body: String,
}

async fn answered(route: &str, params: Value, accept: &str, more: Value) -> Answered {
    let mut sent = json!({"headers": {"host": "127.0.0.1", "accept": accept}});
    sent.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let response = function().answer(event(route, &params, sent)).await;
    let (parts, body) = response.into_parts();
    let body = lambda_http::IntoResponse::into_response(Response::new(body))
        .await
        .into_body();
    assert_security_headers(&parts.headers);
    Answered {
        status: parts.status.as_u16(),
        headers: parts.headers,
        body: String::from_utf8(body.to_vec()).unwrap(),
    }
}

async fn get(route: &str, params: Value, accept: &str) -> Answered {
    answered(route, params, accept, json!({})).await
}

impl Answered {
    fn header(&self, name: http::HeaderName) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }
}

#[tokio::test]
async fn route_below_a_stage_gets_the_whole_request() {
    let more = json!({"rawQueryString": "c=a%2Bb", "body": "{\"a\":1}"});
    let answered = answered("POST /static/{file}", json!({"file": "a/b c"}), "*/*", more).await;
    let body: Value = serde_json::from_str(&answered.body).unwrap();
    assert_eq!(body, json!({"file": "a/b c", "c": "a+b", "body": {"a": 1}}));
    assert_eq!(answered.header(http::header::CONTENT_LENGTH), None);
}

#[tokio::test]
async fn undeclared_routes_are_refused() {
    let params = json!({"org": "acme", "file": "x"});
    for route in ["GET /orgs/{org}/secrets", "GET /", "GET /static", "GET $default"] {
        let answered = get(route, params.clone(), "application/json").await;
        assert_eq!(answered.status, 404, "{route}");
        assert_eq!(answered.header(CONTENT_TYPE), Some("application/problem+json"));
    }
    assert_eq!(
        get("DELETE /static/{file}", params.clone(), "text/html").await.status,
        405
    );
    // Even a session gives no scope on this route.
    assert_eq!(
        get("GET /undeclared/{org}", params, "application/json").await.status,
        404
    );
}

#[tokio::test]
async fn member_route_needs_a_caller_first() {
    let params = json!({"org": "acme", "id": "r1"});
    for route in ["GET /orgs/{org}/members", "POST /orgs/{org}/requests/{id}/approval"] {
        assert_eq!(get(route, params.clone(), "*/*").await.status, 401, "{route}");
    }
}

#[tokio::test]
async fn form_of_another_site_is_refused() {
    for (site, status) in [("cross-site", 403), ("same-origin", 200)] {
        let more = json!({"headers": {"host": "127.0.0.1", "sec-fetch-site": site}});
        let answered = answered("POST /forms/{file}", json!({"file": "a"}), "*/*", more).await;
        assert_eq!(answered.status, status, "{site}");
        assert_eq!(answered.body.contains("Press the button."), status == 403);
    }
}

#[tokio::test]
async fn head_is_get_without_its_body() {
    let head = get("HEAD /static/{file}", json!({"file": "x"}), "*/*").await;
    assert_eq!((head.status, head.body.as_str()), (200, ""));
    let head = get("HEAD /refused/{why}", json!({"why": "wrong"}), "*/*").await;
    assert_eq!((head.status, head.body.as_str()), (422, ""));
}

async fn refused(why: &str, accept: &str) -> Answered {
    get("GET /refused/{why}", json!({"why": why}), accept).await
}

#[tokio::test]
async fn missing_sign_in_redirects_pages_and_fails_json() {
    let page = refused("signed-out", "text/html").await;
    assert_eq!((page.status, page.header(LOCATION)), (303, Some("/base/sign-in")));
    assert_eq!(refused("signed-out", "*/*").await.status, 401);
    let params = json!({"org": "acme", "id": "r1"});
    let page = get("POST /orgs/{org}/requests/{id}/approval", params, "text/html").await;
    assert_eq!(page.header(LOCATION), Some("/base/sign-in?next=/orgs/acme/pending"));
}

#[tokio::test]
async fn rate_limit_says_when_to_retry() {
    for accept in ["application/json", "text/html"] {
        let answered = refused("too-often", accept).await;
        assert_eq!(
            (answered.status, answered.header(RETRY_AFTER)),
            (429, Some("17")),
            "{accept}"
        );
    }
}

#[tokio::test]
async fn internal_error_hides_its_cause() {
    let answered = refused("failure", "application/json").await;
    assert_eq!(answered.status, 500);
    assert!(!answered.body.contains("inside"), "{}", answered.body);
}

#[tokio::test]
async fn problems_are_json_or_an_escaped_page() {
    let json = refused("wrong", "application/json").await;
    assert_eq!(json.header(CONTENT_TYPE), Some("application/problem+json"));
    let page = refused("wrong", "text/html").await;
    assert_eq!(page.status, 422);
    assert!(!page.body.contains("<script>"), "{}", page.body);
    insta::assert_snapshot!(page.body);
}
