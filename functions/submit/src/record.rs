//! A submission becomes a request and an execution: each once, however often it arrives.

use chrono::Utc;
use domain::ids::RequestId;
use domain::job::{Job, Kind};
use domain::request::{Plan, RequestKey, Status, UserRef};
use domain::step_error::StepError;
use runtime::{Enter, Env};
use store::requests::RequestRecord;
use store::{Idempotency, Submitted};
use web::{OrgScope, ProblemDetails};

use crate::App;

/// The first execution of a request.
const FIRST_RUN: u32 = 1;

pub(crate) struct Accepted {
    pub(crate) id: RequestId,
    pub(crate) status: Status,
}

/// What came of writing the request down.
pub(crate) enum Written {
    Accepted(Accepted),
    /// Another request reserved the username in the meantime: plan again.
    UsernameGone,
}

pub(crate) async fn write(
    desk: &App,
    visit: &OrgScope,
    job: Job,
    plan: Plan,
    user: Option<UserRef>,
    idempotency: Option<&Idempotency>,
    supersedes: Option<&RequestRecord>,
) -> Result<Written, ProblemDetails> {
    let record = new_record(visit, job, plan, user);
    let store = &desk.web.store;
    match store.create_request(&record, idempotency, supersedes).await? {
        Submitted::Created => {
            begin(desk, record.kind(), &record.key()).await?;
            finish_superseding(desk, &record).await?;
            Ok(Written::Accepted(Accepted {
                id: record.id,
                status: record.status,
            }))
        }
        Submitted::Before(id) => Ok(Written::Accepted(again(desk, visit, id).await?)),
        Submitted::KeyReused => Err(key_reused()),
        Submitted::UsernameReserved => Ok(Written::UsernameGone),
    }
}

/// The request of an earlier submission with the same key.
pub(crate) async fn earlier(
    desk: &App,
    visit: &OrgScope,
    idempotency: Option<&Idempotency>,
) -> Result<Option<Accepted>, ProblemDetails> {
    let Some(idempotency) = idempotency else {
        return Ok(None);
    };
    match desk.web.store.submitted_before(visit.org(), idempotency).await? {
        Some(Submitted::Before(id)) => again(desk, visit, id).await.map(Some),
        Some(Submitted::KeyReused) => Err(key_reused()),
        _ => Ok(None),
    }
}

/// The first time may have ended between the request and its execution, so this one makes sure of both.
async fn again(desk: &App, visit: &OrgScope, id: RequestId) -> Result<Accepted, ProblemDetails> {
    let key = RequestKey {
        org: visit.org().clone(),
        request: id,
    };
    let record = desk.web.store.request(&key).await?;
    let record = record.ok_or_else(|| StepError::Permanent("an idempotency key without its request".to_owned()))?;
    if record.run == FIRST_RUN && record.ended_at.is_none() {
        begin(desk, record.kind(), &key).await?;
        finish_superseding(desk, &record).await?;
    }
    Ok(Accepted {
        id: key.request,
        status: record.status,
    })
}

/// The request that this one took the place of is cancelled by the same write; its ticket is told, and its execution
/// ends.
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
        .record_event(key, "submit", "submitted", "", &text, false)
        .await?;
    let state_machine = Env.state_machine_arn(kind)?;
    runtime::start(&desk.step_functions, &state_machine, key, FIRST_RUN, Enter::Start).await?;
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
