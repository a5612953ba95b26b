//! The body of an onboarding: what the form or a JSON client says about one person. An offboarding's is in a file of
//! its own.

mod form;
mod offboarding;
mod own;
mod passwords;
pub(crate) mod reader;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use self::form::Shape;
pub use self::offboarding::{OFFBOARDING_FIELDS, Offboarding};
use self::own::OwnSettings;
pub use self::passwords::{PASSWORD_FIELDS, PasswordSettings};
use self::reader::{MAX_NAME, MAX_SHOWN_NAME, Reader};
use crate::contact::{DomainName, EmailAddress, PhoneNumber, Upn};
use crate::country::CountryCode;
use crate::field::{FieldError, InvalidValue, checked_text, choice};
use crate::job::Kind;
use crate::username::{LocalPart, Names};
use crate::variables::OrgVariables;

/// Larger bodies are refused before they are parsed. All fields at their limits fit.
pub const MAX_BODY_BYTES: usize = 64 * 1024;
pub const MAX_LICENSES: usize = 20;
pub const MAX_GROUPS: usize = 50;

/// Every field of the body, in the order of the form.
pub const FIELDS: [&str; 29] = [
    "first_name",
    "middle_name",
    "last_name",
    "single_name",
    "display_name",
    "email_domain",
    "username",
    "rehire",
    "personal_email",
    "mobile_phone",
    "job_title",
    "department",
    "office",
    "manager",
    "usage_location",
    "licenses",
    "license_purchase",
    "groups",
    "copy_groups_from",
    "start_date",
    "ticket_id",
    "password_style",
    "require_password_change_on_first_login",
    "restrict_user_from_changing_password",
    "set_password_to_never_expire",
    "store_password_in_ticket",
    "send_password_via_sms_or_email",
    "auto_store_password_in_documentation",
    "onboarding_password_save_location",
];

choice! {
    /// What happens when no seat is free.
    #[derive(Default)]
    LicensePurchase {
        /// Bought at the distributor, or by hand where that can't be.
        #[default]
        Auto = "auto",
        /// A technician is asked to buy it.
        Manual = "manual",
        /// The user gets no license.
        None = "none",
    }
}

/// What the form asks for: a SKU's part number or its GUID.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct LicenseName(String);

impl LicenseName {
    pub const TAKES: &'static str = "must be a SKU's part number, such as SPB, or its GUID";

    /// Microsoft's part numbers have slashes and brackets too, as in `O365_w/o_Teams_Bundle_M3`.
    pub fn parse(text: &str) -> Result<Self, InvalidValue> {
        let text = text.trim();
        let ok = (1..=100).contains(&text.len())
            && text.starts_with(|c: char| c.is_ascii_alphanumeric())
            && text
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"_-.()/+".contains(&b));
        if ok {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidValue(Self::TAKES))
        }
    }

    /// Whether this names that SKU, by either of its names.
    pub fn is(&self, sku: &crate::request::Sku) -> bool {
        self.0.eq_ignore_ascii_case(&sku.part_number) || self.0.eq_ignore_ascii_case(&sku.id)
    }
}

checked_text!(LicenseName);

/// One person to onboard, as asked for and checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Onboarding {
    pub first_name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub middle_name: Option<String>,
    /// None for a person with one name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_name: Option<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub single_name: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email_domain: Option<DomainName>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username: Option<LocalPart>,
    /// Their disabled account is enabled again.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub rehire: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub personal_email: Option<EmailAddress>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mobile_phone: Option<PhoneNumber>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job_title: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub department: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub office: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manager: Option<Upn>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usage_location: Option<CountryCode>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub licenses: Vec<LicenseName>,
    #[serde(default)]
    pub license_purchase: LicensePurchase,
    /// Names or ids.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub copy_groups_from: Option<Upn>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_date: Option<NaiveDate>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket_id: Option<String>,
    #[serde(flatten)]
    pub passwords: PasswordSettings,
}

