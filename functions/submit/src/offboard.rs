//! Offboardings, from a call to its answer.

use std::sync::Arc;

use chrono::Utc;
use domain::authority::Because;
use domain::field::FieldError;
use domain::job::Job;
use domain::step_error::StepError;
use domain::submission::Offboarding;
use http::{HeaderMap, StatusCode};
use integrations::OrgConfig;
use planning::{Asks, OffboardingChecked};
use serde_json::Value;
use store::Idempotency;
use web::{Format, OrgScope, ProblemDetails, Query, RequestBody, Response, State};

use crate::App;
use crate::form::{FormValues, Page};
use crate::preview::{DryRun, LeaverPreview};
use crate::record::{Accepted, Written, earlier, write};
use crate::submit::{authority_of, canonical, hide, in_the_way, may_check, taken_answer, warnings};
use crate::submit_request::SubmitRequest;

/// GET: the empty form.
pub(crate) async fn blank(State(desk): State<Arc<App>>, visit: OrgScope) -> Result<Response, ProblemDetails> {
    let config = integrations::org_config(&desk.web.store, visit.org()).await?;
    page(&desk, &visit, &config, StatusCode::OK, FormValues::default(), None)
}

/// POST: a submission, or its check.
pub(crate) async fn submit(
    State(desk): State<Arc<App>>,
    visit: OrgScope,
    format: Format,
    headers: HeaderMap,
    query: Query,
    body: RequestBody,
) -> Result<Response, ProblemDetails> {
    let config = integrations::org_config(&desk.web.store, visit.org()).await?;
    let ask = SubmitRequest::read(&headers, &query, &body, Offboarding::from_form)?;
    match answer(&desk, &visit, &config, &ask).await {
        Ok(Outcome::Accepted(taken)) => taken_answer(&desk, format, &visit, &taken),
        Ok(Outcome::Looked(look)) if format.is_page() => page(
            &desk,
            &visit,
            &config,
            StatusCode::OK,
            FormValues::of(&ask),
            Some(*look),
        ),
        Ok(Outcome::Looked(look)) => Ok(web::json(StatusCode::OK, &LeaverPreview::of(&look, visit.caller.role))),
        Err(problem) if format.is_page() && !problem.errors.is_empty() => {
            let look = DryRun::wrong(unchecked(problem.errors));
            page(&desk, &visit, &config, problem.status, FormValues::of(&ask), Some(look))
        }
        Err(problem) => Err(problem),
    }
}

enum Outcome {
    Accepted(Accepted),
    Looked(Box<DryRun<OffboardingChecked>>),
}

async fn answer(
    desk: &App,
    visit: &OrgScope,
    config: &OrgConfig,
    ask: &SubmitRequest,
) -> Result<Outcome, ProblemDetails> {
    let form = match Offboarding::parse(&ask.body) {
        Ok(form) => form,
        Err(wrong) => {
            // To tell all that is wrong costs as much as a check.
            may_check(desk, visit).await?;
            return Err(all_wrong(desk, visit, config, &ask.body, wrong).await);
        }
    };
    let because = match authority_of(visit, &Job::Offboarding(form.clone()), config) {
        Ok(because) => because,
        Err(refused) if ask.dry_run => return Ok(Outcome::Looked(Box::new(DryRun::wrong(unchecked(refused.errors))))),
        Err(refused) => return Err(refused),
    };
    if ask.dry_run {
        may_check(desk, visit).await?;
        let mut checked = match check(desk, visit, config, &form, &because).await {
            Ok(checked) => checked,
            Err(error) => unchecked(vec![in_the_way(error)?]),
        };
        hide(desk, visit, config, &mut checked.approvers).await?;
        let config = integrations::org_config(&desk.web.store, visit.org()).await?;
        let warnings = warnings(desk, config, &Job::Offboarding(form)).await?;
        let look = DryRun {
            checked,
            warnings,
            because,
        };
        return Ok(Outcome::Looked(Box::new(look)));
    }
    let key = ask.key.as_ref();
    let idempotency = key.map(|key| Idempotency::new(&visit.caller.id, key, &canonical(&form)));
    if let Some(taken) = earlier(desk, visit, idempotency.as_ref()).await? {
        return Ok(Outcome::Accepted(taken));
    }
    desk.web.may_submit(visit).await?;
    let checked = check(desk, visit, config, &form, &because).await?;
    let supersedes = checked.supersedes;
    let Some(plan) = checked.plan else {
        // The twin of this submission may have come first while this one looked.
        return match earlier(desk, visit, idempotency.as_ref()).await? {
            Some(taken) => Ok(Outcome::Accepted(taken)),
            None => Err(checked.problems.into()),
        };
    };
    desk.web.may_write(visit).await?;
    let job = Job::Offboarding(form);
    match write(
        desk,
        visit,
        job,
        plan,
        checked.user,
        idempotency.as_ref(),
        supersedes.as_ref(),
    )
    .await?
    {
        Written::Accepted(taken) => Ok(Outcome::Accepted(taken)),
        // Looking again finds who did, or that it has ended.
        Written::UsernameGone => {
            Err(StepError::Transient("another request has just taken the account".to_owned()).into())
        }
    }
}

