//! Who comes in, and how.

use domain::sign_in::Reason;
use domain::step_error::StepError;
use http::StatusCode;
use secrecy::SecretString;
use serde_json::json;
use store::audit::AuditEntry;
use store::secrets::Secrets;
use store::sign_in_links::LinkOwner;
use web::{Answer, Call, ComeBack, ProblemDetails, Web, static_file};

use crate::cookie::Keys;
use crate::google::Google;
use crate::{admit, onwards, pages, with_google};

pub(crate) struct SignIn {
    pub(crate) web: Web,
    pub(crate) google: Option<Google>,
    pub(crate) secrets: Secrets,
}

impl SignIn {
    pub(crate) async fn keys(&self) -> Result<Keys, StepError> {
        Ok(Keys::new(self.secrets.sign_in_keys().await?))
    }
}

pub(crate) async fn handle(at: &SignIn, call: Call) -> Result<Answer, ProblemDetails> {
    let web = &at.web;
    match (call.verb(), call.route()) {
        ("GET", "/health") => Ok(Answer::json(StatusCode::OK, &json!({"status": "ok"}))),
        ("GET", "/static/{file}") => static_file(call.param("file")),
        ("GET", "/") => start(web, &call).await,
        ("GET", "/sign-in") => show(at, &call).await,
        ("POST", "/sign-in") => redeem(at, &call).await,
        ("POST", "/sign-in/google") => with_google::begin(at, &call).await,
        ("GET", "/sign-in/google/callback") => with_google::callback(at, &call).await,
        ("POST", "/sign-out") => sign_out(web, &call).await,
        _ => Err(ProblemDetails::not_found()),
    }
}

async fn start(web: &Web, call: &Call) -> Result<Answer, ProblemDetails> {
    let path = match web.signed_in(call).await? {
        Some((_, caller)) => format!("/orgs/{}/requests", caller.org),
        None => "/sign-in".to_owned(),
    };
    Ok(Answer::see_other(&web.base.link(&path)))
}

/// Shows whom the link signs in, and uses nothing up.
async fn show(at: &SignIn, call: &Call) -> Result<Answer, ProblemDetails> {
    let page = match call.query("t") {
        Some(token) => confirm(at, token).await?,
        None => how_to(at, call).await?,
    };
    Ok(match &at.google {
        Some(google) => page.with_forms_leading_to(&google.origin()),
        None => page,
    })
}

/// The ways in. `next`: where whoever was sent here comes back to, by whichever way they sign in.
async fn how_to(at: &SignIn, call: &Call) -> Result<Answer, ProblemDetails> {
    let web = &at.web;
    let next = call.query("next").and_then(ComeBack::parse);
    let page = pages::HowTo {
        google: at.google.as_ref().map(|_| web.base.link("/sign-in/google")),
        again: next.is_some() && web.signed_in(call).await?.is_some(),
        comes_back: next.is_some(),
        nobody: call.query("nobody").is_some(),
    };
    let answer = web.page(StatusCode::OK, "Sign in", None, &page)?;
    match next {
        Some(next) => onwards::remember(at, answer, &next).await,
        None => Ok(answer),
    }
}

async fn confirm(at: &SignIn, token: &str) -> Result<Answer, ProblemDetails> {
    let web = &at.web;
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
        connects: at.google.is_some() && member.identity.is_none(),
    };
    web.page(StatusCode::OK, "Sign in", None, &page)
}

async fn redeem(at: &SignIn, call: &Call) -> Result<Answer, ProblemDetails> {
    let web = &at.web;
    // There is no session yet that a CSRF token could belong to: the browser says where the form is from.
    if !from_our_page(call.header("sec-fetch-site")) {
        return Err(ProblemDetails::forbidden(
            "Open the sign-in link itself, and press the button on its page.",
        ));
    }
    let token = call.query("t").ok_or_else(used_up)?;
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
    let connects = call.form().is_ok_and(|form| form.get("google") == Some("connect"));
    let answer = match at.google.as_ref().filter(|_| connects) {
        // Signed in either way: the link is used up.
        Some(google) => with_google::lead(at, google, None, Some(&member)).await?,
        None => onwards::after_sign_in(at, call, &member).await?,
    };
    Ok(web.begin_session(call, answer, &member).await?)
}

/// `everywhere`: in every browser of the member's.
async fn sign_out(web: &Web, call: &Call) -> Result<Answer, ProblemDetails> {
    // Checks the CSRF token where there is a session.
    let caller = web.caller(call).await?;
    let everywhere = call.form().is_ok_and(|form| form.get("everywhere").is_some());
    if caller.is_none() && everywhere {
        // Nobody knows any more whose sessions these would be, and silence would look like success.
        let answer = Answer::see_other(&web.base.link("/sign-in?nobody=1"));
        return Ok(web.end_session(call, answer).await?);
    }
    if let Some(caller) = caller.filter(|_| everywhere)
        && let Some(id) = caller.member_id()
        && let Some(member) = web.store.member(&caller.org, id).await?
    {
        // Whoever was deleted in this moment has no session either.
        web.store.end_sessions(&member, id).await?;
    }
    let answer = Answer::see_other(&web.base.link("/sign-in"));
    Ok(web.end_session(call, answer).await?)
}

fn used_up() -> ProblemDetails {
    ProblemDetails::new(
        StatusCode::NOT_FOUND,
        "This sign-in link was used before, has expired, or never existed. Ask for a new one.",
    )
}

/// Browsers that say nothing are old ones and programs, which nobody can trick into a form.
pub(crate) fn from_our_page(sec_fetch_site: Option<&str>) -> bool {
    matches!(sec_fetch_site, None | Some("same-origin" | "none"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_sites_cannot_sign_anybody_in() {
        assert!(from_our_page(None) && from_our_page(Some("same-origin")) && from_our_page(Some("none")));
        assert!(!from_our_page(Some("cross-site")) && !from_our_page(Some("same-site")));
    }
}