impl Onboarding {
    /// Every wrong field at once; unknown fields are wrong too. Limits are Graph's.
    pub fn parse(body: &Value) -> Result<Self, Vec<FieldError>> {
        let mut fields = Reader::new(body, &FIELDS, Kind::Onboarding)?;
        let first_name = fields.required_name("first_name");
        let middle_name = fields.name("middle_name", MAX_NAME);
        let single_name = fields.flag("single_name");
        let last_name = fields.last_name(single_name);
        let display_name = fields.name("display_name", MAX_SHOWN_NAME);
        let email_domain = fields.parsed("email_domain", DomainName::parse);
        let username = fields.parsed("username", LocalPart::parse);
        let rehire = fields.flag("rehire");
        let personal_email = fields.parsed("personal_email", EmailAddress::parse);
        let mobile_phone = fields.parsed("mobile_phone", PhoneNumber::parse);
        let job_title = fields.line("job_title", 128);
        let department = fields.line("department", 64);
        let office = fields.line("office", 128);
        let manager = fields.parsed("manager", Upn::parse);
        let usage_location = fields.parsed("usage_location", CountryCode::parse);
        let licenses = fields.list("licenses", MAX_LICENSES, LicenseName::parse);
        let license_purchase = fields.parsed("license_purchase", |text| {
            LicensePurchase::parse(text).ok_or(InvalidValue("must be auto, manual or none"))
        });
        let groups = fields.list("groups", MAX_GROUPS, group);
        let copy_groups_from = fields.parsed("copy_groups_from", Upn::parse);
        let start_date = fields.parsed("start_date", date);
        let ticket_id = fields.parsed("ticket_id", ticket_id);
        let passwords = PasswordSettings::read(&mut fields);
        fields.finish()?;
        Ok(Self {
            first_name,
            middle_name,
            last_name,
            single_name,
            display_name,
            email_domain,
            username,
            rehire,
            personal_email,
            mobile_phone,
            job_title,
            department,
            office,
            manager,
            usage_location,
            licenses,
            license_purchase: license_purchase.unwrap_or_default(),
            groups,
            copy_groups_from,
            start_date,
            ticket_id,
            passwords,
        })
    }

    /// The organisation's variables, with what this request has in their place. Whoever acts for a request goes by these.
    pub fn settings(&self, variables: OrgVariables) -> OrgVariables {
        self.over(variables).variables
    }

    /// The settings of this request that differ from what the parent has locked.
    pub fn against_locks(&self, variables: OrgVariables) -> Vec<&'static str> {
        self.over(variables).refused
    }

    fn over(&self, variables: OrgVariables) -> OwnSettings {
        let mut own = OwnSettings::new(variables);
        self.passwords.over(&mut own);
        own
    }

    /// The HTML form's pairs as the JSON that other clients send.
    pub fn from_form(pairs: &[(String, String)]) -> Value {
        const SHAPE: Shape = Shape {
            lists: &["licenses", "groups", "onboarding_password_save_location"],
            flags: &["single_name", "rehire"],
        };
        form::body(pairs, &SHAPE)
    }

    pub fn names(&self) -> Names<'_> {
        Names {
            first: &self.first_name,
            middle: self.middle_name.as_deref(),
            last: self.last_name.as_deref(),
        }
    }

    /// The one asked for, else first and last name.
    pub fn shown_name(&self) -> String {
        match (&self.display_name, &self.last_name) {
            (Some(name), _) => name.clone(),
            (None, Some(last)) => format!("{} {last}", self.first_name),
            (None, None) => self.first_name.clone(),
        }
    }
}

fn group(text: &str) -> Result<String, InvalidValue> {
    if text.chars().count() <= 256 {
        Ok(text.to_owned())
    } else {
        Err(InvalidValue("must be a group's name or id"))
    }
}

fn date(text: &str) -> Result<NaiveDate, InvalidValue> {
    let shape = text.len() == 10 && text.bytes().all(|b| b.is_ascii_digit() || b == b'-');
    NaiveDate::parse_from_str(text, "%Y-%m-%d")
        .ok()
        .filter(|_| shape)
        .ok_or(InvalidValue("must be a date as YYYY-MM-DD"))
}

/// It becomes part of a URL at the PSA.
fn ticket_id(text: &str) -> Result<String, InvalidValue> {
    let ok = text.len() <= 64
        && text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-".contains(&b));
    if ok {
        Ok(text.to_owned())
    } else {
        Err(InvalidValue(
            "must be a ticket's number: up to 64 letters, digits, - and _",
        ))
    }
}

#[cfg(test)]
mod tests;
