//! The types of variables: which values each accepts, and how they are stored.

use chrono::{NaiveTime, Timelike};
use chrono_tz::Tz;
use serde_json::Value;
use url::{Host, Url};

use super::approver::Approver;
use super::choices::{Distributor, LicenseAssignmentMethod, PasswordStyle, Psa, SaveLocation, UsernameCollision};
use super::kind::{Kind, MAX_APPROVERS, MAX_TEXT};
use crate::contact::EmailAddress;
use crate::country::CountryCode;
use crate::username::UsernameFormat;

/// A type of variable.
pub(crate) trait VariableType: Sized {
    const KIND: Kind;

    /// Parses a value from a form, a JSON body, the command line or the database. Returns `None` if it is invalid.
    fn parse(value: &Value) -> Option<Self>;

    /// The only form in which the value is stored and shown. `parse` reads it as the same value.
    fn to_json(&self) -> Value;
}

/// A variable that may be unset.
impl<T: VariableType> VariableType for Option<T> {
    const KIND: Kind = T::KIND;

    fn parse(value: &Value) -> Option<Self> {
        T::parse(value).map(Some)
    }

    fn to_json(&self) -> Value {
        self.as_ref().map_or(Value::Null, T::to_json)
    }
}

impl VariableType for bool {
    const KIND: Kind = Kind::Boolean;

    fn parse(value: &Value) -> Option<Self> {
        match value {
            Value::Bool(flag) => Some(*flag),
            Value::Number(number) => match number.as_u64() {
                Some(0) => Some(false),
                Some(1) => Some(true),
                _ => None,
            },
            Value::String(text) => match text.trim().to_ascii_lowercase().as_str() {
                "0" | "false" => Some(false),
                "1" | "true" => Some(true),
                _ => None,
            },
            _ => None,
        }
    }

    fn to_json(&self) -> Value {
        Value::from(*self)
    }
}

/// Also accepts numbers, because the ids of PSAs are often numbers.
impl VariableType for String {
    const KIND: Kind = Kind::Text;

    fn parse(value: &Value) -> Option<Self> {
        value.as_u64().map(|id| id.to_string()).or_else(|| text(value))
    }

    fn to_json(&self) -> Value {
        Value::from(self.as_str())
    }
}

impl VariableType for EmailAddress {
    const KIND: Kind = Kind::Email;

    fn parse(value: &Value) -> Option<Self> {
        Self::parse(&text(value)?).ok()
    }

    fn to_json(&self) -> Value {
        Value::from(self.as_str())
    }
}

impl VariableType for CountryCode {
    const KIND: Kind = Kind::Country;

    fn parse(value: &Value) -> Option<Self> {
        Self::parse(&text(value)?).ok()
    }

    fn to_json(&self) -> Value {
        Value::from(self.as_str())
    }
}

/// Which hosts may be called is checked by code that knows the environment, and by the HTTP client. The simulators of
/// the local engine have loopback addresses and use http.
impl VariableType for Url {
    const KIND: Kind = Kind::OrgUrl;

    fn parse(value: &Value) -> Option<Self> {
        let url = Self::parse(&text(value)?).ok()?;
        let is_loopback = match url.host() {
            Some(Host::Ipv4(ip)) => ip.is_loopback(),
            Some(Host::Ipv6(ip)) => ip.is_loopback(),
            _ => false,
        };
        let ok = (url.scheme() == "https" || (url.scheme() == "http" && is_loopback))
            && url.has_host()
            && url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none();
        ok.then_some(url)
    }

    fn to_json(&self) -> Value {
        Value::from(self.as_str())
    }
}

impl VariableType for Tz {
    const KIND: Kind = Kind::TimeZone;

    fn parse(value: &Value) -> Option<Self> {
        text(value)?.parse().ok()
    }

    fn to_json(&self) -> Value {
        Value::from(self.name())
    }
}

impl VariableType for NaiveTime {
    const KIND: Kind = Kind::LocalTime;

    fn parse(value: &Value) -> Option<Self> {
        let text = text(value)?;
        let mut parts = text.split(':');
        let mut part = || -> Option<u32> {
            let digits = |p: &&str| p.len() == 2 && p.bytes().all(|b| b.is_ascii_digit());
            parts.next().filter(digits)?.parse().ok()
        };
        let (hour, minute) = (part()?, part()?);
        match text.len() {
            5 => Self::from_hms_opt(hour, minute, 0),
            8 => Self::from_hms_opt(hour, minute, part()?),
            _ => None,
        }
    }

    fn to_json(&self) -> Value {
        let format = if self.second() == 0 { "%H:%M" } else { "%H:%M:%S" };
        Value::from(self.format(format).to_string())
    }
}

