//! The form of an onboarding.

use chrono::NaiveDate;

use super::declare::{Field, Section::*, Takes, form};
use super::fields::{LicenseName, LicensePurchase, date, group, ticket_id};
use super::reader::{MAX_NAME, MAX_SHOWN_NAME};
use crate::authority::{may_name_ticket, may_rehire, may_set_passwords};
use crate::contact::{DomainName, EmailAddress, PhoneNumber, Upn};
use crate::country::CountryCode;
use crate::username::{LocalPart, Names};
use crate::variables::{OrgVariables, PasswordStyle, SaveLocation};

pub const MAX_LICENSES: usize = 20;
pub const MAX_GROUPS: usize = 50;

// The limits of texts are Graph's.
form! {
    /// One person to onboard, as asked for and checked.
    Onboarding, OnboardingFields;
    required {
        first_name: String = required_name(MAX_NAME) => Field::new(Takes::Text, Person, "First name");
    }
    optional {
        middle_name: Option<String> = name(MAX_NAME) => Field::new(Takes::Text, Person, "Middle name");
        last_name: Option<String> = last_name(MAX_NAME, "single_name") => Field::new(Takes::Text, Person, "Last name");
        single_name: bool = flag() => Field::new(Takes::Flag, Person, "This person has one name only");
        /// First and last name where not given. Like the other names without / and \.
        display_name: Option<String> = name(MAX_SHOWN_NAME) => Field::new(Takes::Text, Person, "Display name")
            .hint(|_| "Empty: first and last name.");
        /// A verified domain of the tenant; its default domain where not given.
        email_domain: Option<DomainName> = parsed(DomainName::parse) => Field::new(Takes::Text, Account, "Domain")
            .hint(|_| "Empty: the tenant's default domain.");
        /// What stands before the @; made of the names by username_format where not given.
        username: Option<LocalPart> = parsed(LocalPart::parse) => Field::new(Takes::Text, Account, "Username")
            .hint(|_| "What stands before the @. Empty: made of the names.");
        /// The person comes back: the disabled account of this username is enabled again, with a new password and what is given
        /// here. Without it, a taken name stays taken.
        rehire: bool = flag() => Field::new(Takes::Flag, Account,
                "This person comes back: enable their disabled account of this username again")
            .offered_to(may_rehire).on_ticket_as("Rehire");
        personal_email: Option<EmailAddress> = parsed(EmailAddress::parse) =>
            Field::new(Takes::Email, Person, "Personal e-mail").to_approver_as("Private address");
        /// With the country code.
        mobile_phone: Option<PhoneNumber> = parsed(PhoneNumber::parse) =>
            Field::new(Takes::Phone, Person, "Mobile phone").to_approver_as("Mobile phone")
            .hint(|_| "With the country code, such as +1 212 555 0100.");
        job_title: Option<String> = line(128) => Field::new(Takes::Text, Work, "Job title").on_ticket();
        department: Option<String> = line(64) => Field::new(Takes::Text, Work, "Department").on_ticket();
        office: Option<String> = line(128) => Field::new(Takes::Text, Work, "Office").on_ticket();
        /// A user principal name.
        manager: Option<Upn> = parsed(Upn::parse) => Field::new(Takes::Text, Work, "Manager").on_ticket()
            .hint(|_| "Sign-in name, such as name@example.com.");
        /// ISO 3166 alpha-2. Needed for a license unless the variable usage_location is set.
        usage_location: Option<CountryCode> = parsed(CountryCode::parse) =>
            Field::new(Takes::Text, Account, "Country of use").hint(country_hint);
        /// SKUs by part number or GUID.
        licenses: Vec<LicenseName> = list(MAX_LICENSES, LicenseName::parse) =>
            Field::new(Takes::List, Licenses, "Licenses").on_ticket();
        /// What happens when no seat is free.
        license_purchase: LicensePurchase = chosen(LicensePurchase::read) =>
            Field::new(Takes::Choice(PURCHASES), Licenses, "When no seat is free").on_ticket_as("License purchase");
        /// Groups by name or id.
        groups: Vec<String> = list(MAX_GROUPS, group) => Field::new(Takes::List, Groups, "Groups").on_ticket()
            .hint(|_| "Names or ids, one a line.");
        /// A colleague's user principal name.
        copy_groups_from: Option<Upn> = parsed(Upn::parse) =>
            Field::new(Takes::Text, Groups, "Copy groups from").on_ticket()
            .hint(|_| "A colleague's sign-in name.");
        /// In the organisation's time zone.
        start_date: Option<NaiveDate> = parsed(date) => Field::new(Takes::Date, Start, "Start date").on_ticket()
            .hint(start_hint);
        /// A ticket that is there already.
        ticket_id: Option<String> = parsed(ticket_id) => Field::new(Takes::Text, Start, "Ticket")
            .offered_to(may_name_ticket).to_approver_as("Ticket")
            .hint(|_| "Number of a ticket that is there already.");
    }
    overrides {
        password_style: PasswordStyle => password(Takes::Choice(STYLES), "Kind of password");
        require_password_change_on_first_login: bool =>
            password(Takes::Switch, "Must be changed at the first sign-in");
        restrict_user_from_changing_password: bool => password(Takes::Switch, "User may not change it")
            .hint(|_| "Microsoft Entra ID has no such setting; the ticket then says so.");
        set_password_to_never_expire: bool => password(Takes::Switch, "Never expires");
        store_password_in_ticket: bool => password(Takes::Switch, "Store in the ticket")
            .hint(|_| "In an internal note.");
        send_password_via_sms_or_email: bool => password(Takes::Switch, "Send to the manager")
            .hint(|_| "By mail or text message.");
        auto_store_password_in_documentation: bool => password(Takes::Switch, "Store in the documentation");
        /// An array, or one text with commas.
        onboarding_password_save_location: Vec<SaveLocation> => password(Takes::List, "Places of documentation")
            .hint(|_| "Any of psa, itglue, hudu, passportal and pwpush, with commas. Empty: as usual here.");
    }
}

