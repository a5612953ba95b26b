//! The routes, and reading and changing variables.

use domain::field::FieldError;
use domain::role::Role;
use domain::variables::{Changes, Family};
use http::StatusCode;
use store::organisations::Changed;
use web::{Format, OrgScope, ProblemDetails, RequestBody, Response, Routes, State, Web, member};

use crate::{audit, change, history, members, page, show, tokens};

pub(crate) fn routes() -> Routes<Web> {
    const VARIABLES: &str = "/orgs/{org}/variables";
    const MEMBERS: &str = "/orgs/{org}/members";
    const MEMBER: &str = "/orgs/{org}/members/{member}";
    const TOKENS: &str = "/orgs/{org}/tokens";
    let sees_variables = member(Role::sees_variables);
    // Variables decide who approves and where passwords are delivered, so changing them needs a recent sign-in.
    let edits_variables = member(Role::edits_variables).recently_from(VARIABLES);
    let members = member(Role::manages_members);
    let of_member = members.recently_from(MEMBER);
    let tokens = member(Role::manages_tokens);
    // The pages' forms use POST, because browsers send no PUT and no DELETE.
    Routes::default()
        .get(VARIABLES, sees_variables.offers_to_sign_in(), read)
        .put(VARIABLES, edits_variables, change_by_json)
        .post(VARIABLES, edits_variables, change_by_form)
        .get("/orgs/{org}/variables/{name}", sees_variables, history::answer)
        .get(MEMBERS, members.offers_to_sign_in(), members::list)
        .post(MEMBERS, members.recently_from(MEMBERS), members::add)
        .get(MEMBER, members.offers_to_sign_in(), members::show)
        .put(MEMBER, of_member, members::change)
        .post(MEMBER, of_member, members::change)
        .delete(MEMBER, of_member, members::delete)
        .post("/orgs/{org}/members/{member}/delete", of_member, members::delete)
        .post(
            "/orgs/{org}/members/{member}/sign-out",
            of_member,
            members::end_sessions,
        )
        .get(TOKENS, tokens.offers_to_sign_in(), tokens::list)
        .post(TOKENS, tokens.recently_from(TOKENS), tokens::create)
        .delete(
            "/orgs/{org}/tokens/{token}",
            tokens.recently_from(TOKENS),
            tokens::revoke,
        )
        .post(
            "/orgs/{org}/tokens/{token}/revoke",
            tokens.recently_from(TOKENS),
            tokens::revoke,
        )
        .get("/orgs/{org}/audit", member(Role::sees_audit), audit::answer)
}

async fn read(State(web): State<Web>, scope: OrgScope, format: Format) -> Result<Response, ProblemDetails> {
    let values = web.store.family(&scope.organisation).await?;
    answer(&web, format, &scope, &values)
}

async fn change_by_json(
    State(web): State<Web>,
    scope: OrgScope,
    format: Format,
    body: RequestBody,
) -> Result<Response, ProblemDetails> {
    let values = web.store.family(&scope.organisation).await?;
    let changes = change::plan(body.json_object()?, &values)?;
    write(&web, &scope, &changes, &values).await?;
    let values = web.store.family(&scope.organisation).await?;
    answer(&web, format, &scope, &values)
}

/// Handles the page's form and changes only what differs from the organisation's own values.
async fn change_by_form(
    State(web): State<Web>,
    scope: OrgScope,
    format: Format,
    body: RequestBody,
) -> Result<Response, ProblemDetails> {
    let values = web.store.family(&scope.organisation).await?;
    let form = body.form()?;
    match change::plan(change::from_form(&form, &values.own), &values) {
        Ok(changes) => {
            write(&web, &scope, &changes, &values).await?;
            Ok(web::see_other(
                &web.base.link(&format!("/orgs/{}/variables", scope.org())),
            ))
        }
        Err(problems) if format.is_page() => {
            let page = page::page(&web, &scope, &values, Some(&form), &problems);
            web.page(StatusCode::UNPROCESSABLE_ENTITY, page::TITLE, Some(&scope), &page)
        }
        Err(problems) => Err(problems.into()),
    }
}

async fn write(web: &Web, scope: &OrgScope, changes: &Changes, read: &Family) -> Result<(), ProblemDetails> {
    let by = &scope.caller.id;
    let changed = web
        .store
        .change_variables(scope.org(), changes, read.version, &read.own, by)
        .await?;
    match changed {
        Changed::Done => Ok(()),
        Changed::Overtaken => Err(ProblemDetails::conflict(
            "Somebody else changed the variables just now. Load the page again, and repeat.",
        )),
    }
}

fn answer(web: &Web, format: Format, scope: &OrgScope, values: &Family) -> Result<Response, ProblemDetails> {
    if format.is_page() {
        let none: &[FieldError] = &[];
        return web.page(
            StatusCode::OK,
            page::TITLE,
            Some(scope),
            &page::page(web, scope, values, None, none),
        );
    }
    Ok(web::json(StatusCode::OK, &show::json(values)))
}
