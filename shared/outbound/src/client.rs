//! The HTTP client for all outgoing calls.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use reqwest::redirect::Policy;
use rustls::{ClientConfig, RootCertStore};

use crate::given::{PublicOnly, public_only};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const TOTAL_TIMEOUT: Duration = Duration::from_secs(20);

/// The process's client. It is built at the first call, which takes a few milliseconds, and shared from then on.
///
/// The trust roots are compiled in, so nothing is read from disk. Redirects are not followed, because otherwise a
/// vendor could have our credentials sent to any address.
pub fn http_client() -> reqwest::Client {
    static CLIENT: OnceLock<reqwest::Client> = OnceLock::new();
    CLIENT.get_or_init(|| build(None)).clone()
}

/// The client for addresses set by organisations. It fails to resolve a name that leads into a private network.
pub fn given_client() -> reqwest::Client {
    static CLIENT: OnceLock<reqwest::Client> = OnceLock::new();
    CLIENT.get_or_init(|| build(Some(public_only()))).clone()
}

#[expect(
    clippy::expect_used,
    reason = "a constant configuration: it fails on every start or on none"
)]
fn build(resolver: Option<Arc<PublicOnly>>) -> reqwest::Client {
    let roots = RootCertStore {
        roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
    };
    let tls = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("ring supports the default TLS versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    let builder = match resolver {
        Some(resolver) => reqwest::Client::builder().dns_resolver(resolver),
        None => reqwest::Client::builder(),
    };
    builder
        .tls_backend_preconfigured(tls)
        .connect_timeout(CONNECT_TIMEOUT)
        .timeout(TOTAL_TIMEOUT)
        .redirect(Policy::none())
        // A proxy from the environment would resolve names itself and so bypass the resolver that finds only public
        // addresses.
        .no_proxy()
        .user_agent(concat!("gangway/", env!("CARGO_PKG_VERSION")))
        .build()
        .expect("the client takes this TLS configuration")
}
