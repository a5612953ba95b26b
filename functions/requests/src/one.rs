//! The page of one request, with its timeline.

use std::sync::Arc;

use askama::Template;
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use domain::job::Kind;
use domain::request::{Outcome, Skip, Status, TicketRef, TimelineEvent, UserRef};
use domain::schedule::local_words;
use http::StatusCode;
use serde::Serialize;
use store::kept::Kept;
use store::requests::RequestRecord;
use web::{Format, OrgScope, PathParams, ProblemDetails, Response, State, Web};

use crate::app::App;
use crate::shown::{outcome, path};
use crate::{pending, resume, rights};

#[derive(Serialize)]
struct Body<'a> {
    id: &'a str,
    kind: Kind,
    status: Status,
    outcome: Option<Outcome>,
    timeline: Vec<Line<'a>>,
    ticket: Option<&'a TicketRef>,
    user: Option<&'a UserRef>,
}

#[derive(Serialize)]
struct Line<'a> {
    at: DateTime<Utc>,
    step: &'a str,
    event: &'a str,
    detail: &'a str,
}

impl<'a> Body<'a> {
    fn new(record: &'a RequestRecord, timeline: &'a [TimelineEvent]) -> Self {
        let line = |event: &'a TimelineEvent| Line {
            at: event.at,
            step: &event.step,
            event: &event.event,
            detail: &event.detail,
        };
        Self {
            id: record.id.as_str(),
            kind: record.kind(),
            status: record.status,
            outcome: outcome(record),
            timeline: timeline.iter().map(line).collect(),
            ticket: record.ticket.as_ref(),
            user: record.user.as_ref(),
        }
    }
}

#[derive(Template)]
#[template(path = "one.html")]
struct Page<'a> {
    link: String,
    csrf: &'a str,
    record: &'a RequestRecord,
    asked_by: &'a str,
    timeline: &'a [TimelineEvent],
    zone: Tz,
    /// Whether the visitor may cancel and reschedule the request now.
    changes: bool,
    /// The failed steps, if the visitor may resume the request now.
    failed: &'a [&'a str],
    /// The failed steps that the visitor may leave out.
    skippable: &'a [Skip],
    /// Whether the visitor may resume the request again, because its resumed execution seems not to have started.
    stuck: bool,
    /// Whether the visitor may see the undelivered password.
    password: bool,
    /// The address of the pending page, if the request waits for the visitor's decision.
    pending: Option<String>,
}

impl Page<'_> {
    fn clock(&self, at: &DateTime<Utc>) -> String {
        local_words(*at, self.zone)
    }

    fn licenses(&self) -> String {
        let names: Vec<_> = self
            .record
            .plan
            .licenses
            .iter()
            .map(|sku| sku.part_number.as_str())
            .collect();
        names.join(", ")
    }

    /// The label of the planned time.
    fn begins(&self) -> &'static str {
        match self.record.kind() {
            Kind::Onboarding => "Created at",
            Kind::Offboarding => "Begins at",
        }
    }
}

pub(crate) async fn show(
    State(app): State<Arc<App>>,
    scope: OrgScope,
    params: PathParams,
    format: Format,
) -> Result<Response, ProblemDetails> {
    let record = app.to_see(&scope, &params).await?;
    answer(&app.web, format, &scope, &record).await
}

pub(crate) async fn answer(
    web: &Web,
    format: Format,
    scope: &OrgScope,
    record: &RequestRecord,
) -> Result<Response, ProblemDetails> {
    let mut timeline = web.store.timeline(&record.key()).await?;
    let asked_by = record.requester.known_as();
    let named = timeline.iter().flat_map(|event| &event.people);
    let names: Vec<&str> = named.map(String::as_str).chain([asked_by]).collect();
    let reader = Some(&scope.caller.org);
    let hidden = web.parents_people(&scope.organisation, reader, names).await?;
    for event in &mut timeline {
        event.detail = hidden.hide_in(event);
    }
    if !format.is_page() {
        return Ok(web::json(StatusCode::OK, &Body::new(record, &timeline)));
    }
    let role = scope.caller.role;
    let failed = match role.resumes() {
        true => resume::failed_steps(record, &timeline),
        false => Vec::new(),
    };
    let mut skippable: Vec<Skip> = failed.iter().filter_map(|step| Skip::of(step)).collect();
    skippable.retain(|_| role.skips_steps());
    skippable.dedup();
    let page = Page {
        link: web.base.link(&path(record)),
        csrf: scope.csrf(),
        record,
        asked_by: &hidden.hide(asked_by),
        timeline: &timeline,
        zone: web
            .variables(&scope.organisation)
            .await
            .map_or(Tz::UTC, |variables| variables.timezone),
        changes: waits(record.status) && rights::changes(scope, record),
        failed: &failed,
        skippable: &skippable,
        stuck: role.resumes() && resume::is_stuck(record, &timeline, Utc::now()),
        password: role.sees_kept_passwords()
            && record.ended_at.is_none()
            && web.store.kept_password(&record.key()).await? == Kept::Here,
        pending: pending::statuses(scope.caller.role)
            .contains(&record.status)
            .then(|| web.base.link(&format!("/orgs/{}/pending", scope.org()))),
    };
    web.page(StatusCode::OK, &record.plan.display_name, Some(scope), &page)
}

