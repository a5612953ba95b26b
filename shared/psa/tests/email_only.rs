//! Tests of a ticket that consists of mails.

#![expect(clippy::unwrap_used, reason = "a helper that fails is a test that fails")]

use aws_sdk_sesv2::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_sesv2::{Client, Config};
use domain::decision::Reason;
use domain::job::About;
use domain::job::Kind;
use domain::step_error::StepError;
use messages::{denied, note_subject};
use notify::Mailer;
use psa::{EmailOnly, NewTicket, Note, NoteText, Psa};
use serde_json::{Value, json};
use simulators::render::{HOSTILE, Shown, active, seen, tags};
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

async fn psa() -> (MockServer, Psa) {
    let server = MockServer::builder().start().await;
    Mock::given(method("POST"))
        .and(path("/v2/email/outbound-emails"))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!({"MessageId": "1"})))
        .mount(&server)
        .await;
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-central-1"))
        .credentials_provider(Credentials::new("id", "key", None, None, "test"))
        .http_client(outbound::sdk_http_client())
        .endpoint_url(server.uri())
        .build();
    let mailer = Mailer::new(Client::from_conf(config), "gangway@msp.example".into());
    (
        server,
        Psa::EmailOnly(EmailOnly::new(
            mailer,
            "fixture@msp.example".into(),
            Some("help@msp.example".into()),
        )),
    )
}

async fn mails(server: &MockServer) -> Vec<Value> {
    server
        .received_requests()
        .await
        .unwrap()
        .iter()
        .map(|request| request.body_json().unwrap())
        .collect()
}

#[tokio::test]
async fn ticket_and_notes_are_mails_that_name_the_request() {
    let (server, psa) = psa().await;
    let ticket = NewTicket {
        marker: "r1".into(),
        summary: "New user: Ann".into(),
        description: "D".into(),
        ..Default::default()
    };
    let ticket = psa.create_ticket(&ticket).await.unwrap();
    assert_eq!(
        (ticket.system.as_str(), ticket.id.as_str(), psa.system()),
        ("email_only", "r1", "email_only")
    );
    let text = NoteText::Plain(format!("User created {}\nMore.", "x".repeat(100)));
    psa.add_note(
        &ticket,
        &Note {
            marker: "r1/user".into(),
            text,
            internal: true,
            minutes: None,
        },
    )
    .await
    .unwrap();
    psa.set_status(&ticket, "Done").await.unwrap();
    let mails = mails(&server).await;
    assert_eq!(mails.len(), 2);
    assert_eq!(mails[0]["Destination"]["ToAddresses"], json!(["fixture@msp.example"]));
    assert_eq!(mails[0]["ReplyToAddresses"], json!(["help@msp.example"]));
    assert_eq!(mails[0]["Content"]["Simple"]["Subject"]["Data"], "New user: Ann [r1]");
    let subject = mails[1]["Content"]["Simple"]["Subject"]["Data"].as_str().unwrap();
    assert!(
        subject.starts_with("User created x") && subject.ends_with("x [r1]") && subject.len() < 80,
        "{subject}"
    );
    let body = mails[1]["Content"]["Simple"]["Body"]["Text"]["Data"].as_str().unwrap();
    assert!(body.ends_with("More.\n\n[gangway r1/user]"), "{body}");
}

#[tokio::test]
async fn passwords_are_refused() {
    let (server, psa) = psa().await;
    assert!(!psa.carries_secrets() && !psa.can_be_asked());
    let ticket = domain::request::TicketRef {
        system: "email_only".into(),
        id: "r1".into(),
    };
    let note = Note {
        marker: "m".into(),
        text: NoteText::Secret("pa55".into()),
        internal: true,
        minutes: None,
    };
    assert!(matches!(
        psa.add_note(&ticket, &note).await,
        Err(StepError::Permanent(_))
    ));
    assert_eq!(psa.find_ticket(Some("1"), "r1", "5eed").await.unwrap(), None);
    assert_eq!(psa.find_matching("x").await.unwrap(), None);
    assert!(!psa.has_note(&ticket, "m").await.unwrap());
    assert!(mails(&server).await.is_empty());
}

/// Texts from people, as steps put them into notes: in the subject, in the text, and in the HTML made of it.
#[tokio::test]
async fn hostile_texts_are_only_read() {
    let (server, psa) = psa().await;
    for text in HOSTILE {
        let about = About {
            kind: Kind::Onboarding,
            name: text,
        };
        let reason = Reason::parse(text).ok();
        let ticket = NewTicket {
            marker: "r1".into(),
            summary: note_subject(about),
            description: denied(about, "hr@acme.example", reason.as_ref()),
            ..Default::default()
        };
        let made = psa.create_ticket(&ticket).await.unwrap();
        let note = Note {
            marker: "r1/denied/5eed".into(),
            // The bare texts, as from a step that forgot to make them harmless.
            text: NoteText::Plain(format!("{text}\n{text}")),
            internal: true,
            minutes: None,
        };
        psa.add_note(&made, &note).await.unwrap();
    }
    let own = [
        "<!doctype html>",
        "<html lang=\"en\">",
        "<head>",
        "<meta charset=\"utf-8\">",
        "</head>",
        "<body>",
        "<p>",
        "<br>",
        "</p>",
        "</body>",
        "</html>",
    ];
    let mails = mails(&server).await;
    assert_eq!(mails.len(), 2 * HOSTILE.len());
    for (number, mail) in mails.iter().enumerate() {
        let content = &mail["Content"]["Simple"];
        let of = |part: &Value| part["Data"].as_str().unwrap().to_owned();
        let (subject, text) = (of(&content["Subject"]), of(&content["Body"]["Text"]));
        let html = of(&content["Body"]["Html"]);
        assert!(!subject.contains('\n') && subject.chars().count() <= 150, "{subject:?}");
        for shown in [&subject, &text, &html] {
            assert_eq!(active(shown, Shown::Plain), Vec::<String>::new());
        }
        let foreign: Vec<String> = tags(&html)
            .into_iter()
            .filter(|tag| !own.contains(&tag.as_str()))
            .collect();
        assert_eq!(foreign, Vec::<String>::new(), "{html}");
        if number % 2 == 0 {
            // A mail address leads nowhere.
            let linked = text.replace("@evil.example", "");
            assert!(!linked.contains("://") && !linked.contains("evil.example"), "{text}");
            let beginning: String = seen(HOSTILE[number / 2]).chars().take(40).collect();
            assert!(seen(&text).contains(&beginning), "{text}");
        }
    }
}
