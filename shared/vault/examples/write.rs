//! Writes a made-up password once, or pushes one and prints the link:
//! `cargo run -p vault --example write -- hudu|itglue|passportal COMPANY MARKER < credentials.json`
//! `cargo run -p vault --example write -- pwpush ADDRESS MARKER < credentials.json`
//! with the credentials as Gangway keeps them (see the README; `null` for a PWPush that needs none).

use outbound::{given_address, given_client};
use secrecy::ExposeSecret;
use serde_json::Value;
use vault::{Entry, Hudu, ItGlue, Passportal, PwPush, Vault};

type Failure = Box<dyn std::error::Error>;

const PASSWORD: &str = "made-Up=2345678";

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [system, company, marker] = arguments.as_slice() else {
        return Err("usage: write SYSTEM COMPANY|ADDRESS MARKER < credentials.json".into());
    };
    let keys: Value = serde_json::from_reader(std::io::stdin())?;
    let base = || given_address(system, keys["address"].as_str().unwrap_or_default(), "");
    let (http, company) = (given_client(), company.clone());
    let vault = match system.as_str() {
        "hudu" => Vault::Hudu(Hudu::new(
            http,
            base()?,
            serde_json::from_value(keys.clone())?,
            company,
        )?),
        "itglue" => Vault::ItGlue(ItGlue::new(
            http,
            base()?,
            serde_json::from_value(keys.clone())?,
            company,
        )?),
        "passportal" => {
            let credentials: vault::passportal::Credentials = serde_json::from_value(keys.clone())?;
            let write = credentials.write_address(&company)?;
            let write = write.map(|address| given_address(system, &address, "")).transpose()?;
            Vault::Passportal(Passportal::new(http, base()?, credentials, company, write)?)
        }
        "pwpush" => {
            let address = given_address(system, &company, "")?;
            let key = match serde_json::from_value::<Option<vault::pwpush::Credentials>>(keys)? {
                Some(keys) => Some(vault::pwpush::Key {
                    server: given_address(system, &keys.address, "")?,
                    token: keys.api_token,
                    own: true,
                }),
                None => None,
            };
            let pwpush = PwPush::new(http, address, key);
            println!("{}", pwpush.push(marker, &PASSWORD.into()).await?.expose_secret());
            return Ok(());
        }
        _ => return Err("SYSTEM is hudu, itglue, passportal or pwpush".into()),
    };
    for finding in vault.check().await {
        println!("{}: {:?}", finding.what, finding.result);
    }
    let entry = Entry {
        marker: marker.clone(),
        name: "Try Gangway".to_owned(),
        username: "nobody@example.com".to_owned(),
        password: PASSWORD.into(),
    };
    if vault.has(&entry).await? == Some(true) {
        println!("it is there already");
        return Ok(());
    }
    vault.write(&entry).await?;
    println!("written");
    Ok(())
}
