//! KaseyaBms.

use serde_json::{Value, json};

use crate::{
    call::{Answer, Call, Operation},
    state::State,
    vendor::{Newcomer, Vendor},
    world::World,
};

pub const VENDOR: Vendor = Vendor {
    name: "kaseya_bms",
    bases: &["/kaseya_bms"],
    contract: "kaseya-bms",
    operations: OPERATIONS,
    error,
    world,
    keys,
    state,
};

const OPERATIONS: &[Operation] = &[];

/// What one organisation has there.
pub struct KaseyaBms {}

impl KaseyaBms {
    pub fn new(_newcomer: &Newcomer<'_>) -> Self {
        Self {}
    }
}

fn error(status: u16, _code: &str, message: &str) -> Answer {
    Answer::json(status, json!({ "message": message }))
}

fn world(_state: &State, _call: &Call, _template: &str) -> Result<String, Answer> {
    Err(error(401, "", "Unauthorized"))
}

fn keys(_world: &World, _base: &str) -> Value {
    json!({})
}

fn state(_world: &World) -> Value {
    json!({})
}
