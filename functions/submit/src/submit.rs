//! Onboardings, from a call to its answer: checked whole, then written down and started, or shown as a plan.

use std::sync::Arc;

use chrono::Utc;
use domain::authority::{self, Because, Facts};
use domain::field::FieldError;
use domain::job::Job;
use domain::step_error::StepError;
use domain::submission::Onboarding;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use integrations::OrgConfig;
use planning::{Asks, Checked, Occasion};
use serde::Serialize;
use serde_json::{Value, json};
use store::Idempotency;
use store::limits::Limit;
use web::{Format, OrgScope, ProblemDetails, Query, RequestBody, Response, State};

use crate::App;
use crate::form::{FormValues, Offer, Page};
use crate::preview::{DryRun, Preview, unchecked};
use crate::record::{Accepted, Written, earlier, write};
use crate::submit_request::{Partial, SubmitRequest};

/// Names may be reserved by others between the look and the write; each try finds the next free one.
const TRIES: usize = 4;

/// GET: the empty form.
pub(crate) async fn blank(State(desk): State<Arc<App>>, visit: OrgScope) -> Result<Response, ProblemDetails> {
    page(&desk, &visit, StatusCode::OK, FormValues::default(), None).await
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
    let ask = SubmitRequest::read(&headers, &query, &body, Onboarding::from_form)?;
    match answer(&desk, &visit, &ask).await {
        Ok(Outcome::Accepted(taken)) => taken_answer(&desk, format, &visit, &taken),
        Ok(Outcome::Looked(look)) if format.is_page() => {
            page(&desk, &visit, StatusCode::OK, FormValues::of(&ask), Some(*look)).await
        }
        Ok(Outcome::Looked(look)) => Ok(web::json(StatusCode::OK, &Preview::of(&look, visit.caller.role))),
        Err(problem) if format.is_page() && !problem.errors.is_empty() => {
            let look = DryRun::wrong(unchecked(problem.errors));
            page(&desk, &visit, problem.status, FormValues::of(&ask), Some(look)).await
        }
        Err(problem) => Err(problem),
    }
}

enum Outcome {
    Accepted(Accepted),
    Looked(Box<DryRun<Checked>>),
}

async fn answer(desk: &App, visit: &OrgScope, ask: &SubmitRequest) -> Result<Outcome, ProblemDetails> {
    let onboarding = match Onboarding::parse(&ask.body) {
        Ok(onboarding) => onboarding,
        Err(wrong) => {
            // To tell all that is wrong costs as much as a check.
            may_check(desk, visit).await?;
            return Err(all_wrong(desk, visit, &ask.body, wrong).await);
        }
    };
    let config = integrations::org_config(&desk.web.store, visit.org()).await?;
    let job = Job::Onboarding(onboarding.clone());
    let because = match authority_of(visit, &job, &config) {
        Ok(because) => because,
        // Refused before anything is looked up in the tenant.
        Err(refused) if ask.dry_run => return Ok(Outcome::Looked(Box::new(DryRun::wrong(unchecked(refused.errors))))),
        Err(refused) => return Err(refused),
    };
    if ask.dry_run {
        may_check(desk, visit).await?;
        let mut checked = match check(desk, visit, &onboarding, &config, &because).await {
            Ok(checked) => checked,
            Err(error) => unchecked(vec![in_the_way(error)?]),
        };
        hide(desk, visit, &config, &mut checked.approvers).await?;
        let warnings = warnings(desk, config, &job).await?;
        let look = DryRun {
            checked,
            warnings,
            because,
        };
        return Ok(Outcome::Looked(Box::new(look)));
    }
    let idempotency = ask
        .key
        .as_ref()
        .map(|key| Idempotency::new(&visit.caller.id, key, &canonical(&onboarding)));
    if let Some(taken) = earlier(desk, visit, idempotency.as_ref()).await? {
        return Ok(Outcome::Accepted(taken));
    }
    desk.web.may_submit(visit).await?;
    for _ in 0..TRIES {
        let checked = check(desk, visit, &onboarding, &config, &because).await?;
        let Some(plan) = checked.plan else {
            // The twin of this submission may have taken the username while this one looked.
            return match earlier(desk, visit, idempotency.as_ref()).await? {
                Some(taken) => Ok(Outcome::Accepted(taken)),
                None => Err(checked.problems.into()),
            };
        };
        desk.web.may_write(visit).await?;
        if let Written::Accepted(taken) =
            write(desk, visit, job.clone(), plan, None, idempotency.as_ref(), None).await?
        {
            return Ok(Outcome::Accepted(taken));
        }
    }
    Err(StepError::Transient("usernames are being reserved by other submissions".to_owned()).into())
}

/// Each member, and each program, has its own number of checks, so that nobody searches a tenant by them.
pub(crate) async fn may_check(desk: &App, visit: &OrgScope) -> Result<(), ProblemDetails> {
    let limit = Limit::checks(&visit.caller.org, &visit.caller.id);
    desk.web.within(&limit, "You have checked too often").await
}

/// Where nobody else is there to approve, the parent's members do, and a child is not told who they are. Addresses of the
/// variable are what somebody wrote, and stay.
pub(crate) async fn hide(
    desk: &App,
    visit: &OrgScope,
    config: &OrgConfig,
    approvers: &mut Vec<String>,
) -> Result<(), StepError> {
    if !config.variables.new_user_approval_email.is_empty() {
        return Ok(());
    }
    let names = approvers.iter().map(String::as_str);
    let reader = Some(&visit.caller.org);
    let hidden = desk.web.parents_people(&visit.organisation, reader, names).await?;
    for approver in approvers.iter_mut() {
        *approver = hidden.hide(approver);
    }
    approvers.dedup();
    Ok(())
}

