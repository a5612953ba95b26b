//! Gates, at which an execution waits for a person, and the decisions made there.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::field::{InvalidValue, checked_text, choice};
use crate::text::is_hidden;

/// A gate at which an execution waits for a person. Each gate is decided once; a second request for approval uses
/// another gate.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Gate {
    /// The number counts how often approval was requested again; the first gate is 0.
    Approval(u32),
    /// A technician buys the license with this part number.
    License(String),
}

impl Gate {
    /// The name of the gate, unique within its request.
    pub fn key(&self) -> String {
        match self {
            Self::Approval(0) => "approval".into(),
            Self::Approval(again) => format!("approval-{}", again + 1),
            Self::License(part_number) => format!("license-{part_number}"),
        }
    }

    pub fn parse(key: &str) -> Result<Self, InvalidValue> {
        let wrong = InvalidValue("must be a gate: approval, approval-N or license-PART");
        if key == "approval" {
            return Ok(Self::Approval(0));
        }
        if let Some(number) = key.strip_prefix("approval-") {
            let number = number.parse().ok().filter(|number| *number >= 2);
            return number.map(|number: u32| Self::Approval(number - 1)).ok_or(wrong);
        }
        match key.strip_prefix("license-") {
            Some(part_number) if !part_number.is_empty() => Ok(Self::License(part_number.into())),
            _ => Err(wrong),
        }
    }

    pub fn is_approval(&self) -> bool {
        matches!(self, Self::Approval(_))
    }

    /// The two actions that a person can choose from at this gate.
    pub fn actions(&self) -> [Action; 2] {
        match self {
            Self::Approval(_) => [Action::Approve, Action::Deny],
            Self::License(_) => [Action::Confirm, Action::Reject],
        }
    }

    /// The decision that is recorded if nobody answers in time.
    pub fn when_nobody_answers(&self) -> Decision {
        match self {
            Self::Approval(_) => Decision::Expired,
            Self::License(_) => Decision::TimedOut,
        }
    }
}

impl fmt::Display for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.key())
    }
}

impl TryFrom<String> for Gate {
    type Error = InvalidValue;
    fn try_from(key: String) -> Result<Self, InvalidValue> {
        Self::parse(&key)
    }
}

impl From<Gate> for String {
    fn from(gate: Gate) -> Self {
        gate.key()
    }
}

choice! {
    /// The action that a link performs when its button is pressed.
    Action { Approve = "approve", Deny = "deny", Confirm = "confirm", Reject = "reject" }
}

impl Action {
    pub fn decision(self) -> Decision {
        match self {
            Self::Approve => Decision::Approved,
            Self::Deny => Decision::Denied,
            Self::Confirm => Decision::Confirmed,
            Self::Reject => Decision::Rejected,
        }
    }

    /// Whether the action needs a reason: the requester of a denied request sees why.
    pub fn needs_reason(self) -> bool {
        self == Self::Deny
    }

    /// The label of the button for this action.
    pub fn button(self) -> &'static str {
        match self {
            Self::Approve => "Approve",
            Self::Deny => "Deny",
            Self::Confirm => "Confirm the purchase",
            Self::Reject => "Reject the purchase",
        }
    }
}

impl From<Action> for Decision {
    fn from(action: Action) -> Self {
        action.decision()
    }
}

/// The reason for a decision: one line for the ticket and the requester.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Reason(String);
checked_text!(Reason);

impl Reason {
    pub const MAX: usize = 500;

    /// Joins lines, so that text from a box of several lines stays readable on a ticket.
    pub fn parse(text: &str) -> Result<Self, InvalidValue> {
        let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
        if line.is_empty() || line.chars().count() > Self::MAX || line.chars().any(is_hidden) {
            return Err(InvalidValue("must be a text of 1 to 500 characters"));
        }
        Ok(Self(line))
    }
}

choice! {
    /// How a gate ended. A decision is written once and never changed.
    Decision {
        Approved = "approved",
        Denied = "denied",
        Expired = "expired",
        Confirmed = "confirmed",
        Rejected = "rejected",
        TimedOut = "timed_out",
        Cancelled = "cancelled",
    }
}

impl Decision {
    /// Whether a person decided, as opposed to a timeout.
    pub fn by_person(self) -> bool {
        !matches!(self, Self::Expired | Self::TimedOut)
    }

    /// Completes the sentence "The request was already ..." on pages.
    pub fn label(self) -> &'static str {
        match self {
            Self::Approved => "approved",
            Self::Denied => "denied",
            Self::Expired => "expired without a decision",
            Self::Confirmed => "confirmed as purchased",
            Self::Rejected => "rejected",
            Self::TimedOut => "timed out without a choice",
            Self::Cancelled => "cancelled",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gate_keys_round_trip() {
        assert_eq!(Gate::License("SPB".into()).key(), "license-SPB");
        assert_eq!(
            [0, 1].map(|again| Gate::Approval(again).key()),
            ["approval", "approval-2"]
        );
        for gate in [
            Gate::Approval(0),
            Gate::Approval(1),
            Gate::License("SPB".into()),
            Gate::License("license-x".into()),
        ] {
            assert_eq!(Gate::parse(&gate.key()), Ok(gate.clone()));
            assert_eq!(
                serde_json::from_value::<Gate>(serde_json::to_value(&gate).unwrap()).unwrap(),
                gate
            );
        }
        for bad in [
            "",
            "license-",
            "Approval",
            "approval-x",
            "approval-1",
            "approval-0",
            "approval-",
        ] {
            assert!(Gate::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn reasons_are_one_line() {
        let reason = |text: &str| Reason::parse(text).map(String::from);
        assert_eq!(
            reason(" No budget\r\n  this year "),
            Ok("No budget this year".to_owned())
        );
        assert!(reason(&"é".repeat(Reason::MAX)).is_ok());
        for bad in ["", " \n ", "a\u{7}b", &"x".repeat(Reason::MAX + 1)] {
            assert!(reason(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn names_are_the_same_everywhere() {
        for decision in Decision::ALL {
            assert_eq!(serde_json::to_value(decision).unwrap(), decision.as_str());
            assert_eq!(Decision::parse(decision.as_str()), Some(*decision));
        }
        assert_eq!(Decision::TimedOut.as_str(), "timed_out");
        assert_eq!(
            Gate::Approval(0).actions().map(Decision::from),
            [Decision::Approved, Decision::Denied]
        );
    }
}
