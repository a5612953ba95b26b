//! The parts of the sign-in with Google that only the operator has.

use secrecy::{ExposeSecret, SecretString};
use store::secrets::Secrets;

use crate::{Failure, credentials};

pub(crate) async fn set(secrets: &Secrets, file: &str) -> Result<(), Failure> {
    let text = credentials::read(file)?;
    let secret = text.expose_secret().trim();
    if secret.is_empty() || !secret.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(format!("{file} must hold the client secret alone: one line without spaces").into());
    }
    secrets.set_google_client_secret(&SecretString::from(secret)).await?;
    println!("client secret set; the function that runs may use the old one for five minutes");
    Ok(())
}
