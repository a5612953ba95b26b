//! Changes and reads the demo's data at the vendors, with the simulators' control API.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::{Result, engine::Engine, http};

/// The license of the sample person. It has no free seat at the beginning.
const SKU: &str = "SPB";

/// The data of one organisation at all vendors, as the simulators answer it.
#[derive(Deserialize)]
pub(crate) struct World {
    name: String,
    pub(crate) page: String,
    pub(crate) tenant_id: String,
    pub(crate) psa_company: String,
    pub(crate) distributor_company: String,
    /// The credentials by system, in the operator's format.
    pub(crate) credentials: Map<String, Value>,
    pub(crate) psa: Psa,
    pub(crate) people: People,
}

#[derive(Deserialize)]
pub(crate) struct Psa {
    pub(crate) board: String,
    pub(crate) status_working: String,
    pub(crate) status_waiting: String,
    pub(crate) status_complete: String,
    pub(crate) priority: String,
}

#[derive(Deserialize)]
pub(crate) struct People {
    pub(crate) approver: String,
}

#[derive(Deserialize)]
struct State {
    tickets: Vec<Ticket>,
}

#[derive(Deserialize)]
pub(crate) struct Ticket {
    id: i64,
    summary: Option<String>,
    status: Option<String>,
    board: Option<String>,
    priority: Option<String>,
    company: Option<String>,
    pub(crate) notes: Vec<Note>,
}

#[derive(Deserialize)]
pub(crate) struct Note {
    pub(crate) text: String,
    internal: bool,
}

pub(crate) fn create_world(engine: &Engine, name: &str, company: &str) -> Result<World> {
    let url = format!("{}/control/worlds", engine.simulators());
    let wanted = json!({"name": name, "company": company, "seats": {SKU: 0}});
    let world = http::post(&url, None, &wanted)?.expect(201, "the simulators' new world")?;
    Ok(serde_json::from_value(world.json()?)?)
}

/// Creates two people at Google: one with an account of the company, and one with a private account.
pub(crate) fn create_people(engine: &Engine, domain: &str) -> Result<()> {
    let url = format!("{}/control/google/people", engine.simulators());
    let employee = json!({"name": "Gina Google", "email": format!("gina@{domain}"), "hd": domain});
    for person in [employee, json!({"name": "Sam Stranger", "email": "sam@gmail.com"})] {
        http::post(&url, None, &person)?.expect(200, "a Google account")?;
    }
    Ok(())
}

/// Buys a seat by hand, elsewhere, so that Gangway does not see it.
pub(crate) fn buy_seat(engine: &Engine, world: &World) -> Result<()> {
    let url = format!("{}/control/worlds/{}/buy-seats", engine.simulators(), world.name);
    http::post(&url, None, &json!({ "sku": SKU }))?
        .expect(200, "the purchase of a seat")
        .map(drop)
}

/// Finds the newest ticket, which is the sample's.
pub(crate) fn ticket(engine: &Engine, world: &World) -> Result<Option<Ticket>> {
    let url = format!("{}/control/worlds/{}", engine.simulators(), world.name);
    let state: State = serde_json::from_value(http::get(&url, None)?.expect(200, "the simulators' world")?.json()?)?;
    Ok(state.tickets.into_iter().max_by_key(|ticket| ticket.id))
}

impl Ticket {
    /// Prints the ticket as the technician sees it.
    pub(crate) fn print(&self) {
        let shown = |text: &Option<String>| text.clone().unwrap_or("-".to_owned());
        println!("Ticket #{} {}", self.id, shown(&self.summary));
        println!(
            "{} | {} | {} | {}",
            shown(&self.company),
            shown(&self.board),
            shown(&self.status),
            shown(&self.priority)
        );
        for note in &self.notes {
            println!("\n  [{}]", if note.internal { "internal note" } else { "discussion" });
            note.text.lines().for_each(|line| println!("  {line}"));
        }
    }
}
