//! When the work of a request starts: the creation of a user, or the closing of a leaver's account.

use chrono::{DateTime, Days, LocalResult, NaiveDate, NaiveDateTime, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;

use crate::field::FieldError;
use crate::job::Kind;
use crate::variables::OrgVariables;

/// A Standard execution lives for at most a year. Approval, purchases and a kept password may take several weeks of it.
pub const MAX_DAYS_AHEAD: i64 = 330;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    Now,
    /// Scheduling is off: the date is written on the ticket, and the user is created now.
    NotedOnly(NaiveDate),
    At(DateTime<Utc>),
}

impl Start {
    pub fn at(self) -> Option<DateTime<Utc>> {
        match self {
            Self::At(at) => Some(at),
            Self::Now | Self::NotedOnly(_) => None,
        }
    }
}

/// Returns when the work of a request starts, from the date in its form.
pub fn plan(kind: Kind, now: DateTime<Utc>, date: Option<NaiveDate>, vars: &OrgVariables) -> Result<Start, FieldError> {
    match kind {
        Kind::Onboarding => plan_start(now, date, vars),
        Kind::Offboarding => plan_end(now, date, vars),
    }
}

/// Plans an onboarding. Days are those of the organisation's time zone, not of UTC.
fn plan_start(now: DateTime<Utc>, start_date: Option<NaiveDate>, vars: &OrgVariables) -> Result<Start, FieldError> {
    let refused = |message: String| Err(FieldError::new("start_date", message));
    let Some(date) = start_date else {
        return Ok(Start::Now);
    };
    let today = now.with_timezone(&vars.timezone).date_naive();
    if date < today {
        return refused(format!(
            "must not be in the past: today is {today} in {}",
            vars.timezone
        ));
    }
    if !vars.allow_scheduled_user_creation {
        return Ok(if date == today {
            Start::Now
        } else {
            Start::NotedOnly(date)
        });
    }
    let last = last_date(today);
    if date > last {
        return refused(too_far(last));
    }
    match instant(vars.timezone, date.and_time(vars.start_time)) {
        Some(at) if at > now => Ok(Start::At(at)),
        Some(_) => Ok(Start::Now),
        None => refused(NOWHERE.to_owned()),
    }
}

/// Plans an offboarding. The leaver still works on the last day, so the account is closed at the start time of the
/// following day. With scheduling off, a future last day is an error and not just noted: creating a user early does no
/// harm, blocking one early does.
fn plan_end(now: DateTime<Utc>, last_day: Option<NaiveDate>, vars: &OrgVariables) -> Result<Start, FieldError> {
    let refused = |message: String| Err(FieldError::new("last_day", message));
    let Some(day) = last_day else {
        return Ok(Start::Now);
    };
    let today = now.with_timezone(&vars.timezone).date_naive();
    if day < today.pred_opt().unwrap_or(today) {
        return Ok(Start::Now);
    }
    let last = last_date(today);
    let (Some(after), false) = (day.succ_opt(), day > last) else {
        return refused(too_far(last));
    };
    match instant(vars.timezone, after.and_time(vars.start_time)) {
        Some(at) if at > now && !vars.allow_scheduled_user_creation => refused(
            "is not over yet, and a request waits for it only while allow_scheduled_user_creation is on: \
             turn it on, or leave last_day out to close the account now"
                .to_owned(),
        ),
        Some(at) if at > now => Ok(Start::At(at)),
        Some(_) => Ok(Start::Now),
        None => refused(NOWHERE.to_owned()),
    }
}

const NOWHERE: &str = "cannot be placed in the organisation's time zone";

fn last_date(today: NaiveDate) -> NaiveDate {
    today
        .checked_add_days(Days::new(MAX_DAYS_AHEAD.unsigned_abs()))
        .unwrap_or(today)
}

fn too_far(last: NaiveDate) -> String {
    format!("must be {last} or earlier: a request can wait for {MAX_DAYS_AHEAD} days at most")
}

