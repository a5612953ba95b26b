//! The one way out: HTTP to vendors and to AWS over one client, one pool and one TLS configuration.

mod client;
mod credentials;
mod reply;
mod sdk;
mod url;

pub use client::http_client;
pub use credentials::{ClientCredentials, Grant};
pub use reply::{Reply, send};
pub use sdk::sdk_http_client;
pub use url::endpoint;
