//! Texts about the end of a request.

use secrecy::SecretString;

use crate::{MailText, note_subject, paragraphs};
use domain::job::About;
use domain::request::{Outcome, Skip};
use domain::text::{one_line, unlinked};

pub fn cancelled(about: About<'_>, by: &str) -> String {
    format!("The {about} was cancelled by {by}. {}", crate::untouched(about))
}

/// `step` is the state machine's name of the step; `what_to_do` comes from the error that ended the request.
pub fn failed(about: About<'_>, step: &str, what_to_do: &str, request_page: &str) -> String {
    format!(
        "The {about} failed at the step \"{step}\".\n\nWhat to do: {what_to_do}\n\n\
         When that is done, resume the request on its page; it goes on from this step, and nothing is done twice: \
         {request_page}"
    )
}

/// The end of the summary of a request that ended without a failed step but may be resumed.
pub fn may_be_resumed(request_page: &str) -> String {
    format!("The step that failed can be tried again: resume the request on its page: {request_page}")
}

pub fn resumed(about: About<'_>, by: &str) -> String {
    format!("The {about} was resumed by {by}. It goes on where it stopped.")
}

pub fn skipped(step: Skip, by: &str, reason: &str) -> String {
    let reason = unlinked(reason);
    format!("The step \"{step}\" was skipped by {by}: {reason}\n\nWhat it would have done is left to be done by hand.")
}

/// The content of the summary note and of the mail to requester and manager.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary<'a> {
    pub about: About<'a>,
    pub outcome: Outcome,
    /// `None` if no user was created.
    pub upn: Option<&'a str>,
    /// Everything else that was done, each with its label.
    pub done: &'a [(&'static str, String)],
    pub warnings: &'a [String],
    /// Who denied the request, and why, as in the timeline.
    pub denied: Option<&'a str>,
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

/// The name of the last note of a request.
pub const SUMMARY: &str = "summary";

pub fn summary(summary: &Summary<'_>) -> String {
    let warnings = if summary.warnings.is_empty() {
        "Warnings: none".to_owned()
    } else {
        format!("Warnings:\n{}", super::items(summary.warnings))
    };
    let headline = format!("The {} is {}.", summary.about, ended(summary.outcome));
    paragraphs([headline.as_str(), &done(summary), &warnings])
}

/// One line per fact.
pub(super) fn done(summary: &Summary<'_>) -> String {
    let user = format!("User: {}", summary.upn.unwrap_or("none"));
    let rest = summary
        .done
        .iter()
        .map(|(label, value)| format!("{label}: {}", unlinked(value)));
    std::iter::once(user).chain(rest).collect::<Vec<_>>().join("\n")
}

/// Joins the items of one fact of a summary.
pub fn listed(items: &[String]) -> String {
    if items.is_empty() {
        "none".to_owned()
    } else {
        items.join(", ")
    }
}

/// The mail to requester and manager. It has no warnings, because those are for technicians and on the ticket.
pub fn summary_mail(summary: &Summary<'_>, organisation: &str) -> MailText {
    let user = summary.upn.map(|upn| format!("User: {upn}")).unwrap_or_default();
    let headline = format!("The {} at {organisation} is {}.", summary.about, ended(summary.outcome));
    MailText {
        subject: end_subject(summary),
        text: SecretString::from(paragraphs([headline.as_str(), &user, &denied(summary), rest(summary)])),
    }
}

fn denied(summary: &Summary<'_>) -> String {
    summary
        .denied
        .map(|denied| format!("It was {}", unlinked(denied)))
        .unwrap_or_default()
}

pub(super) fn end_subject(summary: &Summary<'_>) -> String {
    one_line(&format!(
        "{}: {}",
        note_subject(summary.about),
        outcome_words(summary.outcome)
    ))
}

/// What remains to be said if the request did not simply complete.
pub(super) fn rest(summary: &Summary<'_>) -> &'static str {
    match summary.outcome {
        Outcome::CompletedWithWarnings => "A technician has been told what is left to do by hand.",
        Outcome::Failed => "A technician has been told what to do.",
        Outcome::Denied | Outcome::Cancelled => crate::untouched(summary.about),
        Outcome::Completed => "",
    }
}

/// Completes "The onboarding is ...".
pub(super) fn ended(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Failed => "stopped: a step failed",
        other => outcome_words(other),
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;
    use domain::job::Kind;

    const ADA: About<'_> = About {
        kind: Kind::Onboarding,
        name: "Ada Lovelace",
    };

    #[test]
    fn summaries() {
        let facts = [("Licenses", listed(&["SPB".to_owned()])), ("Groups", listed(&[]))];
        let warnings = ["The group Everyone is dynamic".to_owned()];
        let done = Summary {
            about: ADA,
            outcome: Outcome::CompletedWithWarnings,
            upn: Some("ada@contoso.com"),
            done: &facts,
            warnings: &warnings,
            denied: None,
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
            done: &[],
            warnings: &[],
            denied: Some("denied by hr@contoso.com. Reason: No budget"),
            ..done
        };
        assert_eq!(
            summary_mail(&denied, "Contoso").text.expose_secret(),
            "The onboarding of Ada Lovelace at Contoso is denied.\n\n\
             It was denied by hr@contoso.com. Reason: No budget\n\nNo user was created."
        );
    }

    #[test]
    fn a_failure_names_the_step() {
        assert_eq!(
            failed(
                ADA,
                "create-user",
                "grant User.ReadWrite.All to Gangway's app",
                "https://gangway.example/orgs/contoso/requests/r1"
            ),
            "The onboarding of Ada Lovelace failed at the step \"create-user\".\n\n\
             What to do: grant User.ReadWrite.All to Gangway's app\n\n\
             When that is done, resume the request on its page; it goes on from this step, and nothing is done twice: \
             https://gangway.example/orgs/contoso/requests/r1"
        );
    }

    #[test]
    fn who_skipped_what_and_why() {
        assert_eq!(
            skipped(Skip::BlockSignIn, "mary@contoso.com", "HR has the account"),
            "The step \"block-sign-in\" was skipped by mary@contoso.com: HR has the account\n\n\
             What it would have done is left to be done by hand."
        );
    }
}
