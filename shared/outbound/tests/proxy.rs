//! A proxy from the environment would learn the addresses we call and would resolve names itself, so no client uses
//! one.

use std::process::Command;

use outbound::{http_client, send};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, ResponseTemplate};

const TARGET: &str = "GANGWAY_TEST_TARGET";

/// The environment belongs to the process, so a second process makes the call.
#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_of_the_environment_is_not_used() {
    let start = async || {
        let server = MockServer::builder().start().await;
        let answer = ResponseTemplate::new(204);
        Mock::given(any()).respond_with(answer).mount(&server).await;
        server
    };
    let (server, proxy) = (start().await, start().await);
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args(["--ignored", "--exact", "asks_the_server"]);
    for name in [
        "HTTP_PROXY",
        "http_proxy",
        "HTTPS_PROXY",
        "https_proxy",
        "ALL_PROXY",
        "all_proxy",
    ] {
        child.env(name, proxy.uri());
    }
    child
        .env_remove("NO_PROXY")
        .env_remove("no_proxy")
        .env(TARGET, server.uri());
    let done = tokio::task::spawn_blocking(move || child.output().unwrap())
        .await
        .unwrap();
    assert!(done.status.success(), "{done:?}");
    assert_eq!(proxy.received_requests().await.unwrap().len(), 0);
    assert_eq!(server.received_requests().await.unwrap().len(), 1);
}

#[tokio::test]
#[ignore = "is run by the test above, in an environment with proxies"]
#[expect(clippy::disallowed_methods, reason = "how the test above tells it the address")]
async fn asks_the_server() {
    let url = std::env::var(TARGET).unwrap();
    let reply = send("Vendor", "look something up", http_client().get(url)).await;
    assert_eq!(reply.unwrap().status(), 204);
}
