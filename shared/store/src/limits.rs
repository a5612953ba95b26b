//! Limits on how often something may happen within a minute or an hour, counted across all functions in DynamoDB.
//!
//! Windows are fixed: a minute begins with its first second, an hour with its first minute. Around the border of two
//! windows, twice the limit may happen within a short time. That is precise enough, because the limits only keep one
//! organisation, member or stranger from using up what all of them share.

use chrono::{DateTime, Utc};
use domain::ids::OrgId;
use domain::role::Role;
use domain::step_error::StepError;
use serde::Deserialize;

use crate::access::hash;
use crate::read::{decode, item};
use crate::write::update;
use crate::{Store, number, text};

const TABLE: &str = "limits";

/// How many seconds a counter is kept after its window.
const SECONDS_AFTER_WINDOW: i64 = 3600;

/// How many requests one organisation may submit in an hour.
const SUBMISSIONS_AN_HOUR: u32 = 600;

/// How many requests one basic member may submit in an hour, including those with invalid content. Each request is
/// mailed to all approvers.
const SUBMISSIONS_OF_A_BASIC: u32 = 30;

/// How many requests one power user may submit in an hour. It is higher because a power user may onboard a whole class
/// at once.
const SUBMISSIONS_OF_A_POWER_USER: u32 = 200;

/// How many dry runs one caller may make in a minute. Each costs up to sixty calls to Microsoft Graph.
const CHECKS_A_MINUTE: u32 = 30;

/// How many refused sign-ins the audit lists in an hour for one organisation, or for all that concern none.
const REFUSED_SIGN_INS_AN_HOUR: u32 = 200;

/// How many refused sign-ins of one account the audit lists in an hour, so that one account cannot hide those of
/// others.
const REFUSED_SIGN_INS_OF_ONE: u32 = 20;

/// How many text messages may be sent for one organisation in an hour. Each of them costs money.
const TEXT_MESSAGES_AN_HOUR: u32 = 100;

/// Something to count, and how often it may happen within a window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limit {
    /// The name of the counter, unique among all limits.
    name: String,
    most: u32,
    window: Window,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Window {
    Minute,
    Hour,
}

impl Window {
    fn seconds(self) -> i64 {
        match self {
            Self::Minute => 60,
            Self::Hour => 3600,
        }
    }
}

impl Limit {
    pub fn submissions(org: &OrgId) -> Self {
        Self::new(format!("submissions#{org}"), SUBMISSIONS_AN_HOUR, Window::Hour)
    }

    /// The caller's own limit, for roles that only submit. It is counted before the organisation's, so that one member
    /// does not use up the limit of the others. `person`: a member's programs count as the member.
    pub fn own_submissions(org: &OrgId, role: Role, person: &str) -> Option<Self> {
        let most = match role {
            Role::Basic => SUBMISSIONS_OF_A_BASIC,
            Role::PowerUser => SUBMISSIONS_OF_A_POWER_USER,
            Role::Technician | Role::Approver | Role::Admin => return None,
        };
        Some(Self::new(format!("submissions#{org}#{person}"), most, Window::Hour))
    }

    /// `home` is the organisation to which the member or token belongs, `caller` its id there.
    pub fn checks(home: &OrgId, caller: &str) -> Self {
        Self::new(format!("checks#{home}#{caller}"), CHECKS_A_MINUTE, Window::Minute)
    }

    /// `None` stands for refusals that concern no organisation.
    pub fn refused_sign_ins(org: Option<&OrgId>) -> Self {
        let org = org.map(OrgId::as_str).unwrap_or_default();
        Self::new(
            format!("refused-sign-ins#{org}"),
            REFUSED_SIGN_INS_AN_HOUR,
            Window::Hour,
        )
    }

    /// The limit of one account, counted before the organisation's. `None` if the account is unknown. The counter's
    /// name contains a digest and not the address.
    pub fn refused_sign_ins_of(org: Option<&OrgId>, account: &str) -> Option<Self> {
        if account.is_empty() {
            return None;
        }
        let org = org.map(OrgId::as_str).unwrap_or_default();
        let account = hash(&account.to_lowercase().into());
        Some(Self::new(
            format!("refused-sign-ins#{org}#{account}"),
            REFUSED_SIGN_INS_OF_ONE,
            Window::Hour,
        ))
    }

    pub fn text_messages(org: &OrgId) -> Self {
        Self::new(format!("text-messages#{org}"), TEXT_MESSAGES_AN_HOUR, Window::Hour)
    }

    fn new(name: String, most: u32, window: Window) -> Self {
        Self { name, most, window }
    }

    pub fn most(&self) -> u32 {
        self.most
    }

    /// The length of the window, to follow a number: "600 an hour".
    pub fn each(&self) -> &'static str {
        match self.window {
            Window::Minute => "a minute",
            Window::Hour => "an hour",
        }
    }

    /// The start of the window that contains `now`, in Unix seconds.
    fn begin(&self, now: DateTime<Utc>) -> i64 {
        let length = self.window.seconds();
        now.timestamp().div_euclid(length) * length
    }

    fn verdict(&self, used: u32, now: DateTime<Utc>) -> Allowed {
        if used <= self.most {
            return Allowed::Yes;
        }
        let left = self.begin(now) + self.window.seconds() - now.timestamp();
        Allowed::No {
            first: used - 1 == self.most,
            seconds: u32::try_from(left.max(1)).unwrap_or(u32::MAX),
        }
    }
}

