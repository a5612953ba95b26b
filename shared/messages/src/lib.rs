//! Texts of notes and mails, as plain text with one paragraph per line. Texts that the requirements give word for word
//! are the same here. A text with a link or a password is a secret, because anyone who has the link can decide.

mod approval;
mod end;
mod license;
mod mfa;
mod offboarding;
mod ticket;
mod user;

use secrecy::SecretString;

use domain::job::{About, Kind};
use domain::text::{one_line, unlinked};

pub use approval::*;
pub use end::*;
pub use license::*;
pub use mfa::*;
pub use offboarding::*;
pub use ticket::*;
pub use user::*;

/// What happened to the account of a request that ended before it began.
fn untouched(about: About<'_>) -> &'static str {
    match about.kind {
        Kind::Onboarding => "No user was created.",
        Kind::Offboarding => "Nothing was changed.",
    }
}

/// Completes "Without a decision by then, the request expires and ...".
fn stays_untouched(about: About<'_>) -> &'static str {
    match about.kind {
        Kind::Onboarding => "no user is created",
        Kind::Offboarding => "nothing is changed",
    }
}

/// The subject and text of a mail.
#[derive(Debug)]
pub struct MailText {
    pub subject: String,
    pub text: SecretString,
}

/// Something that was requested and not done, with the reason, for a technician to finish.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Skipped {
    pub name: String,
    pub reason: String,
}

fn paragraphs<'a>(parts: impl IntoIterator<Item = &'a str>) -> String {
    parts
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join("\n\n")
}

/// The subject of a note that is sent by mail because there is no PSA or the PSA failed.
pub fn note_subject(about: About<'_>) -> String {
    let noun = match about.kind {
        Kind::Onboarding => "Onboarding",
        Kind::Offboarding => "Offboarding",
    };
    format!("{noun} of {}", one_line(about.name))
}

fn items(list: &[String]) -> String {
    list.iter()
        .map(|item| format!("- {}", unlinked(item)))
        .collect::<Vec<_>>()
        .join("\n")
}

fn skipped_items(list: &[Skipped]) -> String {
    list.iter()
        .map(|skipped| format!("- {}: {}", unlinked(&skipped.name), unlinked(&skipped.reason)))
        .collect::<Vec<_>>()
        .join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subjects_are_one_line() {
        let about = |kind| About {
            kind,
            name: "Ada\r\nBcc: x@example.com",
        };
        assert_eq!(
            note_subject(about(Kind::Onboarding)),
            "Onboarding of Ada Bcc: x@example.com"
        );
        assert_eq!(
            note_subject(about(Kind::Offboarding)),
            "Offboarding of Ada Bcc: x@example.com"
        );
    }
}
