//! What can still be done with a link.

use store::capability::Capability;
use store::gates::GateRecord;
use store::requests::RequestRecord;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LinkState {
    /// Nobody has decided yet, even if `closes_at` has passed: only a recorded decision closes a gate.
    Open,
    /// The recorded decision is the one of this link.
    Same,
    /// The recorded decision is another one.
    Otherwise,
    /// Nobody decided in time.
    TooLate,
    /// The request ended before anybody decided.
    Ended,
    /// The person is the requester or the leaver, who must not approve.
    OwnRequest,
    /// The link's recipient is no longer an approver.
    NoApprover,
}

/// `approves`: the link's recipient is an approver under the current variables and members.
pub(crate) fn link_state(
    capability: &Capability,
    gate: &GateRecord,
    request: &RequestRecord,
    approves: bool,
) -> LinkState {
    if capability.gate.is_approval() && request.concerns(&capability.person) {
        return LinkState::OwnRequest;
    }
    match gate.decision {
        Some(decision) if decision == capability.action.decision() => LinkState::Same,
        Some(decision) if !decision.by_person() => LinkState::TooLate,
        Some(_) => LinkState::Otherwise,
        None if request.status.outcome().is_some() => LinkState::Ended,
        None if capability.gate.is_approval() && !approves => LinkState::NoApprover,
        None => LinkState::Open,
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use chrono::{DateTime, Utc};
    use domain::decision::{Action, Decision, Gate};
    use domain::ids::{OrgId, RequestId};
    use domain::job::Job;
    use domain::request::{Plan, PlannedGroup, Requester, Sku, Status};
    use domain::submission::Onboarding;

    use super::*;

    pub(crate) fn at() -> DateTime<Utc> {
        "2026-11-28T07:00:00Z".parse().unwrap()
    }

    pub(crate) fn request(name: &str) -> RequestRecord {
        let body = serde_json::json!({"first_name": "Ada", "last_name": "Lovelace", "job_title": name, "department": name,
            "office": name, "groups": [name], "manager": "charles@contoso.com", "start_date": "2026-12-01"});
        // No form accepts all of these names, but a page must still show them as text.
        let mut form = Onboarding::parse(&body).unwrap();
        name.clone_into(&mut form.first_name);
        RequestRecord {
            org: OrgId::parse("acme").unwrap(),
            id: RequestId::parse(&format!("r{}", "0".repeat(32))).unwrap(),
            status: Status::WaitingApproval,
            run: 1,
            job: Job::Onboarding(form),
            plan: Plan {
                upn: "ada@contoso.com".to_owned(),
                display_name: name.to_owned(),
                licenses: vec![Sku {
                    id: "1".to_owned(),
                    part_number: "SPB".to_owned(),
                }],
                approval_required: true,
                approvers: vec!["hr@contoso.com".to_owned()],
                groups: vec![PlannedGroup {
                    name: name.to_owned(),
                    id: Some("g1".to_owned()),
                    copied: false,
                    reason: None,
                }],
                ..Plan::default()
            },
            requester: Requester {
                id: "m1".to_owned(),
                person: None,
                email: Some("Mary@contoso.com".to_owned()),
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

    pub(crate) fn capability(gate: Gate, action: Action, person: &str) -> Capability {
        let request = request("Ada");
        Capability {
            org: request.org,
            request: request.id,
            gate,
            action,
            person: person.to_owned(),
        }
    }

    pub(crate) fn gate(decision: Option<Decision>) -> GateRecord {
        GateRecord {
            token: Some("token".to_owned()),
            closes_at: at(),
            decision,
            decided_by: decision.map(|_| "hr@contoso.com".to_owned()),
            decided_via: decision.map(|_| "link".to_owned()),
            decided_at: decision.map(|_| at()),
            reason: None,
        }
    }

    #[test]
    fn link_state_follows_the_recorded_decision() {
        let cases = [
            (None, Status::WaitingApproval, LinkState::Open),
            (Some(Decision::Approved), Status::Running, LinkState::Same),
            (Some(Decision::Denied), Status::Denied, LinkState::Otherwise),
            (Some(Decision::Expired), Status::Denied, LinkState::TooLate),
            (Some(Decision::Cancelled), Status::Cancelled, LinkState::Otherwise),
            (None, Status::Failed, LinkState::Ended),
            (None, Status::Cancelled, LinkState::Ended),
        ];
        let link = capability(Gate::Approval(0), Action::Approve, "hr@contoso.com");
        for (decision, status, expected) in cases {
            let request = RequestRecord {
                status,
                ..request("Ada")
            };
            assert_eq!(
                link_state(&link, &gate(decision), &request, true),
                expected,
                "{decision:?} {status:?}"
            );
        }
        let link = capability(Gate::License("SPB".to_owned()), Action::Confirm, "technician");
        assert_eq!(
            link_state(&link, &gate(Some(Decision::TimedOut)), &request("Ada"), true),
            LinkState::TooLate
        );
    }

    #[test]
    fn former_approver_cannot_decide() {
        let link = capability(Gate::Approval(0), Action::Approve, "hr@contoso.com");
        let of = |decision| link_state(&link, &gate(decision), &request("Ada"), false);
        assert_eq!(of(None), LinkState::NoApprover);
        // Decisions made while the person was an approver stay valid.
        assert_eq!(of(Some(Decision::Approved)), LinkState::Same);
    }

    #[test]
    fn overdue_gate_is_open_until_a_decision_is_recorded() {
        let link = capability(Gate::Approval(0), Action::Deny, "hr@contoso.com");
        let gate = GateRecord {
            closes_at: at() - chrono::Duration::days(9),
            ..gate(None)
        };
        assert_eq!(link_state(&link, &gate, &request("Ada"), true), LinkState::Open);
    }

    #[test]
    fn requesters_do_not_approve_their_own_requests() {
        let own = capability(Gate::Approval(0), Action::Approve, "mary@CONTOSO.com");
        assert_eq!(
            link_state(&own, &gate(None), &request("Ada"), true),
            LinkState::OwnRequest
        );
        let license = capability(Gate::License("SPB".to_owned()), Action::Confirm, "mary@contoso.com");
        assert_eq!(
            link_state(&license, &gate(None), &request("Ada"), false),
            LinkState::Open
        );
        let token = RequestRecord {
            requester: Requester {
                id: "token:ci".to_owned(),
                person: None,
                email: None,
            },
            ..request("Ada")
        };
        assert_eq!(link_state(&own, &gate(None), &token, true), LinkState::Open);
    }
}
