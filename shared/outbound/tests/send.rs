//! Tests of one call against servers that behave well and badly.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a helper that fails is a test that fails"
)]

use std::time::{Duration, Instant};

use domain::step_error::StepError;
use outbound::{Pages, Reply, http_client, send, send_and_read_500, send_to_fixed_vendor};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, ResponseTemplate};

/// A new server. `start` alone may reuse one from another test, to which the client may still have connections.
async fn server(answer: ResponseTemplate) -> MockServer {
    let server = MockServer::builder().start().await;
    Mock::given(any()).respond_with(answer).mount(&server).await;
    server
}

async fn ask(url: &str) -> Result<Reply, StepError> {
    send("Vendor", "look something up", http_client().get(url)).await
}

/// A server that sends these bytes to each connection and closes it.
async fn raw_server(bytes: &'static [u8]) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let _ = stream.read(&mut [0; 4096]).await;
            let _ = stream.write_all(bytes).await;
        }
    });
    address
}

fn transient(result: Result<Reply, StepError>) -> String {
    match result {
        Err(StepError::Transient(text)) => text,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_success_is_read() {
    let name = format!("'\"&<🙂{}", "ü".repeat(300));
    let server = server(
        ResponseTemplate::new(200)
            .insert_header("Link", "<x>")
            .set_body_json(json!({"name": name})),
    )
    .await;
    let reply = ask(&server.uri()).await.unwrap();
    assert_eq!(reply.json::<Value>().unwrap()["name"], name);
    assert_eq!(reply.header("link"), Some("<x>"));
    assert!(!format!("{reply:?}").contains('ü'), "bodies don't show in debug output");
}

#[tokio::test]
async fn refusals_are_returned_but_never_parsed() {
    for status in [302, 400, 401, 403, 404, 409, 422] {
        let answer = ResponseTemplate::new(status)
            .insert_header("Location", "http://127.0.0.1:1/elsewhere")
            .set_body_json(json!({"code": "no.good", "message": "ann@contoso.com"}));
        let reply = ask(&server(answer).await.uri()).await.unwrap();
        assert_eq!(reply.status(), status);
        assert_eq!(reply.error_body::<Value>().unwrap()["code"], "no.good");
        let error = reply.json::<Value>().unwrap_err();
        assert_eq!(error, reply.refused(None));
        match status {
            401 | 403 => assert!(
                matches!(&error, StepError::NeedsAttention(text) if text.contains("Vendor")),
                "{error}"
            ),
            _ => assert!(matches!(&error, StepError::Permanent(_)), "{error}"),
        }
        assert!(!error.to_string().contains("ann"), "{error}");
    }
}

#[tokio::test]
async fn error_codes_are_shown_and_texts_are_not() {
    let reply = ask(&server(ResponseTemplate::new(400)).await.uri()).await.unwrap();
    assert!(
        reply
            .refused(Some("Request_BadRequest"))
            .to_string()
            .contains("Request_BadRequest")
    );
    for text in ["Ann Lee is unknown", "ann@contoso.com", "", &"x".repeat(65)] {
        let shown = reply.refused(Some(text)).to_string();
        assert_eq!(shown, reply.refused(None).to_string());
    }
}

#[tokio::test]
async fn server_error_is_transient() {
    for status in [408, 500, 502, 503, 504] {
        let server = server(ResponseTemplate::new(status).set_body_string("secret")).await;
        assert!(!transient(ask(&server.uri()).await).contains("secret"));
        assert_eq!(
            server.received_requests().await.unwrap().len(),
            1,
            "whether to repeat is the step's to say"
        );
    }
}

#[tokio::test]
async fn a_short_retry_after_is_honoured() {
    let server = MockServer::builder().start().await;
    let throttle = ResponseTemplate::new(429).insert_header("Retry-After", "1");
    Mock::given(any())
        .respond_with(throttle)
        .up_to_n_times(1)
        .mount(&server)
        .await;
    Mock::given(any())
        .respond_with(ResponseTemplate::new(204))
        .mount(&server)
        .await;
    let start = Instant::now();
    assert_eq!(ask(&server.uri()).await.unwrap().status(), 204);
    assert!(start.elapsed() >= Duration::from_secs(1));
}

#[tokio::test]
async fn other_throttling_is_transient() {
    for (retry_after, requests) in [
        (None, 1),
        (Some("60"), 1),
        (Some("Wed, 21 Oct 2026 07:28:00 GMT"), 1),
        (Some("0"), 3),
    ] {
        let mut answer = ResponseTemplate::new(429);
        if let Some(value) = retry_after {
            answer = answer.insert_header("Retry-After", value);
        }
        let server = server(answer).await;
        assert!(transient(ask(&server.uri()).await).contains("429"));
        assert_eq!(
            server.received_requests().await.unwrap().len(),
            requests,
            "{retry_after:?}"
        );
    }
}

#[tokio::test]
async fn a_broken_network_is_transient() {
    let half = raw_server(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"name\": \"An").await;
    assert!(transient(ask(&half).await).contains("broke the connection"));
    let nothing = raw_server(b"").await;
    assert!(transient(ask(&nothing).await).contains("broke the connection"));
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let closed = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    assert!(transient(ask(&closed).await).contains("could not be reached"));
}

#[tokio::test]
async fn silence_is_transient() {
    let slow = server(ResponseTemplate::new(200).set_delay(Duration::from_secs(60))).await;
    let client = reqwest::Client::builder().timeout(Duration::from_millis(100));
    let client = client.tls_backend_preconfigured(tls()).build().unwrap();
    let url = format!("{}/users/ann@contoso.com", slow.uri());
    let text = transient(send("Vendor", "look something up", client.get(url)).await);
    assert_eq!(text, "Vendor did not answer in time (look something up)");
}

/// A TLS configuration; without one, reqwest looks for a crypto provider of the process.
fn tls() -> rustls::ClientConfig {
    rustls::ClientConfig::builder_with_provider(rustls::crypto::ring::default_provider().into())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth()
}

#[tokio::test]
async fn malformed_body_is_not_quoted() {
    for body in ["<html>Ann</html>", "{\"count\": \"Ann\"}", "{\"count\": 1", ""] {
        #[derive(Debug, serde::Deserialize)]
        struct Counted {
            #[expect(dead_code, reason = "only parsed")]
            count: u32,
        }
        let reply = ask(&server(ResponseTemplate::new(200).set_body_string(body)).await.uri())
            .await
            .unwrap();
        let error = reply.json::<Counted>().unwrap_err();
        assert!(error.is_transient() && !error.to_string().contains("Ann"), "{error}");
    }
}

#[tokio::test]
async fn only_fixed_vendors_may_send_long_responses() {
    for (megabytes, given, fixed) in [(1, true, true), (2, false, true), (9, false, false)] {
        let body = vec![b' '; megabytes * 1024 * 1024];
        let server = server(ResponseTemplate::new(200).set_body_bytes(body)).await;
        let asked = ask(&server.uri()).await;
        assert_eq!(asked.as_ref().map(Reply::size).is_ok(), given, "{megabytes}");
        assert!(given || matches!(asked, Err(StepError::Permanent(text)) if text.contains("1048576 bytes")));
        let request = http_client().get(server.uri());
        let asked = send_to_fixed_vendor("Vendor", "look something up", request).await;
        assert_eq!(asked.is_ok(), fixed, "{megabytes}");
    }
}

/// A server that sends a body without a length and without an end.
#[tokio::test]
async fn endless_body_is_cut_off() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let sent = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let _ = stream.read(&mut [0; 4096]).await;
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n").await;
        let mut sent = 0;
        while stream.write_all(&[b' '; 64 * 1024]).await.is_ok() {
            sent += 64 * 1024;
        }
        sent
    });
    let error = ask(&address).await.unwrap_err();
    assert!(
        matches!(&error, StepError::Permanent(text) if text.contains("1048576 bytes")),
        "{error}"
    );
    let sent: usize = sent.await.unwrap();
    assert!(sent < 32 * 1024 * 1024, "the connection is closed; {sent}");
}

