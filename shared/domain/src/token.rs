//! API tokens: what they may be called, how long they last, and which role they may have.

use serde::{Deserialize, Serialize};

use crate::field::{InvalidValue, checked_text};
use crate::ids::OrgId;
use crate::role::Role;

/// How many days a token lasts where nobody says otherwise.
pub const DEFAULT_DAYS: u16 = 90;
/// The most days that a token may last.
pub const MOST_DAYS: u16 = 365;

/// The name by which people know a token; one of an organisation's live tokens has it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TokenName(String);

checked_text!(TokenName);

impl TokenName {
    pub fn parse(text: &str) -> Result<Self, InvalidValue> {
        let text = text.trim();
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        if (1..=64).contains(&text.len()) && text.bytes().all(allowed) {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidValue("must be 1 to 64 letters, digits, -, _ and ."))
        }
    }
}

/// Identifies a token within its organisation, for ever.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TokenId(String);

checked_text!(TokenId);

impl TokenId {
    /// Ids are in the order of creation.
    pub fn generate() -> Self {
        Self(format!("t{}", uuid::Uuid::now_v7().simple()))
    }

    pub fn parse(text: &str) -> Result<Self, InvalidValue> {
        let digits = text.strip_prefix('t').unwrap_or_default();
        if digits.len() == 32 && digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidValue("must be the id of a token"))
        }
    }
}

/// A token as requests and the audit name it: `token:ORG/ID`. Names are given anew; this is not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenRef {
    pub org: OrgId,
    pub id: TokenId,
}

impl TokenRef {
    pub fn parse(text: &str) -> Option<Self> {
        let (org, id) = text.strip_prefix("token:")?.split_once('/')?;
        Some(Self {
            org: OrgId::parse(org).ok()?,
            id: TokenId::parse(id).ok()?,
        })
    }
}

impl std::fmt::Display for TokenRef {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "token:{}/{}", self.org, self.id)
    }
}

/// Days that a token lasts.
pub fn parse_days(text: &str) -> Result<u16, InvalidValue> {
    let days = text.trim().parse().ok().filter(|days| (1..=MOST_DAYS).contains(days));
    days.ok_or(InvalidValue("must be a number of days from 1 to 365"))
}

/// Whether a member with the role `owner` may have a token with the role `token`: an admin, with any; everybody else, with
/// their own role. It counts when the token is made and at each use.
pub fn may_own(owner: Role, token: Role) -> bool {
    owner == Role::Admin || owner == token
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_short_and_plain() {
        assert_eq!(TokenName::parse(" ci-2.x_y ").unwrap().as_str(), "ci-2.x_y");
        for bad in ["", " ", "a b", "a\nb", "pay/roll", "ä", &"x".repeat(65)] {
            assert!(TokenName::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_reference_is_read_as_it_was_written() {
        let token = TokenRef {
            org: OrgId::parse("acme").unwrap(),
            id: TokenId::generate(),
        };
        assert_eq!(TokenRef::parse(&token.to_string()), Some(token));
        for other in ["token:ci", "token:acme/ci", "token:/t1", "m1", "acme/t1", ""] {
            assert_eq!(TokenRef::parse(other), None, "{other}");
        }
    }

    #[test]
    fn a_token_lasts_a_year_at_most() {
        assert_eq!((parse_days("1"), parse_days(" 365 ")), (Ok(1), Ok(365)));
        for bad in ["0", "366", "-1", "1.5", "ten", "", "70000"] {
            assert!(parse_days(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_token_has_no_more_rights_than_its_owner() {
        for owner in Role::ALL {
            for token in Role::ALL {
                let expected = owner == Role::Admin || owner == token;
                assert_eq!(may_own(owner, token), expected, "{owner:?} {token:?}");
            }
        }
        assert!(!may_own(Role::Approver, Role::Admin) && !may_own(Role::Basic, Role::Technician));
    }
}
