//! Tokens: each renewal brings a new refresh token, and the old one must not be seen again.

use std::collections::BTreeMap;

use serde_json::json;

use super::error;
use crate::{
    call::{Answer, Call, Outcome},
    world::{Token, World, secret},
};

pub const PATH: &str = "/oauth/token";
const SECONDS: u64 = 7200;

/// The refresh token that a renewal comes with.
pub fn given(call: &Call) -> Result<String, Answer> {
    if call.content_type() != "application/x-www-form-urlencoded" {
        return Err(error(400, "invalid_request", "A form is expected"));
    }
    let form: BTreeMap<String, String> = serde_urlencoded::from_bytes(&call.body)
        .map_err(|_| error(400, "invalid_request", "The form can't be read"))?;
    let known = ["grant_type", "refresh_token"];
    let grant = form.get("grant_type").map(String::as_str);
    if grant != Some("refresh_token") || form.keys().any(|name| !known.contains(&name.as_str())) {
        return Err(error(400, "unsupported_grant_type", "The grant is not supported"));
    }
    Ok(form.get("refresh_token").cloned().unwrap_or_default())
}

pub fn renew(world: &mut World, call: &Call) -> Outcome {
    let token = given(call)?;
    let td_synnex = &mut world.vendors.td_synnex;
    if token != td_synnex.refresh_token {
        // Somebody has a token that was used: nobody knows who, so nobody is let in any more.
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
    let answer =
        json!({"access_token": access.value, "refresh_token": next, "expires_in": SECONDS, "token_type": "Bearer"});
    td_synnex.tokens.push(access);
    let used = std::mem::replace(&mut td_synnex.refresh_token, next);
    td_synnex.used.push(used);
    Ok(Answer::json(200, answer))
}
