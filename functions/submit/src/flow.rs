//! From a call to its response, for both forms: a submission is validated, recorded and started; a dry run returns the
//! plan.

use std::sync::Arc;

use chrono::Utc;
use domain::authority::{self, Because};
use domain::field::FieldError;
use domain::job::Job;
use domain::step_error::StepError;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use integrations::OrgConfig;
use planning::{Asks, Checked, Planner};
use serde::Serialize;
use serde_json::json;
use store::Idempotency;
use store::limits::Limit;
use web::{Format, OrgScope, ProblemDetails, Query, RequestBody, Response, State};

use crate::App;
use crate::form::{FormValues, Page, PageContext};
use crate::kinds::Submission;
use crate::preview::DryRun;
use crate::record::{Accepted, Recorder, Written};
use crate::submit_request::SubmitRequest;

/// GET: the empty form.
pub(crate) async fn blank<F: Submission>(
    State(app): State<Arc<App>>,
    scope: OrgScope,
) -> Result<Response, ProblemDetails> {
    let flow = Flow::open(&app, scope).await?;
    flow.page::<F>(StatusCode::OK, &FormValues::default(), None).await
}

/// POST: a submission or a dry run.
pub(crate) async fn submit<F: Submission>(
    State(app): State<Arc<App>>,
    scope: OrgScope,
    format: Format,
    headers: HeaderMap,
    query: Query,
    body: RequestBody,
) -> Result<Response, ProblemDetails> {
    let request = SubmitRequest::read(&headers, &query, &body, F::from_pairs)?;
    let flow = Flow::open(&app, scope).await?;
    match flow.answer::<F>(&request).await {
        Ok(Outcome::Accepted(accepted)) => flow.accepted(format, &accepted),
        Ok(Outcome::DryRun(dry_run)) if format.is_page() => {
            let values = FormValues::of(&request);
            flow.page::<F>(StatusCode::OK, &values, Some(*dry_run)).await
        }
        Ok(Outcome::DryRun(dry_run)) => {
            let preview = F::preview(&dry_run, flow.scope.caller.role);
            Ok(web::json(StatusCode::OK, &preview))
        }
        Err(problem) if format.is_page() && !problem.errors.is_empty() => {
            let (values, dry_run) = (FormValues::of(&request), DryRun::wrong(problem.errors));
            flow.page::<F>(problem.status, &values, Some(dry_run)).await
        }
        Err(problem) => Err(problem),
    }
}

enum Outcome<T> {
    Accepted(Accepted),
    DryRun(Box<DryRun<T>>),
}

/// The submitter and the organisation.
struct Flow<'a> {
    app: &'a App,
    scope: OrgScope,
    config: OrgConfig,
}

impl<'a> Flow<'a> {
    async fn open(app: &'a App, scope: OrgScope) -> Result<Self, ProblemDetails> {
        let config = integrations::org_config(&app.web.store, scope.org()).await?;
        Ok(Self { app, scope, config })
    }

    async fn answer<F: Submission>(&self, request: &SubmitRequest) -> Result<Outcome<F::Found>, ProblemDetails> {
        let partial = F::read(&request.body);
        let fields = partial.fields.clone();
        let form = match partial.complete() {
            Ok(form) => form,
            Err(errors) => {
                // Finding all errors costs as much as a dry run, so it has the same limit.
                self.may_check().await?;
                return Err(self.all_wrong::<F>(&fields, errors).await);
            }
        };
        let because = match self.authority::<F>(&fields) {
            Ok(because) => because,
            // Refused before anything is looked up in the tenant.
            Err(refused) if request.dry_run => return Ok(Outcome::DryRun(Box::new(DryRun::wrong(refused.errors)))),
            Err(refused) => return Err(refused),
        };
        if request.dry_run {
            let dry_run = self.dry_run(form, &fields, because).await?;
            return Ok(Outcome::DryRun(Box::new(dry_run)));
        }
        let key = request.key.as_deref();
        let accepted = self.accept(form, &fields, &because, key).await?;
        Ok(Outcome::Accepted(accepted))
    }

    /// Why the submission needs approval; empty if it needs none. 403 with every field that the role may not use.
    fn authority<F: Submission>(&self, fields: &F::Fields) -> Result<Vec<Because>, ProblemDetails> {
        match F::facts(self.scope.caller.role, fields, &self.config.variables).decide() {
            authority::Answer::GoOn => Ok(Vec::new()),
            authority::Answer::NeedsApproval(because) => Ok(because),
            authority::Answer::Refused(fields) => Err(ProblemDetails::not_allowed(fields)),
        }
    }

    async fn check<F: Submission>(
        &self,
        fields: &F::Fields,
        because: &[Because],
    ) -> Result<Checked<F::Found>, StepError> {
        let graph = integrations::graph(&self.app.secrets, &self.config.organisation).await?;
        let planner = Planner {
            store: &self.app.web.store,
            graph: &graph,
            organisation: &self.config.organisation,
            variables: &self.config.variables,
            now: Utc::now(),
        };
        let asks = Asks {
            requester: &self.scope.caller.requester(),
            role: self.scope.caller.role,
            because,
        };
        F::plan(&planner, fields, asks).await
    }

    /// All errors: those of invalid fields, and those that a check of the valid fields finds.
    async fn all_wrong<F: Submission>(&self, fields: &F::Fields, mut errors: Vec<FieldError>) -> ProblemDetails {
        let mut found = match self.authority::<F>(fields) {
            Ok(because) => {
                let checked = self.check::<F>(fields, &because).await;
                checked.map(|checked| checked.errors).unwrap_or_default()
            }
            Err(refused) => refused.errors,
        };
        // For an invalid override the check used the variable, so its errors about that field do not apply.
        found.retain(|error| !errors.iter().any(|wrong| wrong.field == error.field));
        errors.extend(found);
        errors.into()
    }

