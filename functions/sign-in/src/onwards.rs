//! Where a sign-in leads: to the page that sent the person here, or else to the form.

use chrono::Utc;
use domain::step_error::StepError;
use http::HeaderMap;
use http::header::COOKIE;
use store::members::Member;
use web::{ComeBack, Response, see_other, with_cookie};

use crate::app::App;
use crate::cookie::SignInCookie;

/// The page is kept in a cookie, so that it works for every way to sign in, including a mailed link, which does not
/// contain it.
const NEXT: SignInCookie = SignInCookie {
    name: "__Host-gangway_next",
    seconds: 15 * 60,
};

pub(crate) async fn remember(app: &App, page: Response, next: &ComeBack) -> Result<Response, web::ProblemDetails> {
    let cookie = app.keys().await?.seal(&NEXT, &next.path(), Utc::now())?;
    Ok(with_cookie(page, &cookie))
}

/// 303 to the page, and the browser forgets the cookie.
pub(crate) async fn after_sign_in(app: &App, headers: &HeaderMap, member: &Member) -> Result<Response, StepError> {
    let form = format!("/orgs/{}/onboardings/new", member.org);
    let brings_one = headers
        .get(COOKIE)
        .and_then(|cookies| cookies.to_str().ok())
        .is_some_and(|cookies| cookies.contains(NEXT.name));
    if !brings_one {
        return Ok(see_other(&app.web.base.link(&form)));
    }
    let path: Option<String> = app.keys().await?.open(&NEXT, headers);
    let next = path.and_then(|path| ComeBack::parse(&path));
    let path = match &next {
        Some(next) if is_theirs(app, next, member).await? => next.path(),
        _ => &form,
    };
    Ok(with_cookie(see_other(&app.web.base.link(path)), &NEXT.end()))
}

/// Whether the member may open the page, because another person may have signed in than the one who was sent here.
async fn is_theirs(app: &App, next: &ComeBack, member: &Member) -> Result<bool, StepError> {
    if *next.org() == member.org {
        return Ok(true);
    }
    let organisation = app.web.store.organisation(next.org()).await?;
    Ok(organisation.is_some_and(|organisation| organisation.parent.as_ref() == Some(&member.org)))
}
