//! Credentials of an organisation's systems: checked for shape, stored, never shown.

use std::io::Read;

use domain::credentials::Shape;
use domain::ids::OrgId;
use secrecy::SecretString;
use store::Store;
use store::audit::{AuditEntry, CREDENTIALS_SET, CREDENTIALS_SETTING};
use store::secrets::Secrets;

use crate::{Failure, OPERATOR, existing};

/// Secrets Manager takes no more.
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
    // In this order, as the function `credentials` does: nothing is set that the audit does not know of.
    let entry = |what: &str| AuditEntry::now(OPERATOR, what, system);
    store.audit(org, &entry(CREDENTIALS_SETTING)).await?;
    secrets.set_credentials(org, system, &value).await?;
    store.audit(org, &entry(CREDENTIALS_SET)).await?;
    println!("credentials of {org} for {system} set; functions that run may use the old ones for five minutes");
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