    async fn dry_run<F: Submission>(
        &self,
        form: F,
        fields: &F::Fields,
        because: Vec<Because>,
    ) -> Result<DryRun<F::Found>, ProblemDetails> {
        self.may_check().await?;
        let mut checked = match self.check::<F>(fields, &because).await {
            Ok(checked) => checked,
            Err(error) => Checked::wrong(vec![in_the_way(error)?]),
        };
        self.hide(&mut checked.approvers).await?;
        Ok(DryRun {
            checked,
            warnings: self.warnings(&form.into()).await?,
            because,
        })
    }

    async fn accept<F: Submission>(
        &self,
        form: F,
        fields: &F::Fields,
        because: &[Because],
        key: Option<&str>,
    ) -> Result<Accepted, ProblemDetails> {
        let idempotency = key.map(|key| Idempotency::new(&self.scope.caller.id, key, &canonical(&form)));
        let recorder = Recorder {
            app: self.app,
            scope: &self.scope,
            idempotency,
        };
        if let Some(accepted) = recorder.earlier().await? {
            return Ok(accepted);
        }
        self.app.web.may_submit(&self.scope).await?;
        let job: Job = form.into();
        for _ in 0..F::TRIES {
            let checked = self.check::<F>(fields, because).await?;
            let Some(plan) = checked.plan else {
                // The same submission, sent at the same time, may have been recorded first.
                let earlier = recorder.earlier().await?;
                return earlier.ok_or_else(|| checked.errors.into());
            };
            self.app.web.may_write(&self.scope).await?;
            let account = F::account(checked.found);
            if let Written::Accepted(accepted) = recorder.write(&job, plan, account).await? {
                return Ok(accepted);
            }
        }
        Err(StepError::Transient(F::OVERTAKEN.to_owned()).into())
    }

    /// Each member and each program has its own limit of dry runs, so that nobody can explore a tenant with them.
    async fn may_check(&self) -> Result<(), ProblemDetails> {
        let caller = &self.scope.caller;
        let limit = Limit::checks(&caller.org, &caller.id);
        self.app.web.within(&limit, "You have checked too often").await
    }

    /// Hides the parent's members, who approve if nobody else can and whom a child may not see. Addresses in the
    /// variable are text that somebody typed, and stay.
    async fn hide(&self, approvers: &mut Vec<String>) -> Result<(), StepError> {
        if !self.config.variables.new_user_approval_email.is_empty() {
            return Ok(());
        }
        let (web, scope) = (&self.app.web, &self.scope);
        let names = approvers.iter().map(String::as_str);
        let reader = Some(&scope.caller.org);
        let hidden = web.parents_people(&scope.organisation, reader, names).await?;
        for approver in approvers.iter_mut() {
            *approver = hidden.hide(approver);
        }
        approvers.dedup();
        Ok(())
    }

    /// The systems that the variables name and nobody has set up. Warnings do not stop a submission.
    async fn warnings(&self, job: &Job) -> Result<Vec<FieldError>, ProblemDetails> {
        let config = OrgConfig {
            organisation: self.config.organisation.clone(),
            variables: job.settings(self.config.variables.clone()),
        };
        match integrations::gaps(&self.app.secrets, &config, job.kind()).await {
            Ok(gaps) => Ok(gaps),
            Err(error) => Ok(vec![in_the_way(error)?]),
        }
    }

    fn accepted(&self, format: Format, accepted: &Accepted) -> Result<Response, ProblemDetails> {
        let base = &self.app.web.base;
        let path = format!("/orgs/{}/requests/{}", self.scope.org(), accepted.id);
        if format.is_page() {
            return Ok(web::see_other(&base.link(&path)));
        }
        let link = base.absolute(&path);
        let body = json!({
            "id": accepted.id,
            "status": accepted.status,
            "links": {"self": link, "cancel": format!("{link}/cancel")},
        });
        let location = HeaderValue::from_str(&link)
            .map_err(|_| StepError::Permanent("the base URL cannot stand in a header".to_owned()))?;
        let mut response = web::json(StatusCode::CREATED, &body);
        response.headers_mut().insert(header::LOCATION, location);
        Ok(response)
    }

    async fn page<F: Submission>(
        &self,
        status: StatusCode,
        values: &FormValues,
        dry_run: Option<DryRun<F::Found>>,
    ) -> Result<Response, ProblemDetails> {
        let offer = match F::offer(&self.app.secrets, &self.config).await {
            Ok(offer) => Ok(offer),
            // The form also works without lists; the submission will report more.
            Err(error) => Err(in_the_way(error)?),
        };
        let context = PageContext {
            base: &self.app.web.base,
            scope: &self.scope,
            variables: &self.config.variables,
        };
        let page = Page::of::<F>(context, values, offer, dry_run);
        self.app.web.page(status, F::TITLE, Some(&self.scope), &page)
    }
}

/// The body in canonical form, so that another spelling of it is the same submission.
fn canonical(form: &impl Serialize) -> Vec<u8> {
    // The form consists of texts, flags and lists of texts, so serialising it cannot fail.
    serde_json::to_vec(form).unwrap_or_default()
}

/// What stops a dry run from looking things up, as one more error.
fn in_the_way(error: StepError) -> Result<FieldError, ProblemDetails> {
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
