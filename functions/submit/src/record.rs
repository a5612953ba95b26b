//! Turns a submission into one request and one execution, however often the submission arrives.

use chrono::Utc;
use domain::ids::RequestId;
use domain::job::{Job, Kind};
use domain::request::{Plan, RequestKey, Status, UserRef};
use domain::step_error::StepError;
use domain::timeline::{Event, StepName};
use runtime::{Enter, Env};
use store::requests::RequestRecord;
use store::timeline::NewEvent;
use store::{Idempotency, Submitted};
use web::{OrgScope, ProblemDetails};

use crate::App;
use crate::kinds::ExistingAccount;

/// The number of a request's first execution.
const FIRST_RUN: u32 = 1;

pub(crate) struct Accepted {
    pub(crate) id: RequestId,
    pub(crate) status: Status,
}

/// The result of recording a request.
pub(crate) enum Written {
    Accepted(Accepted),
    /// Another request reserved the username meanwhile, so the request must be planned again.
    UsernameGone,
}

/// Records the request of one submission: the first call creates it, and every repetition finds it.
pub(crate) struct Recorder<'a> {
    pub(crate) app: &'a App,
    pub(crate) scope: &'a OrgScope,
    /// `None` if the client sent no key; then each call is a submission of its own.
    pub(crate) idempotency: Option<Idempotency>,
}

impl Recorder<'_> {
    /// The request of an earlier submission with the same key.
    pub(crate) async fn earlier(&self) -> Result<Option<Accepted>, ProblemDetails> {
        let Some(idempotency) = &self.idempotency else {
            return Ok(None);
        };
        let store = &self.app.web.store;
        match store.submitted_before(self.scope.org(), idempotency).await? {
            Some(Submitted::Before(id)) => self.again(id).await.map(Some),
            Some(Submitted::KeyReused) => Err(key_reused()),
            _ => Ok(None),
        }
    }

    pub(crate) async fn write(
        &self,
        job: &Job,
        plan: Plan,
        account: ExistingAccount,
    ) -> Result<Written, ProblemDetails> {
        let record = new_record(self.scope, job.clone(), plan, account.user);
        let store = &self.app.web.store;
        let superseded = account.supersedes.as_ref();
        match store
            .create_request(&record, self.idempotency.as_ref(), superseded)
            .await?
        {
            Submitted::Created => {
                begin(self.app, record.kind(), &record.key()).await?;
                finish_superseding(self.app, &record).await?;
                Ok(Written::Accepted(Accepted {
                    id: record.id,
                    status: record.status,
                }))
            }
            Submitted::Before(id) => Ok(Written::Accepted(self.again(id).await?)),
            Submitted::KeyReused => Err(key_reused()),
            Submitted::UsernameReserved => Ok(Written::UsernameGone),
        }
    }

    /// Makes sure that both the request and its execution exist, because the first call may have died between the two.
    async fn again(&self, id: RequestId) -> Result<Accepted, ProblemDetails> {
        let key = RequestKey {
            org: self.scope.org().clone(),
            request: id,
        };
        let record = self.app.web.store.request(&key).await?;
        let record = record.ok_or_else(|| StepError::Permanent("an idempotency key without its request".to_owned()))?;
        if record.run == FIRST_RUN && record.ended_at.is_none() {
            begin(self.app, record.kind(), &key).await?;
            finish_superseding(self.app, &record).await?;
        }
        Ok(Accepted {
            id: key.request,
            status: record.status,
        })
    }
}

/// Updates the ticket and stops the execution of the replaced request, which the same write has cancelled.
async fn finish_superseding(desk: &App, record: &RequestRecord) -> Result<(), StepError> {
    let Some(earlier) = &record.plan.supersedes else {
        return Ok(());
    };
    let key = RequestKey {
        org: record.org.clone(),
        request: earlier.clone(),
    };
    let Some(earlier) = desk.web.store.request(&key).await? else {
        return Ok(());
    };
    let by = record.requester.known_as();
    let why = format!("the request {} takes its place", record.id);
    runtime::finish_cancelling(&desk.web.store, &desk.step_functions, &earlier, by, Some(&why)).await
}

async fn begin(desk: &App, kind: Kind, key: &RequestKey) -> Result<(), StepError> {
    let text = format!("The {kind} was submitted");
    desk.web
        .store
        .record(key, &NewEvent::new(StepName::Submit, Event::Submitted, text))
        .await?;
    let state_machine = Env.state_machine_arn()?;
    runtime::start(&desk.step_functions, &state_machine, key, kind, FIRST_RUN, Enter::Start).await?;
    Ok(())
}

fn new_record(visit: &OrgScope, job: Job, plan: Plan, user: Option<UserRef>) -> RequestRecord {
    RequestRecord {
        org: visit.org().clone(),
        id: RequestId::generate(),
        status: Status::Running,
        run: FIRST_RUN,
        job,
        plan,
        requester: visit.caller.requester(),
        created_at: Utc::now(),
        step: None,
        ticket: None,
        user,
        licenses: std::collections::BTreeMap::new(),
        ended_at: None,
        resumed: None,
        skipped: Default::default(),
    }
}

fn key_reused() -> ProblemDetails {
    ProblemDetails::conflict("This Idempotency-Key came before with another body. Send the same body, or another key.")
}