/// A server that sends short pages one after another, without an end.
#[tokio::test]
async fn endless_list_is_cut_off() {
    let server = server(ResponseTemplate::new(200).set_body_bytes(vec![b' '; 900_000])).await;
    let mut pages = Pages::new("Vendor", "list things", 1000);
    let mut read = 0;
    let error = loop {
        pages.turn().unwrap();
        match pages.read(ask(&server.uri())).await {
            Ok(_) => read += 1,
            Err(error) => break error,
        }
    };
    assert!(
        matches!(&error, StepError::Permanent(text) if text.contains("in all")),
        "{error}"
    );
    assert_eq!(read, 9);
}

#[tokio::test]
async fn invalid_address_is_permanent() {
    let request = http_client().get("not an address");
    assert!(matches!(
        send("Vendor", "call", request).await,
        Err(StepError::Permanent(_))
    ));
}

#[tokio::test]
async fn status_500_is_transient_unless_the_caller_reads_it() {
    let body = json!({"errors": ["Ann is no queue"]});
    let wrong = server(ResponseTemplate::new(500).set_body_json(&body)).await;
    let reply = send_and_read_500("Vendor", "look something up", http_client().get(wrong.uri()))
        .await
        .unwrap();
    assert_eq!(reply.error_body::<Value>(), Some(body));
    let error = reply.done().unwrap_err();
    assert_eq!(
        error,
        StepError::Transient("Vendor is out of order (look something up: 500)".to_owned())
    );
    let down = server(ResponseTemplate::new(503)).await;
    transient(send_and_read_500("Vendor", "look something up", http_client().get(down.uri())).await);
}
