//! Texts of notes and mails. Plain text, one paragraph a line; what is told word for word in the product's documents is so
//! here. Texts with links or passwords are secrets: a link decides for whoever holds it.

mod approval;
mod end;
mod license;
mod mfa;
mod ticket;
mod user;

use secrecy::SecretString;

pub use approval::*;
pub use end::*;
pub use license::*;
pub use mfa::*;
pub use ticket::*;
pub use user::*;

/// Subject and text of a mail.
#[derive(Debug)]
pub struct MailText {
    pub subject: String,
    pub text: SecretString,
}

/// Something that was asked for and not done, and why; for a technician to finish.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Skipped {
    pub name: String,
    pub reason: String,
}

/// Names are one line wherever they come from: a subject with a line break is a forged header.
fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

fn paragraphs<'a>(parts: impl IntoIterator<Item = &'a str>) -> String {
    parts
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join("\n\n")
}

/// Subject of a note that goes out as a mail, because there is no PSA or it failed.
pub fn note_subject(shown_name: &str) -> String {
    format!("Onboarding of {}", one_line(shown_name))
}

fn items(list: &[String]) -> String {
    list.iter()
        .map(|item| format!("- {item}"))
        .collect::<Vec<_>>()
        .join("\n")
}

fn skipped_items(list: &[Skipped]) -> String {
    list.iter()
        .map(|skipped| format!("- {}: {}", skipped.name, skipped.reason))
        .collect::<Vec<_>>()
        .join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subjects_are_one_line() {
        assert_eq!(
            note_subject("Ada\r\nBcc: x@example.com"),
            "Onboarding of Ada  Bcc: x@example.com"
        );
    }
}
