//! Tests of text messages against a mocked SNS.

#![expect(clippy::unwrap_used, reason = "a helper that fails is a test that fails")]

use std::collections::BTreeMap;

use aws_sdk_sns::config::retry::RetryConfig;
use aws_sdk_sns::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_sns::{Client, Config};
use domain::contact::PhoneNumber;
use domain::step_error::StepError;
use notify::{Sms, SmsSender};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, ResponseTemplate};

fn sender(endpoint: &str) -> SmsSender {
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-central-1"))
        .credentials_provider(Credentials::new("id", "key", None, None, "test"))
        .http_client(outbound::sdk_http_client())
        .retry_config(RetryConfig::disabled())
        .endpoint_url(endpoint)
        .build();
    SmsSender::new(Client::from_conf(config), "Gangway".into(), "0.50".into())
}

fn sms(text: &str) -> Sms {
    Sms {
        to: PhoneNumber::parse("+1 (212) 555-0100").unwrap(),
        text: text.into(),
    }
}

async fn server(status: u16, body: &str) -> MockServer {
    let server = MockServer::builder().start().await;
    let answer = ResponseTemplate::new(status).set_body_raw(body.to_owned(), "text/xml");
    Mock::given(any()).respond_with(answer).mount(&server).await;
    server
}

const SENT: &str = r#"<PublishResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><PublishResult>
    <MessageId>1</MessageId></PublishResult><ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></PublishResponse>"#;

#[tokio::test]
async fn message_has_a_sender_and_a_price_cap_and_goes_to_a_phone() {
    let server = server(200, SENT).await;
    let odd = "Zoë & <b> \"x\" 🙂\nsecond line";
    sender(&server.uri()).send(&sms(odd)).await.unwrap();
    let body = server.received_requests().await.unwrap()[0].body.clone();
    let mut form: BTreeMap<String, String> = serde_urlencoded::from_bytes(&body).unwrap();
    let mut take = |name: &str| form.remove(name).unwrap_or_else(|| panic!("{name}"));
    assert_eq!(take("Action"), "Publish");
    assert_eq!(take("PhoneNumber"), "+12125550100");
    assert_eq!(take("Message"), odd);
    let _ = take("Version");
    let mut attributes = BTreeMap::new();
    for number in 1..=3 {
        let mut part = |part: &str| take(&format!("MessageAttributes.entry.{number}.{part}"));
        attributes.insert(part("Name"), (part("Value.DataType"), part("Value.StringValue")));
    }
    let expected = [
        ("AWS.SNS.SMS.MaxPrice", "Number", "0.50"),
        ("AWS.SNS.SMS.SMSType", "String", "Transactional"),
        ("AWS.SNS.SMS.SenderID", "String", "Gangway"),
    ];
    let expected = expected.map(|(name, kind, value)| (name.to_owned(), (kind.to_owned(), value.to_owned())));
    assert_eq!(attributes, BTreeMap::from(expected));
    assert_eq!(form, BTreeMap::new(), "no topic");
}

#[tokio::test]
async fn texts_have_a_maximum_length() {
    let server = server(200, SENT).await;
    for text in ["", &"x".repeat(1601)] {
        let refused = sender(&server.uri()).send(&sms(text)).await;
        assert!(matches!(refused, Err(StepError::Permanent(_))));
    }
    assert!(server.received_requests().await.unwrap().is_empty());
}

#[tokio::test]
async fn errors_quote_no_number() {
    for (status, code, name) in [
        (400, "InvalidParameter", "Permanent"),
        (400, "InvalidParameterValue", "Permanent"),
        (400, "ValidationError", "Permanent"),
        (400, "OptedOut", "NeedsAttention"),
        (400, "UserError", "NeedsAttention"),
        (403, "AuthorizationError", "NeedsAttention"),
        (429, "Throttled", "Transient"),
        (400, "Throttling", "Transient"),
        (500, "InternalError", "Transient"),
        (503, "ServiceUnavailable", "Transient"),
    ] {
        let body = format!(
            r#"<ErrorResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><Error><Type>Sender</Type>
            <Code>{code}</Code><Message>Phone +12125550100 pa55</Message></Error><RequestId>r</RequestId></ErrorResponse>"#
        );
        let error = sender(&server(status, &body).await.uri())
            .send(&sms("pa55"))
            .await
            .unwrap_err();
        assert_eq!(error.name(), name, "{code}: {error}");
        let text = error.to_string();
        assert!(!text.contains("2125") && !text.contains("pa55"), "{text}");
    }
    let away = sender("http://127.0.0.1:1").send(&sms("x")).await;
    assert!(away.unwrap_err().is_transient());
}
