//! Changes the start date or last day while the request waits for approval or for its date.

use chrono::{NaiveDate, Utc};
use chrono_tz::Tz;
use domain::authority::{self, NewDate};
use domain::job::About;
use domain::request::{RequestKey, Status};
use domain::schedule::{self, Start, local_words};
use domain::step_error::StepError;
use domain::timeline::{Event, StepName};
use serde_json::{Map, Value};
use store::requests::{Changed, Mover, Moving, RequestRecord};
use store::timeline::NewEvent;
use web::{OrgScope, ProblemDetails, RequestBody};

use crate::app::App;
use crate::shown::too_late;
use runtime::Enter;

const ATTEMPTS: usize = 3;

impl App {
    pub(crate) async fn reschedule(
        &self,
        body: &RequestBody,
        scope: &OrgScope,
        key: &RequestKey,
    ) -> Result<(), ProblemDetails> {
        let kind = self.load(key).await?.kind();
        let date = wanted_date(&body.fields()?, kind.date_field())?;
        self.web.may_submit(scope).await?;
        let variables = self.web.variables(&scope.organisation).await?;
        let start = schedule::plan(kind, Utc::now(), Some(date), &variables).map_err(|problem| vec![problem])?;
        for _ in 0..ATTEMPTS {
            let record = self.load(key).await?;
            if self.asks_again(&record, date).await? {
                // This call or an earlier one changed the date; an earlier one may have died before it started the next
                // execution.
                return Ok(self
                    .executions
                    .take_over(record.kind(), &record.key(), record.run, Enter::Start)
                    .await?);
            }
            let moving = moving(&record, start)?;
            if moving != Moving::InPlace && matches!(start, Start::NotedOnly(_)) {
                return Err(ProblemDetails::conflict(
                    "allow_scheduled_user_creation was turned off, so no later date can be waited for.",
                ));
            }
            self.web.may_write(scope).await?;
            let by = Mover {
                id: &scope.caller.id,
                name: scope.caller.known_as(),
                email: scope.caller.email.as_deref(),
            };
            if self.web.store.reschedule(&record, date, start.at(), moving, by).await? == Changed::Yes {
                return Ok(self
                    .finish_rescheduling(scope, &record, date, start, moving, variables.timezone)
                    .await?);
            }
        }
        Err(StepError::Transient("the request changes too often".to_owned()).into())
    }

    /// Whether approval of this date is to be requested again, and nobody has been asked yet.
    async fn asks_again(&self, record: &RequestRecord, date: NaiveDate) -> Result<bool, StepError> {
        if record.status != Status::Running || record.plan.approval_again == 0 || record.job.date() != Some(date) {
            return Ok(false);
        }
        let gate = self.web.store.gate(&record.key(), &record.plan.approval_gate()).await?;
        Ok(gate.is_none())
    }

    /// `record` is the request before the change. If this fails, the caller repeats the call, and a later execution
    /// takes over.
    async fn finish_rescheduling(
        &self,
        scope: &OrgScope,
        record: &RequestRecord,
        date: NaiveDate,
        start: Start,
        moving: Moving,
        zone: Tz,
    ) -> Result<(), StepError> {
        let key = record.key();
        let enter = match moving {
            Moving::InPlace => None,
            Moving::NextExecution | Moving::TellApprovers => Some(Enter::Plan),
            Moving::AskAgain => Some(Enter::Start),
        };
        if let Some(enter) = enter {
            self.executions
                .take_over(record.kind(), &key, record.run + 1, enter)
                .await?;
        }
        let by = scope.caller.known_as();
        // A date may be chosen, dropped and chosen again; each change is reported.
        let once = Utc::now().timestamp_millis().to_string();
        let text = match moving {
            Moving::AskAgain => messages::asked_again(record.about(), start.at(), zone, by),
            _ => note_text(record.about(), by, date, start, zone, enter.is_some()),
        };
        let detail = match start {
            Start::At(at) => format!("Rescheduled by {by} to {}", local_words(at, zone)),
            Start::Now | Start::NotedOnly(_) => format!("Rescheduled by {by} to {date}"),
        };
        let store = &self.web.store;
        let event = NewEvent::new(StepName::Reschedule, Event::Rescheduled, detail)
            .once(&*once)
            .naming(&[by.to_owned()]);
        store.record(&key, &event).await?;
        store.queue_note(&key, &format!("rescheduled-{once}"), &text).await
    }
}

/// How the change is made. A scheduled request gets a new execution that waits; if it was approved and would begin
/// earlier, that execution requests approval again. A request that waits for approval reads the date afterwards.
fn moving(record: &RequestRecord, start: Start) -> Result<Moving, ProblemDetails> {
    match record.status {
        Status::WaitingApproval => Ok(Moving::InPlace),
        Status::Scheduled => {
            let earlier = match (start.at(), record.plan.start_at) {
                (Some(new), Some(old)) if new == old => return Ok(Moving::NextExecution),
                (Some(new), Some(old)) => new < old,
                (new, _) => new.is_none(),
            };
            Ok(match authority::new_date(record.plan.approval_required, earlier) {
                NewDate::Taken => Moving::NextExecution,
                NewDate::TellApprovers => Moving::TellApprovers,
                NewDate::AskAgain => Moving::AskAgain,
            })
        }
        status => Err(too_late(status)),
    }
}

