//! What the demo does on the vendors' side, by the simulators' control API and pages.

use serde_json::{Value, json};

use crate::{Result, demo::text, engine::Engine, http};

/// One organisation's tenant, PSA and distributor in the simulators
pub(crate) struct World {
    pub(crate) tenant_id: String,
    pub(crate) psa_company: String,
    pub(crate) distributor_company: String,
    pub(crate) board: String,
    /// System to keys, as the operator takes them
    pub(crate) credentials: Vec<(&'static str, Value)>,
}

pub(crate) struct Note {
    pub(crate) text: String,
}

pub(crate) fn create_world(engine: &Engine, name: &str) -> Result<World> {
    let url = format!("{}/control/worlds", engine.simulators());
    let world = http::post(&url, None, &json!({ "name": name }))?
        .expect(201, "a new world of simulators")?
        .json()?;
    let credentials = ["graph", "connectwise", "pax8"];
    Ok(World {
        tenant_id: text(&world, "/tenant_id").to_owned(),
        psa_company: text(&world, "/psa_company").to_owned(),
        distributor_company: text(&world, "/distributor_company").to_owned(),
        board: text(&world, "/board").to_owned(),
        credentials: credentials
            .map(|system| (system, world["credentials"][system].clone()))
            .into(),
    })
}

pub(crate) fn notes(_engine: &Engine, _request: &Value) -> Result<Vec<Note>> {
    Ok(Vec::new())
}

pub(crate) fn buy_seat(_engine: &Engine) -> Result<()> {
    Ok(())
}

pub(crate) fn show_ticket(_engine: &Engine, _request: &Value) -> Result<()> {
    Ok(())
}
