//! Listens, finds the vendor, the operation and the world of each request, and lets bad days happen around it.

use std::{
    convert::Infallible,
    fmt, io,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use axum::{
    body::Body,
    http::{Request, Response, StatusCode, header, uri::Authority},
};
use chrono::Utc;
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use percent_encoding::percent_decode_str;
use tokio::net::TcpListener;
use tower::ServiceExt;

use crate::{
    call::{Answer, Call, Match, find},
    contracts::{Contracts, Seen, headers_of},
    control,
    faults::{self, Fault, Garbage, Kind},
    google::{self, Google},
    kill, pages,
    proxy::{self, ProxyTarget},
    state::Shared,
    vendor::System,
    world::{Hidden, LoggedRequest},
};

const LARGEST_BODY: usize = 4 << 20;

#[derive(Debug, Clone, clap::Parser)]
#[command(
    about = "Simulated vendors: Microsoft 365, PSAs, distributors and vaults, with pages, a control API and a proxy for AWS"
)]
pub struct Options {
    /// Port to listen on; 0 takes any.
    #[arg(long, default_value_t = 4700)]
    pub port: u16,
    #[arg(long, default_value = "127.0.0.1")]
    pub host: IpAddr,
    /// Another port, for tests of what is sent to which origin: the same vendors and worlds, as if on another server.
    #[arg(long)]
    pub second_port: Option<u16>,
    /// The local AWS engine whose mails the pages show, such as http://127.0.0.1:4566
    #[arg(long)]
    pub aws: Option<String>,
    /// LISTEN=TARGET, such as 4567=http://127.0.0.1:4566: a proxy that POST /control/aws-rules can spoil. Repeatable.
    #[arg(long = "aws-proxy", value_parser = proxy::parse_target)]
    pub aws_proxy: Vec<ProxyTarget>,
}

/// What is running: it goes on until the runtime ends.
pub struct Running {
    pub base: String,
    pub proxies: Vec<(u16, String)>,
    pub app: Arc<App>,
}

pub struct App {
    pub state: Shared,
    pub contracts: Contracts,
    pub google: Google,
    pub aws: Option<String>,
    pub base: String,
}

/// The connection is to be closed without an answer.
#[derive(Debug)]
pub struct Lost;

impl fmt::Display for Lost {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the response is lost on purpose")
    }
}

impl std::error::Error for Lost {}

pub async fn start(options: Options) -> io::Result<Running> {
    let listener = TcpListener::bind((options.host, options.port)).await?;
    let address = listener.local_addr()?;
    let app = Arc::new(App {
        state: Shared::default(),
        contracts: Contracts::default(),
        google: Google::default(),
        aws: options.aws.clone(),
        base: format!("http://{address}"),
    });
    let mut proxies = Vec::new();
    for target in options.aws_proxy {
        let proxy = TcpListener::bind((options.host, target.port)).await?;
        proxies.push((proxy.local_addr()?.port(), target.url.clone()));
        tokio::spawn(proxy::serve(proxy, app.clone(), target.url));
    }
    if let Some(port) = options.second_port {
        let second = TcpListener::bind((options.host, port)).await?;
        tokio::spawn(serve(second, port, app.clone()));
    }
    tokio::spawn(serve(listener, address.port(), app.clone()));
    Ok(Running {
        base: app.base.clone(),
        proxies,
        app,
    })
}

async fn serve(listener: TcpListener, port: u16, app: Arc<App>) {
    let inner = control::routes()
        .merge(pages::routes())
        .merge(google::routes())
        .with_state(app.clone());
    accept(listener, move |peer, request: Request<Incoming>| {
        let (app, inner) = (app.clone(), inner.clone());
        async move {
            match System::at(request.uri().path()) {
                Some((system, base)) => vendor(&app, system, base, peer, port, request).await,
                None => {
                    let answered: Result<_, Infallible> = inner.oneshot(request.map(Body::new)).await;
                    let Ok(response) = answered;
                    Ok(response)
                }
            }
        }
    })
    .await;
}

/// Whether the request names this machine as its host. A web page that a developer looks at can have its own name resolve to
/// 127.0.0.1, and would otherwise read and order here what it likes; its requests still name the page's host. The port is not
/// looked at: what comes through a proxy names the proxy's.
fn is_ours<B>(request: &Request<B>) -> bool {
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
    let authority = host.and_then(|host| host.parse::<Authority>().ok());
    authority.is_some_and(|authority| ["127.0.0.1", "localhost", "[::1]"].contains(&authority.host()))
}

