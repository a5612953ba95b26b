//! Checks the requests to a mock server against a contract file, for tests of clients without a simulator.

use std::io::Write;

use wiremock::{Match, Mock, MockServer, Request, ResponseTemplate};

use crate::Contract;

struct Watch {
    contract: Contract,
    base: &'static str,
}

/// Watches the requests below `base`. If one does not fit the contract file of `system`, the test's process ends. A
/// refusal could be what the test expects, and nobody would notice a panic in the server's task.
///
/// # Errors
/// As [`Contract::of`].
pub async fn watch(server: &MockServer, system: &str, base: &'static str) -> Result<(), String> {
    let contract = Contract::of(system)?;
    Mock::given(Watch { contract, base })
        .respond_with(ResponseTemplate::new(500))
        .with_priority(1)
        .mount(server)
        .await;
    Ok(())
}

impl Watch {
    fn wrong(&self, request: &Request) -> Vec<String> {
        let Some(path) = request.url.path().strip_prefix(self.base) else {
            return Vec::new();
        };
        let query: Vec<(String, String)> = request.url.query_pairs().into_owned().collect();
        let text = |value: &wiremock::http::HeaderValue| value.to_str().unwrap_or_default().to_owned();
        let headers: Vec<(String, String)> = request
            .headers
            .iter()
            .map(|(name, value)| (name.as_str().to_owned(), text(value)))
            .collect();
        self.contract.request(&crate::Request {
            method: request.method.as_str(),
            path,
            query: &query,
            headers: &headers,
            body: &request.body,
        })
    }
}

impl Match for Watch {
    /// This mock only looks; other mocks answer.
    fn matches(&self, request: &Request) -> bool {
        let wrong = self.wrong(request);
        if !wrong.is_empty() {
            let place = format!("{} {}", request.method, request.url.path());
            let _ = writeln!(
                std::io::stderr(),
                "against the contract file: {place}: {}",
                wrong.join("; ")
            );
            std::process::exit(101);
        }
        false
    }
}