/// The same body written in another way is the same submission.
pub(crate) fn canonical(form: &impl Serialize) -> Vec<u8> {
    // Texts, flags and lists of texts: nothing in it cannot be written.
    serde_json::to_vec(form).unwrap_or_default()
}

/// Why the submission needs approval; empty if it goes on by itself. 403 with every field that the role may not use.
pub(crate) fn authority_of(visit: &OrgScope, job: &Job, config: &OrgConfig) -> Result<Vec<Because>, ProblemDetails> {
    match Facts::new(visit.caller.role, job, &config.variables).decide() {
        authority::Answer::GoOn => Ok(Vec::new()),
        authority::Answer::NeedsApproval(because) => Ok(because),
        authority::Answer::Refused(fields) => Err(ProblemDetails::not_allowed(fields)),
    }
}

async fn check(
    desk: &App,
    visit: &OrgScope,
    onboarding: &Onboarding,
    config: &OrgConfig,
    because: &[Because],
) -> Result<Checked, StepError> {
    let OrgConfig {
        organisation,
        variables,
    } = config;
    let graph = integrations::graph(&desk.secrets, organisation).await?;
    let requester = visit.caller.requester();
    let asks = Asks {
        requester: &requester,
        role: visit.caller.role,
        because,
    };
    let occasion = Occasion::Submission(asks);
    planning::check(
        &desk.web.store,
        &graph,
        organisation,
        variables,
        onboarding,
        Utc::now(),
        occasion,
    )
    .await
}

/// What the settings name and nobody has set up, for a check: it keeps nobody from submitting.
pub(crate) async fn warnings(desk: &App, mut config: OrgConfig, job: &Job) -> Result<Vec<FieldError>, ProblemDetails> {
    config.variables = job.settings(config.variables);
    match integrations::gaps(&desk.secrets, &config, job.kind()).await {
        Ok(gaps) => Ok(gaps),
        Err(error) => Ok(vec![in_the_way(error)?]),
    }
}

/// InvalidValue fields, together with what is wrong about the right ones where that can be found out.
async fn all_wrong(desk: &App, visit: &OrgScope, body: &Value, wrong: Vec<FieldError>) -> ProblemDetails {
    let partial = match Partial::of(body, wrong) {
        Ok(partial) => partial,
        Err(wrong) => return wrong.into(),
    };
    let found = found_beside(desk, visit, &partial.onboarding).await;
    partial.with_found(found).into()
}

async fn found_beside(desk: &App, visit: &OrgScope, onboarding: &Onboarding) -> Vec<FieldError> {
    let Ok(config) = integrations::org_config(&desk.web.store, visit.org()).await else {
        return Vec::new();
    };
    let because = match authority_of(visit, &Job::Onboarding(onboarding.clone()), &config) {
        Ok(because) => because,
        Err(refused) => return refused.errors,
    };
    match check(desk, visit, onboarding, &config, &because).await {
        Ok(checked) => checked.problems,
        Err(_) => Vec::new(),
    }
}

/// A check says what keeps it from looking, as one more thing that is wrong.
pub(crate) fn in_the_way(error: StepError) -> Result<FieldError, ProblemDetails> {
    match error {
        StepError::NeedsAttention(text) => Ok(FieldError::new("configuration", text)),
        StepError::Transient(reason) => {
            tracing::warn!(reason, "a check could not look");
            Ok(FieldError::new(
                "directory",
                "does not answer now: try again in a moment",
            ))
        }
        StepError::Permanent(_) => Err(error.into()),
    }
}

pub(crate) fn taken_answer(
    desk: &App,
    format: Format,
    visit: &OrgScope,
    taken: &Accepted,
) -> Result<Response, ProblemDetails> {
    let path = format!("/orgs/{}/requests/{}", visit.org(), taken.id);
    if format.is_page() {
        return Ok(web::see_other(&desk.web.base.link(&path)));
    }
    let link = desk.web.base.absolute(&path);
    let body = json!({
        "id": taken.id,
        "status": taken.status,
        "links": {"self": link, "cancel": format!("{link}/cancel")},
    });
    let location = HeaderValue::from_str(&link)
        .map_err(|_| StepError::Permanent("the base URL cannot stand in a header".to_owned()))?;
    let mut response = web::json(StatusCode::CREATED, &body);
    response.headers_mut().insert(header::LOCATION, location);
    Ok(response)
}

async fn page(
    desk: &App,
    visit: &OrgScope,
    status: StatusCode,
    filled: FormValues,
    look: Option<DryRun<Checked>>,
) -> Result<Response, ProblemDetails> {
    let config = integrations::org_config(&desk.web.store, visit.org()).await?;
    let offer = match offer(desk, &config).await {
        Ok(offer) => Ok(offer),
        // The form works without lists to choose from; the submission will say more.
        Err(error) => Err(in_the_way(error)?),
    };
    let page = Page::onboarding(&desk.web.base, visit, &config.variables, &filled, offer, look);
    desk.web.page(status, "New onboarding", Some(visit), &page)
}

async fn offer(desk: &App, config: &OrgConfig) -> Result<Offer, StepError> {
    let graph = integrations::graph(&desk.secrets, &config.organisation).await?;
    let (domains, skus) = tokio::try_join!(graph.domains(), graph.subscribed_skus())?;
    Ok(Offer::of(domains, skus))
}
