//! Sample requests and members for tests.

use chrono::{DateTime, Utc};
use domain::ids::{OrgId, RequestId};
use domain::integration::Organisation;
use domain::job::Job;
use domain::request::{Plan, Requester, Status};
use domain::role::Role;
use domain::submission::Onboarding;
use store::members::Member;
use store::requests::RequestRecord;
use web::{Caller, OrgScope};

pub(crate) fn at() -> DateTime<Utc> {
    "2026-11-28T07:00:00Z".parse().unwrap()
}

pub(crate) fn scope(member: &str, role: Role, name: &str) -> OrgScope {
    let org = OrgId::parse("acme").unwrap();
    let member = Member {
        org: org.clone(),
        id: member.to_owned(),
        email: format!("{member}@contoso.com"),
        name: name.to_owned(),
        role,
        identity: None,
        sessions_after: None,
        sign_in_link: None,
    };
    let organisation = Organisation::new(org, name);
    OrgScope {
        organisation,
        caller: Caller::member(member, "csrf-token".to_owned()),
    }
}

pub(crate) fn record(requester: &str, name: &str, status: Status) -> RequestRecord {
    let body = serde_json::json!({"first_name": "Ada", "last_name": "Lovelace", "start_date": "2026-12-01"});
    // No form accepts all of these names, but a page must still show them as text.
    let mut form = Onboarding::parse(&body).unwrap();
    name.clone_into(&mut form.first_name);
    RequestRecord {
        org: OrgId::parse("acme").unwrap(),
        id: RequestId::parse(&format!("r{}", "0".repeat(32))).unwrap(),
        status,
        run: 1,
        job: Job::Onboarding(form),
        plan: Plan {
            upn: "ada@contoso.com".to_owned(),
            display_name: name.to_owned(),
            licenses: Vec::new(),
            start_at: Some(at()),
            ..Plan::default()
        },
        requester: Requester {
            id: requester.to_owned(),
            person: None,
            email: Some(format!("{requester}@contoso.com")),
        },
        created_at: at(),
        step: None,
        ticket: None,
        user: None,
        licenses: Default::default(),
        ended_at: None,
        resumed: None,
        skipped: Default::default(),
    }
}
