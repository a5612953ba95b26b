//! Looking and setting.

use domain::credentials::{SHAPES, Shape};
use domain::step_error::StepError;
use futures::future::try_join_all;
use http::StatusCode;
use serde_json::json;
use store::audit::{AuditEntry, CREDENTIALS_SET, CREDENTIALS_SETTING};
use store::secrets::Secrets;
use web::{Answer, Call, OrgScope, ProblemDetails, Web};

use crate::given;
use crate::page::{Page, Set, System};

const TITLE: &str = "Credentials";

pub(crate) async fn handle(web: &Web, secrets: &Secrets, call: Call) -> Result<Answer, ProblemDetails> {
    let visit = web.visit(&call).await?;
    match (call.verb(), call.route()) {
        ("GET", "/orgs/{org}/credentials") => {
            let systems = systems(secrets, &visit).await?;
            if call.wants_page() {
                return page(web, &visit, StatusCode::OK, &systems, None);
            }
            let systems: Vec<_> = systems.iter().map(System::json).collect();
            Ok(Answer::json(StatusCode::OK, &json!({ "systems": systems })))
        }
        ("PUT", "/orgs/{org}/credentials/{system}") => set(web, secrets, &call, &visit).await,
        // The page's forms.
        ("POST", "/orgs/{org}/credentials/{system}") => set(web, secrets, &call, &visit).await,
        _ => Err(ProblemDetails::not_found()),
    }
}

async fn set(web: &Web, secrets: &Secrets, call: &Call, visit: &OrgScope) -> Result<Answer, ProblemDetails> {
    let shape = Shape::of(call.param("system")).ok_or_else(ProblemDetails::not_found)?;
    let value = match given::read(call, shape) {
        Ok(value) => value,
        Err(problem) if call.wants_page() => {
            let systems = systems(secrets, visit).await?;
            let message = problem
                .errors
                .first()
                .map_or(problem.detail.as_str(), |error| &error.message);
            return page(web, visit, problem.status, &systems, Some((shape.system, message)));
        }
        Err(problem) => return Err(problem),
    };
    // Secrets Manager takes part in no transaction. So the audit is told before, and nothing is set that it does not know
    // of; and told after, so that an intent alone is one whose outcome nobody knows.
    let entry = |what: &str| AuditEntry::now(&visit.caller.id, what, shape.system);
    web.store.audit(visit.org(), &entry(CREDENTIALS_SETTING)).await?;
    secrets.set_credentials(visit.org(), shape.system, &value).await?;
    web.store.audit(visit.org(), &entry(CREDENTIALS_SET)).await?;
    if call.wants_page() {
        let path = format!("/orgs/{}/credentials", visit.org());
        return Ok(Answer::see_other(&web.base.link(&path)));
    }
    let set = set_of(secrets, visit, shape.system).await?;
    Ok(Answer::json(StatusCode::OK, &System { shape, set }.json()))
}

async fn systems(secrets: &Secrets, visit: &OrgScope) -> Result<Vec<System>, StepError> {
    let looks = SHAPES.iter().map(async |shape| {
        let set = set_of(secrets, visit, shape.system).await?;
        Ok(System { shape, set })
    });
    try_join_all(looks).await
}

async fn set_of(secrets: &Secrets, visit: &OrgScope, system: &str) -> Result<Set, StepError> {
    if let Some(at) = secrets.credentials_set_at(visit.org(), system).await? {
        return Ok(Set::Here(at));
    }
    let Some(parent) = &visit.organisation.parent else {
        return Ok(Set::Nowhere);
    };
    let set = secrets.credentials_set_at(parent, system).await?;
    Ok(set.map_or(Set::Nowhere, |_| Set::InParent))
}

fn page(
    web: &Web,
    visit: &OrgScope,
    status: StatusCode,
    systems: &[System],
    wrong: Option<(&str, &str)>,
) -> Result<Answer, ProblemDetails> {
    let page = Page {
        path: web.base.link(&format!("/orgs/{}/credentials", visit.org())),
        csrf: visit.csrf(),
        systems,
        wrong,
    };
    web.page(status, TITLE, Some(visit), &page)
}
