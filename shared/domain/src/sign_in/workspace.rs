//! The domain whose users an organisation accepts as members.

use serde::{Deserialize, Serialize};

use crate::field::{InvalidValue, checked_text};

/// Domains of consumer mail providers, one per line and sorted. An address there does not make anybody an employee.
const CONSUMER: &str = include_str!("consumer_domains.txt");

/// A company's domain in DNS form: lower case, IDN as `xn--`, no trailing dot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct WorkspaceDomain(String);

impl WorkspaceDomain {
    pub const TAKES: &'static str = "must be a company's own domain, such as example.com";
    pub const CONSUMER: &'static str = "belongs to a mail provider whose addresses anybody can have";

    pub fn parse(text: &str) -> Result<Self, InvalidValue> {
        let text = text.trim();
        let text = text.strip_suffix('.').unwrap_or(text);
        let Ok(url::Host::Domain(domain)) = url::Host::parse(text) else {
            return Err(InvalidValue(Self::TAKES));
        };
        if crate::contact::DomainName::parse_long(&domain).is_err() {
            return Err(InvalidValue(Self::TAKES));
        }
        if CONSUMER.lines().any(|consumer| consumer == domain) {
            return Err(InvalidValue(Self::CONSUMER));
        }
        Ok(Self(domain))
    }
}

checked_text!(WorkspaceDomain);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn domains_have_one_spelling() {
        for (given, kept) in [
            ("example.com", "example.com"),
            (" Example.COM. ", "example.com"),
            ("bücher.example", "xn--bcher-kva.example"),
            ("BÜCHER.example", "xn--bcher-kva.example"),
            ("xn--bcher-kva.example", "xn--bcher-kva.example"),
            // The first letter is Cyrillic, so this is a different domain.
            ("\u{435}xample.com", "xn--xample-2of.com"),
        ] {
            assert_eq!(WorkspaceDomain::parse(given).unwrap().as_str(), kept, "{given}");
        }
        for bad in [
            "",
            ".",
            "com",
            "example.com..",
            "a b.com",
            "127.0.0.1",
            "[::1]",
            "jane@example.com",
            "https://example.com",
            "-a.com",
        ] {
            assert_eq!(
                WorkspaceDomain::parse(bad).unwrap_err().0,
                WorkspaceDomain::TAKES,
                "{bad}"
            );
        }
    }

    #[test]
    fn consumer_domains_are_refused() {
        for consumer in [
            "gmail.com",
            "GMAIL.com.",
            "googlemail.com",
            "outlook.com",
            "yahoo.co.uk",
            "proton.me",
        ] {
            assert_eq!(
                WorkspaceDomain::parse(consumer).unwrap_err().0,
                WorkspaceDomain::CONSUMER,
                "{consumer}"
            );
        }
        assert!(WorkspaceDomain::parse("mygmail.com").is_ok());
        let lines: Vec<_> = CONSUMER.lines().collect();
        assert!(lines.is_sorted() && lines.iter().all(|line| !line.is_empty()));
    }
}
