//! The audit: who did what, and when. It is append-only, because each entry is written on the condition that its key
//! does not exist yet.

use chrono::{DateTime, Duration, Utc};
use domain::ids::OrgId;
use domain::sign_in::Reason;
use domain::step_error::StepError;
use serde::{Deserialize, Serialize};

use crate::aws_error::aws_error;
use crate::limits::{Allowed, Limit};
use crate::read::{Item, decode, encode, optional_text};
use crate::write::{Conditional, put};
use crate::{Store, number, text};

const TABLE: &str = "audit";
/// The partition of entries that concern no organisation. An organisation's id never begins with @.
const OUTSIDE: &str = "@outside";

/// How long a refused sign-in is kept. It is short because anybody can cause such entries, and they name people who are
/// no members.
const REFUSALS_KEPT: Duration = Duration::days(90);

const REFUSED: &str = "sign_in.refused";

/// Recorded before a system's credentials are set.
pub const CREDENTIALS_SETTING: &str = "credentials.setting";
/// Recorded after a system's credentials were set.
pub const CREDENTIALS_SET: &str = "credentials.set";

/// How many entries a filtered query reads at once, and how many such queries one page may take. So a page may be
/// short; it then says where to continue.
const LOOK: i32 = 200;
const LOOKS: usize = 10;

tokio::task_local! {
    /// The id of the HTTP call that is being handled.
    static API_REQUEST: String;
}

