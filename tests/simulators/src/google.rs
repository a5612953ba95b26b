//! An OpenID provider like Google's, with people to pick from. It signs tokens with its own keys, and issues wrong
//! tokens if a test orders them. Google has people of all organisations, so the provider belongs to no world.

mod control;
mod keys;
mod token;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use askama::Template;
use axum::{
    Form, Json, Router,
    extract::{Query, State as AxumState},
    http::{StatusCode, header},
    response::{Html, IntoResponse, Response},
    routing::{get, post},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::{server::App, world::secret};
use keys::Keys;
use token::Order;

type Shared = AxumState<Arc<App>>;

/// The client that Google's console would have given to Gangway.
pub const CLIENT_ID: &str = "gangway.apps.googleusercontent.com";
pub const CLIENT_SECRET: &str = "GOCSPX-simulated";

const CODE_LIFETIME: Duration = Duration::from_secs(60);

#[derive(Default)]
pub struct Google(Mutex<Provider>);

impl Google {
    fn lock(&self) -> MutexGuard<'_, Provider> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Default)]
struct Provider {
    people: Vec<Person>,
    codes: BTreeMap<String, Code>,
    /// By person, what is wrong with the next token.
    orders: BTreeMap<String, Order>,
    keys: Keys,
    /// How often each document was read.
    reads: BTreeMap<&'static str, u32>,
}

/// Somebody with a Google account. A test chooses the claims, including those of the wrong type.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Person {
    #[serde(default = "secret")]
    sub: String,
    name: String,
    email: String,
    #[serde(default = "yes")]
    email_verified: Value,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    hd: Option<String>,
}

fn yes() -> Value {
    true.into()
}

struct Code {
    sub: String,
    redirect_uri: String,
    challenge: String,
    nonce: Option<String>,
    made: Instant,
}

pub fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/google/.well-known/openid-configuration", get(discovery))
        .route("/google/certs", get(certs))
        .route("/google/auth", get(authorise))
        .route("/google/pick", post(pick))
        .route("/google/token", post(exchange))
        .merge(control::routes())
}

fn cached(value: Value) -> impl IntoResponse {
    ([(header::CACHE_CONTROL, "public, max-age=3600")], Json(value))
}

async fn discovery(AxumState(app): Shared) -> impl IntoResponse {
    let issuer = format!("{}/google", app.base);
    *app.google.lock().reads.entry("discovery").or_default() += 1;
    cached(json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/auth"),
        "token_endpoint": format!("{issuer}/token"),
        "jwks_uri": format!("{issuer}/certs"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "scopes_supported": ["openid", "email", "profile"],
        "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
        "claims_supported": ["aud", "email", "email_verified", "exp", "iat", "iss", "name", "sub"],
        "code_challenge_methods_supported": ["S256"],
    }))
}

async fn certs(AxumState(app): Shared) -> impl IntoResponse {
    let mut provider = app.google.lock();
    *provider.reads.entry("certs").or_default() += 1;
    cached(provider.keys.published())
}

/// The parameters with which Gangway redirects a browser to the provider, and which the page's buttons send on.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Asked {
    client_id: String,
    redirect_uri: String,
    response_type: String,
    scope: String,
    state: String,
    code_challenge: String,
    code_challenge_method: String,
    nonce: Option<String>,
}

impl Asked {
    /// The reason for a refusal on the provider's own page. It never redirects to an address that it does not trust.
    fn wrong(&self) -> Option<&'static str> {
        let scopes: Vec<_> = self.scope.split(' ').collect();
        let challenge = URL_SAFE_NO_PAD.decode(&self.code_challenge).unwrap_or_default();
        [
            (self.client_id != CLIENT_ID, "invalid_client"),
            (
                !self.redirect_uri.ends_with("/sign-in/google/callback"),
                "redirect_uri_mismatch",
            ),
            (self.response_type != "code", "unsupported_response_type"),
            (
                !scopes.contains(&"openid") || !scopes.contains(&"email"),
                "invalid_scope",
            ),
            (self.state.len() < 16, "a state of at least 16 characters"),
            (
                self.nonce.as_ref().is_none_or(|nonce| nonce.len() < 16),
                "a nonce of at least 16 characters",
            ),
            (
                self.code_challenge_method != "S256" || challenge.len() != 32,
                "a code_challenge by S256",
            ),
        ]
        .into_iter()
        .find_map(|(wrong, name)| wrong.then_some(name))
    }

    fn back(&self, more: &[(&str, &str)]) -> Response {
        let query = [("state", self.state.as_str())];
        let query = serde_urlencoded::to_string([&query, more].concat()).unwrap_or_default();
        let location = format!("{}?{query}", self.redirect_uri);
        (StatusCode::FOUND, [(header::LOCATION, location)]).into_response()
    }
}

