//! Sessions of members. The browser holds a random secret. The store records the member and the end of the session, so
//! that it can be ended.

use chrono::{DateTime, Duration, Utc};
use domain::ids::OrgId;
use domain::step_error::StepError;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use crate::access::{Kind, Seen, hash, random_token};
use crate::audit::AuditEntry;
use crate::members::{Changed, Member, Overtaken, TABLE, member_key};
use crate::write::update;
use crate::{Store, text};

/// A session ends this long after the sign-in, even if it is in use.
pub const LONGEST: Duration = Duration::hours(8);
/// A session ends earlier if it was not used for this long.
const IDLE: Duration = Duration::hours(1);
/// A use is recorded only if the last recorded one is this long ago, so most calls write nothing.
const WRITTEN_EVERY: Duration = Duration::minutes(5);
/// Sensitive actions require a sign-in that is no older than this.
pub const RECENT: Duration = Duration::minutes(15);

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    pub org: OrgId,
    pub member: String,
    pub signed_in_at: DateTime<Utc>,
    /// The last recorded use, which may be some minutes before the last actual one.
    seen_at: DateTime<Utc>,
}

#[derive(Serialize, Deserialize)]
struct Stored {
    org: OrgId,
    member: String,
    signed_in_at: DateTime<Utc>,
}

impl Session {
    /// Whether the session has neither reached its maximum age nor been idle too long.
    fn is_live(&self, now: DateTime<Utc>) -> bool {
        now < self.signed_in_at + LONGEST && now < self.seen_at + IDLE
    }

    /// Whether the sign-in is at most [`RECENT`] ago.
    pub fn is_recent(&self, now: DateTime<Utc>) -> bool {
        now < self.signed_in_at + RECENT
    }

    fn is_worth_writing_down(&self, now: DateTime<Utc>) -> bool {
        now >= self.seen_at + WRITTEN_EVERY
    }

    /// Whether the session belongs to the member, and the member has not ended all sessions since it began.
    pub fn is_of(&self, member: &Member) -> bool {
        self.org == member.org
            && self.member == member.id
            && member.sessions_after.is_none_or(|after| self.signed_in_at > after)
    }
}

impl Store {
    /// Begins a session and returns its secret, which only the browser may get.
    pub async fn begin_session(&self, member: &Member, now: DateTime<Utc>) -> Result<SecretString, StepError> {
        let secret = random_token();
        let stored = Stored {
            org: member.org.clone(),
            member: member.id.clone(),
            signed_in_at: now,
        };
        let key = Kind::Session.key(&hash(&secret));
        self.put_access(key, &stored, now + LONGEST).await?;
        Ok(secret)
    }

    /// The session with this secret, unless it has ended. Use [`Session::is_of`] to check that it still belongs to the
    /// member.
    pub async fn session(&self, secret: &SecretString, now: DateTime<Utc>) -> Result<Option<Session>, StepError> {
        let hash = hash(secret);
        let stored = self.access::<Stored>(Kind::Session.key(&hash));
        let seen = self.access::<Seen>(Kind::Seen.key(&hash));
        let (stored, seen) = tokio::try_join!(stored, seen)?;
        let session = stored.map(|stored| Session {
            seen_at: seen.map_or(stored.signed_in_at, |seen| seen.seen_at),
            org: stored.org,
            member: stored.member,
            signed_in_at: stored.signed_in_at,
        });
        Ok(session.filter(|session| session.is_live(now)))
    }

    /// Records that the session is in use.
    pub async fn session_used(
        &self,
        secret: &SecretString,
        session: &Session,
        now: DateTime<Utc>,
    ) -> Result<(), StepError> {
        if !session.is_worth_writing_down(now) {
            return Ok(());
        }
        let key = Kind::Seen.key(&hash(secret));
        self.put_access(key, &Seen { seen_at: now }, session.signed_in_at + LONGEST)
            .await
    }

    pub async fn end_session(&self, secret: &SecretString) -> Result<(), StepError> {
        self.delete_access(Kind::Session.key(&hash(secret))).await
    }

    /// Ends all sessions of the member, in every browser. Also invalidates the member's sign-in link, with which
    /// another session could begin.
    pub async fn end_sessions(&self, member: &Member, by: &str) -> Result<Changed, StepError> {
        let ended = update(
            TABLE,
            member_key(&member.org, &member.id),
            "SET sessions_after = :now REMOVE sign_in_link",
        );
        let ended = ended.value(":now", text(Utc::now().to_rfc3339())).if_exists("org");
        let mut tx = self.tx("ending a member's sessions");
        tx.add(ended.or(Overtaken));
        tx.audit(&member.org, &AuditEntry::now(by, "member.sessions_ended", &member.id))?;
        Ok(tx.commit().await?.is_done().into())
    }
}

#[cfg(test)]
mod tests {
    use domain::role::Role;

    use super::*;

    fn at(minutes: i64) -> DateTime<Utc> {
        let begin: DateTime<Utc> = "2026-11-28T07:00:00Z".parse().unwrap();
        begin + Duration::minutes(minutes)
    }

    fn session(seen: i64) -> Session {
        Session {
            org: OrgId::parse("acme").unwrap(),
            member: "m1".to_owned(),
            signed_in_at: at(0),
            seen_at: at(seen),
        }
    }

    #[test]
    fn idle_session_ends_after_an_hour() {
        assert!(session(0).is_live(at(59)) && !session(0).is_live(at(60)));
        assert!(session(50).is_live(at(109)) && !session(50).is_live(at(110)));
    }

    #[test]
    fn used_session_ends_after_eight_hours() {
        assert!(session(479).is_live(at(479)) && !session(479).is_live(at(480)));
        // A clock that is ahead does not prolong the session either.
        assert!(!session(1000).is_live(at(480)));
    }

    #[test]
    fn most_uses_write_nothing() {
        assert!(!session(10).is_worth_writing_down(at(14)));
        assert!(session(10).is_worth_writing_down(at(15)));
    }

    #[test]
    fn sign_in_is_recent_for_fifteen_minutes() {
        assert!(session(14).is_recent(at(14)) && !session(14).is_recent(at(15)));
    }

    #[test]
    fn ending_all_sessions_keeps_later_ones() {
        let org = OrgId::parse("acme").unwrap();
        let mut member = Member {
            id: "m1".to_owned(),
            ..Member::new(&org, "a@acme.example", "Ann", Role::Basic)
        };
        assert!(session(0).is_of(&member));
        for (after, live) in [(-1, true), (0, false), (1, false)] {
            member.sessions_after = Some(at(after));
            assert_eq!(session(0).is_of(&member), live, "{after}");
        }
        member.sessions_after = None;
        member.id = "m2".to_owned();
        assert!(!session(0).is_of(&member));
    }
}
