//! Microsoft's login: the client credentials grant.

use chrono::Utc;
use serde_json::json;

use crate::{
    request::{Operation, Refusal, Reply, Request, Response},
    state::State,
    vendors::Vendor,
    world::{Token, World, id},
};

pub const VENDOR: Vendor = Vendor {
    name: "login",
    bases: &["/login"],
    operations: OPERATIONS,
    error,
    refuse: |_| error(400, "invalid_request", "AADSTS900144: The request can't be read."),
    world: |state, request, _| world(state, request),
    keys: |_, _| json!({}),
    state: |_| json!({}),
    by_hand: None,
};

const OPERATIONS: &[Operation] = &[("POST", "/{tenant}/oauth2/v2.0/token", token)];

const SECONDS: u64 = 3599;
const SCOPE: &str = "https://graph.microsoft.com/.default";

pub fn error(status: u16, code: &str, message: &str) -> Response {
    Response::json(
        status,
        json!({
            "error": code,
            "error_description": message,
            "error_codes": [],
            "timestamp": Utc::now().format("%Y-%m-%d %H:%M:%SZ").to_string(),
            "trace_id": id(),
            "correlation_id": id(),
        }),
    )
}

/// The path names the tenant by its id or by one of its domains.
pub fn world(state: &State, request: &Request) -> Result<String, Response> {
    let tenant = request.param(0);
    let found = state.world(|world| {
        world.tenant.id == tenant
            || world
                .tenant
                .domains
                .iter()
                .any(|domain| domain.name.eq_ignore_ascii_case(tenant))
    });
    found.map(|world| world.name.clone()).ok_or_else(|| {
        error(
            400,
            "invalid_request",
            "AADSTS90002: Tenant not found. Check to make sure you have the correct tenant ID.",
        )
    })
}

fn token(world: &mut World, request: &Request) -> Reply {
    let form = request.form();
    let form = form.ok_or_else(|| request.refuse(Refusal::MediaType))?;
    let field = |name: &str| {
        let mut values = form
            .iter()
            .filter(|(key, _)| key == name)
            .map(|(_, value)| value.as_str());
        match (values.next(), values.next()) {
            (Some(value), None) => Ok(value),
            _ => {
                let message = format!("AADSTS900144: The request body must contain the following parameter: '{name}'.");
                Err(error(400, "invalid_request", &message))
            }
        }
    };
    let known = ["client_id", "client_secret", "grant_type", "scope"];
    if let Some((unknown, _)) = form.iter().find(|(key, _)| !known.contains(&key.as_str())) {
        return Err(error(
            400,
            "invalid_request",
            &format!("The parameter '{unknown}' is not known."),
        ));
    }
    if field("grant_type")? != "client_credentials" {
        return Err(error(
            400,
            "unsupported_grant_type",
            "AADSTS70003: The app requested an unsupported grant type.",
        ));
    }
    if field("scope")? != SCOPE {
        return Err(error(
            400,
            "invalid_scope",
            "AADSTS1002012: The provided value for scope is not valid.",
        ));
    }
    if field("client_id")? != world.tenant.client_id {
        return Err(error(
            400,
            "unauthorized_client",
            "AADSTS700016: Application was not found in the directory.",
        ));
    }
    if field("client_secret")? != world.tenant.client_secret {
        return Err(error(
            401,
            "invalid_client",
            "AADSTS7000215: Invalid client secret provided.",
        ));
    }
    let token = Token::new(SECONDS);
    let value = token.value.clone();
    world.tenant.tokens.push(token);
    Ok(Response::json(
        200,
        json!({"token_type": "Bearer", "expires_in": SECONDS, "ext_expires_in": SECONDS, "access_token": value}),
    )
    .with_header("cache-control", "no-store".to_owned()))
}