fn misdirected() -> Response<Body> {
    let mut response = Response::new(Body::from("Only 127.0.0.1 and localhost are served here.\n"));
    *response.status_mut() = StatusCode::MISDIRECTED_REQUEST;
    response
}

/// Serves every connection until the process ends, to whoever names this machine as the host. An error of the handler closes
/// the connection.
pub async fn accept<H, F>(listener: TcpListener, handler: H)
where
    H: Fn(SocketAddr, Request<Incoming>) -> F + Clone + Send + 'static,
    F: Future<Output = Result<Response<Body>, Lost>> + Send + 'static,
{
    loop {
        let Ok((stream, peer)) = listener.accept().await else {
            // Out of descriptors, for instance: others must close first.
            kill::pause(Duration::from_millis(20)).await;
            continue;
        };
        let handler = handler.clone();
        tokio::spawn(async move {
            let service = hyper::service::service_fn(move |request: Request<Incoming>| {
                let handled = is_ours(&request).then(|| handler(peer, request));
                async move {
                    match handled {
                        Some(handled) => handled.await,
                        None => Ok(misdirected()),
                    }
                }
            });
            // A client that went away, or a response that was lost on purpose.
            let _ = hyper::server::conn::http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service)
                .await;
        });
    }
}

async fn vendor(
    app: &App,
    system: System,
    base: &'static str,
    peer: SocketAddr,
    own_port: u16,
    request: Request<Incoming>,
) -> Result<Response<Body>, Lost> {
    let (parts, body) = request.into_parts();
    let Ok(body) = Limited::new(body, LARGEST_BODY).collect().await else {
        return Ok(respond(
            &system.error(413, "RequestTooLarge", "The request is too large."),
            None,
        ));
    };
    let rest = parts.uri.path().get(base.len() + 1..).unwrap_or_default();
    let query: Vec<(String, String)> =
        serde_urlencoded::from_str(parts.uri.query().unwrap_or_default()).unwrap_or_default();
    let host = parts
        .headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok())
        .unwrap_or("127.0.0.1");
    let call = Call {
        method: parts.method.to_string(),
        segments: rest
            .split('/')
            .map(|part| percent_decode_str(part).decode_utf8_lossy().into_owned())
            .collect(),
        params: Vec::new(),
        query,
        base: format!("http://{host}{base}"),
        headers: parts.headers,
        body: body.to_bytes(),
    };
    let seen = Seen {
        method: call.method.clone(),
        path: format!("/{rest}"),
        query: call.query.clone(),
        headers: headers_of(&call.headers),
        body: call.body.to_vec(),
    };
    let done = perform(app, system, call).await;
    check(app, system, &seen, &done);
    let Some(fault) = &done.fault else {
        return Ok(respond(&done.answer, None));
    };
    match fault.rule.kind {
        Kind::LoseResponse => Err(Lost),
        Kind::KillClient => {
            let killed = kill::peer(peer, own_port).await;
            if let Some(fault) = app.state.lock().faults.iter_mut().find(|other| other.id == fault.id) {
                fault.killed += killed.len();
            }
            kill::wait_for(&killed).await;
            Err(Lost)
        }
        Kind::Garbage => Ok(respond(&done.answer, Some(fault.rule.garbage))),
        _ => Ok(respond(&done.answer, None)),
    }
}

/// Against the system's contract file.
fn check(app: &App, system: System, seen: &Seen, done: &Done) {
    let (status, headers, body) = written(&done.answer);
    let answer = contract::Answer {
        status,
        headers: &headers,
        body: body.as_bytes(),
    };
    let spoilt = done
        .fault
        .as_ref()
        .is_some_and(|fault| fault.rule.kind == Kind::Garbage);
    app.contracts.check(system.0, seen, (!spoilt).then_some(&answer));
}

struct Done {
    answer: Answer,
    fault: Option<Fault>,
}

