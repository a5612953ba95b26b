//! Identifiers that are valid by construction.

use serde::{Deserialize, Serialize};

use crate::field::{InvalidValue, checked_text};

/// The short name of an organisation, as used in URLs.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct OrgId(String);

/// Identifies a request across all organisations. It is part of execution names, effect marks and secret names.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RequestId(String);

checked_text!(OrgId);
checked_text!(RequestId);

impl OrgId {
    pub fn parse(text: &str) -> Result<Self, InvalidValue> {
        let ok = (1..=40).contains(&text.len())
            && !text.starts_with('-')
            && text
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if ok {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidValue(
                "an organisation's id has 1 to 40 of a-z, 0-9 and -, and starts with a letter or digit",
            ))
        }
    }
}

impl RequestId {
    /// Generates a time-ordered id, so that lists sort by age.
    pub fn generate() -> Self {
        Self(format!("r{}", uuid::Uuid::now_v7().simple()))
    }

    pub fn parse(text: &str) -> Result<Self, InvalidValue> {
        let ok = text.len() == 33
            && text.starts_with('r')
            && text.bytes().skip(1).all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        if ok {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidValue("not a request id"))
        }
    }

    /// The name of this request's execution with the number `run`.
    pub fn execution_name(&self, run: u32) -> String {
        format!("{}-{run}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn org_ids_are_safe_in_urls_and_secret_names() {
        for good in ["acme", "a", "7-eleven", &"a".repeat(40)] {
            assert!(OrgId::parse(good).is_ok(), "{good}");
        }
        for bad in ["", "-a", "Acme", "a/b", "a#b", "a.b", "ä", &"a".repeat(41)] {
            assert!(OrgId::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn request_ids_round_trip() {
        let id = RequestId::generate();
        assert!(RequestId::parse(id.as_str()).is_ok());
        assert!(RequestId::parse("r123").is_err());
        assert!(id.execution_name(2).len() <= 80, "Step Functions allows 80 characters");
    }
}
