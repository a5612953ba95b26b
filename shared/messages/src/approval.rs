//! Texts about approval and about starts in the future.

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use secrecy::{ExposeSecret, SecretString};

use super::ticket::{approval_facts, lines};
use crate::{MailText, paragraphs};
use domain::decision::Reason;
use domain::job::About;
use domain::job::{Job, Kind};
use domain::request::Plan;
use domain::schedule::local_words;
use domain::text::{one_line, unlinked};

/// The note about a request for approval. Its link leads to the pending page, which requires sign-in.
pub fn approval_requested(
    about: About<'_>,
    approvers: &[String],
    until: DateTime<Utc>,
    zone: Tz,
    pending_page: &str,
) -> String {
    format!(
        "Approval was requested for the {about} from {}.\n\n\
         Without a decision by {}, the request expires and {}.\n\n\
         Decide, signed in: {pending_page}",
        approvers.join(", "),
        local_words(until, zone),
        crate::stays_untouched(about)
    )
}

/// The note if all approvers were removed while the request waited.
pub fn nobody_asked(about: About<'_>) -> String {
    format!(
        "Nobody could be asked to approve the {about}: new_user_approval_email names nobody but the people whom it is about. A \
         member with the role approver or admin can decide under Pending."
    )
}

pub fn approval_reminded(about: About<'_>, approvers: &[String], until: DateTime<Utc>, zone: Tz) -> String {
    format!(
        "The approvers of the {about} were reminded: {}. The request expires at {}.",
        approvers.join(", "),
        local_words(until, zone)
    )
}

/// The content of the mail to an approver.
#[derive(Debug)]
pub struct ApprovalMail<'a> {
    pub organisation: &'a str,
    pub job: &'a Job,
    pub plan: &'a Plan,
    pub requested_by: &'a str,
    pub until: DateTime<Utc>,
    pub zone: Tz,
    pub reminder: bool,
}

/// The mail to one approver; each approver gets links of their own.
pub fn approval_mail(mail: &ApprovalMail<'_>, approve: &SecretString, deny: &SecretString) -> MailText {
    let about = About {
        kind: mail.job.kind(),
        name: &mail.plan.display_name,
    };
    let (asks, before) = match about.kind {
        Kind::Onboarding => ("onboard", "No user is created before you approve."),
        Kind::Offboarding => ("offboard", "Nothing is changed before you approve."),
    };
    let reminder = if mail.reminder { "Reminder: " } else { "" };
    let facts = lines(approval_facts(mail.job, mail.plan));
    let text = paragraphs([
        format!(
            "{reminder}{} asks to {asks} {} at {}. {before}",
            mail.requested_by,
            unlinked(about.name),
            mail.organisation
        )
        .as_str(),
        &facts,
        &format!("Approve: {}", approve.expose_secret()),
        &format!("Deny: {}", deny.expose_secret()),
        &format!(
            "Each link opens a page with one button. They are yours alone: please don't forward this mail. \
             Without a decision by {}, the request expires and {}.",
            local_words(mail.until, mail.zone),
            crate::stays_untouched(about)
        ),
    ]);
    MailText {
        subject: one_line(&format!("{reminder}Approval needed: {about} at {}", mail.organisation)),
        text: text.into(),
    }
}

pub fn approved(about: About<'_>, by: &str) -> String {
    format!("The {about} was approved by {by}.")
}

pub fn denied(about: About<'_>, by: &str, reason: Option<&Reason>) -> String {
    let reason = reason
        .map(|reason| format!("\n\nReason: {}", unlinked(reason.as_str())))
        .unwrap_or_default();
    format!("The {about} was denied by {by}. {}{reason}", crate::untouched(about))
}

pub fn approval_expired(about: About<'_>) -> String {
    format!(
        "Nobody decided on the {about} in time. The request has expired, which counts as denied. {}",
        crate::untouched(about)
    )
}

pub fn scheduled(about: About<'_>, at: DateTime<Utc>, zone: Tz) -> String {
    format!(
        "{} Until then the request can be rescheduled or cancelled.",
        begins(about, at, zone)
    )
}

fn begins(about: About<'_>, at: DateTime<Utc>, zone: Tz) -> String {
    let at = local_words(at, zone);
    match about.kind {
        Kind::Onboarding => format!("The user for {} will be created at {at}.", unlinked(about.name)),
        Kind::Offboarding => format!("The {about} begins at {at}, after the last day."),
    }
}

/// The note with a start date if scheduled creation is off.
pub fn start_date_noted(date: NaiveDate) -> String {
    format!("Start date: {date}. The user is created now, because allow_scheduled_user_creation is off.")
}

pub fn rescheduled(about: About<'_>, at: DateTime<Utc>, zone: Tz, by: &str) -> String {
    format!("The {about} was rescheduled by {by}. {}", begins(about, at, zone))
}

/// The mail to the approvers of a request whose date was moved back after they had agreed.
pub fn date_moved_mail(about: About<'_>, organisation: &str, at: DateTime<Utc>, zone: Tz, by: &str) -> MailText {
    MailText {
        subject: one_line(&format!("Another date: {about} at {organisation}")),
        text: paragraphs([
            format!("The {about} at {organisation} was approved. Since then {by} has moved it to a later date.")
                .as_str(),
            &begins(about, at, zone),
            "Nothing else has changed, and there is nothing that you must do.",
        ])
        .into(),
    }
}

