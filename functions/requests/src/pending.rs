//! The page of decisions that wait for the visitor. Its forms post to `functions/decide`.

use std::sync::Arc;

use askama::Template;
use chrono_tz::Tz;
use domain::decision::{Action, Gate};

use domain::request::Status;
use domain::role::Role;
use domain::schedule::local_words;
use futures::future::try_join_all;
use http::StatusCode;
use serde_json::{Value, json};
use store::gates::GateRecord;
use store::requests::RequestRecord;
use web::{Format, OrgScope, ProblemDetails, Response, State, Web};

use crate::app::App;
use crate::shown;

/// The most requests read that wait at gates of one kind. The oldest come first, because they are likely to close
/// first.
const MOST: usize = 500;
/// How many requests' gates are read concurrently.
const AT_A_TIME: usize = 50;

/// An open gate.
struct Item {
    record: RequestRecord,
    gate: Gate,
    gate_record: GateRecord,
    asked_by: String,
    /// Whether somebody else must decide, because the visitor is concerned.
    own: bool,
}

impl Item {
    fn new(scope: &OrgScope, record: &RequestRecord, gate: Gate, gate_record: GateRecord) -> Self {
        Self {
            own: gate.is_approval() && scope.caller.is_concerned(record),
            asked_by: record.requester.known_as().to_owned(),
            record: record.clone(),
            gate,
            gate_record,
        }
    }

    /// The address to which the decision is posted.
    fn path(&self) -> String {
        let request = shown::path(&self.record);
        match &self.gate {
            Gate::Approval(_) => format!("{request}/approval"),
            Gate::License(part_number) => format!("{request}/licenses/{part_number}"),
        }
    }

    fn title(&self) -> String {
        match &self.gate {
            Gate::Approval(_) => format!("Approval: {}", self.record.about()),
            Gate::License(part_number) => format!("License {part_number}: {}", self.record.about()),
        }
    }

    /// A part of ids on the page.
    fn id(&self) -> String {
        format!("{}-{}", self.record.id, self.gate)
    }

    fn json(&self, web: &Web) -> Value {
        json!({
            "request": self.record.id,
            "kind": self.record.kind(),
            "gate": self.gate,
            "actions": self.gate.actions(),
            "name": self.record.plan.display_name,
            "upn": self.record.plan.upn,
            "requested_by": self.asked_by,
            "closes_at": self.gate_record.closes_at,
            "version": self.record.plan.version,
            "own_request": self.own,
            "links": {
                "request": web.base.absolute(&shown::path(&self.record)),
                "decide": web.base.absolute(&self.path()),
            },
        })
    }
}

/// The statuses in which requests wait for this role.
pub(crate) fn statuses(role: Role) -> Vec<Status> {
    let mine = [
        (Status::WaitingApproval, role.decides_approvals()),
        (Status::WaitingLicense, role.decides_licenses()),
    ];
    mine.into_iter()
        .filter_map(|(status, waits)| waits.then_some(status))
        .collect()
}

fn waits_at(status: Status, gate: &Gate) -> bool {
    match gate {
        Gate::Approval(_) => status == Status::WaitingApproval,
        Gate::License(_) => status == Status::WaitingLicense,
    }
}

/// The open gates, the first to close first, and whether there are more than are shown.
async fn find(web: &Web, scope: &OrgScope) -> Result<(Vec<Item>, bool), ProblemDetails> {
    let store = &web.store;
    let mut records = Vec::new();
    let mut more = false;
    for status in statuses(scope.caller.role) {
        let (found, left) = store.oldest_requests(scope.org(), status, MOST).await?;
        more |= left;
        records.extend(found);
    }
    let keys: Vec<_> = records.iter().map(RequestRecord::key).collect();
    let mut gates = Vec::new();
    for keys in keys.chunks(AT_A_TIME) {
        gates.extend(try_join_all(keys.iter().map(|key| store.gates(key))).await?);
    }
    let mut items = Vec::new();
    for (record, gates) in records.iter().zip(gates) {
        for (gate, gate_record) in gates {
            if gate_record.is_open() && waits_at(record.status, &gate) {
                items.push(Item::new(scope, record, gate, gate_record));
            }
        }
    }
    items.sort_by_key(|item| item.gate_record.closes_at);
    let names = items.iter().map(|item| item.asked_by.as_str());
    let reader = Some(&scope.caller.org);
    let hidden = web.parents_people(&scope.organisation, reader, names).await?;
    for item in &mut items {
        item.asked_by = hidden.hide(&item.asked_by);
    }
    Ok((items, more))
}

