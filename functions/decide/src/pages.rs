//! The pages and JSON responses about a link.

use askama::Template;
use domain::decision::{Action, Gate};
use domain::field::FieldError;
use domain::job::Kind;

use domain::schedule::local_words;
use serde_json::{Value, json};
use web::ProblemDetails;

use crate::link::Link;
use crate::link_state::LinkState;

#[derive(Template)]
#[template(path = "decision.html")]
pub(crate) struct Decision<'a> {
    pub(crate) link: &'a Link,
    /// The address to which the button posts.
    pub(crate) action: String,
    pub(crate) open: bool,
    /// Whether the script posts without waiting for the button.
    pub(crate) send: bool,
    pub(crate) message: String,
    /// The errors of the sent fields.
    pub(crate) problems: &'a [FieldError],
}

#[derive(Template)]
#[template(path = "message.html")]
pub(crate) struct Message<'a> {
    pub(crate) message: &'a str,
}

impl Decision<'_> {
    pub(crate) fn title(&self) -> String {
        let about = self.link.request.about();
        match (self.link.capability.action, &self.link.capability.gate) {
            (Action::Approve, _) => format!("Approve the {about}"),
            (Action::Deny, _) => format!("Deny the {about}"),
            (Action::Confirm, gate) => format!("Confirm the purchase of {}", part_number(gate)),
            (Action::Reject, gate) => format!("Reject the purchase of {}", part_number(gate)),
        }
    }

    fn consequence(&self) -> &'static str {
        match (self.link.capability.action, self.link.request.kind()) {
            (Action::Approve, Kind::Onboarding) => "Approved, the user is created.",
            (Action::Approve, Kind::Offboarding) => "Approved, the account is closed as said above.",
            (Action::Deny, Kind::Onboarding) => "Denied, no user is created and the request ends.",
            (Action::Deny, Kind::Offboarding) => "Denied, nothing is changed and the request ends.",
            (Action::Confirm, _) => "Confirmed, Gangway looks for the purchased seat and assigns it.",
            (Action::Reject, _) => {
                "Rejected, the onboarding goes on without the license; a technician applies it by hand."
            }
        }
    }

    fn needs_reason(&self) -> bool {
        self.link.capability.action.needs_reason()
    }

    /// Whether the page's window closes by itself, as after a decision on a license.
    fn closes(&self) -> bool {
        matches!(self.link.capability.gate, Gate::License(_))
    }

    fn facts(&self) -> Vec<(&'static str, String)> {
        let request = &self.link.request;
        let mut facts = vec![
            ("Organisation", self.link.organisation.name.clone()),
            ("Asked by", asked_by(self.link)),
        ];
        // A license link is on the ticket and needs no sign-in, so it shows only what the ticket shows.
        facts.extend(match self.link.capability.gate {
            Gate::Approval(_) => messages::approval_facts(&request.job, &request.plan),
            Gate::License(_) => messages::job_facts(&request.job, &request.plan),
        });
        facts.push(("Until", local_words(self.link.gate.closes_at, self.link.zone)));
        facts
    }
}

fn asked_by(link: &Link) -> String {
    link.hidden.hide(link.request.requester.known_as())
}

fn part_number(gate: &Gate) -> &str {
    match gate {
        Gate::License(part_number) => part_number,
        Gate::Approval(_) => "the license",
    }
}

/// One or two sentences about the current state.
pub(crate) fn message(link: &Link) -> String {
    let subject = match &link.capability.gate {
        Gate::Approval(_) => format!("The {}", link.request.about()),
        Gate::License(part_number) => {
            format!("The purchase of {part_number} for {}", link.request.plan.display_name)
        }
    };
    let current = link.request.plan.approval_gate();
    if link.capability.gate.is_approval() && link.capability.gate != current {
        return format!(
            "{subject} has changed since it was decided here, and approval was asked for again. This link does nothing any \
             more: the newest mail has the links that decide."
        );
    }
    let when = link
        .gate
        .decided_at
        .map(|at| format!(" on {}", local_words(at, link.zone)))
        .unwrap_or_default();
    let words = link
        .gate
        .decision
        .map_or("not decided", domain::decision::Decision::label);
    match link.state() {
        LinkState::Open => format!("{subject} waits for a decision."),
        LinkState::Same => format!("{subject} is {words}. The decision is recorded."),
        LinkState::Otherwise => {
            let by = link.hidden.hide(link.gate.decided_by.as_deref().unwrap_or("somebody"));
            let how = match link.gate.decided_via.as_deref() {
                Some("link") => " through their own link",
                _ => "",
            };
            format!("{subject} was already {words} by {by}{how}{when}. That decision stands.")
        }
        LinkState::TooLate => format!("{subject} {words}{when}. This link does nothing any more."),
        LinkState::Ended => format!(
            "The request ended ({}) before anybody decided here. This link does nothing any more.",
            link.request.status.as_str().replace('_', " ")
        ),
        LinkState::NoApprover => NO_APPROVER.to_owned(),
        LinkState::OwnRequest => "This is your own request, so somebody else must decide on it.".to_owned(),
    }
}

