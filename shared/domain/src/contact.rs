//! E-mail addresses, domain names, user principal names and phone numbers.

use email_address::{EmailAddress as Rfc5321, Options};
use serde::{Deserialize, Serialize};

use crate::field::{InvalidValue, checked_text};

/// An e-mail address that SES accepts: ASCII, no display name, no quoted local part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct EmailAddress(String);

impl EmailAddress {
    pub const TAKES: &'static str = "must be an e-mail address, such as name@example.com";

    pub fn parse(text: &str) -> Result<Self, InvalidValue> {
        let text = text.trim();
        let options = Options::default()
            .with_required_tld()
            .without_display_text()
            .without_domain_literal();
        let ok = text.is_ascii()
            && !text.contains('"')
            && text
                .rsplit_once('@')
                .is_some_and(|(_, domain)| DomainName::parse_long(domain).is_ok())
            && Rfc5321::parse_with_options(text, options).is_ok();
        if ok {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidValue(Self::TAKES))
        }
    }

    /// Whether both addresses reach one person. The case is ignored, because no major provider distinguishes addresses
    /// by it.
    pub fn is(&self, other: &str) -> bool {
        self.0.eq_ignore_ascii_case(other.trim())
    }

    pub fn domain(&self) -> &str {
        self.0.rsplit_once('@').map_or("", |(_, domain)| domain)
    }
}

/// A domain that user principal names may have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DomainName(String);

impl DomainName {
    /// Entra's limit for the domain of a user principal name.
    pub const MAX: usize = 48;
    pub const TAKES: &'static str = "must be a domain name of at most 48 characters, such as example.com";

    pub fn parse(text: &str) -> Result<Self, InvalidValue> {
        let domain = Self::parse_long(text)?;
        if domain.0.len() <= Self::MAX {
            Ok(domain)
        } else {
            Err(InvalidValue(Self::TAKES))
        }
    }

    /// Accepts names up to the limit of DNS, which is longer than [`Self::MAX`].
    pub(crate) fn parse_long(text: &str) -> Result<Self, InvalidValue> {
        let domain = text.trim().to_ascii_lowercase();
        let label_ok = |label: &str| {
            (1..=63).contains(&label.len())
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        };
        let top_level_ok = domain
            .rsplit('.')
            .next()
            .is_some_and(|label| !label.bytes().all(|b| b.is_ascii_digit()));
        let ok = domain.len() <= 253 && domain.contains('.') && domain.split('.').all(label_ok) && top_level_ok;
        if ok {
            Ok(Self(domain))
        } else {
            Err(InvalidValue(Self::TAKES))
        }
    }
}

/// A user principal name (UPN), which identifies a user in Entra.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Upn(String);

impl Upn {
    pub const TAKES: &'static str = "must be a user principal name, such as name@example.com";

    /// Accepts the UPN of any existing user, so it is looser than the rules for names that Gangway makes.
    pub fn parse(text: &str) -> Result<Self, InvalidValue> {
        let text = text.trim();
        let char_ok = |b: u8| b.is_ascii_alphanumeric() || b"'.-_!#^~".contains(&b);
        let ok = text.rsplit_once('@').is_some_and(|(local, domain)| {
            (1..=64).contains(&local.len())
                && local.bytes().all(char_ok)
                && !local.starts_with('.')
                && !local.ends_with('.')
                && DomainName::parse(domain).is_ok()
        });
        if ok {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidValue(Self::TAKES))
        }
    }

    /// Both parts are within their limits, so the result is within Entra's 113 characters.
    pub fn of(local: &crate::username::LocalPart, domain: &DomainName) -> Self {
        Self(format!("{local}@{domain}"))
    }

    /// Whether both UPNs name the same user; the case is ignored.
    pub fn is(&self, other: &str) -> bool {
        self.0.eq_ignore_ascii_case(other.trim())
    }

    pub fn local_part(&self) -> &str {
        self.0.rsplit_once('@').map_or("", |(local, _)| local)
    }

    pub fn domain(&self) -> &str {
        self.0.rsplit_once('@').map_or("", |(_, domain)| domain)
    }
}

/// A phone number in E.164 format, without separators.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PhoneNumber(String);

impl PhoneNumber {
    pub const TAKES: &'static str = "must be a phone number with its country code, such as +1 212 555 0100";

    /// Drops the separators that people type. Rejects "(0)", because dialled from abroad that digit reaches a different
    /// number.
    pub fn parse(text: &str) -> Result<Self, InvalidValue> {
        let digits = text
            .trim()
            .strip_prefix('+')
            .filter(|rest| !rest.contains("(0)"))
            .map(|rest| rest.chars().filter(|c| !" -.()\u{a0}".contains(*c)).collect::<String>());
        match digits {
            Some(d) if (7..=15).contains(&d.len()) && !d.starts_with('0') && d.bytes().all(|b| b.is_ascii_digit()) => {
                Ok(Self(format!("+{d}")))
            }
            _ => Err(InvalidValue(Self::TAKES)),
        }
    }
}

checked_text!(EmailAddress);
checked_text!(DomainName);
checked_text!(Upn);
checked_text!(PhoneNumber);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mail_addresses_are_parsed() {
        let address = EmailAddress::parse(" Ada.Lovelace+x@Example.COM ").unwrap();
        assert_eq!(address.as_str(), "Ada.Lovelace+x@Example.COM");
        assert!(address.is("ada.lovelace+X@example.com"));
        for bad in [
            "",
            "ada",
            "ada@",
            "@example.com",
            "ada@localhost",
            "ada@[127.0.0.1]",
            "Ada <ada@example.com>",
            "\"a b\"@example.com",
            "ada@exa mple.com",
            "ada@example.com\r\nBcc: x@example.com",
            "ada@example.com,bob@example.com",
            "ada..l@example.com",
            "ädä@example.com",
            "ada@-example.com",
        ] {
            assert!(EmailAddress::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn user_principal_names_are_parsed() {
        assert!(Upn::parse("ada_gmail.com#EXT#@contoso.onmicrosoft.com").is_ok());
        assert!(Upn::parse("o'brien@example.com").is_ok());
        let long = format!("{}@{}.com", "a".repeat(64), "b".repeat(44));
        assert_eq!(Upn::parse(&long).unwrap().as_str().len(), 113);
        for bad in [
            "a b@example.com",
            ".a@example.com",
            "a.@example.com",
            "a@example",
            "a/b@example.com",
            "a'@b'@example.com",
            &format!("{}@example.com", "a".repeat(65)),
            &format!("a@{}.com", "b".repeat(45)),
        ] {
            assert!(Upn::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn domains_are_parsed() {
        assert_eq!(
            DomainName::parse(" Contoso.OnMicrosoft.com").unwrap().as_str(),
            "contoso.onmicrosoft.com"
        );
        for bad in [
            "",
            "com",
            "a..b",
            ".a.b",
            "a.b.",
            "a_b.com",
            "127.0.0.1",
            "exämple.com",
            "a b.com",
            "-a.com",
        ] {
            assert!(DomainName::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn phone_numbers_are_parsed() {
        assert_eq!(
            PhoneNumber::parse("+1 (212) 555-0100").unwrap().as_str(),
            "+12125550100"
        );
        assert_eq!(PhoneNumber::parse("+4930123456").unwrap().as_str(), "+4930123456");
        for bad in [
            "",
            "+",
            "030 123456",
            "+49 (0)30 123456",
            "+0123456789",
            "+1234567890123456",
            "+49 30 CALL",
            "++4930123456",
        ] {
            assert!(PhoneNumber::parse(bad).is_err(), "{bad}");
        }
    }
}
