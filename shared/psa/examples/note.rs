//! Opens a ticket at ConnectWise, or finds it again, and writes one internal note on it once:
//! `cargo run -p psa --example note -- COMPANY BOARD MARKER TEXT < credentials.json`
//! with the credentials as Gangway keeps them (see the README). Run twice, it writes nothing the second time.

use psa::{ConnectWise, NewTicket, Note, NoteText, Psa};

type Failure = Box<dyn std::error::Error>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [company, board, marker, text, ..] = arguments.as_slice() else {
        return Err("usage: note COMPANY BOARD MARKER TEXT < credentials.json".into());
    };
    let credentials: psa::connectwise::Credentials = serde_json::from_reader(std::io::stdin())?;
    let base = outbound::given_address("ConnectWise", &credentials.site, "")?;
    let client = ConnectWise::new(outbound::given_client(), base, credentials, company.clone())?;
    let psa = Psa::ConnectWise(client);
    let ticket = match psa.find_ticket(None, marker).await? {
        Some(ticket) => ticket,
        None => {
            let ticket = NewTicket {
                marker: marker.clone(),
                summary: "Try Gangway".to_owned(),
                location: Some(board.clone()),
                ..NewTicket::default()
            };
            psa.create_ticket(&ticket).await?
        }
    };
    println!("ticket {}", ticket.id);
    if psa.has_note(&ticket, marker).await? {
        println!("the note is there already");
    } else {
        let text = NoteText::Plain(text.clone());
        psa.add_note(
            &ticket,
            &Note {
                marker: marker.clone(),
                text,
                internal: true,
                minutes: None,
            },
        )
        .await?;
        println!("note written");
    }
    Ok(())
}
