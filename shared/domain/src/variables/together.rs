//! Rules about several variables: contradictions, and the destinations of a password.

use super::choices::{Psa, SaveLocation};
use super::definitions::OrgVariables;
use crate::field::{FieldError, choice};

choice! {
    /// A destination for a temporary password.
    PasswordDestination {
        TicketNote = "ticket_note",
        ItGlue = "itglue",
        Hudu = "hudu",
        Passportal = "passportal",
        PwPush = "pwpush",
        Manager = "manager",
    }
}

impl PasswordDestination {
    /// Completes the sentence "The temporary password was handed over ..." in notes.
    pub fn label(self) -> &'static str {
        match self {
            Self::TicketNote => "in an internal note of the ticket",
            Self::ItGlue => "in IT Glue",
            Self::Hudu => "in Hudu",
            Self::Passportal => "in Passportal",
            Self::PwPush => "by a PWPush link",
            Self::Manager => "by a message to the manager",
        }
    }
}

impl OrgVariables {
    /// All destinations that the variables name. `Manager` also needs a manager whose address or number is known.
    pub fn password_places(&self) -> Vec<PasswordDestination> {
        let documented = |location| {
            self.auto_store_password_in_documentation && self.onboarding_password_save_location.contains(&location)
        };
        PasswordDestination::ALL
            .iter()
            .copied()
            .filter(|place| match place {
                PasswordDestination::TicketNote => self.store_password_in_ticket && self.real_psa().is_some(),
                PasswordDestination::ItGlue => documented(SaveLocation::ItGlue),
                PasswordDestination::Hudu => documented(SaveLocation::Hudu),
                PasswordDestination::Passportal => documented(SaveLocation::Passportal),
                PasswordDestination::PwPush => {
                    self.pwpush_url.is_some() && documented(SaveLocation::PwPush) && self.has_desk()
                }
                PasswordDestination::Manager => self.send_password_via_sms_or_email,
            })
            .collect()
    }

    /// Whether there is anywhere to send messages for technicians.
    fn has_desk(&self) -> bool {
        self.real_psa().is_some() || self.no_psa_mail_address.is_some()
    }

    /// The contradictions between values that are each valid. A change that causes one is refused.
    pub fn check_together(&self) -> Vec<FieldError> {
        let mut problems = Vec::new();
        let mut wrong = |field: &str, message: &str| problems.push(FieldError::new(field, message));
        if self.require_approval_for_new_users && self.new_user_approval_email.is_empty() {
            wrong(
                "new_user_approval_email",
                "is required while require_approval_for_new_users is on",
            );
        }
        if self.default_psa == Some(Psa::EmailOnly) && self.no_psa_mail_address.is_none() {
            wrong(
                "no_psa_mail_address",
                "is required while default_psa is email_only: notes go there as mails",
            );
        }
        if self.automation_task_new_user_time.is_some() && self.default_psa != Some(Psa::Halopsa) {
            wrong(
                "automation_task_new_user_time",
                "is for halopsa: no other PSA takes time with a note",
            );
        }
        let locations = &self.onboarding_password_save_location;
        if locations.contains(&SaveLocation::PwPush) {
            if self.pwpush_url.is_none() {
                wrong(
                    "pwpush_url",
                    "is required while onboarding_password_save_location names pwpush",
                );
            }
            if !self.has_desk() && self.default_psa != Some(Psa::EmailOnly) {
                wrong(
                    "no_psa_mail_address",
                    "is required while onboarding_password_save_location names pwpush and no PSA keeps tickets: the \
                     link goes there",
                );
            }
        }
        if locations.contains(&SaveLocation::Psa) {
            if !self.store_password_in_ticket {
                wrong(
                    "store_password_in_ticket",
                    "must be on while onboarding_password_save_location names psa",
                );
            }
            if self.real_psa().is_none() {
                wrong(
                    "onboarding_password_save_location",
                    "names psa, but default_psa names none that keeps tickets: a mail never carries the password",
                );
            }
        }
        if self.password_places().is_empty() {
            self.without_a_place().for_each(|field| {
                wrong(
                    field,
                    "leaves no place for the password: turn it on, or name another place",
                );
            });
        }
        problems
    }

    /// The switches that are off, if no destination is left for the password. Without a PSA, the ticket's switch is
    /// left out because it has no effect.
    fn without_a_place(&self) -> impl Iterator<Item = &'static str> {
        let has_locations = !self.onboarding_password_save_location.is_empty();
        [
            (
                "store_password_in_ticket",
                self.store_password_in_ticket || self.real_psa().is_none(),
            ),
            ("send_password_via_sms_or_email", self.send_password_via_sms_or_email),
            (
                "auto_store_password_in_documentation",
                self.auto_store_password_in_documentation || !has_locations,
            ),
        ]
        .into_iter()
        .filter_map(|(name, is_on)| (!is_on).then_some(name))
    }
}