fn note_text(about: About<'_>, by: &str, date: NaiveDate, start: Start, zone: Tz, scheduled: bool) -> String {
    match start {
        Start::At(at) => messages::rescheduled(about, at, zone, by),
        Start::Now if scheduled => messages::rescheduled_to_now(about, by),
        // Nothing happens before the approval.
        Start::Now | Start::NotedOnly(_) => {
            let label = about.kind.date_label().to_lowercase();
            format!("The {label} of {} was changed to {date} by {by}.", about.name)
        }
    }
}

fn wanted_date(body: &Map<String, Value>, field: &str) -> Result<NaiveDate, ProblemDetails> {
    let wrong = |name: &str, message: &str| domain::field::FieldError::new(name, message);
    let mut problems: Vec<_> = body
        .keys()
        .filter(|name| *name != field)
        .map(|name| wrong(name, "is not a known field"))
        .collect();
    let text = body.get(field).and_then(Value::as_str).unwrap_or_default();
    // chrono accepts more formats than the documented one.
    let date = NaiveDate::parse_from_str(text, "%Y-%m-%d")
        .ok()
        .filter(|date| date.to_string() == text);
    if date.is_none() {
        problems.push(wrong(field, "must be a date as YYYY-MM-DD"));
    }
    match date {
        Some(date) if problems.is_empty() => Ok(date),
        _ => Err(problems.into()),
    }
}

#[cfg(test)]
mod tests {
    use domain::job::Kind;
    use serde_json::json;

    use super::*;
    use crate::samples::{at, record};

    fn read(body: Value) -> Result<NaiveDate, Vec<String>> {
        let object = body.as_object().unwrap();
        wanted_date(object, "start_date")
            .map_err(|problem| problem.errors.into_iter().map(|error| error.field).collect())
    }

    #[test]
    fn body_must_have_exactly_one_date() {
        assert_eq!(
            read(json!({"start_date": "2026-12-01"})),
            Ok("2026-12-01".parse().unwrap())
        );
        for bad in [
            "",
            "2026-13-01",
            "01.12.2026",
            "2026-12-1",
            "2026-12-01T00:00:00Z",
            " 2026-12-1",
        ] {
            assert_eq!(
                read(json!({"start_date": bad})),
                Err(vec!["start_date".to_owned()]),
                "{bad}"
            );
        }
        assert_eq!(read(json!({})), Err(vec!["start_date".to_owned()]));
        assert_eq!(
            read(json!({"start_date": 5, "run": 1})),
            Err(vec!["run".to_owned(), "start_date".to_owned()])
        );
    }

    #[test]
    fn changing_an_approved_date_involves_the_approvers() {
        let mut request = record("me", "Ada", Status::Scheduled);
        let moved = |request: &RequestRecord, start| moving(request, start).map_err(|problem| problem.status.as_u16());
        let hours = |hours| Start::At(at() + chrono::Duration::hours(hours));
        for start in [hours(-1), hours(0), hours(1), Start::Now] {
            assert_eq!(
                moved(&request, start),
                Ok(Moving::NextExecution),
                "nobody had to agree: {start:?}"
            );
        }
        request.plan.approval_required = true;
        assert_eq!(moved(&request, hours(-1)), Ok(Moving::AskAgain));
        assert_eq!(moved(&request, Start::Now), Ok(Moving::AskAgain));
        assert_eq!(
            moved(&request, hours(0)),
            Ok(Moving::NextExecution),
            "the same date is no news"
        );
        assert_eq!(moved(&request, hours(1)), Ok(Moving::TellApprovers));
        request.status = Status::WaitingApproval;
        assert_eq!(moved(&request, Start::Now), Ok(Moving::InPlace));
        request.status = Status::Running;
        assert_eq!(moved(&request, Start::Now), Err(409));
    }

    #[test]
    fn note_says_when_the_user_is_created() {
        let date = "2026-12-01".parse().unwrap();
        let at = Start::At("2026-12-01T07:00:00Z".parse().unwrap());
        let about = |kind| About { kind, name: "Ada" };
        let of = |kind, start, scheduled| {
            note_text(
                about(kind),
                "mary@contoso.com",
                date,
                start,
                Tz::Europe__Berlin,
                scheduled,
            )
        };
        let text = |start, scheduled| of(Kind::Onboarding, start, scheduled);
        assert!(text(at, true).contains("2026-12-01 08:00 (Europe/Berlin)"));
        assert!(text(Start::Now, true).contains("created now"));
        assert_eq!(
            text(Start::NotedOnly(date), false),
            "The start date of Ada was changed to 2026-12-01 by mary@contoso.com."
        );
        assert_eq!(
            of(Kind::Offboarding, Start::Now, false),
            "The last day of Ada was changed to 2026-12-01 by mary@contoso.com."
        );
        assert!(of(Kind::Offboarding, at, true).contains("begins at 2026-12-01 08:00 (Europe/Berlin)"));
    }
}
