//! Texts about the user, the groups and the password.

use secrecy::{ExposeSecret, SecretString};

use crate::{MailText, Skipped, items, paragraphs, skipped_items};
use domain::text::{one_line, unlinked};
use domain::variables::{OrgVariables, PasswordDestination};

/// `again`: the person's disabled account was enabled.
pub fn user_created(shown_name: &str, upn: &str, again: bool, vars: &OrgVariables) -> String {
    let shown_name = unlinked(shown_name);
    let change = if vars.require_password_change_on_first_login {
        "The password must be changed at the first sign-in."
    } else {
        "The password need not be changed at the first sign-in."
    };
    let expiry = if vars.set_password_to_never_expire {
        "The password never expires."
    } else {
        ""
    };
    let restrict = if vars.restrict_user_from_changing_password {
        "restrict_user_from_changing_password is on, but Microsoft Entra ID has no such setting: the user can change \
         the password."
    } else {
        ""
    };
    let created = if again {
        format!("The disabled account {upn} was enabled again for {shown_name}, with a new password.")
    } else {
        format!("The user {upn} was created for {shown_name}.")
    };
    let policy = [change, expiry]
        .into_iter()
        .filter(|line| !line.is_empty())
        .collect::<Vec<_>>()
        .join(" ");
    paragraphs([created.as_str(), &policy, restrict])
}

/// The note if the planned name was taken meanwhile and numbers are allowed.
pub fn username_changed(planned: &str, upn: &str) -> String {
    format!("The username {planned} was taken in the meantime, so the user got {upn}.")
}

pub fn manager_not_set(upn: &str, why: &str) -> String {
    format!("The manager of {upn} could not be set: {why}. Please set it by hand.")
}

/// `None` if the form asked for no group.
pub fn groups(upn: &str, added: &[String], skipped: &[Skipped]) -> Option<String> {
    let joined = if added.is_empty() {
        String::new()
    } else {
        format!("{upn} was added to these groups:\n{}", items(added))
    };
    let left = if skipped.is_empty() {
        String::new()
    } else {
        format!(
            "{upn} was not added to these groups; please add the user by hand:\n{}",
            skipped_items(skipped)
        )
    };
    Some(paragraphs([joined.as_str(), &left])).filter(|text| !text.is_empty())
}

/// What a message hands over: the password, or a link that shows it a few times. Both are equally secret.
#[derive(Debug, Clone)]
pub enum Handed {
    Password(SecretString),
    Link(SecretString),
}

impl Handed {
    /// One line with the secret at its end.
    fn line(&self) -> String {
        match self {
            Self::Password(password) => format!("Temporary password: {}", password.expose_secret()),
            Self::Link(link) => format!("Temporary password (opens a few times only): {}", link.expose_secret()),
        }
    }
}

fn to_be_changed(vars: &OrgVariables) -> &'static str {
    if vars.require_password_change_on_first_login {
        "It must be changed at the first sign-in."
    } else {
        ""
    }
}

/// The only note that contains a password or a link to one. It is internal, and has a password only in a PSA that keeps
/// tickets.
pub fn password(upn: &str, handed: &Handed, vars: &OrgVariables) -> SecretString {
    let secret = format!("Username: {upn}\n{}", handed.line());
    paragraphs([secret.as_str(), to_be_changed(vars)]).into()
}

/// The mail to technicians with the link, if there is no ticket for a note.
pub fn password_link_mail(shown_name: &str, organisation: &str, note: SecretString) -> MailText {
    MailText {
        subject: account_of(shown_name, organisation),
        text: note,
    }
}

/// The mail to the manager.
pub fn password_mail(
    shown_name: &str,
    organisation: &str,
    upn: &str,
    handed: &Handed,
    vars: &OrgVariables,
) -> MailText {
    let person = unlinked(shown_name);
    let created = format!("An account at {organisation} is ready for {person}, who reports to you.");
    let secret = format!("Username: {upn}\n{}", handed.line());
    let please = "Please hand it over in person or by phone, and delete this mail.";
    let last = [to_be_changed(vars), please]
        .into_iter()
        .filter(|sentence| !sentence.is_empty())
        .collect::<Vec<_>>()
        .join(" ");
    MailText {
        subject: account_of(shown_name, organisation),
        text: paragraphs([created.as_str(), &secret, &last]).into(),
    }
}

fn account_of(shown_name: &str, organisation: &str) -> String {
    one_line(&format!("Account of {shown_name} at {organisation}"))
}

/// The text message to the manager's phone. It is ASCII and has no names, because length costs money and other letters
/// cost double.
pub fn password_sms(upn: &str, handed: &Handed, vars: &OrgVariables) -> SecretString {
    let lines = [
        format!("New account: {upn}"),
        handed.line(),
        to_be_changed(vars).to_owned(),
    ];
    lines.join("\n").trim_end().to_owned().into()
}

/// The note that says where the password was delivered. It never contains the password.
pub fn password_handed_over(places: &[PasswordDestination], failed: &[Skipped]) -> String {
    let went = places.iter().map(|place| place.label()).collect::<Vec<_>>().join(", ");
    let done = format!("The temporary password was handed over {went}. Gangway no longer has it.");
    let left = if failed.is_empty() {
        String::new()
    } else {
        format!("These places could not be reached:\n{}", skipped_items(failed))
    };
    paragraphs([done.as_str(), &left])
}