/// The note when an approved request is to begin earlier and so needs approval again.
pub fn asked_again(about: About<'_>, at: Option<DateTime<Utc>>, zone: Tz, by: &str) -> String {
    let when = at.map_or_else(|| "at once".to_owned(), |at| local_words(at, zone));
    format!(
        "{by} has moved the {about} to an earlier date: {when}. An approver agreed to the date before, so approval is \
         asked for again."
    )
}

/// The note about a new date that has already come.
pub fn rescheduled_to_now(about: About<'_>, by: &str) -> String {
    let now = match about.kind {
        Kind::Onboarding => "The user is created now.",
        Kind::Offboarding => "It begins now.",
    };
    format!("The {about} was rescheduled by {by}. {now}")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use domain::request::{PlannedGroup, Sku};
    use domain::submission::{Offboarding, Onboarding};

    fn ada(kind: Kind) -> About<'static> {
        About {
            kind,
            name: "Ada Lovelace",
        }
    }

    fn plan(licenses: &[&str]) -> Plan {
        let sku = |part_number: &&str| Sku {
            id: "1".to_owned(),
            part_number: (*part_number).to_owned(),
        };
        Plan {
            upn: "alovelace@contoso.com".to_owned(),
            display_name: "Ada Lovelace".to_owned(),
            licenses: licenses.iter().map(sku).collect(),
            groups: vec![PlannedGroup {
                name: "All staff".to_owned(),
                id: Some("g1".to_owned()),
                copied: false,
                reason: None,
            }],
            approval_required: true,
            ..Plan::default()
        }
    }

    fn at() -> DateTime<Utc> {
        "2026-11-28T07:00:00Z".parse().unwrap()
    }

    #[test]
    fn notes() {
        let approvers = ["hr@example.com".to_owned(), "it@example.com".to_owned()];
        assert_eq!(
            approval_requested(
                ada(Kind::Onboarding),
                &approvers,
                at(),
                Tz::Europe__Berlin,
                "https://g.example/pending"
            ),
            "Approval was requested for the onboarding of Ada Lovelace from hr@example.com, it@example.com.\n\n\
             Without a decision by 2026-11-28 08:00 (Europe/Berlin), the request expires and no user is created.\n\n\
             Decide, signed in: https://g.example/pending"
        );
        assert_eq!(
            approval_reminded(ada(Kind::Onboarding), &approvers[..1], at(), Tz::UTC),
            "The approvers of the onboarding of Ada Lovelace were reminded: hr@example.com. \
             The request expires at 2026-11-28 07:00 (UTC)."
        );
        assert_eq!(
            denied(
                ada(Kind::Onboarding),
                "hr@example.com",
                Some(&Reason::parse("No budget").unwrap())
            ),
            "The onboarding of Ada Lovelace was denied by hr@example.com. No user was created.\n\nReason: No budget"
        );
        assert_eq!(
            scheduled(ada(Kind::Onboarding), at(), Tz::Asia__Kolkata),
            "The user for Ada Lovelace will be created at 2026-11-28 12:30 (Asia/Kolkata). \
             Until then the request can be rescheduled or cancelled."
        );
    }

    #[test]
    fn mail_to_an_approver() {
        let body = json!({"first_name": "Ada", "last_name": "Lovelace", "job_title": "Analyst", "groups": ["All staff"],
            "manager": "charles@contoso.com", "start_date": "2026-12-01"});
        let mail = ApprovalMail {
            organisation: "Contoso",
            job: &Job::Onboarding(Onboarding::parse(&body).unwrap()),
            plan: &plan(&["SPB"]),
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

    #[test]
    fn an_offboarding_creates_nothing() {
        let leaver = ada(Kind::Offboarding);
        assert_eq!(
            denied(leaver, "hr@example.com", None),
            "The offboarding of Ada Lovelace was denied by hr@example.com. Nothing was changed."
        );
        assert_eq!(
            scheduled(leaver, at(), Tz::Asia__Kolkata),
            "The offboarding of Ada Lovelace begins at 2026-11-28 12:30 (Asia/Kolkata), after the last day. \
             Until then the request can be rescheduled or cancelled."
        );
        let body = json!({"user": "alovelace@contoso.com", "reason": "New job", "last_day": "2026-11-27",
            "offboarding_remove_groups": false});
        let mail = ApprovalMail {
            organisation: "Contoso",
            job: &Job::Offboarding(Offboarding::parse(&body).unwrap()),
            plan: &plan(&[]),
            requested_by: "mary@contoso.com",
            until: at(),
            zone: Tz::UTC,
            reminder: false,
        };
        let mail = approval_mail(&mail, &"A".into(), &"D".into());
        assert_eq!(mail.subject, "Approval needed: offboarding of Ada Lovelace at Contoso");
        assert_eq!(
            mail.text.expose_secret(),
            "mary@contoso.com asks to offboard Ada Lovelace at Contoso. Nothing is changed before you approve.\n\n\
             Name: Ada Lovelace\nUsername: alovelace@contoso.com\nReason: New job\nLast day: 2026-11-27\n\
             Remove groups: no\n\n\
             Approve: A\n\nDeny: D\n\n\
             Each link opens a page with one button. They are yours alone: please don't forward this mail. \
             Without a decision by 2026-11-28 07:00 (UTC), the request expires and nothing is changed."
        );
    }
}
