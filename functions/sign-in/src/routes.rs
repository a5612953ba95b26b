//! Who comes in, and how.

use domain::fault::Fault;
use domain::integration::Organisation;
use domain::sign_in::Reason;
use http::StatusCode;
use secrecy::SecretString;
use serde_json::json;
use store::access;
use store::audit::AuditEntry;
use store::members::Member;
use store::secrets::Secrets;
use web::{Answer, Call, Problem, Web, static_file};

use crate::google::Google;
use crate::{admit, pages, with_google};

pub(crate) struct SignIn {
    pub(crate) web: Web,
    pub(crate) google: Option<Google>,
    pub(crate) secrets: Secrets,
}

pub(crate) async fn handle(at: &SignIn, call: Call) -> Result<Answer, Problem> {
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
        _ => Err(Problem::not_found()),
    }
}

async fn start(web: &Web, call: &Call) -> Result<Answer, Problem> {
    let path = match web.signed_in(call).await? {
        Some((session, _)) => format!("/orgs/{}/requests", session.org),
        None => "/sign-in".to_owned(),
    };
    Ok(Answer::see_other(&web.base.link(&path)))
}

/// Shows whom the link signs in, and uses nothing up.
async fn show(at: &SignIn, call: &Call) -> Result<Answer, Problem> {
    let web = &at.web;
    let page = match call.query("t") {
        Some(token) => confirm(at, token).await?,
        None => {
            let google = at.google.as_ref().map(|_| web.base.link("/sign-in/google"));
            web.page(StatusCode::OK, "Sign in", None, &pages::HowTo { google })?
        }
    };
    Ok(match &at.google {
        Some(google) => page.with_forms_leading_to(&google.origin()),
        None => page,
    })
}

async fn confirm(at: &SignIn, token: &str) -> Result<Answer, Problem> {
    let web = &at.web;
    let sign_in = web
        .store
        .sign_in(&SecretString::from(token))
        .await?
        .ok_or_else(used_up)?;
    let (organisation, member) = whom(web, &sign_in).await?.ok_or_else(used_up)?;
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

async fn redeem(at: &SignIn, call: &Call) -> Result<Answer, Problem> {
    let web = &at.web;
    // There is no session yet that a CSRF token could belong to: the browser says where the form is from.
    if !from_our_page(call.header("sec-fetch-site")) {
        return Err(Problem::forbidden(
            "Open the sign-in link itself, and press the button on its page.",
        ));
    }
    let token = call.query("t").ok_or_else(used_up)?;
    let sign_in = web
        .store
        .redeem_sign_in(&SecretString::from(token))
        .await?
        .ok_or_else(used_up)?;
    let Some((organisation, member)) = whom(web, &sign_in).await? else {
        admit::no_person(&web.store, Some(&(sign_in.org, sign_in.member)), Reason::Deleted).await?;
        return Err(used_up());
    };
    let entry = AuditEntry::now(&member.id, "member.signed_in", &member.id)
        .changed(None, Some(Reason::OneTimeLink.code().to_owned()));
    web.store.audit(&organisation.id, &entry).await?;
    let connects = call.form().is_ok_and(|form| form.get("google") == Some("connect"));
    if let Some(google) = at.google.as_ref().filter(|_| connects) {
        // Signed in either way: the link is used up.
        let answer = with_google::lead(at, google, None, Some(&member)).await?;
        return Ok(web.begin_session(answer, &organisation.id, &member.id).await?);
    }
    let form = web.base.link(&format!("/orgs/{}/onboardings/new", organisation.id));
    Ok(web
        .begin_session(Answer::see_other(&form), &organisation.id, &member.id)
        .await?)
}

async fn sign_out(web: &Web, call: &Call) -> Result<Answer, Problem> {
    // Checks the CSRF token where there is a session.
    web.caller(call).await?;
    Ok(web.end_session(Answer::see_other(&web.base.link("/sign-in"))))
}

async fn whom(web: &Web, sign_in: &access::SignIn) -> Result<Option<(Organisation, Member)>, Fault> {
    let organisation = web.store.organisation(&sign_in.org).await?;
    let member = web.store.member(&sign_in.org, &sign_in.member).await?;
    Ok(organisation.zip(member))
}

fn used_up() -> Problem {
    Problem::new(
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
