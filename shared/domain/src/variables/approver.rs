//! The approvers that the variables name.

use crate::contact::EmailAddress;
use crate::field::InvalidValue;

/// The value that means the manager, in place of an address.
const MANAGER: &str = "manager";

/// A person who is asked for approval.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(test, derive(serde::Serialize), serde(into = "String"))]
pub enum Approver {
    /// The manager of the person whom the request is about.
    Manager,
    Address(EmailAddress),
}

impl Approver {
    pub(super) fn is(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Address(address), Self::Address(other)) => address.is(other.as_str()),
            _ => self == other,
        }
    }

    pub(super) fn as_str(&self) -> &str {
        match self {
            Self::Manager => MANAGER,
            Self::Address(address) => address.as_str(),
        }
    }
}

impl TryFrom<String> for Approver {
    type Error = InvalidValue;
    fn try_from(text: String) -> Result<Self, InvalidValue> {
        if text.eq_ignore_ascii_case(MANAGER) {
            Ok(Self::Manager)
        } else {
            EmailAddress::parse(&text).map(Self::Address)
        }
    }
}

impl From<Approver> for String {
    fn from(approver: Approver) -> Self {
        approver.as_str().to_owned()
    }
}
