//! Changes that tests make at the provider.

use std::sync::Arc;

use axum::{
    Json, Router,
    body::Bytes,
    extract::{Path, State as AxumState},
    http::StatusCode,
    response::IntoResponse,
    routing::{get, post},
};
use serde_json::{Value, json};

use super::{Asked, Order, Person, Shared, pick};
use crate::server::App;

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/control/google/people", post(add_person))
        .route("/control/google/people/{sub}/next-token", post(spoil))
        .route("/control/google/people/{sub}/pick", post(pick_at))
        .route("/control/google/reads", get(reads))
}

type Refused = (StatusCode, String);

fn read<T: serde::de::DeserializeOwned>(body: &Bytes) -> Result<T, Refused> {
    serde_json::from_slice(body).map_err(|error| (StatusCode::BAD_REQUEST, error.to_string()))
}

/// Adds a person. If there is one with this `sub`, changes that person.
async fn add_person(AxumState(app): Shared, body: Bytes) -> Result<Json<Value>, Refused> {
    let person: Person = read(&body)?;
    let mut provider = app.google.lock();
    provider.people.retain(|known| known.sub != person.sub);
    let sub = person.sub.clone();
    provider.people.push(person);
    Ok(Json(json!({ "sub": sub })))
}

async fn spoil(AxumState(app): Shared, Path(sub): Path<String>, body: Bytes) -> Result<StatusCode, Refused> {
    let order: Order = read(&body)?;
    app.google.lock().orders.insert(sub, order);
    Ok(StatusCode::NO_CONTENT)
}

/// Picks a person on the page at this address, for tests without a browser. The answer is the redirect.
async fn pick_at(shared: Shared, Path(sub): Path<String>, body: Bytes) -> Result<axum::response::Response, Refused> {
    let url = String::from_utf8_lossy(&body).into_owned();
    let query = url.split_once('?').map_or("", |(_, query)| query);
    let asked: Asked =
        serde_urlencoded::from_str(query).map_err(|error| (StatusCode::BAD_REQUEST, error.to_string()))?;
    let picked = super::Picked { asked, sub: Some(sub) };
    Ok(pick(shared, axum::Form(picked)).await.into_response())
}

/// Answers how often each of the provider's documents was read.
async fn reads(AxumState(app): Shared) -> Json<Value> {
    Json(json!(app.google.lock().reads))
}
