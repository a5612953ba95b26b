//! Where a sign-in leads: to the page that somebody was sent here from, else to the form.

use chrono::Utc;
use domain::step_error::StepError;
use store::members::Member;
use web::{Answer, Call, ComeBack};

use crate::cookie::SignInCookie;
use crate::routes::SignIn;

/// The page travels in a cookie, so that it is the same for every way in: a link from a mail knows nothing of it.
const NEXT: SignInCookie = SignInCookie {
    name: "__Host-gangway_next",
    seconds: 15 * 60,
};

pub(crate) async fn remember(at: &SignIn, answer: Answer, next: &ComeBack) -> Result<Answer, web::ProblemDetails> {
    let cookie = at.keys().await?.seal(&NEXT, &next.path(), Utc::now())?;
    Ok(answer.with_cookie(&cookie))
}

/// 303 to the page, which the browser then forgets.
pub(crate) async fn after_sign_in(at: &SignIn, call: &Call, member: &Member) -> Result<Answer, StepError> {
    let form = format!("/orgs/{}/onboardings/new", member.org);
    let brings_one = call.header("cookie").is_some_and(|cookies| cookies.contains(NEXT.name));
    if !brings_one {
        return Ok(Answer::see_other(&at.web.base.link(&form)));
    }
    let path: Option<String> = at.keys().await?.open(&NEXT, call.headers());
    let next = path.and_then(|path| ComeBack::parse(&path));
    let path = match &next {
        Some(next) if is_theirs(at, next, member).await? => next.path(),
        _ => &form,
    };
    Ok(Answer::see_other(&at.web.base.link(path)).with_cookie(&NEXT.end()))
}

/// Whoever signed in may be somebody else than whoever was sent here.
async fn is_theirs(at: &SignIn, next: &ComeBack, member: &Member) -> Result<bool, StepError> {
    if *next.org() == member.org {
        return Ok(true);
    }
    let organisation = at.web.store.organisation(next.org()).await?;
    Ok(organisation.is_some_and(|organisation| organisation.parent.as_ref() == Some(&member.org)))
}