#[derive(Template)]
#[template(path = "pending.html")]
struct Page<'a> {
    base: &'a str,
    org: &'a str,
    csrf: &'a str,
    items: &'a [Item],
    more: bool,
    zone: Tz,
}

impl Page<'_> {
    fn facts(&self, item: &Item) -> Vec<(&'static str, String)> {
        let mut facts = vec![("Asked by", item.asked_by.clone())];
        facts.extend(match item.gate {
            Gate::Approval(_) => messages::approval_facts(&item.record.job, &item.record.plan),
            Gate::License(_) => messages::job_facts(&item.record.job, &item.record.plan),
        });
        facts.push(("Until", local_words(item.gate_record.closes_at, self.zone)));
        facts
    }

    /// The action that needs only a button.
    fn yes(&self, item: &Item) -> Action {
        item.gate.actions()[0]
    }

    fn no(&self, item: &Item) -> Action {
        item.gate.actions()[1]
    }
}

pub(crate) async fn show(
    State(app): State<Arc<App>>,
    scope: OrgScope,
    format: Format,
) -> Result<Response, ProblemDetails> {
    let web = &app.web;
    let (items, more) = find(web, &scope).await?;
    if !format.is_page() {
        let pending: Vec<_> = items.iter().map(|item| item.json(web)).collect();
        return Ok(web::json(StatusCode::OK, &json!({"pending": pending, "more": more})));
    }
    let page = Page {
        base: web.base.path(),
        org: scope.org().as_str(),
        csrf: scope.csrf(),
        items: &items,
        more,
        zone: web
            .variables(&scope.organisation)
            .await
            .map_or(Tz::UTC, |variables| variables.timezone),
    };
    web.page(StatusCode::OK, "Pending decisions", Some(&scope), &page)
}

#[cfg(test)]
mod tests {
    use web::Base;

    use super::*;
    use crate::samples::{at, record, scope};

    const HOSTILE: &str = "<script>alert(1)</script>\"'&";

    fn item(scope: &OrgScope, record: &RequestRecord, gate: Gate) -> Item {
        let gate_record = GateRecord {
            token: Some("token".to_owned()),
            closes_at: at(),
            decision: None,
            decided_by: None,
            decided_via: None,
            decided_at: None,
            reason: None,
        };
        Item::new(scope, record, gate, gate_record)
    }

    #[test]
    fn each_role_sees_what_it_decides() {
        use Status::{WaitingApproval, WaitingLicense};
        let expected = [
            (Role::Basic, vec![]),
            (Role::Technician, vec![WaitingLicense]),
            (Role::Approver, vec![WaitingApproval]),
            (Role::Admin, vec![WaitingApproval, WaitingLicense]),
        ];
        for (role, waiting) in expected {
            assert_eq!(statuses(role), waiting, "{role:?}");
            assert_eq!(role.decides(), !waiting.is_empty(), "{role:?}");
        }
    }

    #[test]
    fn own_request_has_no_approval_button() {
        let scope = scope("m1", Role::Admin, "Mary");
        let mine = record("m1", "Ada", Status::WaitingApproval);
        let theirs = record("m2", "Ada", Status::WaitingApproval);
        // Another account of the same person.
        let mut again = theirs.clone();
        again.requester.email = Some("M1@contoso.com".to_owned());
        let own = |record, gate| item(&scope, record, gate).own;
        assert!(own(&mine, Gate::Approval(0)) && own(&again, Gate::Approval(0)));
        assert!(!own(&theirs, Gate::Approval(0)));
        assert!(!own(&mine, Gate::License("SPB".to_owned())));
    }

    #[test]
    fn the_page_is_escaped() {
        let scope = scope("m1", Role::Admin, HOSTILE);
        let waiting = record(HOSTILE, HOSTILE, Status::WaitingApproval);
        let own = record("m1", "Bob", Status::WaitingApproval);
        let items = [
            item(&scope, &waiting, Gate::Approval(0)),
            item(&scope, &waiting, Gate::License("SPB".to_owned())),
            item(&scope, &own, Gate::Approval(0)),
        ];
        let base = Base::new("http://127.0.0.1:4566/base").unwrap();
        let page = Page {
            base: base.path(),
            org: "acme",
            csrf: scope.csrf(),
            items: &items,
            more: true,
            zone: Tz::Europe__Berlin,
        };
        let text = web::page(&base, "Pending decisions", Some(&scope), &page).unwrap();
        assert!(!text.contains("<script>"), "{text}");
        insta::assert_snapshot!(text);
    }
}
