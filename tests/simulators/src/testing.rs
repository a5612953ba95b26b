//! Runs the simulators in the process of a client's test, with one world.

use std::sync::Arc;

use clap::Parser;
use serde_json::{Value, json};

use crate::{
    faults::{Fault, Rule},
    report,
    server::{App, Options, start},
    setup::{self, NewWorld},
    vendors::{ByHand, NewTicket, Vendor},
    world::{Author, World},
};

pub struct Simulated {
    /// The address of this server.
    pub base: String,
    pub app: Arc<App>,
}

const WORLD: &str = "acme";

impl Simulated {
    pub async fn new() -> Self {
        Self::with(json!({})).await
    }

    /// Starts with a world. `more` overrides its defaults, as in `POST /control/worlds`.
    #[expect(clippy::expect_used, reason = "a test that can't begin has failed")]
    pub async fn with(more: Value) -> Self {
        let running = start(Options::parse_from(["simulators", "--port", "0"]))
            .await
            .expect("a free port");
        let mut wanted = json!({ "name": WORLD });
        if let (Some(wanted), Value::Object(more)) = (wanted.as_object_mut(), more) {
            wanted.extend(more);
        }
        let wanted: NewWorld = serde_json::from_value(wanted).expect("a world");
        let world = setup::world(&wanted).expect("a world");
        running.app.state.lock().worlds.insert(WORLD.to_owned(), world);
        Self {
            base: running.base,
            app: running.app,
        }
    }

    /// What a new organisation needs to know about a vendor: `credentials`, `company` and more.
    pub fn keys(&self, vendor: &str) -> Value {
        let base = self.base.clone();
        self.world(|world| report::keys(world, &base))["vendors"][vendor].clone()
    }

    /// The organisation's state at a vendor.
    pub fn state(&self, vendor: &str) -> Value {
        self.world(|world| report::state(world))["vendors"][vendor].clone()
    }

    /// How often an effect happened.
    pub fn effect(&self, name: &str) -> u32 {
        self.world(|world| world.effects.get(name).copied().unwrap_or_default())
    }

    /// Opens a ticket at a PSA by hand, and returns its id.
    pub fn open(&self, psa: &str, ticket: &NewTicket<'_>) -> String {
        let id = self.world(|world| (by_hand(psa).open)(&mut world.vendors, ticket));
        id.as_str().map_or_else(|| id.to_string(), str::to_owned)
    }

    /// Writes a note on a ticket by hand.
    pub fn write(&self, psa: &str, ticket: &str, text: &str, by: Author) {
        let number = ticket.parse::<i64>().map(Value::from);
        let id = number.unwrap_or_else(|_| json!(ticket));
        self.world(|world| (by_hand(psa).write)(&mut world.vendors, &id, text, by));
    }

    /// Adds a board, queue or team for tickets.
    pub fn add_location(&self, psa: &str, name: &str) {
        self.world(|world| (by_hand(psa).add_location)(&mut world.vendors, name));
    }

    /// Reads or changes the world itself.
    #[expect(clippy::expect_used, reason = "nobody takes it away")]
    pub fn world<T>(&self, work: impl FnOnce(&mut World) -> T) -> T {
        let mut state = self.app.state.lock();
        work(state.worlds.get_mut(WORLD).expect("the world"))
    }

    /// Adds a fault, as in `POST /control/faults`. The world is filled in.
    #[expect(clippy::expect_used, reason = "a wrong rule is a wrong test")]
    pub fn fault(&self, mut rule: Value) {
        rule["world"] = json!(WORLD);
        let rule: Rule = serde_json::from_value(rule).expect("a rule");
        let mut state = self.app.state.lock();
        let id = state.next_rule();
        state.faults.push(Fault {
            id,
            rule,
            matched: 0,
            fired: 0,
            killed: 0,
        });
    }

    /// How often the rules have fired.
    pub fn fired(&self) -> u32 {
        self.app.state.lock().faults.iter().map(|fault| fault.fired).sum()
    }

    /// `METHOD /path/{template}` of all requests so far, oldest first.
    pub fn operations(&self) -> Vec<String> {
        self.world(|world| world.requests.iter().map(|request| request.operation.clone()).collect())
    }
}

#[expect(clippy::expect_used, reason = "a wrong name is a wrong test")]
fn by_hand(psa: &str) -> &'static ByHand {
    let vendor = Vendor::named(psa);
    vendor.and_then(|vendor| vendor.by_hand.as_ref()).expect("a PSA")
}

/// After every test, checks that all requests and answers fit the contract files, and that all texts are harmless
/// where vendors show them.
impl Drop for Simulated {
    fn drop(&mut self) {
        let wrong = self.app.contracts.wrong();
        // A second panic would end the process without a message about the first.
        if !std::thread::panicking() {
            assert_eq!(wrong, Vec::<String>::new(), "against the contract files");
            let active = self.world(|world| world.active.clone());
            assert_eq!(active, Vec::new(), "more than text");
        }
    }
}
