//! The table of variables: page, API, command line and documents are made from it.

use std::fmt;

use serde_json::Value;

use super::choices::{Distributor, LicenseAssignmentMethod, PasswordStyle, Psa, SaveLocation, UsernameCollision};
use super::parse;
use crate::username::UsernameFormat;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Definition {
    pub name: &'static str,
    pub kind: Kind,
    /// As the documents write it; None where nothing is set.
    pub default: Option<&'static str>,
    pub description: &'static str,
}

impl Definition {
    pub fn default_value(&self) -> Option<Value> {
        self.default
            .and_then(|text| parse::value_of(self, &Value::from(text)).ok())
    }
}

/// What a variable takes; its Display says it in words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Boolean,
    OneOf(&'static [&'static str]),
    AnyOf(&'static [&'static str]),
    Email,
    Approvers,
    Text,
    HttpsUrl,
    TimeZone,
    LocalTime,
    Country,
    Minutes,
    Count,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Boolean => f.write_str("1, 0, true or false"),
            Self::OneOf(names) => write!(f, "one of {}", names.join(", ")),
            Self::AnyOf(names) => write!(f, "any of {}", names.join(", ")),
            Self::Email => f.write_str("an e-mail address"),
            Self::Approvers => f.write_str("one or more e-mail addresses, or manager for the person's manager"),
            Self::Text => f.write_str("a name or id of at most 256 characters"),
            Self::HttpsUrl => f.write_str("an https address, such as https://pwpush.example.com"),
            Self::TimeZone => f.write_str("an IANA time zone, such as Europe/Berlin"),
            Self::LocalTime => f.write_str("a time of day as HH:MM or HH:MM:SS"),
            Self::Minutes => f.write_str("a whole number of minutes from 1 to 1440"),
            Self::Count => f.write_str("a whole number from 0 to 1000"),
            Self::Country => f.write_str("an ISO 3166 country code of two letters, such as US or DE"),
        }
    }
}

pub fn definitions() -> &'static [Definition] {
    DEFINITIONS
}

pub fn definition(name: &str) -> Option<&'static Definition> {
    DEFINITIONS.iter().find(|definition| definition.name == name)
}

const fn variable(
    name: &'static str,
    default: Option<&'static str>,
    kind: Kind,
    description: &'static str,
) -> Definition {
    Definition {
        name,
        kind,
        default,
        description,
    }
}

const ON: Option<&str> = Some("1");
const OFF: Option<&str> = Some("0");

