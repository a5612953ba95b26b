//! Finds the vendor's operation and the world of a request, and applies faults.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use axum::{
    Extension, Router,
    body::{Body, to_bytes},
    extract::{RawPathParams, Request as HttpRequest, State, rejection::RawPathParamsRejection},
    http::{StatusCode, header},
    response::{IntoResponse, Response as HttpResponse},
    routing::any,
};
use chrono::Utc;
use percent_encoding::percent_decode_str;

use crate::{
    contracts::{Seen, headers_of},
    faults::{self, Fault, Garbage, Kind},
    kill,
    request::{Handler, Request, Response},
    server::{App, Connection, Lost},
    vendors::{VENDORS, Vendor},
    world::{LoggedRequest, World},
};

const LARGEST_BODY: usize = 4 << 20;

/// The operations of all vendors, each below the vendor's bases.
pub fn routes() -> Router<Arc<App>> {
    let mut routes = Router::new();
    for &vendor in VENDORS {
        for &base in vendor.bases {
            routes = routes.nest(base, of_vendor(vendor, base));
        }
    }
    routes
}

fn of_vendor(vendor: &'static Vendor, base: &'static str) -> Router<Arc<App>> {
    let handler = |template: Option<&'static str>| {
        any(
            async move |State(app): State<Arc<App>>,
                        Extension(connection): Extension<Connection>,
                        params: Result<RawPathParams, RawPathParamsRejection>,
                        request: HttpRequest| {
                let params = params.iter().flat_map(|params| params.iter());
                let params = params.map(|(_, value)| value.to_owned()).collect();
                let at = Place { vendor, base, template };
                handle(&app, at, connection, params, request).await
            },
        )
    };
    let templates: BTreeSet<&str> = vendor.operations.iter().map(|(_, template, _)| *template).collect();
    let mut routes = Router::new();
    for template in templates {
        routes = routes.route(template, handler(Some(template)));
    }
    routes.fallback(handler(None))
}

/// Where a request came in. The template is none if no operation has the path.
#[derive(Clone, Copy)]
struct Place {
    vendor: &'static Vendor,
    base: &'static str,
    template: Option<&'static str>,
}

async fn handle(
    app: &App,
    at: Place,
    connection: Connection,
    params: Vec<String>,
    request: HttpRequest,
) -> HttpResponse {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, LARGEST_BODY).await else {
        return respond(
            &(at.vendor.error)(413, "RequestTooLarge", "The request is too large."),
            None,
        );
    };
    let host = parts.headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let decode = |part: &str| percent_decode_str(part).decode_utf8_lossy().into_owned();
    let request = Request {
        vendor: at.vendor,
        method: parts.method.to_string(),
        path: parts.uri.path().split('/').map(decode).collect::<Vec<_>>().join("/"),
        params,
        query: serde_urlencoded::from_str(parts.uri.query().unwrap_or_default()).unwrap_or_default(),
        base: format!("http://{}{}", host.unwrap_or("127.0.0.1"), at.base),
        headers: parts.headers,
        body,
    };
    let seen = Seen {
        template: at.template,
        method: request.method.clone(),
        path: parts.uri.path().to_owned(),
        query: request.query.clone(),
        headers: headers_of(&request.headers),
        body: request.body.to_vec(),
    };
    let done = perform(app, at, &request).await;
    check(app, at, &seen, &done);
    let Some(fault) = &done.fault else {
        return respond(&done.response, None);
    };
    match fault.rule.kind {
        Kind::LoseResponse => Lost.into_response(),
        Kind::KillClient => {
            let killed = kill::peer(connection.peer, connection.own_port).await;
            if let Some(fault) = app.state.lock().faults.iter_mut().find(|other| other.id == fault.id) {
                fault.killed += killed.len();
            }
            kill::wait_for(&killed).await;
            Lost.into_response()
        }
        Kind::Garbage => respond(&done.response, Some(fault.rule.garbage)),
        _ => respond(&done.response, None),
    }
}

/// Checks the request and the response against the system's contract file.
fn check(app: &App, at: Place, seen: &Seen, done: &Done) {
    let (status, headers, body) = written(&done.response);
    let answer = contract::Answer {
        status,
        headers: &headers,
        body: body.as_bytes(),
    };
    let spoilt = done
        .fault
        .as_ref()
        .is_some_and(|fault| fault.rule.kind == Kind::Garbage);
    app.contracts.check(at.vendor, seen, (!spoilt).then_some(&answer));
}

struct Done {
    response: Response,
    fault: Option<Fault>,
}

/// Finds the operation that a request is for: its path template and its handler.
fn operation(at: Place, request: &Request) -> Result<(&'static str, Handler), Response> {
    let vendor = at.vendor;
    let Some(template) = at.template else {
        eprintln!(
            "simulators: {} has no operation {} {}",
            vendor.name, request.method, request.path
        );
        let message = "Resource not found for the segment.";
        return Err((vendor.error)(404, "BadRequest", message));
    };
    let mut operations = vendor.operations.iter();
    let found = operations.find(|(method, known, _)| *method == request.method && *known == template);
    let message = "Specified HTTP method is not allowed here.";
    let refused = || (vendor.error)(405, "Request_BadRequest", message);
    found.map(|(_, _, handler)| (template, *handler)).ok_or_else(refused)
}

