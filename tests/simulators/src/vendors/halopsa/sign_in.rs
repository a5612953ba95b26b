//! Sign-in with client credentials in a form.

use serde_json::json;

use crate::{
    request::{Reply, Request, Response},
    state::State,
    world::{Token, World, secret},
};

pub const TOKEN: &str = "/auth/token";
const SECONDS: u64 = 3600;

pub fn world(state: &State, request: &Request, template: &str) -> Result<String, Response> {
    if template == TOKEN {
        let client = field(&form(request)?, "client_id").unwrap_or_default();
        let found = state.world(|world| world.vendors.halopsa.client_id == client);
        return found.map(|world| world.name.clone()).ok_or_else(invalid_client);
    }
    let token = request.bearer().unwrap_or_default();
    let found = state.world(|world| world.vendors.halopsa.tokens.iter().any(|known| known.is(token)));
    found
        .map(|world| world.name.clone())
        .ok_or_else(|| Response::empty(401))
}

fn invalid_client() -> Response {
    Response::json(401, json!({"error": "invalid_client"}))
}

fn refused(code: &str) -> Response {
    Response::json(400, json!({ "error": code }))
}

fn form(request: &Request) -> Result<Vec<(String, String)>, Response> {
    request.form().ok_or_else(|| refused("invalid_request"))
}

/// The value of a field that occurs once.
fn field(form: &[(String, String)], name: &str) -> Option<String> {
    let mut values = form.iter().filter(|(key, _)| key == name).map(|(_, value)| value);
    let value = values.next()?.clone();
    values.next().is_none().then_some(value)
}

pub fn token(world: &mut World, request: &Request) -> Reply {
    request.only_query(&["tenant"])?;
    let keys = &mut world.vendors.halopsa;
    let form = form(request)?;
    let known = ["grant_type", "client_id", "client_secret", "scope"];
    let is_known = |(name, _): &(String, String)| known.contains(&name.as_str());
    if !form.iter().all(is_known) || request.query("tenant") != Some(&keys.tenant) {
        return Err(refused("invalid_request"));
    }
    if field(&form, "grant_type").as_deref() != Some("client_credentials") {
        return Err(refused("unsupported_grant_type"));
    }
    if field(&form, "scope").as_deref() != Some("all") {
        return Err(refused("invalid_scope"));
    }
    if field(&form, "client_secret").as_ref() != Some(&keys.client_secret) {
        return Err(invalid_client());
    }
    let token = Token::new(SECONDS);
    let response = json!({
        "scope": "all", "token_type": "Bearer", "access_token": token.value, "expires_in": SECONDS, "id_token": secret(),
    });
    keys.tokens.push(token);
    Ok(Response::json(200, response))
}
