//! Tokens. Each renewal returns a new refresh token, and the old one must not be used again.

use std::collections::BTreeMap;

use serde_json::json;

use super::error;
use crate::{
    request::{Reply, Request, Response},
    world::{Token, World, secret},
};

pub const PATH: &str = "/oauth/token";
const SECONDS: u64 = 7200;

/// The refresh token that a renewal sends.
pub fn given(request: &Request) -> Result<String, Response> {
    let form = request.form();
    let form = form.ok_or_else(|| error(400, "invalid_request", "A form is expected"))?;
    let form: BTreeMap<String, String> = form.into_iter().collect();
    let known = ["grant_type", "refresh_token"];
    let grant = form.get("grant_type").map(String::as_str);
    if grant != Some("refresh_token") || form.keys().any(|name| !known.contains(&name.as_str())) {
        return Err(error(400, "unsupported_grant_type", "The grant is not supported"));
    }
    Ok(form.get("refresh_token").cloned().unwrap_or_default())
}

pub fn renew(world: &mut World, request: &Request) -> Reply {
    let token = given(request)?;
    let td_synnex = &mut world.vendors.td_synnex;
    if token != td_synnex.refresh_token {
        // Somebody else has a token that was used, and nobody knows who. So every request is refused from now on.
        td_synnex.lost = true;
        td_synnex.tokens.clear();
        world.count("accounts_lost");
        return Err(error(400, "invalid_grant", "The refresh token was used before"));
    }
    if td_synnex.lost {
        return Err(error(400, "invalid_grant", "The refresh token was revoked"));
    }
    let access = Token::new(SECONDS);
    let next = secret();
    let response =
        json!({"access_token": access.value, "refresh_token": next, "expires_in": SECONDS, "token_type": "Bearer"});
    td_synnex.tokens.push(access);
    let used = std::mem::replace(&mut td_synnex.refresh_token, next);
    td_synnex.used.push(used);
    Ok(Response::json(200, response))
}
