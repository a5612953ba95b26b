//! Tests of tokens: they are fetched once, cached, renewed once and never shown.

#![expect(clippy::unwrap_used, reason = "a helper that fails is a test that fails")]

use domain::step_error::StepError;
use outbound::{ClientCredentials, Grant, Reply, endpoint, http_client};
use serde_json::json;
use wiremock::matchers::{body_string_contains, header, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

const SECRET: &str = "s3cret&value";

/// A server that lives as long as the process, so that no other test reuses its address in the process-wide token
/// cache.
async fn fresh_server() -> &'static MockServer {
    Box::leak(Box::new(MockServer::builder().start().await))
}

fn credentials(server: &MockServer) -> ClientCredentials {
    let base = server.uri().parse().unwrap();
    ClientCredentials {
        system: "Vendor",
        token_url: endpoint(&base, &["token"], &[]),
        client_id: "app".into(),
        client_secret: SECRET.into(),
        grant: Grant::Form {
            scope: "https://vendor.example/.default".into(),
        },
        longest_answer: outbound::GIVEN_HOST_ANSWER,
    }
}

async fn ask(server: &MockServer, credentials: &ClientCredentials) -> Result<Reply, StepError> {
    let http = http_client();
    credentials
        .send(&http, "look something up", http.get(format!("{}/thing", server.uri())))
        .await
}

async fn issue(server: &MockServer, token: &str, expires_in: u64, times: u64) {
    Mock::given(method("POST"))
        .and(path("/token"))
        .respond_with(
            ResponseTemplate::new(200)
                .set_body_json(json!({"token_type": "Bearer", "access_token": token, "expires_in": expires_in})),
        )
        .up_to_n_times(times)
        .mount(server)
        .await;
}

async fn accept(server: &MockServer, token: &str) {
    Mock::given(path("/thing"))
        .and(header("authorization", format!("Bearer {token}").as_str()))
        .respond_with(ResponseTemplate::new(204))
        .mount(server)
        .await;
    Mock::given(path("/thing"))
        .respond_with(ResponseTemplate::new(401))
        .with_priority(9)
        .mount(server)
        .await;
}

async fn token_requests(server: &MockServer) -> usize {
    server
        .received_requests()
        .await
        .unwrap()
        .iter()
        .filter(|request| request.url.path() == "/token")
        .count()
}

#[tokio::test]
async fn one_token_serves_many_calls_and_clients() {
    let server = fresh_server().await;
    issue(server, "t1", 3600, 1).await;
    accept(server, "t1").await;
    for _ in 0..3 {
        assert_eq!(ask(server, &credentials(server)).await.unwrap().status(), 204);
    }
    assert_eq!(token_requests(server).await, 1);
    let form = String::from_utf8(server.received_requests().await.unwrap()[0].body.clone()).unwrap();
    assert_eq!(
        form,
        "grant_type=client_credentials&client_id=app&client_secret=s3cret%26value&scope=https%3A%2F%2Fvendor.example%2F.default"
    );
}

#[tokio::test]
async fn token_can_be_requested_with_json() {
    let server = fresh_server().await;
    Mock::given(body_string_contains("\"audience\":\"https://api.example\""))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!({"access_token": "t", "expires_in": 86400})))
        .mount(server)
        .await;
    accept(server, "t").await;
    let grant = Grant::Json {
        audience: "https://api.example".into(),
    };
    let credentials = ClientCredentials {
        grant,
        ..credentials(server)
    };
    assert_eq!(ask(server, &credentials).await.unwrap().status(), 204);
}

#[tokio::test]
async fn tokens_are_cached_per_secret() {
    let server = fresh_server().await;
    issue(server, "t1", 3600, 1).await;
    accept(server, "t1").await;
    ask(server, &credentials(server)).await.unwrap();
    Mock::given(path("/token"))
        .respond_with(
            ResponseTemplate::new(401).set_body_json(json!({"error": "invalid_client", "error_description": "x"})),
        )
        .mount(server)
        .await;
    let stranger = ClientCredentials {
        client_secret: "guess".into(),
        ..credentials(server)
    };
    assert!(matches!(
        ask(server, &stranger).await,
        Err(StepError::NeedsAttention(_))
    ));
}

#[tokio::test]
async fn token_near_its_end_is_not_cached() {
    let server = fresh_server().await;
    issue(server, "t1", 299, 9).await;
    accept(server, "t1").await;
    for _ in 0..2 {
        ask(server, &credentials(server)).await.unwrap();
    }
    assert_eq!(token_requests(server).await, 2);
}

#[tokio::test]
async fn a_revoked_token_is_renewed_once() {
    let server = fresh_server().await;
    issue(server, "revoked", 3600, 1).await;
    issue(server, "t2", 3600, 1).await;
    accept(server, "t2").await;
    assert_eq!(ask(server, &credentials(server)).await.unwrap().status(), 204);
    assert_eq!(ask(server, &credentials(server)).await.unwrap().status(), 204);
    assert_eq!(token_requests(server).await, 2);
}

#[tokio::test]
async fn token_never_accepted_needs_attention() {
    let server = fresh_server().await;
    issue(server, "useless", 3600, 9).await;
    accept(server, "other").await;
    let reply = ask(server, &credentials(server)).await.unwrap();
    assert!(matches!(reply.done(), Err(StepError::NeedsAttention(_))));
    assert_eq!(token_requests(server).await, 2);
}

#[tokio::test]
async fn refused_credentials_need_attention_without_being_quoted() {
    for status in [400, 401, 403] {
        let server = fresh_server().await;
        Mock::given(path("/token"))
            .respond_with(ResponseTemplate::new(status).set_body_json(json!({
                "error": "invalid_client", "error_codes": [7000215], "error_description": format!("wrong: {SECRET}")
            })))
            .mount(server)
            .await;
        let Err(StepError::NeedsAttention(text)) = ask(server, &credentials(server)).await else {
            panic!()
        };
        assert!(text.contains("invalid_client, AADSTS7000215"), "{text}");
        assert!(!text.contains(SECRET), "{text}");
    }
}

#[tokio::test]
async fn token_server_error_is_transient() {
    for answer in [
        ResponseTemplate::new(503),
        ResponseTemplate::new(200).set_body_string("<html>"),
    ] {
        let server = fresh_server().await;
        Mock::given(path("/token")).respond_with(answer).mount(server).await;
        assert!(ask(server, &credentials(server)).await.unwrap_err().is_transient());
    }
}