/// The note if no delivery worked. `until` is a time as text, on the organisation's clock.
pub fn password_kept(upn: &str, failed: &[Skipped], until: &str, request_page: &str) -> String {
    let places = if failed.is_empty() {
        "No place is set up for it.".to_owned()
    } else {
        skipped_items(failed)
    };
    format!(
        "The temporary password of {upn} could not be handed over:\n{places}\n\n\
         It is kept in Secrets Manager until {until}; until then an admin can see it once on the request's page. \
         Then it is deleted, and the password has to be reset in Microsoft Entra ID.\n\n\
         Request: {request_page}"
    )
}

/// `at` is a time as text.
pub fn password_shown(upn: &str, by: &str, at: &str) -> String {
    format!(
        "The temporary password of {upn} was shown once, to {by} at {at}. Gangway no longer has it. If it did not \
         arrive, please reset the password in Microsoft Entra ID."
    )
}

pub fn password_deleted(upn: &str) -> String {
    format!(
        "The temporary password of {upn} was not fetched in time and has been deleted. \
         Please reset the password in Microsoft Entra ID and hand it over by hand."
    )
}

pub const PASSWORD_UNSETTLED: &str = "What became of the temporary password is not known, and it may still be kept: resume the request, or reset the password in Microsoft Entra ID";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_created_user() {
        let mut vars = OrgVariables::default();
        assert_eq!(
            user_created("Ada Lovelace", "ada@contoso.com", false, &vars),
            "The user ada@contoso.com was created for Ada Lovelace.\n\n\
             The password must be changed at the first sign-in."
        );
        assert!(
            user_created("Ada Lovelace", "ada@contoso.com", true, &vars).starts_with(
                "The disabled account ada@contoso.com was enabled again for Ada Lovelace, with a new password."
            )
        );
        vars.restrict_user_from_changing_password = true;
        vars.set_password_to_never_expire = true;
        assert_eq!(
            user_created("Ada Lovelace", "ada@contoso.com", false, &vars),
            "The user ada@contoso.com was created for Ada Lovelace.\n\n\
             The password must be changed at the first sign-in. The password never expires.\n\n\
             restrict_user_from_changing_password is on, but Microsoft Entra ID has no such setting: the user can \
             change the password."
        );
    }

    #[test]
    fn groups_say_what_was_left_and_why() {
        let skipped = [Skipped {
            name: "Everyone".into(),
            reason: "membership is dynamic".into(),
        }];
        assert_eq!(groups("ada@contoso.com", &[], &[]), None);
        assert_eq!(
            groups("ada@contoso.com", &["All staff".into(), "Engines".into()], &skipped).unwrap(),
            "ada@contoso.com was added to these groups:\n- All staff\n- Engines\n\n\
             ada@contoso.com was not added to these groups; please add the user by hand:\n\
             - Everyone: membership is dynamic"
        );
    }

    #[test]
    fn notes_and_messages_have_the_password_or_a_link() {
        let mut vars = OrgVariables::default();
        let password = Handed::Password("aB2!cdEf3?gh".into());
        let link = Handed::Link("https://pwpush.com/p/abc/r".into());
        let note = super::password("ada@contoso.com", &password, &vars);
        assert_eq!(
            note.expose_secret(),
            "Username: ada@contoso.com\nTemporary password: aB2!cdEf3?gh\n\nIt must be changed at the first sign-in."
        );
        let mail = password_mail("Ada\nLovelace", "Contoso", "ada@contoso.com", &link, &vars);
        assert_eq!(mail.subject, "Account of Ada Lovelace at Contoso");
        assert_eq!(
            mail.text.expose_secret(),
            "An account at Contoso is ready for Ada Lovelace, who reports to you.\n\n\
             Username: ada@contoso.com\n\
             Temporary password (opens a few times only): https://pwpush.com/p/abc/r\n\n\
             It must be changed at the first sign-in. Please hand it over in person or by phone, and delete this mail."
        );
        let sms = password_sms("ada@contoso.com", &password, &vars);
        assert_eq!(
            sms.expose_secret(),
            "New account: ada@contoso.com\nTemporary password: aB2!cdEf3?gh\nIt must be changed at the first sign-in."
        );
        assert!(!format!("{note:?} {mail:?} {sms:?} {password:?} {link:?}").contains("aB2!"));
        vars.require_password_change_on_first_login = false;
        let sms = password_sms("ada@contoso.com", &link, &vars);
        assert!(sms.expose_secret().ends_with(" only): https://pwpush.com/p/abc/r"));
    }

    #[test]
    fn hand_over() {
        let failed = [Skipped {
            name: "Hudu".into(),
            reason: "did not answer".into(),
        }];
        assert_eq!(
            password_handed_over(
                &[PasswordDestination::TicketNote, PasswordDestination::Manager],
                &failed
            ),
            "The temporary password was handed over in an internal note of the ticket, by a message to the manager. \
             Gangway no longer has it.\n\nThese places could not be reached:\n- Hudu: did not answer"
        );
    }
}