macro_rules! whole_number {
    ($(#[$meta:meta])* $name:ident, $what:literal from $min:literal to $max:literal) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[cfg_attr(test, derive(serde::Serialize))]
        pub struct $name(pub(super) u32);

        impl $name {
            pub fn get(self) -> u32 {
                self.0
            }
        }

        impl VariableType for $name {
            const KIND: Kind = Kind::Whole { what: $what, min: $min, max: $max };

            fn parse(value: &Value) -> Option<Self> {
                whole(value).filter(|number| ($min..=$max).contains(number)).map(Self)
            }

            fn to_json(&self) -> Value {
                Value::from(self.0)
            }
        }
    };
}

whole_number! {
    /// Of a day.
    Minutes, "a whole number of minutes" from 1 to 1440
}

whole_number! {
    Count, "a whole number" from 0 to 1000
}

macro_rules! one_of {
    ($($choice:ty),+ $(,)?) => {
        $(impl VariableType for $choice {
            const KIND: Kind = Kind::OneOf(Self::NAMES);

            fn parse(value: &Value) -> Option<Self> {
                Self::parse(&text(value)?.to_ascii_lowercase())
            }

            fn to_json(&self) -> Value {
                Value::from(self.as_str())
            }
        })+
    };
}

one_of!(
    Psa,
    Distributor,
    LicenseAssignmentMethod,
    PasswordStyle,
    UsernameCollision,
    UsernameFormat,
);

/// An empty list is a value too: it means none, whatever the parent has.
impl VariableType for Vec<SaveLocation> {
    const KIND: Kind = Kind::AnyOf(SaveLocation::NAMES);

    fn parse(value: &Value) -> Option<Self> {
        unique(
            &list(value)?,
            |item| SaveLocation::parse(&item.to_ascii_lowercase()),
            SaveLocation::eq,
        )
    }

    fn to_json(&self) -> Value {
        self.iter().map(|location| Value::from(location.as_str())).collect()
    }
}

impl VariableType for Vec<Approver> {
    const KIND: Kind = Kind::Approvers;

    fn parse(value: &Value) -> Option<Self> {
        let items = list(value).filter(|items| (1..=MAX_APPROVERS).contains(&items.len()))?;
        unique(&items, |item| Approver::try_from(item.to_owned()).ok(), Approver::is)
    }

    fn to_json(&self) -> Value {
        self.iter().map(|approver| Value::from(approver.as_str())).collect()
    }
}

fn text(value: &Value) -> Option<String> {
    let text = value.as_str()?.trim();
    let ok = !text.is_empty() && text.chars().count() <= MAX_TEXT && !text.chars().any(char::is_control);
    ok.then(|| text.to_owned())
}

fn whole(value: &Value) -> Option<u32> {
    match value {
        Value::Number(number) => number.as_u64()?.try_into().ok(),
        _ => text(value)?.parse().ok(),
    }
}

/// Reads an array, or one text with commas.
fn list(value: &Value) -> Option<Vec<String>> {
    match value {
        Value::Array(items) => items.iter().map(text).collect(),
        Value::String(items) => items.split(',').map(|item| text(&Value::from(item))).collect(),
        _ => None,
    }
}

fn unique<T>(items: &[String], parse: impl Fn(&str) -> Option<T>, is_same: impl Fn(&T, &T) -> bool) -> Option<Vec<T>> {
    let mut kept: Vec<T> = Vec::new();
    for item in items {
        let item = parse(item)?;
        if !kept.iter().any(|other| is_same(other, &item)) {
            kept.push(item);
        }
    }
    Some(kept)
}

#[cfg(test)]
pub(super) mod tests {
    use serde_json::json;

    use super::super::declaration::{definition, unknown};
    use super::*;
    use crate::field::FieldError;

    pub(in super::super) fn parse_value(name: &str, value: &Value) -> Result<Value, FieldError> {
        definition(name).ok_or_else(|| unknown(name))?.canonical(value)
    }

    fn ok(name: &str, value: Value) -> Value {
        parse_value(name, &value).unwrap()
    }

    fn refused(name: &str, value: Value) -> String {
        let problem = parse_value(name, &value).unwrap_err();
        assert_eq!(problem.field, name, "{value}");
        problem.message
    }

    #[test]
    fn booleans_are_parsed_in_all_spellings() {
        for yes in [
            json!(true),
            json!(1),
            json!("1"),
            json!("TRUE"),
            json!(" true "),
            json!("True"),
        ] {
            assert_eq!(ok("store_password_in_ticket", yes), true);
        }
        for no in [json!(false), json!(0), json!("0"), json!("False")] {
            assert_eq!(ok("store_password_in_ticket", no), false);
        }
        for bad in [
            json!(2),
            json!(-1),
            json!(1.0),
            json!(""),
            json!("yes"),
            json!(null),
            json!([true]),
            json!("10"),
        ] {
            assert_eq!(
                refused("store_password_in_ticket", bad),
                "store_password_in_ticket takes 1, 0, true or false"
            );
        }
    }

    #[test]
    fn unknown_names_are_reported() {
        assert_eq!(refused("default_pza", json!(1)), "default_pza is not a variable");
        assert_eq!(
            parse_value("a\nb", &json!(1)).unwrap_err().message,
            "ab is not a variable"
        );
    }

    #[test]
    fn choice_errors_list_the_values() {
        assert_eq!(ok("default_psa", json!(" ConnectWise ")), "connectwise");
        assert_eq!(
            refused("ms_licensing_distributor", json!("amazon")),
            "ms_licensing_distributor takes one of pax8, sherweb, ingram_micro, td_synnex, manual"
        );
        assert_eq!(ok("username_format", json!("first_m_last")), "first_m_last");
        refused("username_format", json!("{first}.{last}"));
    }

    #[test]
    fn lists_are_texts_or_arrays() {
        let name = "onboarding_password_save_location";
        assert_eq!(
            ok(name, json!("PSA, ITGlue,Hudu, psa")),
            json!(["psa", "itglue", "hudu"])
        );
        assert_eq!(ok(name, json!(["pwpush"])), json!(["pwpush"]));
        assert_eq!(ok(name, json!([])), json!([]));
        for bad in [
            json!("psa,,hudu"),
            json!(""),
            json!(["psa", 1]),
            json!("vault"),
            json!({"psa": true}),
        ] {
            refused(name, bad);
        }
    }

    #[test]
    fn approvers_are_parsed() {
        let name = "new_user_approval_email";
        assert_eq!(
            ok(name, json!("hr@example.com, Boss@example.com")),
            json!(["hr@example.com", "Boss@example.com"])
        );
        assert_eq!(ok(name, json!("Manager")), json!(["manager"]));
        assert_eq!(
            ok(name, json!(["a@example.com", "A@EXAMPLE.com"])),
            json!(["a@example.com"])
        );
        for bad in [
            json!([]),
            json!("the boss"),
            json!(["a@example.com", "b"]),
            json!(vec!["manager"; 21]),
        ] {
            assert!(refused(name, bad).contains("or manager"));
        }
    }

    #[test]
    fn texts_are_trimmed_and_numbers_accepted() {
        assert_eq!(ok("default_ticket_location", json!("  Service Desk ")), "Service Desk");
        assert_eq!(ok("default_ticket_location", json!(27)), "27");
        for bad in [
            json!(" "),
            json!("a\nb"),
            json!("x".repeat(257)),
            json!(true),
            json!(1.5),
        ] {
            refused("default_ticket_location", bad);
        }
    }

    #[test]
    fn server_addresses_are_parsed() {
        assert_eq!(
            ok("pwpush_url", json!("https://eu.pwpush.com")),
            "https://eu.pwpush.com/"
        );
        assert_eq!(
            ok("pwpush_url", json!("http://127.0.0.1:4700/pwpush/acme")),
            "http://127.0.0.1:4700/pwpush/acme"
        );
        for bad in [
            "http://pwpush.com",
            "http://localhost:4700",
            "http://10.0.0.1",
            "pwpush.com",
            "https://",
            "https://user:pw@pwpush.com",
            "https://pwpush.com/?a=1",
            "https://pwpush.com/#a",
            "ftp://pwpush.com",
            "https://pwpush.com:99999",
        ] {
            refused("pwpush_url", json!(bad));
        }
    }

    #[test]
    fn times_zones_and_countries_are_parsed() {
        assert_eq!(ok("start_time", json!("08:00:00")), "08:00");
        assert_eq!(ok("start_time", json!("23:59:59")), "23:59:59");
        for bad in [
            "8:00",
            "24:00",
            "08:60",
            "08:00:60",
            "0800",
            "08:00:0",
            "08:00:00:00",
            "+8:00",
        ] {
            refused("start_time", json!(bad));
        }
        assert_eq!(ok("timezone", json!("Australia/Lord_Howe")), "Australia/Lord_Howe");
        for bad in ["Berlin", "UTC+1", "Europe/Atlantis", ""] {
            refused("timezone", json!(bad));
        }
        assert_eq!(ok("usage_location", json!("us")), "US");
        refused("usage_location", json!("USA"));
        assert_eq!(ok("automation_task_new_user_time", json!("15")), 15);
        for bad in [json!(0), json!(1441), json!("ten"), json!(1.5)] {
            refused("automation_task_new_user_time", bad);
        }
        assert_eq!(ok("max_seats_bought_per_day", json!("0")), 0);
        for bad in [json!(-1), json!(1001), json!("many"), json!(true)] {
            refused("max_seats_bought_per_day", bad);
        }
        refused("send_from_address", json!("it@example.com, hr@example.com"));
    }

    #[test]
    fn stored_value_parses_to_itself() {
        for (name, value) in [
            ("new_user_approval_email", json!("a@example.com")),
            ("pwpush_url", json!("https://pwpush.com")),
            ("start_time", json!("07:30:00")),
            ("require_approval_for_new_users", json!("1")),
        ] {
            let stored = ok(name, value);
            assert_eq!(ok(name, stored.clone()), stored);
        }
    }
}
