//! Credentials of an organisation's systems. They are checked for shape and stored, and never shown.

use std::io::Read;

use domain::credentials::{ADDRESSES, Shape};
use domain::ids::OrgId;
use runtime::Env;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value};
use store::Store;
use store::audit::{AuditEntry, CREDENTIALS_SET, CREDENTIALS_SETTING};
use store::secrets::Secrets;

use crate::{Failure, OPERATOR, existing};

/// Secrets Manager accepts no more.
const MAX_BYTES: u64 = 64 * 1024;

pub(crate) async fn set(
    store: &Store,
    secrets: &Secrets,
    org: &OrgId,
    system: &str,
    file: &str,
) -> Result<(), Failure> {
    existing(store, org).await?;
    let shape = Shape::of(system).ok_or_else(|| "there is no such system".to_owned())?;
    let value = shape.checked(&read(file)?)?;
    callable(&value)?;
    // The order is that of the function `credentials`: nothing is set without an audit entry.
    let entry = |what: &str| AuditEntry::now(OPERATOR, what, system);
    store.audit(org, &entry(CREDENTIALS_SETTING)).await?;
    secrets.set_credentials(org, system, &value).await?;
    store.audit(org, &entry(CREDENTIALS_SET)).await?;
    println!("credentials of {org} for {system} set; functions that run may use the old ones for five minutes");
    Ok(())
}

/// Checks that the functions may call the addresses. As for the functions, LOCAL_ORIGINS exempts the local engine.
fn callable(checked: &SecretString) -> Result<(), Failure> {
    let fields: Map<String, Value> = serde_json::from_str(checked.expose_secret()).unwrap_or_default();
    for name in ADDRESSES {
        if let Some(address) = fields.get(*name).and_then(Value::as_str) {
            Env.given_address(name, address)?;
        }
    }
    Ok(())
}

pub(crate) fn read(file: &str) -> Result<SecretString, String> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_our_own_network_are_refused() {
        let set = |address: &str| callable(&format!(r#"{{"address": "{address}", "api_key": "hunter2"}}"#).into());
        assert!(set("https://acme.huducloud.com").is_ok());
        for ours in ["http://127.0.0.1:4700", "https://10.0.0.1", "https://169.254.169.254"] {
            let Err(Failure(message)) = set(ours) else {
                panic!("{ours}")
            };
            assert!(message.contains("address") && !message.contains("hunter"), "{message}");
        }
    }
}
