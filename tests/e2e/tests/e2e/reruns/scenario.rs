//! One path through the state machine, with the people and vendors that it needs.

use chrono::{Duration, Utc};
use e2e::{engine::engine, http::Answer, organisation::Organisation, request::Request, simulators::merge, wait::until};
use serde_json::{Value, json};

pub(super) struct Scenario {
    pub(super) name: &'static str,
    /// Whether it runs on the stack whose gates time out within seconds.
    pub(super) quick: bool,
    pub(super) variables: &'static [&'static str],
    pub(super) approval: bool,
    /// Whether the colleague is offboarded; otherwise Ada is onboarded.
    pub(super) leaves: bool,
    /// Whether the new user has a manager.
    pub(super) manager: bool,
    pub(super) body: fn() -> Value,
    pub(super) play: fn(&Request<'_>),
    /// The number of executions at the end.
    pub(super) runs: u32,
    pub(super) outcome: &'static str,
    /// How often each effect happened at the vendors.
    pub(super) effects: &'static [(&'static str, u64)],
    /// The kinds of notes on the ticket.
    pub(super) notes: &'static [&'static str],
}

impl Scenario {
    pub(super) const PLAIN: Self = Self {
        name: "",
        quick: false,
        variables: &[],
        approval: false,
        leaves: false,
        manager: true,
        body: || json!({}),
        play: |_| {},
        runs: 1,
        outcome: "completed",
        effects: &[("users_created", 1), ("tickets_created", 1)],
        notes: &[],
    };

    pub(super) fn organisation(&self, prefix: &str) -> Organisation {
        let stack = if self.quick {
            engine().quick()
        } else {
            &engine().patient
        };
        let name = format!("{prefix}-{}", self.name.replace('_', "-"));
        // Seats appear at the second read.
        let world = json!({"seat_delay": 1});
        let org = if self.approval {
            Organisation::approving(stack, &name, &world, self.variables)
        } else {
            Organisation::on(stack, &name, &world, self.variables)
        };
        org.configure(&[&format!("no_psa_mail_address=desk@{}.example", org.id)]);
        org
    }
}

/// Repeats a call whose function was killed, as a person would.
fn persist(what: &str, call: impl Fn() -> Answer) -> Answer {
    until(what, || Some(call()).filter(|answer| answer.status < 500))
}

pub(super) fn play<'a>(scenario: &Scenario, org: &'a Organisation) -> Request<'a> {
    let mut body = if scenario.leaves {
        json!({"user": org.colleague(), "last_day": (Utc::now() + Duration::days(1)).format("%Y-%m-%d").to_string()})
    } else {
        org.person("Ada", "Lovelace", &(scenario.body)())
    };
    if scenario.manager && !scenario.leaves {
        merge(&mut body, &json!({"manager": org.manager()}));
    }
    if body["start_date"] == "tomorrow" {
        body["start_date"] = json!((Utc::now() + Duration::days(2)).format("%Y-%m-%d").to_string());
    }
    let submitted = persist("the submission", || {
        org.call("POST", if scenario.leaves { "offboardings" } else { "onboardings" })
            .header("idempotency-key", "the-only-one")
            .json(&body)
            .send()
    });
    let submitted = submitted.expect(201);
    let request = if scenario.leaves {
        Request::leaving(org, &submitted)
    } else {
        Request::of(org, &submitted)
    };
    (scenario.play)(&request);
    request
}

/// What people and others do while the request is open.
pub(super) mod play {
    use e2e::{aws, links, mail};

    use super::{Duration, Request, Utc, json, persist};

    const APPROVAL: &str = "waiting_approval";

    /// Enough time for the approver to approve the earlier date.
    const SOON: Duration = Duration::seconds(30);

    fn press(link: &str) {
        persist("the click", || links::press(link)).expect(200);
    }

    fn approval_links(request: &Request<'_>) -> (String, String) {
        request.until(APPROVAL);
        let name = if request.kind == "onboarding" {
            "Ada Lovelace"
        } else {
            "Casey Colleague"
        };
        request.approval_links(request.org.approver(), name)
    }

