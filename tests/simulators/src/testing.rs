//! For tests of clients: the simulators in the test's own process, with one world.

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
    /// This server's address.
    pub base: String,
    pub app: Arc<App>,
}

const WORLD: &str = "acme";

impl Simulated {
    pub async fn new() -> Self {
        Self::with(json!({})).await
    }

    /// `more`: how the world differs from the usual one, as `POST /control/worlds` takes it.
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

    /// What a new organisation needs to know of a vendor: `credentials`, `company` and more.
    pub fn keys(&self, vendor: &str) -> Value {
        let base = self.base.clone();
        self.world(|world| report::keys(world, &base))["vendors"][vendor].clone()
    }

    /// What has become of it at a vendor.
    pub fn state(&self, vendor: &str) -> Value {
        self.world(|world| report::state(world))["vendors"][vendor].clone()
    }

    /// How often each effect happened.
    pub fn effect(&self, name: &str) -> u32 {
        self.world(|world| world.effects.get(name).copied().unwrap_or_default())
    }

    /// Somebody opens a ticket at a PSA by hand; the result is its id.
    pub fn open(&self, psa: &str, ticket: &NewTicket<'_>) -> String {
        let id = self.world(|world| (by_hand(psa).open)(&mut world.vendors, ticket));
        id.as_str().map_or_else(|| id.to_string(), str::to_owned)
    }

    /// Somebody writes a note on a ticket by hand.
    pub fn write(&self, psa: &str, ticket: &str, text: &str, by: Author) {
        let number = ticket.parse::<i64>().map(Value::from);
        let id = number.unwrap_or_else(|_| json!(ticket));
        self.world(|world| (by_hand(psa).write)(&mut world.vendors, &id, text, by));
    }

    /// One more board, queue or team that tickets may go to.
    pub fn add_location(&self, psa: &str, name: &str) {
        self.world(|world| (by_hand(psa).add_location)(&mut world.vendors, name));
    }

    /// The world itself, to look at or to change.
    #[expect(clippy::expect_used, reason = "nobody takes it away")]
    pub fn world<T>(&self, work: impl FnOnce(&mut World) -> T) -> T {
        let mut state = self.app.state.lock();
        work(state.worlds.get_mut(WORLD).expect("the world"))
    }

    /// A bad day, as `POST /control/faults` takes it; the world is filled in.
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

    /// How often rules fired.
    pub fn fired(&self) -> u32 {
        self.app.state.lock().faults.iter().map(|fault| fault.fired).sum()
    }

    /// `METHOD /path/{template}` of every request so far, oldest first.
    pub fn operations(&self) -> Vec<String> {
        self.world(|world| world.requests.iter().map(|request| request.operation.clone()).collect())
    }
}

#[expect(clippy::expect_used, reason = "a wrong name is a wrong test")]
fn by_hand(psa: &str) -> &'static ByHand {
    let vendor = Vendor::named(psa);
    vendor.and_then(|vendor| vendor.by_hand.as_ref()).expect("a PSA")
}

/// Whatever a test is about: what passed through fits the contract files, and is text where vendors show it.
impl Drop for Simulated {
    fn drop(&mut self) {
        let wrong = self.app.contracts.wrong();
        // A second panic would end the process without a word about the first.
        if !std::thread::panicking() {
            assert_eq!(wrong, Vec::<String>::new(), "against the contract files");
            let active = self.world(|world| world.active.clone());
            assert_eq!(active, Vec::new(), "more than text");
        }
    }
}
