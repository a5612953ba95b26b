//! Tests of mails against a mocked SES.

use aws_sdk_sesv2::config::retry::RetryConfig;
use aws_sdk_sesv2::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_sesv2::{Client, Config};
use domain::step_error::StepError;
use notify::{Mail, Mailer};
use serde_json::{Value, json};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, ResponseTemplate};

fn mailer(endpoint: &str) -> Mailer {
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-central-1"))
        .credentials_provider(Credentials::new("id", "key", None, None, "test"))
        .http_client(outbound::sdk_http_client())
        .retry_config(RetryConfig::disabled())
        .endpoint_url(endpoint)
        .build();
    Mailer::new(Client::from_conf(config), "gangway@msp.example".into())
}

fn mail() -> Mail {
    Mail {
        to: vec!["ann@contoso.com".into()],
        reply_to: None,
        subject: "Hello".into(),
        text: "Text".into(),
        links: Vec::new(),
    }
}

async fn server(answer: ResponseTemplate) -> MockServer {
    let server = MockServer::builder().start().await;
    Mock::given(any()).respond_with(answer).mount(&server).await;
    server
}

fn accepted() -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(json!({"MessageId": "1"}))
}

#[tokio::test]
async fn mail_is_sent_with_all_parts() {
    let server = server(accepted()).await;
    let odd = "Seán O'Brien \"X\" & <Y> 🙂";
    let mail = Mail {
        to: vec!["ann@contoso.com".into(), "bob@contoso.com".into()],
        reply_to: Some("help@msp.example".into()),
        subject: odd.into(),
        text: format!("{odd}\n\nOpen: https://gangway.example/x").into(),
        links: vec!["https://gangway.example/x".into()],
    };
    mailer(&server.uri()).send(&mail).await.unwrap();
    let sent: Value = server.received_requests().await.unwrap()[0].body_json().unwrap();
    let content = |data: &str| json!({"Charset": "UTF-8", "Data": data});
    let html = sent["Content"]["Simple"]["Body"]["Html"]["Data"].as_str().unwrap();
    assert!(
        html.contains("O&#39;Brien &#34;X&#34; &#38; &#60;Y&#62; 🙂</p>")
            && html.contains("<p>Open: <a href=\"https://gangway.example/x\">https://gangway.example/x</a></p>"),
        "{html}"
    );
    assert_eq!(
        sent,
        json!({
            "FromEmailAddress": "gangway@msp.example",
            "ReplyToAddresses": ["help@msp.example"],
            "Destination": {"ToAddresses": ["ann@contoso.com", "bob@contoso.com"]},
            "Content": {"Simple": {
                "Subject": content(odd),
                "Body": {"Text": content(&format!("{odd}\n\nOpen: https://gangway.example/x")), "Html": content(html)},
            }},
        })
    );
}

#[tokio::test]
async fn headers_cannot_be_injected() {
    let server = server(accepted()).await;
    let mailer = mailer(&server.uri());
    for address in [
        "a@x\r\nBcc: evil@x",
        "a@x,b@x",
        "A <a@x>",
        "a@x b@x",
        "",
        "@x",
        "a@",
        &format!("{}@x", "a".repeat(320)),
    ] {
        let to = Mail {
            to: vec![address.to_owned()],
            ..mail()
        };
        let reply_to = Mail {
            reply_to: Some(address.to_owned()),
            ..mail()
        };
        for mail in [to, reply_to] {
            let Err(StepError::Permanent(text)) = mailer.send(&mail).await else {
                panic!("{address}")
            };
            assert!(address.len() < 3 || !text.contains(address), "{text}");
        }
    }
    for to in [vec![], vec!["a@x".to_owned(); 51]] {
        assert!(matches!(
            mailer.send(&Mail { to, ..mail() }).await,
            Err(StepError::Permanent(_))
        ));
    }
    assert!(server.received_requests().await.unwrap().is_empty());
    let subject = format!("Ann\r\nBcc: evil@x\u{0}\t {}", "ü".repeat(300));
    mailer.send(&Mail { subject, ..mail() }).await.unwrap();
    let sent: Value = server.received_requests().await.unwrap()[0].body_json().unwrap();
    let subject = sent["Content"]["Simple"]["Subject"]["Data"].as_str().unwrap();
    assert!(
        subject.starts_with("Ann Bcc: evil@x üü") && subject.ends_with('…'),
        "{subject}"
    );
    assert_eq!(subject.chars().count(), 150);
}

#[tokio::test]
async fn errors_quote_no_address() {
    for (status, code, name) in [
        (400, "BadRequestException", "Permanent"),
        (400, "MessageRejected", "NeedsAttention"),
        (400, "MailFromDomainNotVerifiedException", "NeedsAttention"),
        (403, "AccessDeniedException", "NeedsAttention"),
        (429, "TooManyRequestsException", "Transient"),
        (500, "InternalFailure", "Transient"),
    ] {
        let answer = ResponseTemplate::new(status)
            .insert_header("x-amzn-errortype", code)
            .set_body_json(json!({"message": "Email address is not verified: ann@contoso.com"}));
        let error = mailer(&server(answer).await.uri()).send(&mail()).await.unwrap_err();
        assert_eq!(error.name(), name, "{error}");
        assert!(!error.to_string().contains("ann"), "{error}");
    }
    assert!(
        mailer("http://127.0.0.1:1")
            .send(&mail())
            .await
            .unwrap_err()
            .is_transient()
    );
}
