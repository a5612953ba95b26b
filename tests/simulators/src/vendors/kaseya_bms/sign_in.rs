//! Sign-in with a form. A refusal has a successful status, as all refusals of this vendor have.

use std::collections::BTreeMap;

use chrono::{TimeDelta, Utc};
use serde_json::json;

use super::{date, failed, refused, success};
use crate::{
    request::{Refusal, Reply, Request, Response},
    state::State,
    world::{Token, World, secret},
};

pub const AUTHENTICATE: &str = "/v2/security/authenticate";
const SECONDS: u64 = 1200;

pub fn world(state: &State, request: &Request, template: &str) -> Result<String, Response> {
    if template == AUTHENTICATE {
        let form = form(request)?;
        let given = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
        let found = state.world(|world| {
            let keys = &world.vendors.kaseya_bms;
            keys.tenant == given("Tenant") && keys.user_name == given("UserName")
        });
        return found.map(|world| world.name.clone()).ok_or_else(not_accepted);
    }
    let token = request.bearer().unwrap_or_default();
    let found = state.world(|world| world.vendors.kaseya_bms.tokens.iter().any(|known| known.is(token)));
    found
        .map(|world| world.name.clone())
        .ok_or_else(|| Response::empty(401))
}

fn not_accepted() -> Response {
    refused(1001, "Invalid credentials")
}

/// The fields of a multipart form, each of which occurs once.
fn form(request: &Request) -> Result<BTreeMap<String, String>, Response> {
    let wrong = || failed(400, 400, "The form can't be read");
    if request.content_type() != "multipart/form-data" {
        return Err(request.refuse(Refusal::MediaType));
    }
    let boundary = request
        .header("content-type")
        .and_then(|value| value.split_once("boundary="));
    let (_, boundary) = boundary.ok_or_else(wrong)?;
    let body = String::from_utf8(request.body.to_vec()).map_err(|_| wrong())?;
    let body = format!("\r\n{body}");
    let delimiter = format!("\r\n--{}", boundary.trim_matches('"'));
    let parts: Vec<&str> = body.split(delimiter.as_str()).collect();
    let [before, parts @ .., end] = parts.as_slice() else {
        return Err(wrong());
    };
    if !before.is_empty() || end.trim_end() != "--" {
        return Err(wrong());
    }
    let mut fields = BTreeMap::new();
    for part in parts {
        let (headers, value) = part.split_once("\r\n\r\n").ok_or_else(wrong)?;
        let name = headers.split_once("name=\"").and_then(|(_, rest)| rest.split_once('"'));
        let (name, _) = name.ok_or_else(wrong)?;
        if fields.insert(name.to_owned(), value.to_owned()).is_some() {
            return Err(wrong());
        }
    }
    Ok(fields)
}

pub fn authenticate(world: &mut World, request: &Request) -> Reply {
    request.only_query(&[])?;
    let form = form(request)?;
    let known = ["GrantType", "UserName", "Password", "Tenant"];
    if form.keys().any(|name| !known.contains(&name.as_str())) || form.len() != known.len() {
        return Err(refused(400, "The form has not the fields that it needs"));
    }
    let bms = &mut world.vendors.kaseya_bms;
    if form.get("GrantType").map(String::as_str) != Some("password") {
        return Err(refused(400, "The grant type is not supported"));
    }
    if form.get("Password") != Some(&bms.password) {
        return Err(not_accepted());
    }
    let token = Token::new(SECONDS);
    let response = json!({
        "AccessToken": token.value, "RefreshToken": secret(), "AccessTokenExpireOn": in_seconds(1200),
        "RefreshTokenExpireOn": in_seconds(86_400),
    });
    bms.tokens.push(token);
    Ok(success(response))
}

fn in_seconds(seconds: i64) -> String {
    date(Utc::now() + TimeDelta::seconds(seconds))
}