    pub(in super::super) fn approve_and_bring_forward(request: &Request<'_>) {
        press(&approval_links(request).0);
        request.until("scheduled");
        request.note("will be created at");
        let at = Utc::now() + SOON;
        request
            .org
            .configure(&[&format!("start_time={}", at.format("%H:%M:%S"))]);
        let date = at.format("%Y-%m-%d").to_string();
        let moved = persist("the new date", || request.reschedule(&date));
        // An attempt whose answer was lost has already done it.
        assert!([200, 409].contains(&moved.status), "{moved:?}");
        approve_again(request, &format!("Start date: {date}"));
    }

    /// Approves an offboarding and moves its last day to yesterday, so that the account is closed at once.
    pub(in super::super) fn approve_and_let_the_day_pass(request: &Request<'_>) {
        press(&approval_links(request).0);
        request.until("scheduled");
        request.note("begins at");
        let at = Utc::now() + SOON;
        request
            .org
            .configure(&[&format!("start_time={}", at.format("%H:%M:%S"))]);
        let date = (at - Duration::days(1)).format("%Y-%m-%d").to_string();
        let moved = persist("the new day", || request.reschedule(&date));
        assert!([200, 409].contains(&moved.status), "{moved:?}");
        approve_again(request, &format!("Last day: {date}"));
    }

    /// Approves the earlier date, which nobody has approved yet.
    fn approve_again(request: &Request<'_>, date: &str) {
        let mail = mail::first(request.org.approver(), date);
        press(&links::after(&mail.text, "Approve:"));
    }

    pub(in super::super) fn approve(request: &Request<'_>) {
        press(&approval_links(request).0);
    }

    pub(in super::super) fn buy_and_confirm(request: &Request<'_>) {
        let (confirm, _) = request.license_links();
        request.until("waiting_license");
        request.org.world.buy_seats("ENTERPRISEPACK", 1, 2);
        press(&confirm);
    }

    pub(in super::super) fn confirm(request: &Request<'_>) {
        press(&request.license_links().0);
    }

    pub(in super::super) fn deny(request: &Request<'_>) {
        press(&approval_links(request).1);
    }

    pub(in super::super) fn cancel(request: &Request<'_>) {
        let _ = approval_links(request);
        persist("the cancellation", || request.cancel()).expect(200);
    }

    pub(in super::super) fn take_the_name_and_approve(request: &Request<'_>) {
        let (approve, _) = approval_links(request);
        request.org.world.add_stranger(&request.org.upn("alovelace"));
        press(&approve);
    }

    pub(in super::super) fn silence_the_ticket_system_and_deny(request: &Request<'_>) {
        let (_, deny) = approval_links(request);
        request
            .org
            .world
            .spoil("connectwise", "*", "503", &json!({"times": 1000}));
        press(&deny);
        request.outcome();
        request.org.world.end_bad_days();
    }

    /// Stores a wrong variable, which no API or command would accept, and approves.
    pub(in super::super) fn break_the_settings_and_approve(request: &Request<'_>) {
        let _ = approval_links(request);
        // If the variables cannot be read, nobody knows whose links are still valid. A member's role is still known.
        let approver = request.org.session(request.org.approver(), "Alex Approver", "approver");
        let key = json!({"org": {"S": request.org.id}, "name": {"S": "variable#timezone"}});
        let table = request.org.stack.table("organisations");
        let mut item = key.clone();
        let setting = json!({"value": "Mars/Olympus", "for_children": "nothing"});
        item["setting"] = json!({"S": setting.to_string()});
        aws::call("DynamoDB_20120810.PutItem", &json!({"TableName": table, "Item": item}));
        let path = format!("requests/{}/approval", request.id);
        persist("the approval", || approver.post(&path, &json!({"action": "approve"}))).expect(200);
        request.outcome();
        aws::call("DynamoDB_20120810.DeleteItem", &json!({"TableName": table, "Key": key}));
    }
}