fn waits(status: Status) -> bool {
    matches!(status, Status::WaitingApproval | Status::Scheduled)
}

#[cfg(test)]
mod tests {
    use domain::role::Role;
    use serde_json::json;
    use web::Base;

    use super::*;
    use crate::samples::{at, record, scope};

    const HOSTILE: &str = "<script>alert(1)</script>\"'&";

    fn event(text: &str, warning: bool) -> TimelineEvent {
        TimelineEvent {
            at: at(),
            step: "ticket".to_owned(),
            event: "opened".to_owned(),
            detail: text.to_owned(),
            warning,
            failed_in: None,
            people: Vec::new(),
        }
    }

    const BASE: &str = "http://127.0.0.1:4566/base";

    /// A request without events and without actions.
    fn quiet(record: &RequestRecord) -> Page<'_> {
        Page {
            link: Base::new(BASE).unwrap().link(&path(record)),
            csrf: "csrf-token",
            record,
            asked_by: record.requester.known_as(),
            timeline: &[],
            zone: Tz::UTC,
            changes: false,
            failed: &[],
            skippable: &[],
            stuck: false,
            password: false,
            pending: None,
        }
    }

    fn page(record: &RequestRecord, changes: bool) -> String {
        let scope = scope("m1", Role::Technician, HOSTILE);
        let base = Base::new(BASE).unwrap();
        let timeline = [event(HOSTILE, false), event("No seat was free", true)];
        let page = Page {
            timeline: &timeline,
            zone: Tz::Europe__Berlin,
            changes,
            pending: changes.then(|| base.link("/orgs/acme/pending")),
            ..quiet(record)
        };
        web::page(&base, &record.plan.display_name, Some(&scope), &page).unwrap()
    }

    #[test]
    fn the_page_is_escaped() {
        let mut hostile = record(HOSTILE, HOSTILE, Status::Scheduled);
        hostile.plan.upn = HOSTILE.to_owned();
        hostile.ticket = Some(TicketRef {
            system: HOSTILE.to_owned(),
            id: HOSTILE.to_owned(),
        });
        hostile.user = Some(UserRef {
            id: HOSTILE.to_owned(),
            upn: HOSTILE.to_owned(),
        });
        let text = page(&hostile, true);
        assert!(!text.contains("<script>"), "{text}");
        insta::assert_snapshot!(text);
    }

    #[test]
    fn failed_step_can_be_resumed_or_skipped() {
        let record = record("m1", "Ada", Status::Failed);
        let page = Page {
            failed: &["create-user", "find-license"],
            skippable: &[Skip::FindLicense],
            password: true,
            ..quiet(&record)
        };
        insta::assert_snapshot!(page.render().unwrap());
    }

    #[test]
    fn resume_without_an_execution_can_be_repeated() {
        let record = record("m1", "Ada", Status::Running);
        let page = Page {
            stuck: true,
            ..quiet(&record)
        };
        insta::assert_snapshot!(page.render().unwrap());
    }

    #[test]
    fn forms_are_shown_only_while_they_are_allowed() {
        assert!(page(&record("m1", "Ada", Status::Scheduled), true).contains("/cancel\""));
        assert!(!page(&record("m1", "Ada", Status::Running), false).contains("/cancel\""));
    }

    #[test]
    fn json_has_the_fixed_names() {
        let mut record = record("m1", "Ada", Status::Cancelled);
        record.ticket = Some(TicketRef {
            system: "connectwise".to_owned(),
            id: "7".to_owned(),
        });
        let timeline = [event("Opened", true)];
        let body = serde_json::to_value(Body::new(&record, &timeline)).unwrap();
        assert_eq!(
            body,
            json!({"id": record.id, "kind": "onboarding", "status": "cancelled", "outcome": null,
                "timeline": [{"at": "2026-11-28T07:00:00Z", "step": "ticket", "event": "opened", "detail": "Opened"}],
                "ticket": {"system": "connectwise", "id": "7"}, "user": null})
        );
        record.ended_at = Some(at());
        assert_eq!(outcome(&record), Some(Outcome::Cancelled));
    }
}