async fn check(
    desk: &App,
    visit: &OrgScope,
    config: &OrgConfig,
    form: &Offboarding,
    because: &[Because],
) -> Result<OffboardingChecked, StepError> {
    let graph = integrations::graph(&desk.secrets, &config.organisation).await?;
    let requester = visit.caller.requester();
    planning::check_leaver(
        &desk.web.store,
        &graph,
        &config.organisation,
        &config.variables,
        Asks {
            requester: &requester,
            role: visit.caller.role,
            because,
        },
        form,
        Utc::now(),
    )
    .await
}

/// InvalidValue fields, together with what is wrong about the right ones where that can be found out.
async fn all_wrong(
    desk: &App,
    visit: &OrgScope,
    config: &OrgConfig,
    body: &Value,
    mut wrong: Vec<FieldError>,
) -> ProblemDetails {
    let Some(form) = without(body, &wrong) else {
        return wrong.into();
    };
    let Ok(because) = authority_of(visit, &Job::Offboarding(form.clone()), config) else {
        return wrong.into();
    };
    if let Ok(checked) = check(desk, visit, config, &form, &because).await {
        let is_wrong = |name: &str| wrong.iter().any(|problem| problem.field == name);
        let mut found = checked.problems;
        found.retain(|problem| !is_wrong(&problem.field));
        wrong.extend(found);
    }
    wrong.into()
}

/// The body without its wrong fields; None if it says nobody then.
fn without(body: &Value, wrong: &[FieldError]) -> Option<Offboarding> {
    let mut fields = body.as_object()?.clone();
    fields.retain(|name, _| !wrong.iter().any(|problem| problem.field == *name));
    Offboarding::parse(&Value::Object(fields)).ok()
}

fn page(
    desk: &App,
    visit: &OrgScope,
    config: &OrgConfig,
    status: StatusCode,
    filled: FormValues,
    look: Option<DryRun<OffboardingChecked>>,
) -> Result<Response, ProblemDetails> {
    let page = Page::offboarding(&desk.web.base, visit, &config.variables, &filled, look);
    desk.web.page(status, "New offboarding", Some(visit), &page)
}

/// A check that could not look anything up.
pub(crate) fn unchecked(problems: Vec<FieldError>) -> OffboardingChecked {
    OffboardingChecked {
        plan: None,
        problems,
        user: None,
        display_name: String::new(),
        blocks_sign_in: false,
        groups: Vec::new(),
        licenses: Vec::new(),
        manager: None,
        approvers: Vec::new(),
        supersedes: None,
        gates: Vec::new(),
        start_at: None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_right_beside_wrong_fields_is_looked_up() {
        let body = json!({"user": "ada@contoso.com", "last_day": "soon", "shoe": 43});
        let wrong = Offboarding::parse(&body).expect_err("two are wrong");
        assert_eq!(
            without(&body, &wrong).expect("the rest").user.as_str(),
            "ada@contoso.com"
        );
        let body = json!({"user": "ada", "reason": "x"});
        let wrong = Offboarding::parse(&body).expect_err("nobody");
        assert_eq!(without(&body, &wrong), None);
        assert_eq!(without(&json!([]), &[]), None);
    }
}
