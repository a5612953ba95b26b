//! Signing in with a form. A refusal comes as a success, as all of them do.

use std::collections::BTreeMap;

use chrono::{TimeDelta, Utc};
use serde_json::json;

use super::{date, failed, only_query, refused, success};
use crate::{
    call::{Answer, Call, Outcome},
    world::{Token, World, secret},
};

const SECONDS: u64 = 1200;

pub(super) fn not_accepted() -> Answer {
    refused(1001, "Invalid credentials")
}

/// The fields of a multipart form, each there once.
pub(super) fn form(call: &Call) -> Result<BTreeMap<String, String>, Answer> {
    let wrong = || failed(400, 400, "The form can't be read");
    if call.content_type() != "multipart/form-data" {
        return Err(failed(415, 415, "The media type is not supported"));
    }
    let boundary = call
        .header("content-type")
        .and_then(|value| value.split_once("boundary="));
    let (_, boundary) = boundary.ok_or_else(wrong)?;
    let body = String::from_utf8(call.body.to_vec()).map_err(|_| wrong())?;
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

pub(super) fn authenticate(world: &mut World, call: &Call) -> Outcome {
    only_query(call, &[])?;
    let form = form(call)?;
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
    let answer = json!({
        "AccessToken": token.value, "RefreshToken": secret(), "AccessTokenExpireOn": in_seconds(1200),
        "RefreshTokenExpireOn": in_seconds(86_400),
    });
    bms.tokens.push(token);
    Ok(success(answer))
}

fn in_seconds(seconds: i64) -> String {
    date(Utc::now() + TimeDelta::seconds(seconds))
}
