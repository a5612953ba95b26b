//! Tests of the AWS SDK over the shared client.

use std::time::Duration;

use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::config::{BehaviorVersion, Builder, Credentials, Region};
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::{Client, Config};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use wiremock::matchers::{any, header, header_exists, method};
use wiremock::{Mock, MockServer, ResponseTemplate};

fn config(endpoint: &str) -> Builder {
    Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-central-1"))
        .credentials_provider(Credentials::new("id", "key", None, None, "test"))
        .http_client(outbound::sdk_http_client())
        .retry_config(RetryConfig::disabled())
        .endpoint_url(endpoint)
}

fn client(endpoint: &str) -> Client {
    Client::from_conf(config(endpoint).build())
}

#[tokio::test]
async fn requests_are_signed_and_responses_read() {
    let server = MockServer::builder().start().await;
    Mock::given(method("POST"))
        .and(header("x-amz-target", "DynamoDB_20120810.ListTables"))
        .and(header_exists("authorization"))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!({"TableNames": ["a", "b"]})))
        .mount(&server)
        .await;
    let tables = client(&server.uri()).list_tables().send().await.unwrap();
    assert_eq!(tables.table_names(), ["a", "b"]);
}

#[tokio::test]
async fn service_errors_keep_their_type() {
    let server = MockServer::builder().start().await;
    Mock::given(any())
        .respond_with(ResponseTemplate::new(400).set_body_json(json!({"__type": "ResourceNotFoundException"})))
        .mount(&server)
        .await;
    let error = client(&server.uri())
        .describe_table()
        .table_name("none")
        .send()
        .await
        .unwrap_err();
    assert!(error.into_service_error().is_resource_not_found_exception());
}

#[tokio::test]
async fn a_read_timeout_is_a_timeout() {
    let server = MockServer::builder().start().await;
    Mock::given(any())
        .respond_with(ResponseTemplate::new(200).set_delay(Duration::from_secs(60)))
        .mount(&server)
        .await;
    let timeouts = TimeoutConfig::builder()
        .read_timeout(Duration::from_millis(100))
        .build();
    let client = Client::from_conf(config(&server.uri()).timeout_config(timeouts).build());
    let error = client.list_tables().send().await.unwrap_err();
    assert!(
        matches!(&error, SdkError::DispatchFailure(failure) if failure.is_timeout()),
        "{error:?}"
    );
}

#[tokio::test]
async fn broken_connection_is_retried_as_io_error() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        for answer in [
            "HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{\"Tab",
            "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}",
        ] {
            let (mut stream, _) = listener.accept().await.unwrap();
            let _ = stream.read(&mut [0; 4096]).await;
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    let error = client(&address).list_tables().send().await.unwrap_err();
    assert!(
        matches!(&error, SdkError::DispatchFailure(failure) if failure.is_io()),
        "{error:?}"
    );
    assert!(client(&address).list_tables().send().await.is_ok());
    let error = client("http://127.0.0.1:1").list_tables().send().await.unwrap_err();
    assert!(
        matches!(&error, SdkError::DispatchFailure(failure) if failure.is_io()),
        "{error:?}"
    );
}
