//! Texts about an offboarding: sign-in, groups, licenses, and what the manager has to know.

use serde::{Deserialize, Serialize};

use super::end::{done, end_subject, ended, rest};
use crate::{MailText, Skipped, Summary, items, paragraphs, skipped_items};
use domain::text::unlinked;

/// What happened to the leaver's sign-in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SignIn {
    /// The form or the variable says that sign-in is not blocked.
    Kept,
    /// Sign-in is blocked and sessions are revoked, except for what was refused, with the reason.
    Closed {
        not_blocked: Option<String>,
        not_revoked: Option<String>,
    },
}

impl SignIn {
    /// The label for the summary.
    pub fn label(&self) -> &'static str {
        let Self::Closed {
            not_blocked,
            not_revoked,
        } = self
        else {
            return "left as it is";
        };
        match (not_blocked, not_revoked) {
            (None, None) => "blocked, and signed out everywhere",
            (None, Some(_)) => "blocked, but not signed out",
            (Some(_), None) => "not blocked, but signed out everywhere",
            (Some(_), Some(_)) => "neither blocked nor signed out",
        }
    }
}

pub fn sign_in(upn: &str, sign_in: &SignIn) -> String {
    let SignIn::Closed {
        not_blocked,
        not_revoked,
    } = sign_in
    else {
        return format!("The sign-in of {upn} was left as it is: offboarding_deactivate_user is off.");
    };
    let blocked = match not_blocked {
        None => format!("The sign-in of {upn} is blocked."),
        Some(why) => format!("The sign-in of {upn} could not be blocked: {why}. Please block it by hand."),
    };
    let sessions = match not_revoked {
        None => "All sessions were revoked.".to_owned(),
        Some(why) => format!("The sessions could not be revoked: {why}. Please revoke them by hand."),
    };
    format!("{blocked} {sessions}")
}

/// What was removed from a leaver across all runs of the step, and what was not.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Removed {
    pub removed: Vec<String>,
    pub left: Vec<Skipped>,
    /// What was not removed because of something that a person can fix. While this is not empty, the effect is not
    /// recorded as done.
    #[serde(skip)]
    pub failed: Vec<Skipped>,
}

pub fn groups_removed(upn: &str, groups: &Removed) -> String {
    let none = format!("{upn} was in no groups.");
    told(groups, &none, &format!("{upn} was removed from these groups:"), || {
        format!("{upn} is still in these groups; please see to them by hand:")
    })
}

pub fn groups_kept(upn: &str) -> String {
    format!("The groups of {upn} were left as they are: offboarding_remove_groups is off.")
}

pub fn licenses_removed(upn: &str, licenses: &Removed) -> String {
    let none = format!("{upn} had no licenses.");
    let text = told(
        licenses,
        &none,
        &format!("These licenses of {upn} are free again:"),
        || format!("{upn} still has these licenses; please see to them by hand:"),
    );
    let mailbox = if licenses.removed.is_empty() { "" } else { MAILBOX };
    paragraphs([text.as_str(), mailbox])
}

/// Gangway deletes nothing, but Microsoft does not keep everything for ever.
const MAILBOX: &str = "A mailbox without a license is kept by Microsoft for 30 days. If it is still needed after that, \
                       please make it a shared mailbox or assign a license until then.";

fn told(what: &Removed, none: &str, removed: &str, left: impl Fn() -> String) -> String {
    if *what == Removed::default() {
        return none.to_owned();
    }
    let list = |headline: String, list: String| {
        if list.is_empty() {
            list
        } else {
            format!("{headline}\n{list}")
        }
    };
    paragraphs([
        list(removed.to_owned(), items(&what.removed)).as_str(),
        &list(left(), skipped_items(&[what.left.as_slice(), &what.failed].concat())),
    ])
}

