//! From what came in to what is stored.

use chrono::{NaiveTime, Timelike};
use serde_json::Value;
use url::{Host, Url};

use super::definitions::{Definition, Kind, definition};
use crate::contact::EmailAddress;
use crate::country::CountryCode;
use crate::field::FieldError;

/// What the organisation's approvers may name instead of an address.
pub(super) const MANAGER: &str = "manager";
const MAX_TEXT: usize = 256;
const MAX_APPROVERS: usize = 20;
/// A day.
const MAX_MINUTES: u64 = 1440;
const MAX_COUNT: u64 = 1000;

/// The value as it is stored: booleans as booleans, lists as arrays, text trimmed, choices in lower case.
pub fn parse_value(name: &str, value: &Value) -> Result<Value, FieldError> {
    match definition(name) {
        Some(definition) => value_of(definition, value),
        None => Err(FieldError::new(name, format!("{} is not a variable", printable(name)))),
    }
}

pub(super) fn value_of(definition: &Definition, value: &Value) -> Result<Value, FieldError> {
    let stored = match definition.kind {
        Kind::Boolean => boolean(value).map(Value::from),
        Kind::OneOf(names) => text(value).and_then(|text| one_of(names, &text)).map(Value::from),
        Kind::AnyOf(names) => list(value)
            .and_then(|items| unique(&items, |item| one_of(names, item)))
            .map(Value::from),
        Kind::Email => text(value).and_then(|text| email(&text)).map(Value::from),
        Kind::Approvers => list(value)
            .filter(|items| (1..=MAX_APPROVERS).contains(&items.len()))
            .and_then(|items| unique(&items, approver))
            .map(Value::from),
        Kind::Text => text_or_number(value).map(Value::from),
        Kind::HttpsUrl => text(value).and_then(|text| https_url(&text)).map(Value::from),
        Kind::TimeZone => text(value).and_then(|text| time_zone(&text)).map(Value::from),
        Kind::LocalTime => text(value).and_then(|text| local_time(&text)).map(Value::from),
        Kind::Minutes => whole(value, 1..=MAX_MINUTES).map(Value::from),
        Kind::Count => whole(value, 0..=MAX_COUNT).map(Value::from),
        Kind::Country => text(value)
            .and_then(|text| CountryCode::parse(&text).ok())
            .map(String::from)
            .map(Value::from),
    };
    stored.ok_or_else(|| {
        FieldError::new(
            definition.name,
            format!("{} takes {}", definition.name, definition.kind),
        )
    })
}

/// A name that somebody else made up, short and on one line, for a message.
fn printable(name: &str) -> String {
    name.chars().filter(|c| !c.is_control()).take(64).collect()
}

fn boolean(value: &Value) -> Option<bool> {
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

fn text(value: &Value) -> Option<String> {
    let text = value.as_str()?.trim();
    let ok = !text.is_empty() && text.chars().count() <= MAX_TEXT && !text.chars().any(char::is_control);
    ok.then(|| text.to_owned())
}

/// Ids of PSAs are often numbers.
fn text_or_number(value: &Value) -> Option<String> {
    value.as_u64().map(|id| id.to_string()).or_else(|| text(value))
}

/// An array, or the same as one text with commas. An empty array is a value too: none, whatever the parent has.
fn list(value: &Value) -> Option<Vec<String>> {
    match value {
        Value::Array(items) => items.iter().map(text).collect(),
        Value::String(items) => items.split(',').map(|item| text(&Value::from(item))).collect(),
        _ => None,
    }
}

fn unique(items: &[String], parse: impl Fn(&str) -> Option<String>) -> Option<Vec<String>> {
    let mut kept: Vec<String> = Vec::new();
    for item in items {
        let item = parse(item)?;
        if !kept.iter().any(|other| other.eq_ignore_ascii_case(&item)) {
            kept.push(item);
        }
    }
    Some(kept)
}

fn one_of(names: &[&str], text: &str) -> Option<String> {
    names
        .iter()
        .find(|name| name.eq_ignore_ascii_case(text))
        .map(|name| (*name).to_owned())
}

fn whole(value: &Value, allowed: std::ops::RangeInclusive<u64>) -> Option<u64> {
    let number = match value {
        Value::Number(number) => number.as_u64()?,
        _ => text(value)?.parse().ok()?,
    };
    allowed.contains(&number).then_some(number)
}

fn email(text: &str) -> Option<String> {
    EmailAddress::parse(text).ok().map(String::from)
}

fn approver(text: &str) -> Option<String> {
    if text.eq_ignore_ascii_case(MANAGER) {
        Some(MANAGER.to_owned())
    } else {
        email(text)
    }
}

/// Which hosts may be called is checked where the environment is known, and by the client. The local engine's vendors are
/// at loopback addresses, and speak http.
fn https_url(text: &str) -> Option<String> {
    let url = Url::parse(text).ok()?;
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
    ok.then(|| url.to_string())
}

fn time_zone(text: &str) -> Option<String> {
    text.parse::<chrono_tz::Tz>().ok().map(|zone| zone.name().to_owned())
}

fn local_time(text: &str) -> Option<String> {
    let mut parts = text.split(':');
    let mut part = || {
        parts
            .next()
            .filter(|p| p.len() == 2 && p.bytes().all(|b| b.is_ascii_digit()))
    };
    let (hour, minute) = (part()?.parse().ok()?, part()?.parse().ok()?);
    let time = match text.len() {
        5 => NaiveTime::from_hms_opt(hour, minute, 0)?,
        8 => NaiveTime::from_hms_opt(hour, minute, part()?.parse().ok()?)?,
        _ => return None,
    };
    Some(
        time.format(if time.second() == 0 { "%H:%M" } else { "%H:%M:%S" })
            .to_string(),
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn ok(name: &str, value: Value) -> Value {
        parse_value(name, &value).unwrap()
    }

    fn refused(name: &str, value: Value) -> String {
        let problem = parse_value(name, &value).unwrap_err();
        assert_eq!(problem.field, name, "{value}");
        problem.message
    }

    #[test]
    fn booleans_of_all_spellings() {
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
    fn unknown_names_are_named() {
        assert_eq!(refused("default_pza", json!(1)), "default_pza is not a variable");
        assert_eq!(
            parse_value("a\nb", &json!(1)).unwrap_err().message,
            "ab is not a variable"
        );
    }

    #[test]
    fn choices_say_what_they_take() {
        assert_eq!(ok("default_psa", json!(" ConnectWise ")), "connectwise");
        assert_eq!(
            refused("ms_licensing_distributor", json!("amazon")),
            "ms_licensing_distributor takes one of pax8, sherweb, ingram_micro, td_synnex, manual"
        );
        assert_eq!(ok("username_format", json!("first_m_last")), "first_m_last");
        refused("username_format", json!("{first}.{last}"));
    }

    #[test]
    fn lists_come_as_text_or_array() {
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
    fn approvers() {
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
    fn texts_are_trimmed_and_numbers_taken() {
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
    fn addresses_of_servers() {
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
    fn times_zones_and_countries() {
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
    fn what_is_stored_parses_to_itself() {
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