async fn perform(app: &App, at: Place, request: &Request) -> Done {
    let only = |response| Done { response, fault: None };
    let (template, handler) = match operation(at, request) {
        Ok(found) => found,
        Err(refused) => return only(refused),
    };
    let operation = format!("{} {template}", request.method);
    let (world, fault) = {
        let mut state = app.state.lock();
        let world = match (at.vendor.world)(&state, request, template) {
            Ok(world) => world,
            Err(refused) => return only(refused),
        };
        let query = request.query.iter().map(|(key, value)| format!("{key}={value}"));
        let query = query.collect::<Vec<_>>().join("&");
        let text = format!("{}?{query}\n{}", request.path, String::from_utf8_lossy(&request.body));
        let fault = faults::take(&mut state.faults, &world, at.vendor, &operation, &text);
        (world, fault)
    };
    if let Some(fault) = fault.as_ref().filter(|fault| fault.rule.kind == Kind::Delay) {
        kill::pause(Duration::from_millis(fault.rule.ms)).await;
    }
    let mut state = app.state.lock();
    let Some(world) = state.worlds.get_mut(&world) else {
        return only((at.vendor.error)(404, "Request_ResourceNotFound", "The world is gone."));
    };
    let refusal = fault.as_ref().and_then(|fault| faults::refusal(&fault.rule));
    let refused = refusal.is_some();
    let response = refusal.unwrap_or_else(|| {
        if let Some(fault) = &fault {
            before(world, fault, &operation);
        }
        handler(world, request).unwrap_or_else(|refused| refused)
    });
    if let Some(fault) = fault.as_ref().filter(|_| !refused) {
        after(world, fault, &operation, &response);
    }
    let kind = fault.as_ref().map(|fault| fault.rule.kind);
    let lost = matches!(kind, Some(Kind::LoseResponse | Kind::KillClient));
    world.requests.push(LoggedRequest {
        at: Utc::now(),
        system: at.vendor.name,
        method: request.method.clone(),
        path: request.path.clone(),
        operation,
        authorization: request.headers.contains_key(header::AUTHORIZATION),
        status: (!lost).then_some(response.status),
        fault: kind.map(Kind::name),
    });
    Done { response, fault }
}

const ASSIGN: &str = "POST /users/{id}/assignLicense";

/// Takes seats just before the operation looks at them.
fn before(world: &mut World, fault: &Fault, operation: &str) {
    let race_now = fault.rule.kind == Kind::SeatRace && operation == ASSIGN;
    if fault.rule.kind == Kind::NoSeats || race_now {
        world.tenant.take_seats(fault.rule.sku.as_deref(), 0);
    }
}

fn after(world: &mut World, fault: &Fault, operation: &str, response: &Response) {
    match fault.rule.kind {
        // The free seats were shown to the client, and are gone a moment later.
        Kind::SeatRace if operation != ASSIGN => world.tenant.take_seats(fault.rule.sku.as_deref(), 0),
        Kind::NotFoundAfterCreate if response.status == 201 => {
            let body = response.body.as_ref();
            let keys = ["id", "userPrincipalName"]
                .into_iter()
                .filter_map(|name| body?.get(name));
            let keys = keys
                .map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned))
                .collect();
            world.hidden.add(keys, fault.rule.reads);
        }
        _ => {}
    }
}

/// The status, headers and body of a response.
fn written(response: &Response) -> (u16, Vec<(String, String)>, String) {
    let mut headers: Vec<(String, String)> = response
        .headers
        .iter()
        .map(|(name, value)| ((*name).to_owned(), value.clone()))
        .collect();
    let Some(body) = &response.body else {
        return (response.status, headers, String::new());
    };
    if response.headers.iter().all(|(name, _)| *name != "content-type") {
        headers.push(("content-type".to_owned(), "application/json; charset=utf-8".to_owned()));
    }
    (response.status, headers, body.to_string())
}

fn respond(response: &Response, garbage: Option<Garbage>) -> HttpResponse {
    let (status, mut headers, mut text) = written(response);
    match garbage {
        None => {}
        Some(Garbage::Half) => {
            let half: String = text.chars().take((text.chars().count() / 2).max(1)).collect();
            text = if half.is_empty() { "{".to_owned() } else { half };
        }
        Some(Garbage::Html) => {
            headers.retain(|(name, _)| name != "content-type");
            headers.push(("content-type".to_owned(), "text/html".to_owned()));
            "<html><body><h1>Bad gateway</h1></body></html>".clone_into(&mut text);
        }
        Some(Garbage::Wrong) => "{\"unexpected\":[true]}".clone_into(&mut text),
    }
    let mut sent = HttpResponse::builder().status(StatusCode::from_u16(status).unwrap_or(StatusCode::OK));
    for (name, value) in headers {
        sent = sent.header(name, value);
    }
    sent.body(Body::from(text))
        .unwrap_or_else(|_| HttpResponse::new(Body::empty()))
}
