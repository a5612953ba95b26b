//! What the demo does on the vendors' side, by the simulators' control API.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::{Result, engine::Engine, http};

/// The license of the sample person; no seat of it is free at the beginning.
const SKU: &str = "SPB";

/// What one organisation has at all vendors, as the simulators answer it
#[derive(Deserialize)]
pub(crate) struct World {
    name: String,
    pub(crate) page: String,
    pub(crate) tenant_id: String,
    pub(crate) psa_company: String,
    pub(crate) distributor_company: String,
    /// System to keys, as the operator takes them
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

/// Somebody with an account of the company's at Google, and somebody with a private one.
pub(crate) fn create_people(engine: &Engine, domain: &str) -> Result<()> {
    let url = format!("{}/control/google/people", engine.simulators());
    let employee = json!({"name": "Gina Google", "email": format!("gina@{domain}"), "hd": domain});
    for person in [employee, json!({"name": "Sam Stranger", "email": "sam@gmail.com"})] {
        http::post(&url, None, &person)?.expect(200, "a Google account")?;
    }
    Ok(())
}

/// Elsewhere, by hand: Gangway doesn't see it.
pub(crate) fn buy_seat(engine: &Engine, world: &World) -> Result<()> {
    let url = format!("{}/control/worlds/{}/buy-seats", engine.simulators(), world.name);
    http::post(&url, None, &json!({ "sku": SKU }))?
        .expect(200, "the purchase of a seat")
        .map(drop)
}

/// The newest ticket is the sample's.
pub(crate) fn ticket(engine: &Engine, world: &World) -> Result<Option<Ticket>> {
    let url = format!("{}/control/worlds/{}", engine.simulators(), world.name);
    let state: State = serde_json::from_value(http::get(&url, None)?.expect(200, "the simulators' world")?.json()?)?;
    Ok(state.tickets.into_iter().max_by_key(|ticket| ticket.id))
}

impl Ticket {
    /// As the technician sees it
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