/// Runs `work` as the handling of one HTTP call. Every audit entry made in it carries the call's id, with which API
/// Gateway's access log shows the address and the program of the caller.
pub async fn of_api_request<T>(id: Option<String>, work: impl Future<Output = T>) -> T {
    match id {
        Some(id) => API_REQUEST.scope(id, work).await,
        None => work.await,
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEntry {
    pub at: DateTime<Utc>,
    /// A member's id, `token:ORG/ID`, `google:ADDRESS`, `operator`, or the address of a person who decided through a
    /// link.
    pub who: String,
    /// A dotted name such as `variable.set` or `gate.decided`.
    pub what: String,
    /// The changed thing, such as a variable's name, or a request and gate.
    pub subject: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub old: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new: Option<String>,
    /// API Gateway's id of the HTTP call; `None` for steps and for the operator.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api_request_id: Option<String>,
}

impl AuditEntry {
    pub fn now(who: &str, what: &str, subject: &str) -> Self {
        Self {
            at: Utc::now(),
            who: who.to_owned(),
            what: what.to_owned(),
            subject: subject.to_owned(),
            old: None,
            new: None,
            api_request_id: API_REQUEST.try_with(String::clone).ok(),
        }
    }

    /// `who` and `subject` hold what is known about the person.
    pub fn refused_sign_in(who: &str, subject: &str, reason: Reason) -> Self {
        Self::now(who, REFUSED, subject).changed(None, Some(reason.code().to_owned()))
    }

    #[must_use]
    pub fn changed(mut self, old: Option<String>, new: Option<String>) -> Self {
        self.old = old;
        self.new = new;
        self
    }
}

/// Selects audit entries.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wanted<'a> {
    /// A prefix of `what`.
    pub what: &'a str,
    /// The exact `subject`; any subject if `None`.
    pub subject: Option<&'a str>,
    /// Selects only entries older than the one with this key.
    pub before: Option<&'a str>,
    pub most: usize,
}

/// A page of entries, newest first.
#[derive(Debug, Default)]
pub struct Found {
    pub entries: Vec<AuditEntry>,
    /// The key to continue from, if there may be more entries.
    pub next: Option<String>,
}

impl Store {
    pub async fn audit_entries(&self, org: &OrgId, wanted: Wanted<'_>) -> Result<Found, StepError> {
        let mut found = Found {
            entries: Vec::new(),
            next: wanted.before.map(str::to_owned),
        };
        for _ in 0..LOOKS {
            let (items, more) = self.look(org, wanted, found.next.as_deref()).await?;
            for item in items {
                found.next = optional_text(&item, "entry").map(str::to_owned);
                found.entries.push(decode(TABLE, item)?);
                if found.entries.len() == wanted.most {
                    return Ok(found);
                }
            }
            found.next = more;
            if found.next.is_none() {
                break;
            }
        }
        Ok(found)
    }

    /// Returns the selected entries among the next [`LOOK`] ones older than `before`, and the key from which to
    /// continue.
    async fn look(
        &self,
        org: &OrgId,
        wanted: Wanted<'_>,
        before: Option<&str>,
    ) -> Result<(Vec<Item>, Option<String>), StepError> {
        let mut query = self
            .query(TABLE)
            .expression_attribute_values(":o", text(org.as_str()))
            .scan_index_forward(false)
            .limit(LOOK);
        query = match before {
            Some(before) => query
                .key_condition_expression("org = :o AND entry < :b")
                .expression_attribute_values(":b", text(before)),
            None => query.key_condition_expression("org = :o"),
        };
        // Every text begins with the empty text.
        let mut filter = "begins_with(what, :w)".to_owned();
        query = query.expression_attribute_values(":w", text(wanted.what));
        if let Some(subject) = wanted.subject {
            filter.push_str(" AND subject = :s");
            query = query.expression_attribute_values(":s", text(subject));
        }
        let answer = query
            .filter_expression(filter)
            .send()
            .await
            .map_err(|error| aws_error("reading the audit", &error))?;
        let more = answer.last_evaluated_key.and_then(|mut key| key.remove("entry"));
        let more = more.and_then(|key| key.as_s().cloned().ok());
        Ok((answer.items.unwrap_or_default(), more))
    }

    /// Writes an entry by itself. An entry about a transaction is written as part of it instead.
    pub async fn audit(&self, org: &OrgId, entry: &AuditEntry) -> Result<(), StepError> {
        let put = entry_put(org.as_str(), entry, None)?;
        self.write_or_fail("writing the audit", put).await
    }

    /// Records a refused sign-in in the audit of the organisation it concerns. If it concerns none, the operator of
    /// Gangway finds it under `@outside`. Strangers can cause these entries, so they are kept only for
    /// [`REFUSALS_KEPT`]. Each hour lists only the first ones; one more entry then says that the rest is only counted,
    /// in the metric `SignInRefused`.
    pub async fn audit_refused(&self, org: Option<&OrgId>, entry: AuditEntry) -> Result<(), StepError> {
        let own = match Limit::refused_sign_ins_of(org, &entry.subject) {
            Some(own) => self.allow(&own).await?,
            None => Allowed::Yes,
        };
        let entry = match own {
            Allowed::Yes => entry,
            Allowed::No { first: true, .. } => AuditEntry::refused_sign_in(&entry.who, &entry.subject, Reason::TooMany),
            Allowed::No { first: false, .. } => return Ok(()),
        };
        let entry = match self.allow(&Limit::refused_sign_ins(org)).await? {
            Allowed::Yes => entry,
            Allowed::No { first: true, .. } => AuditEntry::refused_sign_in("gangway", "", Reason::TooMany),
            Allowed::No { first: false, .. } => return Ok(()),
        };
        let partition = org.map_or(OUTSIDE, OrgId::as_str);
        let put = entry_put(partition, &entry, Some(entry.at + REFUSALS_KEPT))?;
        self.write_or_fail("writing the audit", put).await
    }
}

/// Writes the entry only if its key is free, so no entry is ever overwritten.
pub(crate) fn entry_put(
    partition: &str,
    entry: &AuditEntry,
    expires: Option<DateTime<Utc>>,
) -> Result<Conditional, StepError> {
    let mut new = put(TABLE, encode(TABLE, entry)?)
        .with("org", text(partition))
        .with("entry", text(entry_key(entry)));
    if let Some(expires) = expires {
        new = new.with("expires_at", number(expires.timestamp()));
    }
    Ok(new.unless_exists("entry"))
}

/// Whether the text has the form of an entry's key, as in [`Found::next`].
pub fn is_entry_key(text: &str) -> bool {
    let parts = text.split_once('#');
    parts.is_some_and(|(at, number)| {
        DateTime::parse_from_rfc3339(at).is_ok()
            && number.len() == 16
            && number.bytes().all(|byte| byte.is_ascii_hexdigit())
    })
}

fn entry_key(entry: &AuditEntry) -> String {
    format!("{}#{:016x}", entry.at.to_rfc3339(), rand::random::<u64>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_entry_overwrites_another() {
        let entry = AuditEntry::now("m1", "credentials.set", "hudu");
        let sent = entry_put("acme", &entry, None).unwrap().sent();
        let put = sent.put().unwrap();
        assert_eq!(put.condition_expression(), Some("attribute_not_exists(#absent)"));
        assert_eq!(put.expression_attribute_names().unwrap()["#absent"], "entry");
        assert!(!put.item().contains_key("expires_at"));
    }

    #[test]
    fn refused_sign_ins_expire() {
        let entry = AuditEntry::refused_sign_in("google:eve@evil.example", "eve@evil.example", Reason::UnknownDomain);
        let sent = entry_put(OUTSIDE, &entry, Some(entry.at + REFUSALS_KEPT))
            .unwrap()
            .sent();
        let until = sent.put().unwrap().item()["expires_at"]
            .as_n()
            .unwrap()
            .parse::<i64>()
            .unwrap();
        assert_eq!(until - entry.at.timestamp(), 90 * 24 * 3600);
    }

    #[tokio::test]
    async fn entries_of_an_http_call_carry_its_id() {
        let made = async { AuditEntry::now("m1", "member.added", "m2").api_request_id };
        assert_eq!(
            of_api_request(Some("JKJaXmPLvHcESHA=".to_owned()), made)
                .await
                .as_deref(),
            Some("JKJaXmPLvHcESHA=")
        );
        let made = async { AuditEntry::now("m1", "member.added", "m2").api_request_id };
        assert_eq!(of_api_request(None, made).await, None);
    }

    #[test]
    fn entry_keys_are_recognised() {
        assert!(is_entry_key(&entry_key(&AuditEntry::now("m1", "member.added", "m2"))));
        let at = "2026-11-28T07:00:00+00:00";
        for other in [
            "",
            "#",
            at,
            &format!("{at}#"),
            &format!("{at}#xyz"),
            &format!("{at}#{}", "0".repeat(17)),
            &format!("yesterday#{}", "0".repeat(16)),
        ] {
            assert!(!is_entry_key(other), "{other}");
        }
    }
}
