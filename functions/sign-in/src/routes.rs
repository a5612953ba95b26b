//! The routes for signing in and out.

use std::sync::Arc;

use domain::sign_in::Reason;
use http::{HeaderMap, StatusCode};
use secrecy::SecretString;
use serde_json::json;
use store::audit::AuditEntry;
use store::sign_in_links::LinkOwner;
use web::{
    Caller, ComeBack, FromOwnForm, OwnForm, PathParams, ProblemDetails, Public, Query, RequestBody, Response, Routes,
    State, static_file,
};

use crate::app::App;
use crate::{admit, onwards, pages, with_google};

const OPEN_THE_LINK: &str = "Open the sign-in link itself, and press the button on its page.";
const PRESS_THE_BUTTON: &str = "Press the button on Gangway's own sign-in page.";

/// No route needs a role; the proof is a one-time link or Google's response.
pub(crate) fn routes() -> Routes<Arc<App>> {
    Routes::default()
        .get("/health", Public, health)
        .get("/static/{file}", Public, file)
        .get("/", Public, start)
        .get("/sign-in", Public, show)
        .post("/sign-in", OwnForm(OPEN_THE_LINK), redeem)
        .post("/sign-in/google", OwnForm(PRESS_THE_BUTTON), with_google::begin)
        .get("/sign-in/google/callback", Public, with_google::callback)
        .post("/sign-out", Public, sign_out)
}

async fn health() -> Response {
    web::json(StatusCode::OK, &json!({"status": "ok"}))
}

async fn file(params: PathParams) -> Result<Response, ProblemDetails> {
    static_file(params.get("file"))
}

async fn start(State(app): State<Arc<App>>, headers: HeaderMap) -> Result<Response, ProblemDetails> {
    let path = match app.web.signed_in(&headers).await? {
        Some((_, caller)) => format!("/orgs/{}/requests", caller.org),
        None => "/sign-in".to_owned(),
    };
    Ok(web::see_other(&app.web.base.link(&path)))
}

/// Shows whom the link would sign in, without using it up.
async fn show(State(app): State<Arc<App>>, query: Query, headers: HeaderMap) -> Result<Response, ProblemDetails> {
    let page = match query.get("t") {
        Some(token) => confirm(&app, token).await?,
        None => how_to(&app, &query, &headers).await?,
    };
    Ok(match &app.google {
        Some(google) => web::with_forms_leading_to(page, &google.origin()),
        None => page,
    })
}

/// Shows the ways to sign in. `next` is the page to which the person returns afterwards.
async fn how_to(app: &App, query: &Query, headers: &HeaderMap) -> Result<Response, ProblemDetails> {
    let web = &app.web;
    let next = query.get("next").and_then(ComeBack::parse);
    let page = pages::HowTo {
        google: app.google.as_ref().map(|_| web.base.link("/sign-in/google")),
        again: next.is_some() && web.signed_in(headers).await?.is_some(),
        comes_back: next.is_some(),
        nobody: query.get("nobody").is_some(),
    };
    let page = web.page(StatusCode::OK, "Sign in", None, &page)?;
    match next {
        Some(next) => onwards::remember(app, page, &next).await,
        None => Ok(page),
    }
}

async fn confirm(app: &App, token: &str) -> Result<Response, ProblemDetails> {
    let web = &app.web;
    let owner = web.store.sign_in_link(&SecretString::from(token)).await?;
    let Some(LinkOwner::Member(member)) = owner else {
        return Err(used_up());
    };
    let organisation = web.store.organisation(&member.org).await?.ok_or_else(used_up)?;
    let page = pages::Confirm {
        action: web.base.link(&format!("/sign-in?t={token}")),
        organisation: &organisation.name,
        name: &member.name,
        email: &member.email,
        role: member.role.as_str(),
        connects: app.google.is_some() && member.identity.is_none(),
    };
    web.page(StatusCode::OK, "Sign in", None, &page)
}

async fn redeem(
    State(app): State<Arc<App>>,
    _sent: FromOwnForm,
    query: Query,
    headers: HeaderMap,
    body: RequestBody,
) -> Result<Response, ProblemDetails> {
    let web = &app.web;
    let token = query.get("t").ok_or_else(used_up)?;
    let owner = web.store.redeem_sign_in_link(&SecretString::from(token)).await?;
    let member = match owner.ok_or_else(used_up)? {
        LinkOwner::Member(member) => member,
        LinkOwner::Deleted { org, member } => {
            admit::no_person(&web.store, Some(&(org, member)), Reason::Deleted).await?;
            return Err(used_up());
        }
    };
    let entry = AuditEntry::now(&member.id, "member.signed_in", &member.id)
        .changed(None, Some(Reason::OneTimeLink.code().to_owned()));
    web.store.audit(&member.org, &entry).await?;
    let connects = body.form().is_ok_and(|form| form.get("google") == Some("connect"));
    let response = match app.google.as_ref().filter(|_| connects) {
        // The link is used up in either case.
        Some(google) => with_google::lead(&app, google, None, Some(&member)).await?,
        None => onwards::after_sign_in(&app, &headers, &member).await?,
    };
    Ok(web.begin_session(&headers, response, &member).await?)
}

/// `everywhere` ends the member's sessions in every browser.
async fn sign_out(
    State(app): State<Arc<App>>,
    caller: Option<Caller>,
    headers: HeaderMap,
    body: RequestBody,
) -> Result<Response, ProblemDetails> {
    let web = &app.web;
    let everywhere = body.form().is_ok_and(|form| form.get("everywhere").is_some());
    if caller.is_none() && everywhere {
        // It is unknown whose sessions these would be, and an ordinary response would look like success.
        let response = web::see_other(&web.base.link("/sign-in?nobody=1"));
        return Ok(web.end_session(&headers, response).await?);
    }
    if let Some(caller) = caller.filter(|_| everywhere)
        && let Some(id) = caller.member_id()
        && let Some(member) = web.store.member(&caller.org, id).await?
    {
        // A member who was just deleted has no session either.
        web.store.end_sessions(&member, id).await?;
    }
    let response = web::see_other(&web.base.link("/sign-in"));
    Ok(web.end_session(&headers, response).await?)
}

fn used_up() -> ProblemDetails {
    ProblemDetails::new(
        StatusCode::NOT_FOUND,
        "This sign-in link was used before, has expired, or never existed. Ask for a new one.",
    )
}
