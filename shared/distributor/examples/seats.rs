//! Says how many seats of a licence a company has at Pax8; buys nothing:
//! `cargo run -p distributor --example seats -- COMPANY_ID PART_NUMBER [BASE_URL] < credentials.json`
//! with the credentials as Gangway keeps them, `{"client_id": ..., "client_secret": ...}`.

use distributor::{Distributor, Pax8};

type Failure = Box<dyn std::error::Error>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [company, part_number, ..] = arguments.as_slice() else {
        return Err("usage: seats COMPANY_ID PART_NUMBER [BASE_URL] < credentials.json".into());
    };
    let base = arguments
        .get(2)
        .map_or("https://api.pax8.com/v1", String::as_str)
        .parse()?;
    let credentials = serde_json::from_reader(std::io::stdin())?;
    let distributor = Distributor::Pax8(Pax8::new(outbound::http_client(), base, credentials, company.clone()));
    match distributor.find_subscription(part_number).await? {
        Some(subscription) => println!("{} seats in subscription {}", subscription.quantity, subscription.id),
        None => println!("no running subscription"),
    }
    Ok(())
}
