//! How a request ended.

use secrecy::SecretString;

use super::{MailText, one_line, paragraphs};
use crate::request::Outcome;

pub fn cancelled(shown_name: &str, by: &str) -> String {
    format!("The onboarding of {shown_name} was cancelled by {by}. No user was created.")
}

/// `step` in the words of the state machine, `what_to_do` from the fault that ended it.
pub fn failed(shown_name: &str, step: &str, what_to_do: &str) -> String {
    format!("The onboarding of {shown_name} failed at the step \"{step}\".\n\nWhat to do: {what_to_do}")
}

/// For the summary note, and for the mail to requester and manager.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary<'a> {
    pub shown_name: &'a str,
    pub outcome: Outcome,
    /// None if no user was created.
    pub upn: Option<&'a str>,
    pub licenses: &'a [String],
    pub groups: &'a [String],
    pub warnings: &'a [String],
}

pub fn outcome_words(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Completed => "completed",
        Outcome::CompletedWithWarnings => "completed with warnings",
        Outcome::Denied => "denied",
        Outcome::Cancelled => "cancelled",
        Outcome::Failed => "failed",
    }
}

/// The name of the last note that a request leaves.
pub const SUMMARY: &str = "summary";

pub fn summary(summary: &Summary<'_>) -> String {
    let list = |items: &[String]| {
        if items.is_empty() {
            "none".to_owned()
        } else {
            items.join(", ")
        }
    };
    let facts = format!(
        "User: {}\nLicenses: {}\nGroups: {}",
        summary.upn.unwrap_or("none"),
        list(summary.licenses),
        list(summary.groups)
    );
    let warnings = if summary.warnings.is_empty() {
        "Warnings: none".to_owned()
    } else {
        format!("Warnings:\n{}", super::items(summary.warnings))
    };
    let headline = format!(
        "The onboarding of {} is {}.",
        summary.shown_name,
        ended(summary.outcome)
    );
    paragraphs([headline.as_str(), &facts, &warnings])
}

/// To requester and manager. Warnings are the technician's, on the ticket.
pub fn summary_mail(summary: &Summary<'_>, organisation: &str) -> MailText {
    let user = summary.upn.map(|upn| format!("User: {upn}")).unwrap_or_default();
    let rest = match summary.outcome {
        Outcome::CompletedWithWarnings => "A technician has been told what is left to do by hand.",
        Outcome::Failed => "A technician has been told what to do.",
        Outcome::Denied | Outcome::Cancelled => "No user was created.",
        Outcome::Completed => "",
    };
    let headline = format!(
        "The onboarding of {} at {organisation} is {}.",
        summary.shown_name,
        ended(summary.outcome)
    );
    MailText {
        subject: one_line(&format!(
            "Onboarding of {}: {}",
            summary.shown_name,
            outcome_words(summary.outcome)
        )),
        text: SecretString::from(paragraphs([headline.as_str(), &user, rest])),
    }
}

/// Completes "The onboarding is ...".
fn ended(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Failed => "stopped: a step failed",
        other => outcome_words(other),
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    #[test]
    fn summaries() {
        let licenses = ["SPB".to_owned()];
        let warnings = ["The group Everyone is dynamic".to_owned()];
        let done = Summary {
            shown_name: "Ada Lovelace",
            outcome: Outcome::CompletedWithWarnings,
            upn: Some("ada@contoso.com"),
            licenses: &licenses,
            groups: &[],
            warnings: &warnings,
        };
        assert_eq!(
            summary(&done),
            "The onboarding of Ada Lovelace is completed with warnings.\n\n\
             User: ada@contoso.com\nLicenses: SPB\nGroups: none\n\n\
             Warnings:\n- The group Everyone is dynamic"
        );
        let mail = summary_mail(&done, "Contoso");
        assert_eq!(mail.subject, "Onboarding of Ada Lovelace: completed with warnings");
        assert_eq!(
            mail.text.expose_secret(),
            "The onboarding of Ada Lovelace at Contoso is completed with warnings.\n\nUser: ada@contoso.com\n\n\
             A technician has been told what is left to do by hand."
        );
        let denied = Summary {
            outcome: Outcome::Denied,
            upn: None,
            licenses: &[],
            warnings: &[],
            ..done
        };
        assert_eq!(
            summary_mail(&denied, "Contoso").text.expose_secret(),
            "The onboarding of Ada Lovelace at Contoso is denied.\n\nNo user was created."
        );
    }

    #[test]
    fn a_failure_names_the_step() {
        assert_eq!(
            failed(
                "Ada Lovelace",
                "Create the user",
                "grant User.ReadWrite.All to Gangway's app and resume"
            ),
            "The onboarding of Ada Lovelace failed at the step \"Create the user\".\n\n\
             What to do: grant User.ReadWrite.All to Gangway's app and resume"
        );
    }
}