const DEFINITIONS: &[Definition] = &[
    variable(
        "require_approval_for_new_users",
        OFF,
        Kind::Boolean,
        "Whether an approver must agree before a user is created or offboarded.",
    ),
    variable(
        "new_user_approval_email",
        None,
        Kind::Approvers,
        "Who is asked for approval; required when approval is on. With manager, who asks for a new user also names the \
         approver; for a leaver it is the manager in the directory.",
    ),
    variable(
        "default_psa",
        None,
        Kind::OneOf(Psa::NAMES),
        "The PSA where tickets are created and updated.",
    ),
    variable(
        "default_ticket_location",
        None,
        Kind::Text,
        "Board, queue or team of the PSA for new tickets.",
    ),
    variable(
        "default_ticket_status",
        None,
        Kind::Text,
        "Ticket status while Gangway works.",
    ),
    variable(
        "ticket_status_waiting_input",
        None,
        Kind::Text,
        "Ticket status while a person must act.",
    ),
    variable(
        "ticket_status_workflow_complete",
        None,
        Kind::Text,
        "Ticket status at the end.",
    ),
    variable(
        "default_priority",
        None,
        Kind::Text,
        "Priority of new tickets, by the PSA's id or name.",
    ),
    variable(
        "default_work_role",
        None,
        Kind::Text,
        "Work role of new tickets, by the PSA's id or name.",
    ),
    variable(
        "default_tech_id",
        None,
        Kind::Text,
        "Technician that new tickets go to, by the PSA's id or name.",
    ),
    variable(
        "automation_task_new_user_time",
        None,
        Kind::Minutes,
        "Minutes of work written on the ticket with the last note, where the PSA takes time with a note (halopsa).",
    ),
    variable(
        "send_from_address",
        None,
        Kind::Email,
        "Reply-to address of every mail.",
    ),
    variable(
        "no_psa_mail_address",
        None,
        Kind::Email,
        "Where notes go as mails when there is no PSA, or it fails.",
    ),
    variable(
        "allow_scheduled_user_creation",
        OFF,
        Kind::Boolean,
        "Whether a request waits for its start date, or for the end of the last day.",
    ),
    variable(
        "password_style",
        Some("classic"),
        Kind::OneOf(PasswordStyle::NAMES),
        "What temporary passwords look like: classic is 16 characters, passphrase is six words and a digit.",
    ),
    variable(
        "require_password_change_on_first_login",
        ON,
        Kind::Boolean,
        "Whether the new user must change the password at the first sign-in.",
    ),
    variable(
        "restrict_user_from_changing_password",
        OFF,
        Kind::Boolean,
        "Known from on-premises AD; Entra has no equivalent, which the ticket then says.",
    ),
    variable(
        "set_password_to_never_expire",
        OFF,
        Kind::Boolean,
        "Whether the password never expires.",
    ),
    variable(
        "auto_store_password_in_documentation",
        ON,
        Kind::Boolean,
        "Whether the password is stored in the places of onboarding_password_save_location.",
    ),
    variable(
        "send_password_via_sms_or_email",
        ON,
        Kind::Boolean,
        "Whether the password is sent to the manager by mail or SMS.",
    ),
    variable(
        "store_password_in_ticket",
        ON,
        Kind::Boolean,
        "Whether the password is stored in an internal note of the ticket.",
    ),
    variable(
        "onboarding_password_save_location",
        None,
        Kind::AnyOf(SaveLocation::NAMES),
        "Where passwords are documented.",
    ),
    variable(
        "pwpush_url",
        None,
        Kind::HttpsUrl,
        "Address of the PWPush server; mails then carry links.",
    ),
    variable(
        "auto_purchase_license_if_none_available",
        ON,
        Kind::Boolean,
        "Whether a license is bought at the distributor when no seat is free.",
    ),
    variable(
        "max_seats_bought_per_day",
        Some("10"),
        Kind::Count,
        "How many seats are bought by themselves in a day of the organisation's time zone; beyond it a technician is asked.",
    ),
    variable(
        "ms_licensing_distributor",
        None,
        Kind::OneOf(Distributor::NAMES),
        "Where licenses are bought; unset means manual.",
    ),
    variable(
        "license_assignment_method",
        Some("direct"),
        Kind::OneOf(LicenseAssignmentMethod::NAMES),
        "Whether licenses are assigned to the user directly, or by adding the user to the one group that carries the license.",
    ),
    variable(
        "username_format",
        Some("firstinitiallastname"),
        Kind::OneOf(UsernameFormat::NAMES),
        "How usernames are made of names; f, m and l are initials, _ is written as a dot.",
    ),
    variable(
        "username_collision",
        Some("ask"),
        Kind::OneOf(UsernameCollision::NAMES),
        "When a username is taken: ask refuses and proposes free ones, number appends 2, 3, ...",
    ),
    variable(
        "offboarding_deactivate_user",
        ON,
        Kind::Boolean,
        "Whether offboarding blocks the user's sign-in.",
    ),
    variable(
        "offboarding_remove_groups",
        ON,
        Kind::Boolean,
        "Whether offboarding removes the user from groups.",
    ),
    variable(
        "timezone",
        Some("Etc/UTC"),
        Kind::TimeZone,
        "Time zone that start dates are local to.",
    ),
    variable(
        "start_time",
        Some("08:00"),
        Kind::LocalTime,
        "Local time at which a scheduled start fires.",
    ),
    variable(
        "usage_location",
        None,
        Kind::Country,
        "Country of new users; needed before a license can be assigned.",
    ),
    variable(
        "mfa_group",
        None,
        Kind::Text,
        "Group, by name or id, that the tenant's Conditional Access policy for MFA targets; new users are added to it.",
    ),
];
