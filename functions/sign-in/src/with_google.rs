//! To Google and back.

use chrono::Utc;
use domain::ids::OrgId;
use domain::sign_in::Reason;
use domain::step_error::StepError;
use http::StatusCode;
use secrecy::SecretString;
use store::members::Member;
use web::{Answer, Call, ProblemDetails};

use crate::google::{self, Flow, Google, Person};
use crate::routes::{SignIn, from_our_page};
use crate::{admit, onwards, pages};

/// The button of the sign-in page.
pub(crate) async fn begin(at: &SignIn, call: &Call) -> Result<Answer, ProblemDetails> {
    let google = at.google.as_ref().ok_or_else(ProblemDetails::not_found)?;
    if !from_our_page(call.header("sec-fetch-site")) {
        return Err(ProblemDetails::forbidden(
            "Press the button on Gangway's own sign-in page.",
        ));
    }
    let form = call.form().unwrap_or_default();
    let named = form.get("org").map(str::trim).filter(|org| !org.is_empty());
    let org = named
        .map(|org| OrgId::parse(&org.to_ascii_lowercase()))
        .transpose()
        .map_err(|wrong| ProblemDetails::wrong_field("org", &wrong.to_string()))?;
    lead(at, google, org, None).await
}

/// 303 to Google. `connect`: the member whom the answer is to be bound to.
pub(crate) async fn lead(
    at: &SignIn,
    google: &Google,
    org: Option<OrgId>,
    connect: Option<&Member>,
) -> Result<Answer, ProblemDetails> {
    let connect = connect.map(|member| (member.org.clone(), member.id.clone()));
    let (url, flow) = google.begin(org, connect, Utc::now()).await?;
    let cookie = at.keys().await?.seal(&google::ERRAND, &flow, Utc::now())?;
    Ok(Answer::see_other(url.as_str()).with_cookie(&cookie))
}

/// Where Google sends the browser back to. The one GET that changes something: the flow's cookie proves that this browser has
/// begun it by a POST, and it counts once.
pub(crate) async fn callback(at: &SignIn, call: &Call) -> Result<Answer, ProblemDetails> {
    let google = at.google.as_ref().ok_or_else(ProblemDetails::not_found)?;
    let answer = match decide(at, google, call).await? {
        Some(member) => {
            let answer = onwards::after_sign_in(at, call, &member).await?;
            at.web.begin_session(call, answer, &member).await?
        }
        None => refused(at, call).await?,
    };
    Ok(answer.with_cookie(&google::ERRAND.end()))
}

/// A refusal leaves a session as it was, such as the one that a one-time link has just begun.
async fn refused(at: &SignIn, call: &Call) -> Result<Answer, ProblemDetails> {
    let web = &at.web;
    if let Some((_, caller)) = web.signed_in(call).await? {
        let onwards = web.base.link(&format!("/orgs/{}/onboardings/new", caller.org));
        let page = pages::NotConnected { onwards };
        return web.page(StatusCode::FORBIDDEN, "You are still signed in as before", None, &page);
    }
    let page = pages::Refused { base: web.base.path() };
    web.page(StatusCode::FORBIDDEN, "You are not signed in", None, &page)
}

async fn decide(at: &SignIn, google: &Google, call: &Call) -> Result<Option<Member>, ProblemDetails> {
    let store = &at.web.store;
    let Some(flow) = flow(at, call).await? else {
        // Nothing but the log: anybody can call this address with anything.
        tracing::warn!(reason = Reason::ForeignAnswer.code(), "a sign-in is refused");
        return Ok(None);
    };
    let Some(code) = call.query("code").filter(|code| !code.is_empty()) else {
        admit::no_person(store, flow.connect.as_ref(), Reason::BrokenOff).await?;
        return Ok(None);
    };
    let secret = client_secret(at).await?;
    match google.finish(&flow, code, &secret).await? {
        Err(reason) => {
            admit::no_person(store, flow.connect.as_ref(), reason).await?;
            Ok(None)
        }
        Ok(person) => Ok(who(at, &flow, &person).await?),
    }
}

async fn who(at: &SignIn, flow: &Flow, person: &Person) -> Result<Option<Member>, StepError> {
    let store = &at.web.store;
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

/// The flow that this answer belongs to, used up by it.
async fn flow(at: &SignIn, call: &Call) -> Result<Option<Flow>, StepError> {
    let flow: Option<Flow> = at.keys().await?.open(&google::ERRAND, call.headers());
    let Some(flow) = flow.filter(|flow| flow.expects(call.query("state"), Utc::now())) else {
        return Ok(None);
    };
    let state = SecretString::from(flow.state.clone());
    Ok(at.web.store.first_use(&state, flow.until).await?.then_some(flow))
}

async fn client_secret(at: &SignIn) -> Result<SecretString, StepError> {
    at.secrets.google_client_secret().await?.ok_or_else(|| {
        StepError::NeedsAttention(
            "Google's client secret is not set: `operator google set --client-secret-file FILE`".to_owned(),
        )
    })
}