/// The mail to the leaver's manager, who is responsible for what the leaver leaves behind.
pub fn leaver_mail(summary: &Summary<'_>, organisation: &str, freed: bool) -> MailText {
    let headline = format!(
        "The offboarding of {}, who reported to you at {organisation}, is {}.",
        unlinked(summary.about.name),
        ended(summary.outcome)
    );
    let kept = "Nothing was deleted: the account, its files and its mailbox are still there. Please tell your \
                technicians which of them you need, and who is to take over.";
    let mailbox = if freed { MAILBOX } else { "" };
    MailText {
        subject: end_subject(summary),
        text: paragraphs([headline.as_str(), &done(summary), kept, mailbox, rest(summary)]).into(),
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;
    use domain::job::About;
    use domain::job::Kind;
    use domain::request::Outcome;

    const UPN: &str = "ada@contoso.com";

    const CLOSED: SignIn = SignIn::Closed {
        not_blocked: None,
        not_revoked: None,
    };

    fn removed(removed: &[&str], left: &[(&str, &str)]) -> Removed {
        let skipped = |(name, reason): &(&str, &str)| Skipped {
            name: (*name).to_owned(),
            reason: (*reason).to_owned(),
        };
        Removed {
            removed: removed.iter().map(|name| (*name).to_owned()).collect(),
            left: left.iter().map(skipped).collect(),
            failed: Vec::new(),
        }
    }

    #[test]
    fn sign_ins() {
        assert_eq!(
            sign_in(UPN, &CLOSED),
            "The sign-in of ada@contoso.com is blocked. All sessions were revoked."
        );
        assert!(sign_in(UPN, &SignIn::Kept).contains("offboarding_deactivate_user is off"));
        let refused = SignIn::Closed {
            not_blocked: Some("it is managed elsewhere".to_owned()),
            not_revoked: None,
        };
        assert_eq!(
            sign_in(UPN, &refused),
            "The sign-in of ada@contoso.com could not be blocked: it is managed elsewhere. Please block it by hand. \
             All sessions were revoked."
        );
        let words = |sign_in: &SignIn| sign_in.label();
        assert_eq!(
            [&SignIn::Kept, &CLOSED, &refused].map(words),
            [
                "left as it is",
                "blocked, and signed out everywhere",
                "not blocked, but signed out everywhere"
            ]
        );
    }

    #[test]
    fn groups_and_licenses_say_what_was_left_and_why() {
        assert_eq!(
            groups_removed(UPN, &Removed::default()),
            "ada@contoso.com was in no groups."
        );
        assert_eq!(
            groups_removed(
                UPN,
                &removed(&["Sales"], &[("Everyone", "its members follow from a rule")])
            ),
            "ada@contoso.com was removed from these groups:\n- Sales\n\n\
             ada@contoso.com is still in these groups; please see to them by hand:\n\
             - Everyone: its members follow from a rule"
        );
        let failed = removed(&[], &[("Sales", "a permission is missing")]).left;
        let not_permitted = Removed {
            failed,
            ..Removed::default()
        };
        assert_eq!(
            groups_removed(UPN, &not_permitted),
            "ada@contoso.com is still in these groups; please see to them by hand:\n- Sales: a permission is missing"
        );
        assert_eq!(
            licenses_removed(UPN, &Removed::default()),
            "ada@contoso.com had no licenses."
        );
        assert_eq!(
            licenses_removed(UPN, &removed(&["SPB"], &[])),
            "These licenses of ada@contoso.com are free again:\n- SPB\n\n\
             A mailbox without a license is kept by Microsoft for 30 days. If it is still needed after that, please \
             make it a shared mailbox or assign a license until then."
        );
        let kept = licenses_removed(UPN, &removed(&[], &[("SPB", "it comes with a group")]));
        assert!(
            kept.starts_with("ada@contoso.com still has") && !kept.contains("30 days"),
            "{kept}"
        );
    }

    #[test]
    fn the_manager_is_told_what_was_done_and_what_is_kept() {
        let facts = [
            ("Sign-in", CLOSED.label().to_owned()),
            ("Removed from groups", "Sales, Projects".to_owned()),
            ("Licenses freed", "SPB".to_owned()),
        ];
        let summary = Summary {
            about: About {
                kind: Kind::Offboarding,
                name: "Ada Lovelace",
            },
            outcome: Outcome::CompletedWithWarnings,
            upn: Some(UPN),
            done: &facts,
            warnings: &["Everyone: x".to_owned()],
            denied: None,
        };
        let mail = leaver_mail(&summary, "Contoso", true);
        assert_eq!(mail.subject, "Offboarding of Ada Lovelace: completed with warnings");
        assert_eq!(
            mail.text.expose_secret(),
            "The offboarding of Ada Lovelace, who reported to you at Contoso, is completed with warnings.\n\n\
             User: ada@contoso.com\nSign-in: blocked, and signed out everywhere\n\
             Removed from groups: Sales, Projects\nLicenses freed: SPB\n\n\
             Nothing was deleted: the account, its files and its mailbox are still there. Please tell your technicians \
             which of them you need, and who is to take over.\n\n\
             A mailbox without a license is kept by Microsoft for 30 days. If it is still needed after that, please \
             make it a shared mailbox or assign a license until then.\n\n\
             A technician has been told what is left to do by hand."
        );
        assert!(
            !leaver_mail(&summary, "Contoso", false)
                .text
                .expose_secret()
                .contains("30 days")
        );
    }
}
