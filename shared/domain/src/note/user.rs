//! The user, groups and the password.

use secrecy::{ExposeSecret, SecretString};

use super::{MailText, Skipped, items, one_line, paragraphs, skipped_items};
use crate::variables::{OrgVariables, PasswordPlace};

pub fn user_created(shown_name: &str, upn: &str, vars: &OrgVariables) -> String {
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
    let created = format!("The user {upn} was created for {shown_name}.");
    let policy = [change, expiry]
        .into_iter()
        .filter(|line| !line.is_empty())
        .collect::<Vec<_>>()
        .join(" ");
    paragraphs([created.as_str(), &policy, restrict])
}

/// The planned name was taken in the meantime, and numbers are allowed.
pub fn username_changed(planned: &str, upn: &str) -> String {
    format!("The username {planned} was taken in the meantime, so the user got {upn}.")
}

pub fn manager_not_set(upn: &str, why: &str) -> String {
    format!("The manager of {upn} could not be set: {why}. Please set it by hand.")
}

/// None if no group was asked for.
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

/// The only note with a password; internal, and only in a PSA that keeps tickets.
pub fn password(upn: &str, password: &SecretString, vars: &OrgVariables) -> SecretString {
    let change = if vars.require_password_change_on_first_login {
        "\n\nIt must be changed at the first sign-in."
    } else {
        ""
    };
    format!(
        "Username: {upn}\nTemporary password: {}{change}",
        password.expose_secret()
    )
    .into()
}

/// To the manager.
pub fn password_mail(
    shown_name: &str,
    organisation: &str,
    upn: &str,
    password: &SecretString,
    vars: &OrgVariables,
) -> MailText {
    let change = if vars.require_password_change_on_first_login {
        "It must be changed at the first sign-in. "
    } else {
        ""
    };
    let text = format!(
        "An account at {organisation} was created for {shown_name}, who reports to you.\n\n\
         Username: {upn}\nTemporary password: {}\n\n\
         {change}Please hand it over in person or by phone, and delete this mail.",
        password.expose_secret()
    );
    MailText {
        subject: one_line(&format!("Account of {shown_name} at {organisation}")),
        text: text.into(),
    }
}

/// Where the password went, never the password.
pub fn password_handed_over(places: &[PasswordPlace], failed: &[Skipped]) -> String {
    let went = places.iter().map(|place| place.words()).collect::<Vec<_>>().join(", ");
    let done = format!("The temporary password was handed over {went}. Gangway no longer has it.");
    let left = if failed.is_empty() {
        String::new()
    } else {
        format!("These places could not be reached:\n{}", skipped_items(failed))
    };
    paragraphs([done.as_str(), &left])
}

/// Nothing worked. `until` in words, as the organisation's clock shows it.
pub fn password_kept(upn: &str, failed: &[Skipped], until: &str, request_page: &str) -> String {
    let places = if failed.is_empty() {
        "No place is set up for it.".to_owned()
    } else {
        skipped_items(failed)
    };
    format!(
        "The temporary password of {upn} could not be handed over:\n{places}\n\n\
         It is kept in Secrets Manager until {until}. Then it is deleted, and the password has to be reset in \
         Microsoft Entra ID.\n\n\
         Request: {request_page}"
    )
}

pub fn password_deleted(upn: &str) -> String {
    format!(
        "The temporary password of {upn} was not fetched in time and has been deleted. \
         Please reset the password in Microsoft Entra ID and hand it over by hand."
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_created_user() {
        let mut vars = OrgVariables::default();
        assert_eq!(
            user_created("Ada Lovelace", "ada@contoso.com", &vars),
            "The user ada@contoso.com was created for Ada Lovelace.\n\n\
             The password must be changed at the first sign-in."
        );
        vars.restrict_user_from_changing_password = true;
        vars.set_password_to_never_expire = true;
        assert_eq!(
            user_created("Ada Lovelace", "ada@contoso.com", &vars),
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
    fn only_two_texts_have_the_password() {
        let vars = OrgVariables::default();
        let secret: SecretString = "aB2!cdEf3?gh".into();
        let note = password("ada@contoso.com", &secret, &vars);
        assert_eq!(
            note.expose_secret(),
            "Username: ada@contoso.com\nTemporary password: aB2!cdEf3?gh\n\nIt must be changed at the first sign-in."
        );
        let mail = password_mail("Ada Lovelace", "Contoso", "ada@contoso.com", &secret, &vars);
        assert_eq!(mail.subject, "Account of Ada Lovelace at Contoso");
        assert!(
            mail.text
                .expose_secret()
                .contains("Temporary password: aB2!cdEf3?gh\n\nIt must be changed")
        );
        assert!(!format!("{note:?} {mail:?}").contains("aB2!"));
    }

    #[test]
    fn hand_over() {
        let failed = [Skipped {
            name: "Hudu".into(),
            reason: "did not answer".into(),
        }];
        assert_eq!(
            password_handed_over(&[PasswordPlace::TicketNote, PasswordPlace::Manager], &failed),
            "The temporary password was handed over in an internal note of the ticket, by a message to the manager. \
             Gangway no longer has it.\n\nThese places could not be reached:\n- Hudu: did not answer"
        );
    }
}
