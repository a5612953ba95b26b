//! Asking for approval, and starts in the future.

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use secrecy::{ExposeSecret, SecretString};

use super::ticket::facts;
use super::{MailText, one_line, paragraphs};
use crate::schedule::local_words;
use crate::submission::Onboarding;

/// On the ticket. The link leads to the pending page, which asks for sign-in.
pub fn approval_requested(
    shown_name: &str,
    approvers: &[String],
    until: DateTime<Utc>,
    zone: Tz,
    request_page: &str,
) -> String {
    format!(
        "Approval was requested for the onboarding of {shown_name} from {}.\n\n\
         Without a decision by {}, the request expires and no user is created.\n\n\
         Request: {request_page}",
        approvers.join(", "),
        local_words(until, zone)
    )
}

pub fn approval_reminded(shown_name: &str, approvers: &[String], until: DateTime<Utc>, zone: Tz) -> String {
    format!(
        "The approvers of the onboarding of {shown_name} were reminded: {}. The request expires at {}.",
        approvers.join(", "),
        local_words(until, zone)
    )
}

/// What an approver reads before deciding.
#[derive(Debug)]
pub struct ApprovalMail<'a> {
    pub organisation: &'a str,
    pub onboarding: &'a Onboarding,
    pub upn: &'a str,
    pub licenses: &'a [String],
    pub requested_by: &'a str,
    pub until: DateTime<Utc>,
    pub zone: Tz,
    pub reminder: bool,
}

/// Each approver gets links of their own.
pub fn approval_mail(mail: &ApprovalMail<'_>, approve: &SecretString, deny: &SecretString) -> MailText {
    let person = mail.onboarding;
    let shown_name = person.shown_name();
    let reminder = if mail.reminder { "Reminder: " } else { "" };
    let facts = facts(person, mail.upn, mail.licenses);
    let text = paragraphs([
        format!(
            "{reminder}{} asks to onboard {shown_name} at {}. No user is created before you approve.",
            mail.requested_by, mail.organisation
        )
        .as_str(),
        &facts,
        &format!("Approve: {}", approve.expose_secret()),
        &format!("Deny: {}", deny.expose_secret()),
        &format!(
            "Each link opens a page with one button. They are yours alone: please don't forward this mail. \
             Without a decision by {}, the request expires and no user is created.",
            local_words(mail.until, mail.zone)
        ),
    ]);
    MailText {
        subject: one_line(&format!(
            "{reminder}Approval needed: onboarding of {shown_name} at {}",
            mail.organisation
        )),
        text: text.into(),
    }
}

pub fn approved(shown_name: &str, by: &str) -> String {
    format!("The onboarding of {shown_name} was approved by {by}.")
}

pub fn denied(shown_name: &str, by: &str) -> String {
    format!("The onboarding of {shown_name} was denied by {by}. No user was created.")
}

pub fn approval_expired(shown_name: &str) -> String {
    format!(
        "Nobody decided on the onboarding of {shown_name} in time. The request has expired, which counts as denied. \
         No user was created."
    )
}

/// No approval is needed, so the ticket says why nobody was asked.
pub fn approval_not_needed() -> String {
    "No approval is needed: require_approval_for_new_users is off.".to_owned()
}

pub fn scheduled(shown_name: &str, at: DateTime<Utc>, zone: Tz) -> String {
    format!(
        "The user for {shown_name} will be created at {}. Until then the request can be rescheduled or cancelled.",
        local_words(at, zone)
    )
}

/// Scheduled creation is off.
pub fn start_date_noted(date: NaiveDate) -> String {
    format!("Start date: {date}. The user is created now, because allow_scheduled_user_creation is off.")
}

pub fn rescheduled(shown_name: &str, at: DateTime<Utc>, zone: Tz, by: &str) -> String {
    format!(
        "The onboarding of {shown_name} was rescheduled by {by}. The user will be created at {}.",
        local_words(at, zone)
    )
}

/// The new date is today, and the start time has passed.
pub fn rescheduled_to_now(shown_name: &str, by: &str) -> String {
    format!("The onboarding of {shown_name} was rescheduled by {by}. The user is created now.")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn at() -> DateTime<Utc> {
        "2026-11-28T07:00:00Z".parse().unwrap()
    }

    #[test]
    fn notes() {
        let approvers = ["hr@example.com".to_owned(), "it@example.com".to_owned()];
        assert_eq!(
            approval_requested(
                "Ada Lovelace",
                &approvers,
                at(),
                Tz::Europe__Berlin,
                "https://g.example/pending"
            ),
            "Approval was requested for the onboarding of Ada Lovelace from hr@example.com, it@example.com.\n\n\
             Without a decision by 2026-11-28 08:00 (Europe/Berlin), the request expires and no user is created.\n\n\
             Request: https://g.example/pending"
        );
        assert_eq!(
            approval_reminded("Ada Lovelace", &approvers[..1], at(), Tz::UTC),
            "The approvers of the onboarding of Ada Lovelace were reminded: hr@example.com. \
             The request expires at 2026-11-28 07:00 (UTC)."
        );
        assert_eq!(
            denied("Ada Lovelace", "hr@example.com"),
            "The onboarding of Ada Lovelace was denied by hr@example.com. No user was created."
        );
        assert_eq!(
            scheduled("Ada Lovelace", at(), Tz::Asia__Kolkata),
            "The user for Ada Lovelace will be created at 2026-11-28 12:30 (Asia/Kolkata). \
             Until then the request can be rescheduled or cancelled."
        );
    }

    #[test]
    fn mail_to_an_approver() {
        let body = json!({"first_name": "Ada", "last_name": "Lovelace", "job_title": "Analyst", "groups": ["All staff"],
            "manager": "charles@contoso.com", "start_date": "2026-12-01"});
        let onboarding = Onboarding::parse(&body).unwrap();
        let mail = ApprovalMail {
            organisation: "Contoso",
            onboarding: &onboarding,
            upn: "alovelace@contoso.com",
            licenses: &["SPB".to_owned()],
            requested_by: "mary@contoso.com",
            until: at(),
            zone: Tz::Europe__Berlin,
            reminder: true,
        };
        let mail = approval_mail(
            &mail,
            &"https://g.example/decide?c=1".into(),
            &"https://g.example/decide?c=2".into(),
        );
        assert_eq!(
            mail.subject,
            "Reminder: Approval needed: onboarding of Ada Lovelace at Contoso"
        );
        assert_eq!(
            mail.text.expose_secret(),
            "Reminder: mary@contoso.com asks to onboard Ada Lovelace at Contoso. No user is created before you approve.\n\n\
             Name: Ada Lovelace\nUsername: alovelace@contoso.com\nJob title: Analyst\nManager: charles@contoso.com\n\
             Start date: 2026-12-01\nLicenses: SPB\nGroups: All staff\n\n\
             Approve: https://g.example/decide?c=1\n\n\
             Deny: https://g.example/decide?c=2\n\n\
             Each link opens a page with one button. They are yours alone: please don't forward this mail. \
             Without a decision by 2026-11-28 08:00 (Europe/Berlin), the request expires and no user is created."
        );
    }
}
