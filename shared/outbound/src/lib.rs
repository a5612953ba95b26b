//! All outgoing HTTP, to vendors and to AWS, with one client, one connection pool and one TLS configuration.

mod client;
mod credentials;
mod given;
mod list;
mod reply;
mod sdk;
mod tokens;
mod url;

pub use client::{given_client, http_client};
pub use credentials::{ClientCredentials, Grant};
pub use given::given_address;
pub use list::Pages;
pub use reply::{FIXED_VENDOR_ANSWER, GIVEN_HOST_ANSWER, Reply, send, send_and_read_500, send_to_fixed_vendor};
pub use sdk::sdk_http_client;
pub use tokens::{Owner, Token, send_signed, send_with_token, token};
pub use url::endpoint;
