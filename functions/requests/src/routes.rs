//! The routes, and the changes of one request.

use std::sync::Arc;

use domain::role::Role;
use web::{Format, OrgScope, PathParams, ProblemDetails, RequestBody, Response, Routes, State, member};

use crate::app::App;
use crate::{list, one, password, pending, shown};

pub(crate) fn routes() -> Routes<Arc<App>> {
    let submits = member(Role::submits);
    let shows_password = member(Role::sees_kept_passwords).recently_from("/orgs/{org}/requests/{id}");
    Routes::default()
        .get("/orgs/{org}/requests", submits, list::list)
        .get("/orgs/{org}/requests/{id}", submits, one::show)
        .get(
            "/orgs/{org}/pending",
            member(Role::decides).offers_to_sign_in(),
            pending::show,
        )
        .post("/orgs/{org}/requests/{id}/cancel", submits, cancel)
        .post("/orgs/{org}/requests/{id}/reschedule", submits, reschedule)
        .post("/orgs/{org}/requests/{id}/resume", member(Role::resumes), resume)
        .post("/orgs/{org}/requests/{id}/password", shows_password, password::show)
}

async fn cancel(
    State(app): State<Arc<App>>,
    scope: OrgScope,
    params: PathParams,
    format: Format,
) -> Result<Response, ProblemDetails> {
    let record = app.to_change(&scope, &params).await?;
    app.cancel(&scope, &record.key()).await?;
    changed(&app, &scope, &params, format).await
}

async fn reschedule(
    State(app): State<Arc<App>>,
    scope: OrgScope,
    params: PathParams,
    format: Format,
    body: RequestBody,
) -> Result<Response, ProblemDetails> {
    let record = app.to_change(&scope, &params).await?;
    app.reschedule(&body, &scope, &record.key()).await?;
    changed(&app, &scope, &params, format).await
}

async fn resume(
    State(app): State<Arc<App>>,
    scope: OrgScope,
    params: PathParams,
    format: Format,
    body: RequestBody,
) -> Result<Response, ProblemDetails> {
    let record = app.to_see(&scope, &params).await?;
    app.resume(&body, &scope, &record.key()).await?;
    changed(&app, &scope, &params, format).await
}

/// Responds with the request after a change. A page redirects to it, so that a reload does not repeat the change.
async fn changed(app: &App, scope: &OrgScope, params: &PathParams, format: Format) -> Result<Response, ProblemDetails> {
    let record = app.to_see(scope, params).await?;
    if format.is_page() {
        return Ok(web::see_other(&app.web.base.link(&shown::path(&record))));
    }
    one::answer(&app.web, format, scope, &record).await
}
