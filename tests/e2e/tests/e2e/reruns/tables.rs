//! The outside effects of each Task state, and the scenarios that reach all of these states.

use serde_json::json;

use super::scenario::{Scenario, play};

/// An effect of a state that cannot be undone.
#[derive(Debug)]
pub(super) enum Effect {
    /// At a vendor: the system, the operation, and a part of the request.
    Vendor(&'static str, &'static str, &'static str),
    /// In Secrets Manager: the operation.
    Secret(&'static str),
    /// A mail with these words. It may be sent twice, because nobody can be asked whether it was sent.
    Mail(&'static str),
}

impl Effect {
    pub(super) fn vendor(&self) -> Option<(&'static str, &'static str, &'static str)> {
        match self {
            Self::Vendor(system, operation, contains) => Some((system, operation, contains)),
            Self::Secret(_) | Self::Mail(_) => None,
        }
    }
}

pub(super) struct Case {
    pub(super) state: &'static str,
    /// A scenario that reaches the state.
    pub(super) scenario: &'static str,
    /// Empty if the state only writes to Gangway's own tables.
    pub(super) effects: &'static [Effect],
}

const fn case(scenario: &'static str, state: &'static str, effects: &'static [Effect]) -> Case {
    Case {
        state,
        scenario,
        effects,
    }
}

const fn note(words: &'static str) -> Effect {
    Effect::Vendor("connectwise", "POST /service/tickets/{parentId}/notes", words)
}

const STATUS: Effect = Effect::Vendor("connectwise", "PATCH /service/tickets/{id}", "");
const ASSIGN: Effect = Effect::Vendor("graph", "POST /users/{id}/assignLicense", "");

pub(super) const CASES: &[Case] = &[
    case("bought", "Prepare the request", &[]),
    case(
        "bought",
        "Open the ticket",
        &[Effect::Vendor("connectwise", "POST /service/tickets", "")],
    ),
    case(
        "bought",
        "Tell the ticket that approval is awaited",
        &[note("/approval-requested]"), STATUS],
    ),
    case(
        "bought",
        "Ask the approvers",
        &[Effect::Mail("onboarding of Ada Lovelace at COMPANY")],
    ),
    case("bought", "Settle the approval", &[]),
    case("bought", "Plan the start", &[]),
    case("bought", "Tell the ticket the start date", &[note("/scheduled-")]),
    case("bought", "Claim the start", &[]),
    case(
        "bought",
        "Create the user",
        &[
            Effect::Secret("secretsmanager.CreateSecret"),
            Effect::Vendor("graph", "POST /users", ""),
            Effect::Vendor("graph", "PUT /users/{id}/manager/$ref", ""),
        ],
    ),
    case("bought", "Tell the ticket about the user", &[note("/user-created]")]),
    case("bought", "Find a license", &[]),
    case(
        "bought",
        "Buy a seat",
        &[Effect::Vendor("pax8", "PUT /subscriptions/{subscriptionId}", "")],
    ),
    case("bought", "Check the order", &[]),
    case("bought", "Assign the awaited license", &[ASSIGN]),
    case(
        "bought",
        "Add the groups",
        &[Effect::Vendor("graph", "POST /groups/{id}/members/$ref", "")],
    ),
    case("bought", "Report on MFA", &[]),
    case(
        "bought",
        "Tell the ticket about licenses and groups",
        &[note("/license-"), note("/groups]"), note("/mfa]")],
    ),
    case(
        "bought",
        "Hand over the password",
        &[
            note("/password]"),
            Effect::Mail("Account of Ada Lovelace at COMPANY"),
            Effect::Secret("secretsmanager.DeleteSecret"),
        ],
    ),
    case(
        "bought",
        "Sum up the completion",
        &[Effect::Mail("at COMPANY is completed")],
    ),
    case("bought", "Close the ticket", &[note("/summary]")]),
    case("bought", "Record the end", &[]),
    case("confirmed", "Assign the license", &[ASSIGN]),
    case("confirmed", "Tell the ticket that a license is awaited", &[STATUS]),
    case("confirmed", "Ask the technician", &[note("/purchase-")]),
    case("confirmed", "Settle the license", &[]),
    case("confirmed", "Tell the ticket the decision", &[note("/decided-license")]),
    case("never_shown", "Look for the seat a last time", &[]),
    case(
        "kept",
        "Tell the ticket that the password is kept",
        &[note("/password-kept]")],
    ),
    case(
        "kept",
        "Delete the kept password",
        &[Effect::Secret("secretsmanager.DeleteSecret")],
    ),
    case("denied", "Sum up the denial", &[]),
    case("cancelled", "Sum up the cancellation", &[]),
    case("failed", "Sum up the failure", &[]),
    case(
        "untold",
        "Mail what the ticket lacks",
        &[Effect::Mail("The onboarding of Ada Lovelace is denied")],
    ),
    case("broken", "Record a failed end", &[]),
    case(
        "left",
        "Block the sign-in",
        &[
            Effect::Vendor("graph", "PATCH /users/{id}", ""),
            Effect::Vendor("graph", "POST /users/{id}/revokeSignInSessions", ""),
        ],
    ),
    case("left", "Tell the ticket about the account", &[note("/sign-in]")]),
    case("left", "Free the licenses", &[ASSIGN]),
    case(
        "left",
        "Remove the groups",
        &[Effect::Vendor("graph", "DELETE /groups/{id}/members/{member}/$ref", "")],
    ),
];

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "bought",
        variables: &["allow_scheduled_user_creation=1"],
        approval: true,
        body: || json!({"licenses": ["ENTERPRISEPACK"], "groups": ["Sales", "Projects"], "start_date": "tomorrow"}),
        play: play::approve_and_bring_forward,
        runs: 2,
        outcome: "completed",
        effects: &[
            ("users_created", 1),
            ("tickets_created", 1),
            ("licenses_assigned", 1),
            ("members_added", 2),
            ("seats_bought", 1),
        ],
        notes: &[
            "approval-requested",
            "decided-approval",
            "scheduled-1",
            "approval-requested-again-1",
            "decided-approval-2",
            "user-created",
            "groups",
            "mfa",
            "password",
            "summary",
        ],
        ..Scenario::PLAIN
    },
    Scenario {
        name: "confirmed",
        body: || json!({"licenses": ["ENTERPRISEPACK", "SPB"], "license_purchase": "manual"}),
        play: play::buy_and_confirm,
        effects: &[
            ("users_created", 1),
            ("tickets_created", 1),
            ("licenses_assigned", 2),
            ("subscription_puts", 0),
        ],
        notes: &[
            "purchase-ENTERPRISEPACK",
            "decided-license-ENTERPRISEPACK",
            "license-ENTERPRISEPACK",
            "license-SPB",
            "summary",
        ],
        ..Scenario::PLAIN
    },
    Scenario {
        name: "never_shown",
        quick: true,
        body: || json!({"licenses": ["ENTERPRISEPACK"], "license_purchase": "manual"}),
        play: play::confirm,
        outcome: "completed_with_warnings",
        effects: &[("users_created", 1), ("tickets_created", 1), ("licenses_assigned", 0)],
        notes: &["license-ENTERPRISEPACK", "password", "summary"],
        ..Scenario::PLAIN
    },
    Scenario {
        name: "kept",
        quick: true,
        variables: &["store_password_in_ticket=0"],
        manager: false,
        outcome: "completed_with_warnings",
        notes: &["password-kept", "password-deleted", "summary"],
        ..Scenario::PLAIN
    },
    Scenario {
        name: "denied",
        approval: true,
        play: play::deny,
        outcome: "denied",
        effects: &[("users_created", 0), ("tickets_created", 1)],
        notes: &["approval-requested", "decided-approval", "summary"],
        ..Scenario::PLAIN
    },
    Scenario {
        name: "cancelled",
        approval: true,
        play: play::cancel,
        runs: 2,
        outcome: "cancelled",
        effects: &[("users_created", 0), ("tickets_created", 1)],
        notes: &["approval-requested", "cancelled", "summary"],
        ..Scenario::PLAIN
    },
    Scenario {
        name: "failed",
        approval: true,
        play: play::take_the_name_and_approve,
        outcome: "failed",
        effects: &[("users_created", 0), ("tickets_created", 1)],
        notes: &["failed", "summary"],
        ..Scenario::PLAIN
    },
    Scenario {
        name: "untold",
        approval: true,
        play: play::silence_the_ticket_system_and_deny,
        outcome: "denied",
        effects: &[("users_created", 0), ("tickets_created", 1)],
        notes: &["approval-requested"],
        ..Scenario::PLAIN
    },
    Scenario {
        name: "broken",
        approval: true,
        play: play::break_the_settings_and_approve,
        outcome: "failed",
        effects: &[("users_created", 0), ("tickets_created", 1)],
        notes: &["approval-requested"],
        ..Scenario::PLAIN
    },
    Scenario {
        name: "left",
        variables: &["allow_scheduled_user_creation=1"],
        approval: true,
        leaves: true,
        play: play::approve_and_let_the_day_pass,
        runs: 2,
        // Graph cannot change two of the four groups.
        outcome: "completed_with_warnings",
        effects: &[
            ("users_created", 0),
            ("tickets_created", 1),
            ("licenses_removed", 1),
            ("members_removed", 2),
        ],
        notes: &[
            "approval-requested",
            "decided-approval",
            "scheduled-1",
            "approval-requested-again-1",
            "decided-approval-2",
            "sign-in",
            "licenses-removed",
            "groups-removed",
            "summary",
        ],
        ..Scenario::PLAIN
    },
];

/// It has no start date, because a repeated change of the date would be one more execution.
pub(super) const ANY_WRITE: Scenario = Scenario {
    name: "any-write",
    approval: true,
    body: || json!({"licenses": ["ENTERPRISEPACK"], "groups": ["Sales"]}),
    play: play::approve,
    effects: &[
        ("users_created", 1),
        ("tickets_created", 1),
        ("licenses_assigned", 1),
        ("members_added", 1),
        ("seats_bought", 1),
    ],
    notes: &[
        "approval-requested",
        "decided-approval",
        "user-created",
        "groups",
        "password",
        "summary",
    ],
    ..Scenario::PLAIN
};
