//! API tokens: their names, lifetimes and roles.

use serde::{Deserialize, Serialize};

use crate::field::{InvalidValue, checked_text};
use crate::ids::OrgId;
use crate::role::Role;

/// How many days a token is valid by default.
pub const DEFAULT_DAYS: u16 = 90;
/// The longest lifetime of a token, in days.
pub const MOST_DAYS: u16 = 365;

/// The name of a token for people. It is unique among an organisation's live tokens.
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

/// Identifies a token within its organisation. An id is never reused.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TokenId(String);

checked_text!(TokenId);

impl TokenId {
    /// Generates an id; ids sort by time of creation.
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

/// A token as requests and the audit name it: `token:ORG/ID`. A token's name can be reused, this reference cannot.
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

/// Parses a token's lifetime in days.
pub fn parse_days(text: &str) -> Result<u16, InvalidValue> {
    let days = text.trim().parse().ok().filter(|days| (1..=MOST_DAYS).contains(days));
    days.ok_or(InvalidValue("must be a number of days from 1 to 365"))
}

/// Whether a member with the role `owner` may own a token with the role `token`. An admin may own tokens with any role,
/// everybody else only with their own role. This is checked when the token is created and at each use.
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
    fn token_reference_round_trips() {
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
    fn token_is_valid_for_at_most_a_year() {
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