/// A field that overrides a variable about passwords. `pwpush_url` has no such field: the person who fills in the form
/// must not choose the server that a password is sent to.
const fn password(takes: Takes, label: &'static str) -> Field {
    Field::new(takes, Passwords, label).offered_to(may_set_passwords)
}

const PURCHASES: &[(&str, &str)] = &[
    (
        LicensePurchase::Auto.as_str(),
        "Buy at the distributor, or ask a technician to",
    ),
    (LicensePurchase::Manual.as_str(), "Ask a technician to buy one"),
    (LicensePurchase::None.as_str(), "Go on without a license"),
];

const STYLES: &[(&str, &str)] = &[
    (PasswordStyle::Classic.as_str(), "16 characters"),
    (PasswordStyle::Passphrase.as_str(), "Six words and a digit"),
];

fn country_hint(variables: &OrgVariables) -> &'static str {
    match &variables.usage_location {
        Some(_) => "Two letters, such as US. Empty: the organisation's.",
        None => "Two letters, such as US. Needed for a license.",
    }
}

fn start_hint(variables: &OrgVariables) -> &'static str {
    if variables.allow_scheduled_user_creation {
        "Empty: at once. The user is created that day, at the organisation's start time."
    } else {
        "Noted on the ticket; the user is created at once."
    }
}

impl Onboarding {
    /// The display name in the form, or else first and last name.
    pub fn shown_name(&self) -> String {
        shown_name(
            self.display_name.as_deref(),
            &self.first_name,
            self.last_name.as_deref(),
        )
    }
}

impl OnboardingFields {
    /// The names that the username is made of, or `None` if one of them is invalid.
    pub fn names(&self) -> Option<Names<'_>> {
        self.single_name?;
        Some(Names {
            first: self.first_name.as_deref()?,
            middle: self.middle_name.as_ref()?.as_deref(),
            last: self.last_name.as_ref()?.as_deref(),
        })
    }

    /// The display name in the form, or else first and last name; `None` if one of them is invalid.
    pub fn shown_name(&self) -> Option<String> {
        let (asked, last) = (self.display_name.as_ref()?, self.last_name.as_ref()?);
        let first = self.first_name.as_deref()?;
        Some(shown_name(asked.as_deref(), first, last.as_deref()))
    }
}

fn shown_name(asked: Option<&str>, first: &str, last: Option<&str>) -> String {
    match (asked, last) {
        (Some(name), _) => name.to_owned(),
        (None, Some(last)) => format!("{first} {last}"),
        (None, None) => first.to_owned(),
    }
}

#[cfg(test)]
mod tests;
