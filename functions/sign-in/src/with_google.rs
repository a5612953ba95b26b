//! Sends people to Google and receives them back.

use std::sync::Arc;

use chrono::Utc;
use domain::ids::OrgId;
use domain::sign_in::Reason;
use domain::step_error::StepError;
use http::{HeaderMap, StatusCode};
use secrecy::SecretString;
use store::members::Member;
use web::{FromOwnForm, ProblemDetails, Query, RequestBody, Response, State};

use crate::app::App;
use crate::google::{self, Flow, Google, Person};
use crate::{admit, onwards, pages};

/// Handles the button of the sign-in page.
pub(crate) async fn begin(
    State(app): State<Arc<App>>,
    _sent: FromOwnForm,
    body: RequestBody,
) -> Result<Response, ProblemDetails> {
    let google = app.google.as_ref().ok_or_else(ProblemDetails::not_found)?;
    let form = body.form().unwrap_or_default();
    let named = form.get("org").map(str::trim).filter(|org| !org.is_empty());
    let org = named
        .map(|org| OrgId::parse(&org.to_ascii_lowercase()))
        .transpose()
        .map_err(|wrong| ProblemDetails::wrong_field("org", &wrong.to_string()))?;
    lead(&app, google, org, None).await
}

/// 303 to Google. `connect` is the member to whom the identity is to be bound.
pub(crate) async fn lead(
    app: &App,
    google: &Google,
    org: Option<OrgId>,
    connect: Option<&Member>,
) -> Result<Response, ProblemDetails> {
    let connect = connect.map(|member| (member.org.clone(), member.id.clone()));
    let (url, flow) = google.begin(org, connect, Utc::now()).await?;
    let cookie = app.keys().await?.seal(&google::ERRAND, &flow, Utc::now())?;
    Ok(web::with_cookie(web::see_other(url.as_str()), &cookie))
}

/// The address to which Google sends the browser back. It is the only GET that changes something: the flow's cookie
/// proves that this browser began the flow with a POST, and a flow is valid once.
pub(crate) async fn callback(
    State(app): State<Arc<App>>,
    query: Query,
    headers: HeaderMap,
) -> Result<Response, ProblemDetails> {
    let google = app.google.as_ref().ok_or_else(ProblemDetails::not_found)?;
    let response = match decide(&app, google, &query, &headers).await? {
        Some(member) => {
            let response = onwards::after_sign_in(&app, &headers, &member).await?;
            app.web.begin_session(&headers, response, &member).await?
        }
        None => refused(&app, &headers).await?,
    };
    Ok(web::with_cookie(response, &google::ERRAND.end()))
}

/// Shows the refusal. An existing session stays, for example one that a one-time link has just begun.
async fn refused(app: &App, headers: &HeaderMap) -> Result<Response, ProblemDetails> {
    let web = &app.web;
    if let Some((_, caller)) = web.signed_in(headers).await? {
        let onwards = web.base.link(&format!("/orgs/{}/onboardings/new", caller.org));
        let page = pages::NotConnected { onwards };
        return web.page(StatusCode::FORBIDDEN, "You are still signed in as before", None, &page);
    }
    let page = pages::Refused { base: web.base.path() };
    web.page(StatusCode::FORBIDDEN, "You are not signed in", None, &page)
}

async fn decide(
    app: &App,
    google: &Google,
    query: &Query,
    headers: &HeaderMap,
) -> Result<Option<Member>, ProblemDetails> {
    let store = &app.web.store;
    let Some(flow) = flow(app, query, headers).await? else {
        // The refusal is only logged, because anybody can call this address with anything.
        tracing::warn!(reason = Reason::ForeignAnswer.code(), "a sign-in is refused");
        return Ok(None);
    };
    let Some(code) = query.get("code").filter(|code| !code.is_empty()) else {
        admit::no_person(store, flow.connect.as_ref(), Reason::BrokenOff).await?;
        return Ok(None);
    };
    let secret = client_secret(app).await?;
    match google.finish(&flow, code, &secret).await? {
        Err(reason) => {
            admit::no_person(store, flow.connect.as_ref(), reason).await?;
            Ok(None)
        }
        Ok(person) => Ok(who(app, &flow, &person).await?),
    }
}

async fn who(app: &App, flow: &Flow, person: &Person) -> Result<Option<Member>, StepError> {
    let store = &app.web.store;
    let Some((org, id)) = &flow.connect else {
        return admit::admit(store, person, flow.org.as_ref()).await;
    };
    match store.member(org, id).await? {
        Some(member) => admit::connect(store, person, &member).await,
        None => {
            admit::too_late(store, person, org).await?;
            Ok(None)
        }
    }
}

/// The flow of this response, which is then used up.
async fn flow(app: &App, query: &Query, headers: &HeaderMap) -> Result<Option<Flow>, StepError> {
    let flow: Option<Flow> = app.keys().await?.open(&google::ERRAND, headers);
    let Some(flow) = flow.filter(|flow| flow.expects(query.get("state"), Utc::now())) else {
        return Ok(None);
    };
    let state = SecretString::from(flow.state.clone());
    Ok(app.web.store.first_use(&state, flow.until).await?.then_some(flow))
}

async fn client_secret(app: &App) -> Result<SecretString, StepError> {
    app.secrets.google_client_secret().await?.ok_or_else(|| {
        StepError::NeedsAttention(
            "Google's client secret is not set: `operator google set --client-secret-file FILE`".to_owned(),
        )
    })
}
