//! A submission becomes a request and an execution: each once, however often it arrives.

use chrono::Utc;
use domain::fault::Fault;
use domain::ids::RequestId;
use domain::request::{Plan, RequestKey, Requester, Status};
use domain::submission::Onboarding;
use step::Enter;
use store::requests::RequestRecord;
use store::{Idempotency, Submitted};
use web::{Problem, Visit};

use crate::Desk;

/// The first execution of a request.
const FIRST_RUN: u32 = 1;

pub(crate) struct Taken {
    pub(crate) id: RequestId,
    pub(crate) status: Status,
}

/// What came of writing the request down.
pub(crate) enum Written {
    Taken(Taken),
    /// Somebody reserved the username in the meantime: plan again.
    UsernameGone,
}

pub(crate) async fn write(
    desk: &Desk,
    visit: &Visit,
    onboarding: &Onboarding,
    plan: Plan,
    idempotency: Option<&Idempotency>,
) -> Result<Written, Problem> {
    let record = new_record(visit, onboarding.clone(), plan, visit.caller.requester());
    match desk.web.store.create_request(&record, idempotency).await? {
        Submitted::Created => {
            begin(desk, &record.key()).await?;
            Ok(Written::Taken(Taken {
                id: record.id,
                status: record.status,
            }))
        }
        Submitted::Before(id) => Ok(Written::Taken(again(desk, visit, id).await?)),
        Submitted::KeyReused => Err(key_reused()),
        Submitted::UsernameReserved => Ok(Written::UsernameGone),
    }
}

/// The request of an earlier submission with the same key.
pub(crate) async fn earlier(
    desk: &Desk,
    visit: &Visit,
    idempotency: Option<&Idempotency>,
) -> Result<Option<Taken>, Problem> {
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
async fn again(desk: &Desk, visit: &Visit, id: RequestId) -> Result<Taken, Problem> {
    let key = RequestKey {
        org: visit.org().clone(),
        request: id,
    };
    let record = desk.web.store.request(&key).await?;
    let record = record.ok_or_else(|| Fault::Permanent("an idempotency key without its request".to_owned()))?;
    if record.run == FIRST_RUN && record.ended_at.is_none() {
        begin(desk, &key).await?;
    }
    Ok(Taken {
        id: key.request,
        status: record.status,
    })
}

async fn begin(desk: &Desk, key: &RequestKey) -> Result<(), Fault> {
    desk.web
        .store
        .record_event(key, "submit", "submitted", "", "The onboarding was submitted", false)
        .await?;
    step::start(&desk.step_functions, &desk.state_machine, key, FIRST_RUN, Enter::Start).await?;
    Ok(())
}

fn new_record(visit: &Visit, onboarding: Onboarding, plan: Plan, requester: Requester) -> RequestRecord {
    RequestRecord {
        org: visit.org().clone(),
        id: RequestId::generate(),
        status: Status::Running,
        run: FIRST_RUN,
        onboarding,
        plan,
        requester,
        created_at: Utc::now(),
        step: None,
        ticket: None,
        user: None,
        licenses: std::collections::BTreeMap::new(),
        ended_at: None,
    }
}

fn key_reused() -> Problem {
    Problem::conflict("This Idempotency-Key came before with another body. Send the same body, or another key.")
}
