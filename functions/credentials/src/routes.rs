//! The routes that show the page and set the credentials of one system.

use std::sync::Arc;

use domain::credentials::{SHAPES, Shape};
use domain::role::Role;
use domain::step_error::StepError;
use futures::future::try_join_all;
use http::StatusCode;
use serde_json::json;
use store::audit::{AuditEntry, CREDENTIALS_SET, CREDENTIALS_SETTING};
use store::secrets::Secrets;
use web::{Format, HasWeb, OrgScope, PathParams, ProblemDetails, RequestBody, Response, Routes, State, Web, member};

use crate::given;
use crate::page::{Page, Set, System};

const TITLE: &str = "Credentials";

/// The state of the handlers.
pub(crate) struct App {
    pub(crate) web: Web,
    pub(crate) secrets: Secrets,
}

impl HasWeb for App {
    fn web(&self) -> &Web {
        &self.web
    }
}

pub(crate) fn routes() -> Routes<Arc<App>> {
    const PAGE: &str = "/orgs/{org}/credentials";
    let sets = member(Role::sets_credentials);
    let sets_one = sets.recently_from(PAGE);
    Routes::default()
        .get(PAGE, sets.offers_to_sign_in(), list)
        .put("/orgs/{org}/credentials/{system}", sets_one, set)
        // The page's forms use POST, because browsers send no PUT.
        .post("/orgs/{org}/credentials/{system}", sets_one, set)
}

async fn list(State(app): State<Arc<App>>, scope: OrgScope, format: Format) -> Result<Response, ProblemDetails> {
    let systems = systems(&app.secrets, &scope).await?;
    if format.is_page() {
        return page(&app.web, &scope, StatusCode::OK, &systems, None);
    }
    let systems: Vec<_> = systems.iter().map(System::json).collect();
    Ok(web::json(StatusCode::OK, &json!({ "systems": systems })))
}

async fn set(
    State(app): State<Arc<App>>,
    scope: OrgScope,
    params: PathParams,
    format: Format,
    body: RequestBody,
) -> Result<Response, ProblemDetails> {
    let shape = Shape::of(params.get("system")).ok_or_else(ProblemDetails::not_found)?;
    let value = match given::read(&body, shape) {
        Ok(value) => value,
        Err(problem) if format.is_page() => {
            let systems = systems(&app.secrets, &scope).await?;
            let message = problem
                .errors
                .first()
                .map_or(problem.detail.as_str(), |error| &error.message);
            return page(
                &app.web,
                &scope,
                problem.status,
                &systems,
                Some((shape.system, message)),
            );
        }
        Err(problem) => return Err(problem),
    };
    // Secrets Manager cannot join a transaction. So one audit entry is written before, so that nothing is set without
    // an entry, and one after. If only the first exists, the outcome is unknown.
    let entry = |what: &str| AuditEntry::now(&scope.caller.id, what, shape.system);
    app.web.store.audit(scope.org(), &entry(CREDENTIALS_SETTING)).await?;
    app.secrets.set_credentials(scope.org(), shape.system, &value).await?;
    app.web.store.audit(scope.org(), &entry(CREDENTIALS_SET)).await?;
    if format.is_page() {
        let path = format!("/orgs/{}/credentials", scope.org());
        return Ok(web::see_other(&app.web.base.link(&path)));
    }
    let set = set_of(&app.secrets, &scope, shape.system).await?;
    Ok(web::json(StatusCode::OK, &System { shape, set }.json()))
}

async fn systems(secrets: &Secrets, scope: &OrgScope) -> Result<Vec<System>, StepError> {
    let looks = SHAPES.iter().map(async |shape| {
        let set = set_of(secrets, scope, shape.system).await?;
        Ok(System { shape, set })
    });
    try_join_all(looks).await
}

async fn set_of(secrets: &Secrets, scope: &OrgScope, system: &str) -> Result<Set, StepError> {
    if let Some(at) = secrets.credentials_set_at(scope.org(), system).await? {
        return Ok(Set::Here(at));
    }
    let Some(parent) = &scope.organisation.parent else {
        return Ok(Set::Nowhere);
    };
    let set = secrets.credentials_set_at(parent, system).await?;
    Ok(set.map_or(Set::Nowhere, |_| Set::InParent))
}

fn page(
    web: &Web,
    scope: &OrgScope,
    status: StatusCode,
    systems: &[System],
    wrong: Option<(&str, &str)>,
) -> Result<Response, ProblemDetails> {
    let page = Page {
        path: web.base.link(&format!("/orgs/{}/credentials", scope.org())),
        csrf: scope.csrf(),
        systems,
        wrong,
    };
    web.page(status, TITLE, Some(scope), &page)
}
