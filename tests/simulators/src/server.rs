//! Listens, and serves the vendors, the pages and the control API to requests whose host is this machine.

use std::{
    convert::Infallible,
    fmt, io,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use axum::{
    Router,
    body::Body,
    extract::Request,
    http::{StatusCode, header, uri::Authority},
    middleware::{self, Next},
    response::{IntoResponse, Response},
};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tower::ServiceExt;

use crate::{
    contracts::Contracts,
    control, dispatch,
    google::{self, Google},
    kill, pages,
    proxy::{self, ProxyTarget},
    state::Shared,
};

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

/// The running servers. They run until the runtime ends.
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

/// The two ends of the connection on which a request came in.
#[derive(Debug, Clone, Copy)]
pub struct Connection {
    pub peer: SocketAddr,
    pub own_port: u16,
}

/// Marks a response that is never sent. The connection is closed without an answer.
#[derive(Debug, Clone, Copy)]
pub struct Lost;

impl fmt::Display for Lost {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the response is lost on purpose")
    }
}

impl std::error::Error for Lost {}

impl IntoResponse for Lost {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::empty());
        response.extensions_mut().insert(self);
        response
    }
}

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
        tokio::spawn(serve(proxy, proxy::routes(app.clone(), target.url)));
    }
    let routes = control::routes()
        .merge(pages::routes())
        .merge(google::routes())
        .merge(dispatch::routes())
        .with_state(app.clone());
    if let Some(port) = options.second_port {
        let second = TcpListener::bind((options.host, port)).await?;
        tokio::spawn(serve(second, routes.clone()));
    }
    tokio::spawn(serve(listener, routes));
    Ok(Running {
        base: app.base.clone(),
        proxies,
        app,
    })
}

/// Refuses a request whose host is not this machine. Otherwise a web page that a developer visits could let its own
/// name resolve to 127.0.0.1, and read and order here whatever it likes. Its requests still name the page's host. The
/// port is not checked, because requests through a proxy name the proxy's port.
async fn only_this_machine(request: Request, next: Next) -> Response {
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
    let authority = host.and_then(|host| host.parse::<Authority>().ok());
    match authority {
        Some(authority) if ["127.0.0.1", "localhost", "[::1]"].contains(&authority.host()) => next.run(request).await,
        _ => (
            StatusCode::MISDIRECTED_REQUEST,
            "Only 127.0.0.1 and localhost are served here.\n",
        )
            .into_response(),
    }
}

/// Serves every connection until the process ends.
///
/// `axum::serve` answers every request. Here a response may be lost or a client killed, so the connection must be
/// closed without an answer. hyper does that if its service fails.
async fn serve(listener: TcpListener, routes: Router) {
    let own_port = listener.local_addr().map_or(0, |address| address.port());
    let routes = routes.layer(middleware::from_fn(only_this_machine));
    loop {
        let Ok((stream, peer)) = listener.accept().await else {
            // The process may be out of descriptors, so other connections must close first.
            kill::pause(Duration::from_millis(20)).await;
            continue;
        };
        let routes = routes.clone();
        let service = hyper::service::service_fn(move |mut request: hyper::Request<Incoming>| {
            request.extensions_mut().insert(Connection { peer, own_port });
            let routes = routes.clone();
            async move {
                let answered: Result<_, Infallible> = routes.oneshot(request.map(Body::new)).await;
                let Ok(response) = answered;
                match response.extensions().get::<Lost>() {
                    Some(lost) => Err(*lost),
                    None => Ok(response),
                }
            }
        });
        tokio::spawn(async move {
            // It fails if the client has gone away or if a response is lost.
            let _ = hyper::server::conn::http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service)
                .await;
        });
    }
}