/// The result of counting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Allowed {
    Yes,
    No {
        /// Whether this is the first refusal in this window.
        first: bool,
        /// Seconds until the next window begins.
        seconds: u32,
    },
}

#[derive(Deserialize)]
struct Counter {
    used: u32,
}

impl Store {
    /// Counts one more, and returns whether it is within the limit.
    pub async fn allow(&self, limit: &Limit) -> Result<Allowed, StepError> {
        let now = Utc::now();
        let begin = limit.begin(now);
        let until = begin + limit.window.seconds() + SECONDS_AFTER_WINDOW;
        let key = item([("limit", text(format!("{}#{begin}", limit.name)))]);
        let counted = update(TABLE, key, "ADD #used :one SET expires_at = :until")
            .name("#used", "used")
            .value(":one", number(1))
            .value(":until", number(until));
        let counter = self.write_and_read("counting for a limit", counted).await?;
        let counter: Counter = decode(TABLE, counter)?;
        Ok(limit.verdict(counter.used, now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn call_beyond_the_limit_learns_when_to_retry() {
        let acme = OrgId::parse("acme").unwrap();
        let now = at("2026-11-28T07:59:30Z");
        let hour = Limit::submissions(&acme);
        assert_eq!(hour.verdict(1, now), Allowed::Yes);
        assert_eq!(hour.verdict(SUBMISSIONS_AN_HOUR, now), Allowed::Yes);
        let no = |first, seconds| Allowed::No { first, seconds };
        assert_eq!(hour.verdict(SUBMISSIONS_AN_HOUR + 1, now), no(true, 30));
        assert_eq!(hour.verdict(SUBMISSIONS_AN_HOUR + 2, now), no(false, 30));
        let minute = Limit::checks(&acme, "m1");
        assert_eq!(minute.verdict(CHECKS_A_MINUTE + 1, now), no(true, 30));
        let last_second = at("2026-11-28T07:59:59.999Z");
        assert_eq!(minute.verdict(CHECKS_A_MINUTE + 1, last_second), no(true, 1));
    }

    #[test]
    fn windows_begin_with_the_clock() {
        let hour = Limit::submissions(&OrgId::parse("acme").unwrap());
        let begin = |text| hour.begin(at(text));
        assert_eq!(begin("2026-11-28T07:00:00Z"), begin("2026-11-28T07:59:59.9Z"));
        assert_eq!(begin("2026-11-28T08:00:00Z"), begin("2026-11-28T07:00:00Z") + 3600);
    }

    #[test]
    fn only_submitting_roles_have_a_limit_of_their_own() {
        let acme = OrgId::parse("acme").unwrap();
        let most = |role| Limit::own_submissions(&acme, role, "acme/m1").map(|limit| limit.most());
        assert_eq!(Role::ALL.map(most), [Some(30), Some(200), None, None, None]);
        assert_eq!(Limit::submissions(&acme).most(), 600);
    }

    #[test]
    fn each_account_is_counted_by_itself() {
        let of = |account: &str| Limit::refused_sign_ins_of(None, account);
        assert_eq!(of("Eve@example.com"), of("eve@example.com"));
        assert!(of("eve@example.com").is_some_and(|limit| !limit.name.contains("eve")));
        assert_eq!(of(""), None);
    }

    /// Otherwise one organisation would use up the limit of another.
    #[test]
    fn counters_are_not_shared() {
        let org = |id: &str| OrgId::parse(id).unwrap();
        let limits = [
            Limit::submissions(&org("acme")),
            Limit::submissions(&org("beta")),
            Limit::own_submissions(&org("acme"), Role::Basic, "acme/m1").unwrap(),
            Limit::own_submissions(&org("acme"), Role::Basic, "acme/m2").unwrap(),
            Limit::own_submissions(&org("beta"), Role::Basic, "acme/m1").unwrap(),
            Limit::checks(&org("acme"), "m1"),
            Limit::checks(&org("acme"), "m2"),
            Limit::checks(&org("beta"), "m1"),
            Limit::refused_sign_ins(None),
            Limit::refused_sign_ins(Some(&org("acme"))),
            Limit::refused_sign_ins_of(Some(&org("acme")), "eve@example.com").unwrap(),
            Limit::refused_sign_ins_of(Some(&org("acme")), "bob@example.com").unwrap(),
            Limit::refused_sign_ins_of(Some(&org("beta")), "eve@example.com").unwrap(),
            Limit::refused_sign_ins_of(None, "eve@example.com").unwrap(),
            Limit::text_messages(&org("acme")),
        ];
        let names: std::collections::BTreeSet<_> = limits.iter().map(|limit| &limit.name).collect();
        assert_eq!(names.len(), limits.len());
    }
}