pub(crate) const NO_APPROVER: &str = "You are no longer an approver of this organisation. The approvers of today decide on the request: they \
     find it in Gangway under Pending.";

pub(crate) fn json(link: &Link) -> Value {
    let mut body = json!({
        "organisation": link.organisation.name,
        "request": link.request.id,
        "person": {"name": link.request.plan.display_name, "upn": link.request.plan.upn},
        "requested_by": asked_by(link),
        "gate": link.capability.gate,
        "action": link.capability.action,
        "closes_at": link.gate.closes_at,
        "version": link.request.plan.version,
        "message": message(link),
    });
    for (name, value) in decision_members(link) {
        body[name] = value;
    }
    body
}

/// The members that describe the decision. They do not include the task token.
fn decision_members(link: &Link) -> [(&'static str, Value); 5] {
    let gate = &link.gate;
    let by = gate.decided_by.as_deref().map(|by| link.hidden.hide(by));
    [
        ("decision", json!(gate.decision)),
        ("decided_by", json!(by)),
        ("decided_via", json!(gate.decided_via)),
        ("decided_at", json!(gate.decided_at)),
        ("reason", json!(gate.reason)),
    ]
}

pub(crate) fn with_decision(problem: ProblemDetails, link: &Link) -> ProblemDetails {
    decision_members(link)
        .into_iter()
        .fold(problem, |problem, (name, value)| problem.with(name, value))
}

pub(crate) fn decided_otherwise(link: &Link) -> ProblemDetails {
    with_decision(ProblemDetails::conflict(message(link)), link)
}

#[cfg(test)]
mod tests {
    use chrono_tz::Tz;
    use domain::decision::Decision as Decided;
    use domain::integration::Organisation;
    use web::Base;

    use super::*;
    use crate::link_state::tests::{capability, gate, request};

    const HOSTILE: &str = "<script>alert(1)</script>\"'&";

    fn link(name: &str, gate_of: Gate, action: Action, decision: Option<Decided>) -> Link {
        let request = request(name);
        let organisation = Organisation::new(request.org.clone(), name);
        Link {
            capability: capability(gate_of, action, "hr@contoso.com"),
            gate: gate(decision),
            request,
            organisation,
            approves: true,
            zone: Tz::Europe__Berlin,
            hidden: Default::default(),
        }
    }

    fn page(link: &Link, open: bool, send: bool) -> String {
        let base = Base::new("http://127.0.0.1:4566/base").unwrap();
        let content = Decision {
            link,
            action: base.link("/decide?c=capability"),
            open,
            send,
            message: message(link),
            problems: &[],
        };
        web::page(&base, &content.title(), None, &content).unwrap()
    }

    #[test]
    fn all_form_values_are_escaped() {
        let mut hostile = link(HOSTILE, Gate::Approval(0), Action::Approve, None);
        hostile.request.requester.email = Some(HOSTILE.to_owned());
        hostile.request.plan.upn = HOSTILE.to_owned();
        let text = page(&hostile, true, false);
        assert!(!text.contains("<script>"), "{text}");
        insta::assert_snapshot!(text);
    }

    #[test]
    fn license_page_posts_and_closes_itself_only_on_request() {
        let link = link("Ada", Gate::License("SPB".to_owned()), Action::Confirm, None);
        let alone = page(&link, true, false);
        assert!(alone.contains("data-close") && !alone.contains("data-send"), "{alone}");
        assert!(page(&link, true, true).contains("data-send"));
        insta::assert_snapshot!(alone);
    }

    #[test]
    fn an_approval_page_never_posts_by_itself() {
        let text = page(&link("Ada", Gate::Approval(0), Action::Deny, None), true, false);
        assert!(!text.contains("data-close") && !text.contains("data-send"), "{text}");
    }

    #[test]
    fn a_decided_link_has_no_button() {
        let text = page(
            &link("Ada", Gate::Approval(0), Action::Deny, Some(Decided::Approved)),
            false,
            false,
        );
        assert!(!text.contains("<form"), "{text}");
        assert!(
            text.contains("was already approved by hr@contoso.com through their own link"),
            "{text}"
        );
    }

    #[test]
    fn later_clicks_show_the_decision() {
        let problem =
            decided_otherwise(&link("Ada", Gate::Approval(0), Action::Deny, Some(Decided::Approved))).to_json();
        assert_eq!(problem["status"], 409);
        assert_eq!(problem["decision"], "approved");
        assert_eq!(problem["decided_via"], "link");
        assert_eq!(
            problem["detail"],
            "The onboarding of Ada was already approved by hr@contoso.com through their own link on \
             2026-11-28 08:00 (Europe/Berlin). That decision stands."
        );
    }

    #[test]
    fn task_token_is_not_shown() {
        let link = link("Ada", Gate::Approval(0), Action::Deny, None);
        assert!(!json(&link).to_string().contains("\"token\""));
    }
}