async fn perform(app: &App, system: System, mut call: Call) -> Done {
    let only = |answer| Done { answer, fault: None };
    let (template, handler) = match find(system.0.operations, &call.method, &call.segments) {
        Match::Found {
            template,
            params,
            handler,
        } => {
            call.params = params;
            (template, handler)
        }
        Match::OtherMethod => {
            return only(system.error(405, "Request_BadRequest", "Specified HTTP method is not allowed here."));
        }
        Match::Nothing => {
            eprintln!(
                "simulators: {} has no operation {} {}",
                system.0.name,
                call.method,
                call.path()
            );
            return only(system.error(404, "BadRequest", "Resource not found for the segment."));
        }
    };
    let operation = format!("{} {template}", call.method);
    let (world, fault) = {
        let mut state = app.state.lock();
        let world = match (system.0.world)(&state, &call, template) {
            Ok(world) => world,
            Err(refused) => return only(refused),
        };
        let query = call
            .query
            .iter()
            .map(|(key, value)| format!("{key}={value}"))
            .collect::<Vec<_>>()
            .join("&");
        let text = format!("{}?{query}\n{}", call.path(), String::from_utf8_lossy(&call.body));
        let fault = faults::take(&mut state.faults, &world, system, &operation, &text);
        (world, fault)
    };
    if let Some(fault) = fault.as_ref().filter(|fault| fault.rule.kind == Kind::Delay) {
        kill::pause(Duration::from_millis(fault.rule.ms)).await;
    }
    let mut state = app.state.lock();
    let Some(world) = state.worlds.get_mut(&world) else {
        return only(system.error(404, "Request_ResourceNotFound", "The world is gone."));
    };
    let refusal = fault.as_ref().and_then(|fault| faults::refusal(&fault.rule));
    let refused = refusal.is_some();
    let answer = refusal.unwrap_or_else(|| {
        if let Some(fault) = &fault {
            before(world, fault, &operation);
        }
        handler(world, &call).unwrap_or_else(|refused| refused)
    });
    if let Some(fault) = fault.as_ref().filter(|_| !refused) {
        after(world, fault, &operation, &answer);
    }
    let kind = fault.as_ref().map(|fault| fault.rule.kind);
    let lost = matches!(kind, Some(Kind::LoseResponse | Kind::KillClient));
    world.requests.push(LoggedRequest {
        at: Utc::now(),
        system: system.0.name,
        method: call.method.clone(),
        path: call.path(),
        operation,
        authorization: call.headers.contains_key(header::AUTHORIZATION),
        status: (!lost).then_some(answer.status),
        fault: kind.map(Kind::name),
    });
    Done { answer, fault }
}

const ASSIGN: &str = "POST /users/{id}/assignLicense";

/// Seats that somebody else takes just before the operation looks.
fn before(world: &mut crate::world::World, fault: &Fault, operation: &str) {
    let race_now = fault.rule.kind == Kind::SeatRace && operation == ASSIGN;
    if fault.rule.kind == Kind::NoSeats || race_now {
        world.tenant.take_seats(fault.rule.sku.as_deref(), 0);
    }
}

fn after(world: &mut crate::world::World, fault: &Fault, operation: &str, answer: &Answer) {
    match fault.rule.kind {
        // The free seats were shown, and are gone a moment later.
        Kind::SeatRace if operation != ASSIGN => world.tenant.take_seats(fault.rule.sku.as_deref(), 0),
        Kind::NotFoundAfterCreate if answer.status == 201 => {
            let body = answer.body.as_ref();
            let keys = ["id", "userPrincipalName"]
                .into_iter()
                .filter_map(|name| body?.get(name));
            let keys = keys
                .map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned))
                .collect();
            world.hidden.push(Hidden {
                keys,
                reads: fault.rule.reads,
            });
        }
        _ => {}
    }
}

/// Status, headers and body as they are sent.
fn written(answer: &Answer) -> (u16, Vec<(String, String)>, String) {
    let mut headers: Vec<(String, String)> = answer
        .headers
        .iter()
        .map(|(name, value)| ((*name).to_owned(), value.clone()))
        .collect();
    let Some(body) = &answer.body else {
        return (answer.status, headers, String::new());
    };
    if answer.headers.iter().all(|(name, _)| *name != "content-type") {
        headers.push(("content-type".to_owned(), "application/json; charset=utf-8".to_owned()));
    }
    (answer.status, headers, body.to_string())
}

fn respond(answer: &Answer, garbage: Option<Garbage>) -> Response<Body> {
    let (status, mut headers, mut text) = written(answer);
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
    let mut response = Response::builder().status(StatusCode::from_u16(status).unwrap_or(StatusCode::OK));
    for (name, value) in headers {
        response = response.header(name, value);
    }
    response
        .body(Body::from(text))
        .unwrap_or_else(|_| Response::new(Body::empty()))
}
