//! The person that a valid ID token names, and how far its claims can be trusted.

use domain::contact::EmailAddress;
use domain::sign_in::{Identity, Reason};

/// The most characters of a name that are kept.
const NAME: usize = 256;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Person {
    pub(crate) identity: Identity,
    /// `None` if Gangway does not accept the address, or Google has not verified it.
    pub(crate) verified: Option<EmailAddress>,
    /// The claimed address, for the audit only.
    pub(crate) claimed: String,
    /// The domain of the account's Workspace organisation.
    pub(crate) hd: Option<String>,
    name: Option<String>,
}

impl Person {
    pub(crate) fn new(
        identity: Identity,
        email: Option<&str>,
        email_verified: bool,
        hd: Option<String>,
        name: Option<&str>,
    ) -> Self {
        let claimed = email.unwrap_or_default();
        let address = EmailAddress::parse(claimed).ok().filter(|_| email_verified);
        Self {
            identity,
            verified: address.filter(|address| address.as_str() == claimed),
            claimed: one_line(claimed),
            hd,
            name: name.map(one_line).filter(|name| !name.is_empty()),
        }
    }

    pub(crate) fn name(&self) -> &str {
        self.name.as_deref().unwrap_or(&self.claimed)
    }

    /// Rule 3 of docs/google.md, as far as Google's claims go: the address whose domain may add the person.
    pub(crate) fn workspace_address(&self) -> Result<&EmailAddress, Reason> {
        let address = self.verified.as_ref().ok_or(Reason::AddressUnverified)?;
        let hd = self.hd.as_deref().ok_or(Reason::DomainMissing)?;
        if hd.eq_ignore_ascii_case(address.domain()) {
            Ok(address)
        } else {
            Err(Reason::DomainDiffers)
        }
    }

    /// Rule 6 of docs/google.md: whether Google is authoritative for the address, as for Gmail and for accounts of a
    /// Workspace organisation. For any other address, Google knows only that the person once could read mail there.
    pub(crate) fn google_answers_for_the_address(&self) -> bool {
        let of_gmail = |address: &EmailAddress| address.domain().eq_ignore_ascii_case("gmail.com");
        self.verified.as_ref().is_some_and(of_gmail) || self.workspace_address().is_ok()
    }
}

fn one_line(text: &str) -> String {
    let kept = text.chars().filter(|c| !c.is_control()).take(NAME);
    kept.collect::<String>().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(email: &str, verified: bool, hd: Option<&str>) -> Person {
        let identity = Identity {
            issuer: "https://accounts.google.com".to_owned(),
            subject: "1".to_owned(),
        };
        Person::new(
            identity,
            Some(email),
            verified,
            hd.map(str::to_owned),
            Some("Gina\nGoogle\u{7}"),
        )
    }

    #[test]
    fn rule_3_verified_and_hd_is_the_addresss_domain() {
        for (email, verified, hd, result) in [
            ("gina@example.com", true, Some("example.com"), Ok(())),
            ("Gina@Example.COM", true, Some("example.com"), Ok(())),
            ("gina@example.com", true, Some("EXAMPLE.com"), Ok(())),
            (
                "gina@example.com",
                false,
                Some("example.com"),
                Err(Reason::AddressUnverified),
            ),
            ("gina@example.com", true, None, Err(Reason::DomainMissing)),
            ("gina@example.com", true, Some(""), Err(Reason::DomainDiffers)),
            ("gina@example.com", true, Some("evil.test"), Err(Reason::DomainDiffers)),
            (
                "gina@mail.example.com",
                true,
                Some("example.com"),
                Err(Reason::DomainDiffers),
            ),
            (
                "gina@example.com",
                true,
                Some("mail.example.com"),
                Err(Reason::DomainDiffers),
            ),
            (
                "gina@example.com",
                true,
                Some("example.com."),
                Err(Reason::DomainDiffers),
            ),
            (
                "gina@example.com.",
                true,
                Some("example.com."),
                Err(Reason::AddressUnverified),
            ),
            (
                "gina@example.com",
                true,
                Some(" example.com"),
                Err(Reason::DomainDiffers),
            ),
            // Look-alikes: Cyrillic, full width, and the first one in punycode.
            (
                "gina@\u{435}xample.com",
                true,
                Some("example.com"),
                Err(Reason::AddressUnverified),
            ),
            (
                "gina@example.com",
                true,
                Some("\u{435}xample.com"),
                Err(Reason::DomainDiffers),
            ),
            (
                "gina@example.com",
                true,
                Some("\u{ff45}xample.com"),
                Err(Reason::DomainDiffers),
            ),
            (
                "gina@xn--xample-2of.com",
                true,
                Some("example.com"),
                Err(Reason::DomainDiffers),
            ),
            (
                "gina@example.com@evil.test",
                true,
                Some("evil.test"),
                Err(Reason::AddressUnverified),
            ),
            (
                "gina@evil.test,gina@example.com",
                true,
                Some("example.com"),
                Err(Reason::AddressUnverified),
            ),
            (
                " gina@example.com",
                true,
                Some("example.com"),
                Err(Reason::AddressUnverified),
            ),
            ("", true, Some("example.com"), Err(Reason::AddressUnverified)),
        ] {
            let person = person(email, verified, hd);
            assert_eq!(
                person.workspace_address().map(|_| ()),
                result,
                "{email} {verified} {hd:?}"
            );
        }
    }

    #[test]
    fn rule_6_google_is_authoritative_for_gmail_and_workspace() {
        for (email, verified, hd, answers) in [
            ("gina@gmail.com", true, None, true),
            ("gina@GMAIL.com", true, None, true),
            ("gina@gmail.com", false, None, false),
            ("gina@gmail.com.evil.test", true, None, false),
            ("gina@example.com", true, Some("example.com"), true),
            ("gina@example.com", true, None, false),
            ("gina@example.com", true, Some("other.example"), false),
            ("gina@example.com", false, Some("example.com"), false),
        ] {
            let person = person(email, verified, hd);
            assert_eq!(
                person.google_answers_for_the_address(),
                answers,
                "{email} {verified} {hd:?}"
            );
        }
    }

    #[test]
    fn names_are_one_line() {
        assert_eq!(person("gina@example.com", true, None).name(), "GinaGoogle");
        let mut nameless = person("gina@example.com", true, None);
        nameless.name = None;
        assert_eq!(nameless.name(), "gina@example.com");
    }
}
