//! Says how many seats of a license a company has at a distributor; buys nothing:
//! `cargo run -p distributor --example seats -- VENDOR COMPANY PART_NUMBER [BASE_URL] < credentials.json`
//! with the vendor as variables name it (`pax8`, `sherweb`, `ingram_micro`, `td_synnex`), and the credentials as Gangway
//! keeps them. TD SYNNEX's refresh token can be used once only, so its credentials must have an `access_token` here.

use distributor::td_synnex::Keys;
use distributor::{Distributor, IngramMicro, Pax8, Sherweb, TdSynnex};

type Failure = Box<dyn std::error::Error>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [vendor, company, part_number, ..] = arguments.as_slice() else {
        return Err("usage: seats VENDOR COMPANY PART_NUMBER [BASE_URL] < credentials.json".into());
    };
    let base = arguments.get(3).map(String::as_str);
    let distributor = distributor(vendor, company.clone(), base)?;
    match distributor.find_subscription(part_number).await? {
        Some(subscription) => println!("{} seats in subscription {}", subscription.quantity, subscription.id),
        None => println!("no running subscription"),
    }
    Ok(())
}

fn distributor(vendor: &str, company: String, base: Option<&str>) -> Result<Distributor, Failure> {
    let http = outbound::http_client();
    let keys = std::io::read_to_string(std::io::stdin())?;
    Ok(match vendor {
        "pax8" => {
            let base = base.unwrap_or("https://api.pax8.com/v1").parse()?;
            Distributor::Pax8(Pax8::new(http, base, serde_json::from_str(&keys)?, company))
        }
        "sherweb" => {
            let base = base.unwrap_or("https://api.sherweb.com").parse()?;
            Distributor::Sherweb(Sherweb::new(http, base, serde_json::from_str(&keys)?, company))
        }
        "ingram_micro" => {
            let keys: distributor::ingram_micro::Credentials = serde_json::from_str(&keys)?;
            let base = base.unwrap_or(&keys.address).parse()?;
            Distributor::IngramMicro(IngramMicro::new(http, base, keys, company))
        }
        "td_synnex" => {
            let keys: Keys = serde_json::from_str(&keys)?;
            let token = keys.access_token(chrono::Utc::now()).cloned();
            let token = token
                .ok_or("the credentials have no access_token that lasts (until: when, as 2026-11-30T12:00:00Z)")?;
            let base = base.unwrap_or("https://ion.tdsynnex.com").parse()?;
            Distributor::TdSynnex(TdSynnex::new(http, base, &keys.account_id, token, company))
        }
        _ => return Err("the vendor is one of pax8, sherweb, ingram_micro, td_synnex".into()),
    })
}
