//! Credentials of an organisation's systems: checked for shape, stored, never shown.

use std::io::Read;

use domain::ids::OrgId;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value};
use store::Store;
use store::audit::AuditEntry;
use store::secrets::Secrets;

use crate::arguments::System;
use crate::{Failure, OPERATOR, existing};

/// Secrets Manager takes no more.
const MAX_BYTES: u64 = 64 * 1024;

struct Shape {
    name: &'static str,
    required: &'static [&'static str],
    optional: &'static [&'static str],
}

impl System {
    fn shape(self) -> Shape {
        match self {
            Self::Graph => Shape {
                name: "graph",
                required: &["client_id", "client_secret"],
                optional: &[],
            },
            Self::Connectwise => Shape {
                name: "connectwise",
                required: &["site", "company_id", "public_key", "private_key", "client_id"],
                optional: &["codebase"],
            },
            Self::Pax8 => Shape {
                name: "pax8",
                required: &["client_id", "client_secret"],
                optional: &[],
            },
        }
    }
}

pub(crate) async fn set(
    store: &Store,
    secrets: &Secrets,
    org: &OrgId,
    system: System,
    file: &str,
) -> Result<(), Failure> {
    existing(store, org).await?;
    let shape = system.shape();
    let value = checked(&shape, &read(file)?)?;
    secrets.set_credentials(org, shape.name, &value).await?;
    store
        .audit(org, &AuditEntry::now(OPERATOR, "credentials.set", shape.name))
        .await?;
    println!(
        "credentials of {org} for {} set; functions that run may use the old ones for five minutes",
        shape.name
    );
    Ok(())
}

fn read(file: &str) -> Result<SecretString, String> {
    let mut text = String::new();
    let result = if file == "-" {
        std::io::stdin().take(MAX_BYTES + 1).read_to_string(&mut text)
    } else {
        std::fs::File::open(file).and_then(|opened| opened.take(MAX_BYTES + 1).read_to_string(&mut text))
    };
    let read = result.map_err(|error| format!("{file} cannot be read: {}", error.kind()))?;
    if read as u64 > MAX_BYTES {
        return Err(format!("{file} is larger than {MAX_BYTES} bytes"));
    }
    Ok(text.into())
}

/// What is stored: the known fields only. Messages name fields and repeat no value.
fn checked(shape: &Shape, text: &SecretString) -> Result<SecretString, String> {
    let takes = || {
        let optional = if shape.optional.is_empty() {
            String::new()
        } else {
            format!(" and optionally {}", shape.optional.join(", "))
        };
        format!(
            "credentials for {} are a JSON object with {}{optional}",
            shape.name,
            shape.required.join(", ")
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
    for name in shape.required {
        if !fields.contains_key(*name) {
            wrong.push(format!("{name} is missing"));
        } else if !usable(name) {
            wrong.push(format!("{name} must be a text in one line"));
        }
    }
    for name in fields.keys().filter(|name| !shape.required.contains(&name.as_str())) {
        // An unknown name could be a value that slipped into its place, so it is counted and not shown.
        if !shape.optional.contains(&name.as_str()) {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn check(system: System, text: &str) -> Result<String, String> {
        checked(&system.shape(), &text.into()).map(|secret| secret.expose_secret().to_owned())
    }

    #[test]
    fn complete_credentials_are_taken() {
        assert!(
            check(System::Graph, r#"{"client_id":"a","client_secret":" b "}"#).is_ok_and(|s| s.contains(r#":"b""#))
        );
        let connectwise = r#"{"site":"api-na.myconnectwise.net","company_id":"acme","public_key":"p","private_key":"q",
            "client_id":"c","codebase":"v4_6_release/"}"#;
        assert!(check(System::Connectwise, connectwise).is_ok());
    }

    #[test]
    fn what_is_wrong_is_named_and_no_value_repeated() {
        let message = check(
            System::Connectwise,
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
            let message = check(System::Pax8, text).expect_err("no object");
            assert!(
                message.contains("client_secret") && !message.contains("hunter"),
                "{message}"
            );
        }
    }
}
