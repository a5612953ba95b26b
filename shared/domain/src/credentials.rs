//! The credentials that Gangway stores for each system: one JSON object with string values per system.

use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value};

#[derive(Debug)]
pub struct Shape {
    /// The system's name, as the variables spell it.
    pub system: &'static str,
    pub required: &'static [&'static str],
    pub optional: &'static [&'static str],
}

const fn shape(system: &'static str, required: &'static [&'static str], optional: &'static [&'static str]) -> Shape {
    Shape {
        system,
        required,
        optional,
    }
}

pub const SHAPES: &[Shape] = &[
    shape("graph", &["client_id", "client_secret"], &[]),
    shape(
        "connectwise",
        &["site", "company_id", "public_key", "private_key", "client_id"],
        &["codebase"],
    ),
    shape("autotask", &["user_name", "secret", "integration_code"], &[]),
    shape("halopsa", &["address", "client_id", "client_secret"], &["tenant"]),
    shape(
        "kaseya_bms",
        &[
            "address",
            "user_name",
            "password",
            "tenant",
            "ticket_type_id",
            "source_id",
            "note_type_id",
        ],
        &[],
    ),
    shape("freshdesk", &["address", "api_key"], &[]),
    shape("servicenow", &["address", "user_name", "password"], &[]),
    shape("pax8", &["client_id", "client_secret"], &[]),
    shape("sherweb", &["client_id", "client_secret", "subscription_key"], &[]),
    shape(
        "ingram_micro",
        &["address", "user_name", "password", "subscription_key", "marketplace"],
        &[],
    ),
    shape("td_synnex", &["account_id", "refresh_token"], &[]),
    shape("itglue", &["address", "api_key"], &[]),
    shape("hudu", &["address", "api_key"], &[]),
    shape(
        "passportal",
        &["address", "access_key", "secret_key"],
        &["write_address"],
    ),
    shape("pwpush", &["address", "api_token"], &[]),
];

/// The fields that name a server or a path on one. A key is sent only to an address in the same secret, or to the
/// template's address if the vendor has one address for every customer. So only the person who sets a key decides where
/// it is sent.
pub const ADDRESSES: &[&str] = &["address", "site", "write_address"];

impl Shape {
    pub fn of(system: &str) -> Option<&'static Self> {
        SHAPES.iter().find(|shape| shape.system == system)
    }

    /// Returns the secret to store, with the known fields only. Errors name fields and never repeat a value.
    pub fn checked(&self, text: &SecretString) -> Result<SecretString, String> {
        let takes = || {
            let optional = if self.optional.is_empty() {
                String::new()
            } else {
                format!(" and optionally {}", self.optional.join(", "))
            };
            format!(
                "credentials for {} are a JSON object with {}{optional}",
                self.system,
                self.required.join(", ")
            )
        };
        let Ok(Value::Object(fields)) = serde_json::from_str(text.expose_secret()) else {
            return Err(takes());
        };
        let usable = |name: &str| {
            let value = fields.get(name).and_then(Value::as_str).map(str::trim);
            value.is_some_and(|value| !value.is_empty() && !value.chars().any(char::is_control))
        };
        let mut wrong: Vec<String> = Vec::new();
        for name in self.required {
            if !fields.contains_key(*name) {
                wrong.push(format!("{name} is missing"));
            } else if !usable(name) {
                wrong.push(format!("{name} must be a text in one line"));
            }
        }
        for name in fields.keys().filter(|name| !self.required.contains(&name.as_str())) {
            // An unknown name could be a value pasted in the wrong position, so it is counted and not shown.
            if !self.optional.contains(&name.as_str()) {
                wrong.push("there is a field that it does not know".to_owned());
            } else if !usable(name) {
                wrong.push(format!("{name} must be a text in one line"));
            }
        }
        if !wrong.is_empty() {
            return Err(format!("{}: {}", takes(), wrong.join("; ")));
        }
        let trimmed: Map<String, Value> = fields
            .iter()
            .map(|(name, value)| (name.clone(), Value::from(value.as_str().unwrap_or_default().trim())))
            .collect();
        Ok(Value::Object(trimmed).to_string().into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(system: &str, text: &str) -> Result<String, String> {
        let shape = Shape::of(system).unwrap();
        shape
            .checked(&text.into())
            .map(|secret| secret.expose_secret().to_owned())
    }

    #[test]
    fn systems_match_those_of_the_variables() {
        use crate::variables::{Distributor, Psa, SaveLocation};
        let none = ["email_only", "manual", "psa"];
        let named = Psa::NAMES.iter().chain(Distributor::NAMES).chain(SaveLocation::NAMES);
        for system in named.filter(|system| !none.contains(system)) {
            assert!(Shape::of(system).is_some(), "{system}");
        }
    }

    /// See docs/decisions/0035-who-names-an-address.md: an organisation's admin sets the variables, but the key may
    /// belong to the parent. So a new system must name its address in its credentials, or have one in the template.
    #[test]
    fn each_key_is_stored_with_its_address() {
        use crate::variables::{Kind, definitions};
        const ONE_FOR_EVERYBODY: [&str; 5] = ["graph", "autotask", "pax8", "sherweb", "td_synnex"];
        for shape in SHAPES {
            let names_one = shape.required.iter().any(|field| ADDRESSES.contains(field));
            assert_ne!(names_one, ONE_FOR_EVERYBODY.contains(&shape.system), "{}", shape.system);
        }
        let variables = definitions().iter().filter(|variable| variable.kind == Kind::OrgUrl);
        let variables: Vec<&str> = variables.map(|variable| variable.name).collect();
        // PWPush accepts pushes without a key, and its client sends a key only to the origin it was stored with.
        assert_eq!(variables, ["pwpush_url"]);
    }

    #[test]
    fn complete_credentials_are_accepted() {
        assert!(check("graph", r#"{"client_id":"a","client_secret":" b "}"#).is_ok_and(|s| s.contains(r#":"b""#)));
        let connectwise = r#"{"site":"api-na.myconnectwise.net","company_id":"acme","public_key":"p","private_key":"q",
            "client_id":"c","codebase":"v4_6_release/"}"#;
        assert!(check("connectwise", connectwise).is_ok());
    }

    #[test]
    fn errors_name_fields_and_repeat_no_value() {
        let message = check(
            "connectwise",
            r#"{"site":"hunter2","company_id":"","private_key":7,"hunter3":"x"}"#,
        )
        .expect_err("wrong");
        for named in [
            "company_id must",
            "private_key must",
            "public_key is missing",
            "client_id is missing",
            "not know",
        ] {
            assert!(message.contains(named), "{named}: {message}");
        }
        assert!(!message.contains("hunter"), "{message}");
        for text in ["", "hunter2", "[\"hunter2\"]", r#"{"client_id":"hunter2""#] {
            let message = check("pax8", text).expect_err("no object");
            assert!(
                message.contains("client_secret") && !message.contains("hunter"),
                "{message}"
            );
        }
    }
}