/// The instant at which clocks of the zone show `local`: the next valid instant if they skip that time, the first if
/// they show it twice.
fn instant(zone: Tz, local: NaiveDateTime) -> Option<DateTime<Utc>> {
    // The longest skip is a whole day, when a country crossed the date line.
    const LONGEST_SKIP_MINUTES: i64 = 25 * 60;
    let at = |local: NaiveDateTime| match zone.from_local_datetime(&local) {
        LocalResult::Single(at) | LocalResult::Ambiguous(at, _) => Some(at.with_timezone(&Utc)),
        LocalResult::None => None,
    };
    at(local).or_else(|| {
        let minute = local
            .date()
            .and_hms_opt(chrono::Timelike::hour(&local), chrono::Timelike::minute(&local), 0)?;
        (1..=LONGEST_SKIP_MINUTES).find_map(|later| at(minute.checked_add_signed(TimeDelta::minutes(later))?))
    })
}

/// The time for people to read, on the organisation's clock, with the name of its time zone.
pub fn local_words(at: DateTime<Utc>, zone: Tz) -> String {
    format!("{} ({zone})", at.with_timezone(&zone).format("%Y-%m-%d %H:%M"))
}

#[cfg(test)]
mod tests {
    use chrono::NaiveTime;
    use proptest::prelude::*;

    use super::*;

