//! Opens a ticket, or finds it again, and writes one internal note on it once. With the credentials as Gangway keeps them
//! (see the README): `cargo run -p psa --example note -- SYSTEM COMPANY LOCATION MARKER TEXT < credentials.json`
//! as `note -- connectwise 19 "Help Desk" try-1 "Hello"`. Run twice, it writes nothing the second time.

use psa::{Autotask, ConnectWise, Freshdesk, HaloPsa, KaseyaBms, NewTicket, Note, NoteText, Psa, ServiceNow};
use serde_json::Value;

type Failure = Box<dyn std::error::Error>;

fn client(system: &str, company: String, keys: Value) -> Result<Psa, Failure> {
    let http = outbound::given_client();
    let address = match (system, keys.get("site").or(keys.get("address"))) {
        ("autotask", _) => "https://webservices.autotask.net/ATServicesRest",
        (_, Some(Value::String(address))) => address,
        _ => return Err("the credentials name no address".into()),
    };
    let base = outbound::given_address(system, address, "")?;
    Ok(match system {
        "autotask" => Psa::Autotask(Autotask::new(http, base, serde_json::from_value(keys)?, company)?),
        "connectwise" => Psa::ConnectWise(ConnectWise::new(http, base, serde_json::from_value(keys)?, company)?),
        "freshdesk" => Psa::Freshdesk(Freshdesk::new(http, base, serde_json::from_value(keys)?, company)?),
        "halopsa" => Psa::HaloPsa(HaloPsa::new(http, base, serde_json::from_value(keys)?, company)?),
        "kaseya_bms" => Psa::KaseyaBms(KaseyaBms::new(http, base, serde_json::from_value(keys)?, company)?),
        "servicenow" => Psa::ServiceNow(ServiceNow::new(http, base, serde_json::from_value(keys)?, company)?),
        _ => return Err(format!("there is no {system}").into()),
    })
}

/// The same mark each time, so that a second run finds the ticket of the first.
const MARK: &str = "example";

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [system, company, location, marker, text] = arguments.as_slice() else {
        return Err("usage: note SYSTEM COMPANY LOCATION MARKER TEXT < credentials.json".into());
    };
    let psa = client(system, company.clone(), serde_json::from_reader(std::io::stdin())?)?;
    let ticket = match psa.find_ticket(None, marker, MARK).await? {
        Some(ticket) => ticket,
        None => {
            let ticket = NewTicket {
                marker: marker.clone(),
                mark: MARK.to_owned(),
                summary: "Try Gangway".to_owned(),
                description: "Opened by hand, to try Gangway.".to_owned(),
                location: Some(location.clone()),
                ..NewTicket::default()
            };
            psa.create_ticket(&ticket).await?
        }
    };
    println!("ticket {}", ticket.id);
    if psa.has_note(&ticket, marker).await? {
        println!("the note is there already");
        return Ok(());
    }
    let note = Note {
        marker: marker.clone(),
        text: NoteText::Plain(text.clone()),
        internal: true,
        minutes: None,
    };
    psa.add_note(&ticket, &note).await?;
    println!("note written");
    Ok(())
}