#[derive(Template)]
#[template(path = "google.html")]
struct Page {
    asked: Vec<(String, String)>,
    people: Vec<Person>,
}

/// The page for picking a person, to which Gangway redirects.
async fn authorise(
    AxumState(app): Shared,
    query: Result<Query<Asked>, axum::extract::rejection::QueryRejection>,
) -> Response {
    let Ok(Query(asked)) = query else {
        return refused("invalid_request");
    };
    if let Some(wrong) = asked.wrong() {
        return refused(wrong);
    }
    let fields = serde_json::to_value(&asked).unwrap_or_default();
    let fields = fields.as_object().cloned().unwrap_or_default();
    let page = Page {
        asked: fields
            .iter()
            .filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())))
            .collect(),
        people: app.google.lock().people.clone(),
    };
    match page.render() {
        Ok(text) => Html(text).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

fn refused(what: &str) -> Response {
    (StatusCode::BAD_REQUEST, format!("Access blocked: {what}")).into_response()
}

#[derive(Debug, Deserialize)]
struct Picked {
    #[serde(flatten)]
    asked: Asked,
    /// None if the person chose Cancel.
    #[serde(default)]
    sub: Option<String>,
}

async fn pick(AxumState(app): Shared, Form(picked): Form<Picked>) -> Response {
    if let Some(wrong) = picked.asked.wrong() {
        return refused(wrong);
    }
    let mut provider = app.google.lock();
    let Some(sub) = picked.sub.filter(|sub| !sub.is_empty()) else {
        return picked.asked.back(&[("error", "access_denied")]);
    };
    if !provider.people.iter().any(|person| person.sub == sub) {
        return refused("there is nobody with this sub");
    }
    let code = format!("4/{}{}", secret(), secret());
    let kept = Code {
        sub,
        redirect_uri: picked.asked.redirect_uri.clone(),
        challenge: picked.asked.code_challenge.clone(),
        nonce: picked.asked.nonce.clone(),
        made: Instant::now(),
    };
    provider.codes.insert(code.clone(), kept);
    picked
        .asked
        .back(&[("code", &code), ("scope", "email profile openid"), ("authuser", "0")])
}

#[derive(Deserialize)]
struct Exchange {
    grant_type: String,
    code: String,
    client_id: String,
    client_secret: String,
    redirect_uri: String,
    code_verifier: String,
}

async fn exchange(
    AxumState(app): Shared,
    form: Result<Form<Exchange>, axum::extract::rejection::FormRejection>,
) -> Response {
    let error = |status: StatusCode, name: &str| (status, Json(json!({ "error": name }))).into_response();
    let Ok(Form(sent)) = form else {
        return error(StatusCode::BAD_REQUEST, "invalid_request");
    };
    if sent.grant_type != "authorization_code" {
        return error(StatusCode::BAD_REQUEST, "unsupported_grant_type");
    }
    if sent.client_id != CLIENT_ID || sent.client_secret != CLIENT_SECRET {
        return error(StatusCode::UNAUTHORIZED, "invalid_client");
    }
    let mut provider = app.google.lock();
    // A code can be used once, whatever else is wrong.
    let Some(code) = provider.codes.remove(&sent.code) else {
        return error(StatusCode::BAD_REQUEST, "invalid_grant");
    };
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(sent.code_verifier.as_bytes()));
    if code.made.elapsed() > CODE_LIFETIME || code.redirect_uri != sent.redirect_uri || code.challenge != challenge {
        return error(StatusCode::BAD_REQUEST, "invalid_grant");
    }
    let order = provider.orders.remove(&code.sub).unwrap_or_default();
    let Some(person) = provider.people.iter().find(|person| person.sub == code.sub).cloned() else {
        return error(StatusCode::BAD_REQUEST, "invalid_grant");
    };
    let issuer = format!("{}/google", app.base);
    let token = token::write(&mut provider.keys, &issuer, &person, code.nonce.as_deref(), &order);
    Json(json!({
        "access_token": format!("ya29.{}", secret()), "expires_in": 3599, "token_type": "Bearer",
        "scope": "openid https://www.googleapis.com/auth/userinfo.email", "id_token": token,
    }))
    .into_response()
}
