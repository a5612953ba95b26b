//! Turns a submission into one request, even if it arrives several times or twice at the same time.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{Duration, Utc};
use domain::ids::{OrgId, RequestId};
use domain::step_error::StepError;
use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::read::{Item, item};
use crate::requests::{RequestRecord, TABLE, cancel, to_item};
use crate::write::{Commit, Conditional, delete, put};
use crate::{Store, number, text};

/// The idempotency key of a submitter and the body that was sent with it, both as digests.
#[derive(Debug, Clone)]
pub struct Idempotency {
    key: String,
    body: String,
}

impl Idempotency {
    /// The digest includes the caller, so that nobody can use up another caller's key.
    pub fn new(caller: &str, key: &str, body: &[u8]) -> Self {
        Self {
            key: digest(format!("{caller}\n{key}").as_bytes()),
            body: digest(body),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Submitted {
    Created,
    /// The same submission was made before and became this request.
    Before(RequestId),
    /// The key was used before with another body.
    KeyReused,
    /// Another open request has reserved the username.
    UsernameReserved,
}

/// The reasons for which a request is not created.
#[derive(Clone, Copy, PartialEq)]
enum Conflict {
    /// A request with this id exists.
    Request,
    /// The idempotency key was used at the same moment.
    Key,
    /// Another request has reserved the username.
    Username,
    /// The request to be superseded is no longer waiting.
    Superseded,
}

/// The stored item of an idempotency key.
#[derive(Deserialize)]
struct StoredKey {
    body: String,
    request: RequestId,
}

#[derive(Deserialize)]
struct Reservation {
    request: RequestId,
}

fn idempotency_key(org: &OrgId, idempotency: &Idempotency) -> Item {
    let sk = format!("idempotency#{}", idempotency.key);
    item([("org", text(org.as_str())), ("sk", text(sk))])
}

/// The key of a username's reservation.
pub(crate) fn username_key(org: &OrgId, upn: &str) -> Item {
    let sk = format!("username#{}", upn.to_lowercase());
    item([("org", text(org.as_str())), ("sk", text(sk))])
}

/// How many days an idempotency key is remembered.
const DAYS: i64 = 30;

impl Store {
    /// Creates the request and reserves its username. `supersedes` is the waiting request about the same person that
    /// this one replaces; the same write cancels it.
    pub async fn create_request(
        &self,
        record: &RequestRecord,
        idempotency: Option<&Idempotency>,
        supersedes: Option<&RequestRecord>,
    ) -> Result<Submitted, StepError> {
        for _ in 0..3 {
            if let Some(idempotency) = idempotency
                && let Some(answer) = self.submitted_before(&record.org, idempotency).await?
            {
                return Ok(answer);
            }
            match self.try_to_create(record, idempotency, supersedes).await? {
                Commit::Done => return Ok(Submitted::Created),
                // The same submission, sent at the same time, won; the next read finds its request.
                Commit::Refused(conflicts) if conflicts.contains(&Conflict::Key) => {}
                Commit::Refused(_) => return Ok(Submitted::UsernameReserved),
            }
        }
        Err(StepError::Transient(
            "creating a request: other submissions are in the way".to_owned(),
        ))
    }

    async fn try_to_create(
        &self,
        record: &RequestRecord,
        idempotency: Option<&Idempotency>,
        supersedes: Option<&RequestRecord>,
    ) -> Result<Commit<Conflict>, StepError> {
        let mut tx = self.tx("creating a request");
        tx.add(put(TABLE, to_item(record)?).unless_exists("sk").or(Conflict::Request));
        let superseded = supersedes.map(|earlier| &earlier.id);
        tx.add(reserve_username(&record.org, &record.plan.upn, &record.id, superseded).or(Conflict::Username));
        if let Some(idempotency) = idempotency {
            let expires = Utc::now() + Duration::days(DAYS);
            let key = put(TABLE, idempotency_key(&record.org, idempotency))
                .with("body", text(&idempotency.body))
                .with("request", text(record.id.as_str()))
                .with("expires_at", number(expires.timestamp()));
            tx.add(key.unless_exists("sk").or(Conflict::Key));
        }
        if let Some(earlier) = supersedes {
            cancel(&mut tx, earlier, &record.requester.id, Conflict::Superseded)?;
        }
        tx.commit().await
    }

    /// The result of an earlier submission with this key.
    pub async fn submitted_before(
        &self,
        org: &OrgId,
        idempotency: &Idempotency,
    ) -> Result<Option<Submitted>, StepError> {
        let key = idempotency_key(org, idempotency);
        let stored: Option<StoredKey> = self.read("reading an idempotency key", TABLE, key).await?;
        Ok(stored.map(|stored| match stored.body == idempotency.body {
            true => Submitted::Before(stored.request),
            false => Submitted::KeyReused,
        }))
    }

    /// The open request that has reserved the username.
    pub async fn username_holder(&self, org: &OrgId, upn: &str) -> Result<Option<RequestId>, StepError> {
        let reservation: Option<Reservation> = self.read("reading a username", TABLE, username_key(org, upn)).await?;
        Ok(reservation.map(|reservation| reservation.request))
    }
}

/// Part of a transaction: reserves a username. A request may reserve again a username that it already has, or that of
/// the request `from` that it replaces.
pub(crate) fn reserve_username(org: &OrgId, upn: &str, holder: &RequestId, from: Option<&RequestId>) -> Conditional {
    put(TABLE, username_key(org, upn))
        .with("request", text(holder.as_str()))
        .name("#request", "request")
        .value(":me", text(holder.as_str()))
        .value(":from", text(from.unwrap_or(holder).as_str()))
        .when("attribute_not_exists(sk) OR #request IN (:me, :from)")
}

/// Part of a transaction: frees the username, if this request has reserved it.
pub(crate) fn free_username(org: &OrgId, upn: &str, holder: &RequestId) -> Conditional {
    delete(TABLE, username_key(org, upn))
        .name("#request", "request")
        .value(":me", text(holder.as_str()))
        .when("#request = :me")
}

/// Keys and bodies are stored as digests because they may contain personal data.
fn digest(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(bytes))
}
