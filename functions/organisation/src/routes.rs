//! What the function answers, and the variables as they are read and changed.

use domain::field::FieldError;
use domain::variables::{Changes, Family};
use http::StatusCode;
use store::organisations::Changed;
use web::{Answer, Call, OrgScope, ProblemDetails, Web};

use crate::{audit, change, history, members, page, show, tokens};

pub(crate) async fn handle(web: &Web, call: Call) -> Result<Answer, ProblemDetails> {
    let visit = web.visit(&call).await?;
    match (call.verb(), call.route()) {
        ("GET", "/orgs/{org}/variables") => answer(web, &call, &visit, &read(web, &visit).await?),
        ("PUT", "/orgs/{org}/variables") => {
            let values = read(web, &visit).await?;
            let changes = change::plan(call.json_object()?, &values)?;
            write(web, &visit, &changes, &values).await?;
            answer(web, &call, &visit, &read(web, &visit).await?)
        }
        // The page's form: browsers send no PUT.
        ("POST", "/orgs/{org}/variables") => from_form(web, &call, &visit).await,
        ("GET", "/orgs/{org}/variables/{name}") => history::answer(web, &call, &visit, &read(web, &visit).await?).await,
        ("GET", "/orgs/{org}/members") => members::list(web, &call, &visit).await,
        ("POST", "/orgs/{org}/members") => members::add(web, &call, &visit).await,
        ("GET", "/orgs/{org}/members/{member}") => members::show(web, &call, &visit).await,
        ("PUT", "/orgs/{org}/members/{member}") => members::change(web, &call, &visit).await,
        ("DELETE", "/orgs/{org}/members/{member}") => members::delete(web, &call, &visit).await,
        // The page's forms.
        ("POST", "/orgs/{org}/members/{member}") => members::change(web, &call, &visit).await,
        ("POST", "/orgs/{org}/members/{member}/delete") => members::delete(web, &call, &visit).await,
        ("POST", "/orgs/{org}/members/{member}/sign-out") => members::end_sessions(web, &call, &visit).await,
        ("GET", "/orgs/{org}/tokens") => tokens::list(web, &call, &visit).await,
        ("POST", "/orgs/{org}/tokens") => tokens::create(web, &call, &visit).await,
        ("DELETE", "/orgs/{org}/tokens/{token}") => tokens::revoke(web, &call, &visit).await,
        // The page's form.
        ("POST", "/orgs/{org}/tokens/{token}/revoke") => tokens::revoke(web, &call, &visit).await,
        ("GET", "/orgs/{org}/audit") => audit::answer(web, &call, &visit).await,
        _ => Err(ProblemDetails::not_found()),
    }
}

async fn from_form(web: &Web, call: &Call, visit: &OrgScope) -> Result<Answer, ProblemDetails> {
    let values = read(web, visit).await?;
    let form = call.form()?;
    match change::plan(change::from_form(&form, &values.own), &values) {
        Ok(changes) => {
            write(web, visit, &changes, &values).await?;
            Ok(Answer::see_other(
                &web.base.link(&format!("/orgs/{}/variables", visit.org())),
            ))
        }
        Err(problems) if call.wants_page() => {
            let page = page::page(web, visit, &values, Some(&form), &problems);
            web.page(StatusCode::UNPROCESSABLE_ENTITY, page::TITLE, Some(visit), &page)
        }
        Err(problems) => Err(problems.into()),
    }
}

async fn read(web: &Web, visit: &OrgScope) -> Result<Family, ProblemDetails> {
    Ok(web.store.family(&visit.organisation).await?)
}

async fn write(web: &Web, visit: &OrgScope, changes: &Changes, read: &Family) -> Result<(), ProblemDetails> {
    let by = &visit.caller.id;
    let changed = web
        .store
        .change_variables(visit.org(), changes, read.version, &read.own, by)
        .await?;
    match changed {
        Changed::Done => Ok(()),
        Changed::Overtaken => Err(ProblemDetails::conflict(
            "Somebody else changed the variables just now. Load the page again, and repeat.",
        )),
    }
}

fn answer(web: &Web, call: &Call, visit: &OrgScope, values: &Family) -> Result<Answer, ProblemDetails> {
    if call.wants_page() {
        let none: &[FieldError] = &[];
        return web.page(
            StatusCode::OK,
            page::TITLE,
            Some(visit),
            &page::page(web, visit, values, None, none),
        );
    }
    Ok(Answer::json(StatusCode::OK, &show::json(values)))
}