    fn utc(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn variables(zone: &str, time: &str) -> OrgVariables {
        OrgVariables {
            allow_scheduled_user_creation: true,
            timezone: zone.parse().unwrap(),
            start_time: time.parse().unwrap(),
            ..OrgVariables::default()
        }
    }

    /// (zone, start_time, date, expected)
    fn planned(cases: &[(&str, &str, &str, &str)], now: &str) {
        for (zone, time, date, expected) in cases {
            let start = plan_start(utc(now), Some(day(date)), &variables(zone, time));
            assert_eq!(start, Ok(Start::At(utc(expected))), "{zone} {time} {date}");
        }
    }

    #[test]
    fn zones_with_odd_offsets() {
        let cases = [
            ("Etc/UTC", "08:00:00", "2026-12-01", "2026-12-01T08:00:00Z"),
            ("Asia/Kolkata", "08:00:00", "2026-12-01", "2026-12-01T02:30:00Z"),
            ("Asia/Kathmandu", "08:00:00", "2026-12-01", "2026-12-01T02:15:00Z"),
            ("America/St_Johns", "08:00:00", "2026-12-01", "2026-12-01T11:30:00Z"),
            ("America/St_Johns", "08:00:00", "2027-06-01", "2027-06-01T10:30:00Z"),
            ("Australia/Lord_Howe", "08:00:00", "2026-12-01", "2026-11-30T21:00:00Z"),
            ("Australia/Lord_Howe", "08:00:00", "2027-06-01", "2027-05-31T21:30:00Z"),
            ("Europe/Berlin", "08:00:00", "2026-12-01", "2026-12-01T07:00:00Z"),
            ("Europe/Berlin", "08:00:00", "2027-06-01", "2027-06-01T06:00:00Z"),
            ("Pacific/Kiritimati", "00:00:00", "2026-12-01", "2026-11-30T10:00:00Z"),
        ];
        planned(&cases, "2026-11-21T12:00:00Z");
    }

    #[test]
    fn skipped_times_are_the_next_valid_instant() {
        let cases = [
            // 02:00 becomes 03:00.
            ("Europe/Berlin", "01:59:59", "2027-03-28", "2027-03-28T00:59:59Z"),
            ("Europe/Berlin", "02:00:00", "2027-03-28", "2027-03-28T01:00:00Z"),
            ("Europe/Berlin", "02:30:15", "2027-03-28", "2027-03-28T01:00:00Z"),
            ("Europe/Berlin", "03:00:00", "2027-03-28", "2027-03-28T01:00:00Z"),
            ("America/New_York", "02:30:00", "2027-03-14", "2027-03-14T07:00:00Z"),
            ("America/St_Johns", "02:15:00", "2027-03-14", "2027-03-14T05:30:00Z"),
            // 02:00 becomes 02:30.
            ("Australia/Lord_Howe", "02:10:00", "2027-10-03", "2027-10-02T15:30:00Z"),
            ("Australia/Lord_Howe", "02:30:00", "2027-10-03", "2027-10-02T15:30:00Z"),
        ];
        planned(&cases, "2027-01-01T12:00:00Z");
        // Samoa skipped this day.
        let never = day("2011-12-30").and_hms_opt(8, 0, 0).unwrap();
        assert_eq!(instant(Tz::Pacific__Apia, never), Some(utc("2011-12-30T10:00:00Z")));
    }

    #[test]
    fn repeated_times_are_the_first() {
        let cases = [
            ("Europe/Berlin", "02:30:00", "2026-10-25", "2026-10-25T00:30:00Z"),
            ("America/New_York", "01:30:00", "2026-11-01", "2026-11-01T05:30:00Z"),
            ("America/St_Johns", "01:30:00", "2026-11-01", "2026-11-01T04:00:00Z"),
            ("Australia/Lord_Howe", "01:45:00", "2027-04-04", "2027-04-03T14:45:00Z"),
        ];
        planned(&cases, "2026-06-01T12:00:00Z");
    }

    #[test]
    fn today_is_in_the_organisations_time_zone() {
        let vars = variables("America/New_York", "08:00:00");
        // In New York it is 21:00 on the 20th.
        let now = utc("2026-11-21T02:00:00Z");
        assert_eq!(plan_start(now, Some(day("2026-11-20")), &vars), Ok(Start::Now));
        assert_eq!(
            plan_start(now, Some(day("2026-11-21")), &vars),
            Ok(Start::At(utc("2026-11-21T13:00:00Z")))
        );
        assert!(plan_start(now, Some(day("2026-11-19")), &vars).is_err());
        // In Kiritimati it is already the 22nd.
        let vars = variables("Pacific/Kiritimati", "23:00:00");
        let problem = plan_start(utc("2026-11-21T12:00:00Z"), Some(day("2026-11-21")), &vars).unwrap_err();
        assert_eq!(problem.field, "start_date");
        assert_eq!(
            problem.message,
            "must not be in the past: today is 2026-11-22 in Pacific/Kiritimati"
        );
    }

    #[test]
    fn today_waits_for_a_start_time_still_to_come() {
        let vars = variables("Europe/Berlin", "08:00:00");
        let today = Some(day("2026-11-21"));
        assert_eq!(
            plan_start(utc("2026-11-21T06:59:59Z"), today, &vars),
            Ok(Start::At(utc("2026-11-21T07:00:00Z")))
        );
        assert_eq!(plan_start(utc("2026-11-21T07:00:00Z"), today, &vars), Ok(Start::Now));
        assert_eq!(plan_start(utc("2026-11-21T12:00:00Z"), today, &vars), Ok(Start::Now));
        assert_eq!(plan_start(utc("2026-11-21T12:00:00Z"), None, &vars), Ok(Start::Now));
    }

    #[test]
    fn too_far_ahead_is_refused() {
        let vars = variables("Europe/Berlin", "08:00:00");
        let now = utc("2026-11-21T12:00:00Z");
        assert!(matches!(
            plan_start(now, Some(day("2027-10-17")), &vars),
            Ok(Start::At(_))
        ));
        let problem = plan_start(now, Some(day("2027-10-18")), &vars).unwrap_err();
        assert_eq!(
            problem.message,
            "must be 2027-10-17 or earlier: a request can wait for 330 days at most"
        );
        assert!(plan_start(now, Some(NaiveDate::MAX), &vars).is_err());
        assert!(plan_start(now, Some(NaiveDate::MIN), &vars).is_err());
    }

    #[test]
    fn with_scheduling_off_a_date_is_only_noted() {
        let vars = OrgVariables {
            allow_scheduled_user_creation: false,
            ..variables("Europe/Berlin", "08:00:00")
        };
        let now = utc("2026-11-21T02:00:00Z");
        assert_eq!(
            plan_start(now, Some(day("2028-01-01")), &vars),
            Ok(Start::NotedOnly(day("2028-01-01")))
        );
        assert_eq!(plan_start(now, Some(day("2026-11-21")), &vars), Ok(Start::Now));
        assert!(plan_start(now, Some(day("2026-11-20")), &vars).is_err());
    }

    #[test]
    fn account_stays_open_on_the_last_day() {
        let vars = variables("Europe/Berlin", "08:00:00");
        let now = utc("2026-11-21T06:59:59Z");
        let end = |now, date| plan(Kind::Offboarding, now, date, &vars);
        assert_eq!(
            end(now, Some(day("2026-11-27"))),
            Ok(Start::At(utc("2026-11-28T07:00:00Z")))
        );
        assert_eq!(
            end(now, Some(day("2026-11-21"))),
            Ok(Start::At(utc("2026-11-22T07:00:00Z")))
        );
        // Yesterday was the last day, and today's start time is still to come.
        assert_eq!(
            end(now, Some(day("2026-11-20"))),
            Ok(Start::At(utc("2026-11-21T07:00:00Z")))
        );
        let later = utc("2026-11-21T07:00:00Z");
        assert_eq!(end(later, Some(day("2026-11-20"))), Ok(Start::Now));
        assert_eq!(end(now, Some(day("2026-11-19"))), Ok(Start::Now));
        assert_eq!(end(now, Some(NaiveDate::MIN)), Ok(Start::Now));
        assert_eq!(end(now, None), Ok(Start::Now));
        for far in [day("2027-10-18"), NaiveDate::MAX] {
            let problem = end(now, Some(far)).unwrap_err();
            assert_eq!(problem.field, "last_day");
            assert!(
                problem.message.starts_with("must be 2027-10-17 or earlier"),
                "{}",
                problem.message
            );
        }
    }

    #[test]
    fn without_scheduling_nobody_is_blocked_before_the_last_day() {
        let vars = OrgVariables {
            allow_scheduled_user_creation: false,
            ..variables("Europe/Berlin", "08:00:00")
        };
        let now = utc("2026-11-21T12:00:00Z");
        for ahead in ["2026-11-21", "2026-12-24"] {
            let problem = plan(Kind::Offboarding, now, Some(day(ahead)), &vars).unwrap_err();
            assert_eq!(problem.field, "last_day");
        }
        assert_eq!(
            plan(Kind::Offboarding, now, Some(day("2026-11-20")), &vars),
            Ok(Start::Now)
        );
        assert_eq!(plan(Kind::Offboarding, now, None, &vars), Ok(Start::Now));
    }

    #[test]
    fn local_time_names_its_zone() {
        assert_eq!(
            local_words(utc("2026-11-21T02:00:00Z"), Tz::Asia__Kolkata),
            "2026-11-21 07:30 (Asia/Kolkata)"
        );
    }

    proptest! {
        /// Every day in every zone has a start, on that day unless the zone skips the rest of it.
        #[test]
        fn every_day_has_a_start(
            zone in prop::sample::select(&chrono_tz::TZ_VARIANTS[..]),
            ahead in 1..MAX_DAYS_AHEAD, seconds in 0u32..86400, start in 1_750_000_000i64..2_000_000_000,
        ) {
            let now = DateTime::from_timestamp(start, 0).unwrap();
            let date = now.with_timezone(&zone).date_naive() + TimeDelta::days(ahead);
            let time = NaiveTime::from_num_seconds_from_midnight_opt(seconds, 0).unwrap();
            let vars = OrgVariables { timezone: zone, start_time: time, allow_scheduled_user_creation: true, ..OrgVariables::default() };
            let Ok(Start::At(at)) = plan_start(now, Some(date), &vars) else {
                panic!("no start");
            };
            let wanted = date.and_time(time);
            let got = at.with_timezone(&zone).naive_local();
            prop_assert!(got >= wanted && got - wanted <= TimeDelta::hours(3), "{got} for {wanted}");
        }
    }
}