#[cfg(test)]
mod tests {
    use super::super::value::Minutes;
    use super::*;
    use crate::contact::EmailAddress;

    fn fields(variables: &OrgVariables) -> Vec<String> {
        variables
            .check_together()
            .into_iter()
            .map(|problem| problem.field)
            .collect()
    }

    #[test]
    fn defaults_agree() {
        assert_eq!(OrgVariables::default().check_together(), []);
        assert_eq!(
            OrgVariables::default().password_places(),
            [PasswordDestination::Manager]
        );
    }

    #[test]
    fn approval_needs_approvers() {
        let variables = OrgVariables {
            require_approval_for_new_users: true,
            ..OrgVariables::default()
        };
        assert_eq!(fields(&variables), ["new_user_approval_email"]);
    }

    #[test]
    fn mail_needs_an_address() {
        let mut variables = OrgVariables {
            default_psa: Some(Psa::EmailOnly),
            ..OrgVariables::default()
        };
        assert_eq!(fields(&variables), ["no_psa_mail_address"]);
        variables.no_psa_mail_address = Some(EmailAddress::parse("it@example.com").unwrap());
        assert_eq!(fields(&variables), [""; 0]);
    }

    #[test]
    fn time_needs_a_psa_that_takes_it() {
        let mut variables = OrgVariables {
            automation_task_new_user_time: Some(Minutes(15)),
            ..OrgVariables::default()
        };
        assert_eq!(fields(&variables), ["automation_task_new_user_time"]);
        variables.default_psa = Some(Psa::Halopsa);
        assert_eq!(fields(&variables), [""; 0]);
    }

    #[test]
    fn password_needs_a_destination() {
        let mut variables = OrgVariables {
            send_password_via_sms_or_email: false,
            ..OrgVariables::default()
        };
        // Without a ticket, the switch for the ticket is not the error.
        assert_eq!(fields(&variables), ["send_password_via_sms_or_email"]);
        variables.default_psa = Some(Psa::Connectwise);
        assert_eq!(variables.password_places(), [PasswordDestination::TicketNote]);
        assert_eq!(fields(&variables), [""; 0]);
        variables.store_password_in_ticket = false;
        variables.onboarding_password_save_location = vec![SaveLocation::Hudu];
        assert_eq!(variables.password_places(), [PasswordDestination::Hudu]);
        variables.auto_store_password_in_documentation = false;
        assert_eq!(
            fields(&variables),
            [
                "store_password_in_ticket",
                "send_password_via_sms_or_email",
                "auto_store_password_in_documentation"
            ]
        );
    }

    #[test]
    fn save_locations_need_their_variables() {
        let mut variables = OrgVariables {
            onboarding_password_save_location: vec![SaveLocation::PwPush, SaveLocation::Psa],
            store_password_in_ticket: false,
            ..OrgVariables::default()
        };
        assert_eq!(
            fields(&variables),
            [
                "pwpush_url",
                "no_psa_mail_address",
                "store_password_in_ticket",
                "onboarding_password_save_location"
            ]
        );
        variables.store_password_in_ticket = true;
        variables.pwpush_url = Some("https://pwpush.com".parse().unwrap());
        // Messages to technicians have no destination, and there is no ticket.
        assert_eq!(
            fields(&variables),
            ["no_psa_mail_address", "onboarding_password_save_location"]
        );
        assert_eq!(variables.password_places(), [PasswordDestination::Manager]);
        variables.default_psa = Some(Psa::Halopsa);
        assert_eq!(fields(&variables), [""; 0]);
        assert_eq!(
            variables.password_places(),
            [
                PasswordDestination::TicketNote,
                PasswordDestination::PwPush,
                PasswordDestination::Manager
            ]
        );
    }

    #[test]
    fn without_a_ticket_technician_links_need_an_address() {
        let mut variables = OrgVariables {
            send_password_via_sms_or_email: false,
            onboarding_password_save_location: vec![SaveLocation::PwPush],
            pwpush_url: Some("https://pwpush.com".parse().unwrap()),
            ..OrgVariables::default()
        };
        assert_eq!(
            fields(&variables),
            ["no_psa_mail_address", "send_password_via_sms_or_email"]
        );
        variables.no_psa_mail_address = Some(EmailAddress::parse("it@example.com").unwrap());
        assert_eq!(fields(&variables), [""; 0]);
        assert_eq!(variables.password_places(), [PasswordDestination::PwPush]);
    }
}
