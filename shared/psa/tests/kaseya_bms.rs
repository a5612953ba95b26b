//! Tests of what only Kaseya BMS does, against its simulator. Tests of every PSA are in the conformance suite.

#![expect(clippy::unwrap_used, reason = "a helper that fails is a test that fails")]

use domain::request::TicketRef;
use domain::step_error::StepError;
use psa::{KaseyaBms, NewTicket, Note, NoteText, Psa};
use serde_json::{Value, json};
use simulators::records::{Record, fields};
use simulators::testing::Simulated;
use simulators::vendors::NewTicket as ByHand;
use wiremock::matchers::{body_string_contains, header, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

struct Fixture {
    sim: Simulated,
    keys: Value,
    psa: Psa,
}

impl Fixture {
    async fn new() -> Self {
        let sim = Simulated::new().await;
        let keys = sim.keys("kaseya_bms");
        let psa = client(&keys["credentials"], "120");
        Self { sim, keys, psa }
    }

    fn with(&self, field: &str, value: &str) -> Psa {
        let mut credentials = self.keys["credentials"].clone();
        credentials[field] = json!(value);
        client(&credentials, "120")
    }

    fn ticket(&self, ticket: &TicketRef) -> Value {
        let all = self.sim.state("kaseya_bms")["tickets"].as_array().unwrap().clone();
        let id: u64 = ticket.id.parse().unwrap();
        all.into_iter().find(|other| other["id"] == json!(id)).unwrap()
    }
}

fn client(credentials: &Value, company: &str) -> Psa {
    let address = credentials["address"].as_str().unwrap().parse().unwrap();
    let keys = serde_json::from_value(credentials.clone()).unwrap();
    let client = KaseyaBms::new(outbound::http_client(), address, keys, company.to_owned()).unwrap();
    Psa::KaseyaBms(client).listing_names()
}

fn new_ticket() -> NewTicket {
    NewTicket {
        marker: "r1".to_owned(),
        mark: "5eed".to_owned(),
        summary: "Onboarding of Ana Ng".to_owned(),
        description: "Ana Ng starts on Monday.".to_owned(),
        location: Some("Onboarding".to_owned()),
        ..NewTicket::default()
    }
}

fn note() -> Note {
    Note {
        marker: "r1/summary".to_owned(),
        text: NoteText::Plain("Done.".to_owned()),
        internal: true,
        minutes: None,
    }
}

#[tokio::test]
async fn unset_names_use_first_status_and_usual_priority() {
    let fixture = Fixture::new().await;
    let made = fixture.psa.create_ticket(&new_ticket()).await.unwrap();
    let ticket = fixture.ticket(&made);
    assert_eq!(
        (&ticket["status"], &ticket["priority"]),
        (&json!("New"), &json!("Medium"))
    );
    assert_eq!(ticket["site"], 1201, "the main one");
    assert_eq!(ticket["description"], "Ana Ng starts on Monday.\n\n[gangway r1 5eed]");
}

#[tokio::test]
async fn the_contact_brings_its_location() {
    let fixture = Fixture::new().await;
    for (mail, contact, site) in [
        ("MManager@acme.example", json!("mmanager@acme.example"), 1202),
        ("xmmanager@acme.example", Value::Null, 1201),
    ] {
        let ticket = NewTicket {
            contact_email: Some(mail.to_owned()),
            ..new_ticket()
        };
        let made = fixture.psa.create_ticket(&ticket).await.unwrap();
        let ticket = fixture.ticket(&made);
        assert_eq!(
            (&ticket["contact"], &ticket["site"]),
            (&contact, &json!(site)),
            "{mail}"
        );
    }
}

#[tokio::test]
async fn ticket_needs_a_queue_or_an_employee() {
    let fixture = Fixture::new().await;
    let nobodys = NewTicket {
        location: None,
        ..new_ticket()
    };
    let error = fixture.psa.create_ticket(&nobodys).await.unwrap_err();
    assert!(
        matches!(&error, StepError::NeedsAttention(text) if text.contains("Onboarding, Help Desk")),
        "{error}"
    );
    let employees = NewTicket {
        tech_id: Some(" 88 ".to_owned()),
        ..nobodys
    };
    let made = fixture.psa.create_ticket(&employees).await.unwrap();
    let ticket = fixture.ticket(&made);
    assert_eq!((&ticket["owner"], &ticket["location"]), (&json!(88), &Value::Null));
}

#[tokio::test]
async fn account_can_be_given_by_name() {
    let fixture = Fixture::new().await;
    fixture.sim.world(|world| {
        let accounts = world.vendors.kaseya_bms.records.list_mut("accounts");
        for number in 0..250 {
            let account = json!({"Id": 1000 + number, "Name": format!("Acme {number}"), "IsActive": true});
            accounts.insert(0, Record::new(fields(account)));
        }
    });
    let named = client(&fixture.keys["credentials"], " acme ");
    let made = named.create_ticket(&new_ticket()).await.unwrap();
    assert_eq!(fixture.psa.find_ticket(None, "r1", "5eed").await, Ok(Some(made)));
    let unknown = client(&fixture.keys["credentials"], "Acm");
    assert!(matches!(
        unknown.find_ticket(None, "r1", "5eed").await,
        Err(StepError::NeedsAttention(_))
    ));
    let gone = client(&fixture.keys["credentials"], "99");
    let findings = gone.check(&psa::Names::default()).await;
    assert!(
        matches!(&findings[0].result, Err(StepError::NeedsAttention(text)) if text.contains("no such account")),
        "{findings:?}"
    );
}

#[tokio::test]
async fn a_given_ticket_may_be_named_by_its_number() {
    let fixture = Fixture::new().await;
    let open = |company: &str, summary: &str| fixture.sim.open("kaseya_bms", &ByHand::by_technician(company, summary));
    let (ours, theirs) = (open("120", "Ours"), open("121", "Theirs"));
    let number = |id: &str| {
        let ticket = TicketRef {
            system: String::new(),
            id: id.to_owned(),
        };
        fixture.ticket(&ticket)["number"].as_str().unwrap().to_lowercase()
    };
    let find = async |given: String| fixture.psa.find_ticket(Some(&given), "r1", "5eed").await.unwrap();
    assert_eq!(find(format!("#{}", number(&ours))).await.unwrap().id, ours);
    assert_eq!(find(number(&theirs)).await, None);
}

#[tokio::test]
async fn unlisted_ids_are_checked_as_far_as_possible() {
    let fixture = Fixture::new().await;
    for field in ["ticket_type_id", "source_id"] {
        let error = fixture.with(field, "Incident").create_ticket(&new_ticket()).await;
        let error = error.unwrap_err();
        assert!(
            matches!(&error, StepError::NeedsAttention(text) if text.contains(field)),
            "{error}"
        );
        let findings = fixture.with(field, "Incident").check(&psa::Names::default()).await;
        let finding = findings.iter().find(|finding| finding.what == field).unwrap();
        assert!(finding.result.is_err());
        // Only BMS knows that this is invalid.
        let error = fixture
            .with(field, "99")
            .create_ticket(&new_ticket())
            .await
            .unwrap_err();
        assert_eq!(
            error,
            StepError::Permanent("Kaseya BMS refused \"create a ticket\" (code 1002)".to_owned())
        );
    }
    let made = fixture.psa.create_ticket(&new_ticket()).await.unwrap();
    let error = fixture.with("note_type_id", "99").add_note(&made, &note()).await;
    assert!(matches!(error, Err(StepError::Permanent(_))));
}

#[tokio::test]
async fn refused_sign_in_is_read_from_status_200() {
    let fixture = Fixture::new().await;
    for field in ["user_name", "password", "tenant"] {
        let error = fixture
            .with(field, "wrong")
            .find_ticket(None, "r1", "5eed")
            .await
            .unwrap_err();
        assert!(
            matches!(&error, StepError::NeedsAttention(text) if text.contains("renew")),
            "{field}: {error}"
        );
    }
}

/// The servers spell names differently than their API file.
#[tokio::test]
async fn field_names_may_begin_in_lower_case() {
    let server = MockServer::builder().start().await;
    let answer = async |verb: &str, at: &str, body: Value| {
        Mock::given(method(verb))
            .and(path(at))
            .respond_with(ResponseTemplate::new(200).set_body_json(body))
            .mount(&server)
            .await;
    };
    Mock::given(path("/v2/security/authenticate"))
        .and(header("content-type", "multipart/form-data; boundary=gangway"))
        .and(body_string_contains("name=\"Password\"\r\n\r\np\r\n--gangway"))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!({
            "success": true, "error": null,
            "result": {"accessToken": "t", "accessTokenExpireOn": "2126-01-01T00:00:00"},
        })))
        .expect(1)
        .mount(&server)
        .await;
    let ticket = json!({"id": 7, "accountId": 120, "title": "x", "details": "y\n\n[gangway r1 5eed]", "statusId": 1});
    answer(
        "POST",
        "/v2/servicedesk/tickets/search",
        json!({"success": true, "result": [ticket], "totalRecords": 1}),
    )
    .await;
    answer(
        "GET",
        "/v2/servicedesk/tickets/7",
        json!({"success": true, "result": ticket}),
    )
    .await;
    let failed = json!({"success": false, "error": {"code": 503, "message": "Ann Lee"}, "result": null});
    answer("GET", "/v2/servicedesk/tickets/7/notes", failed).await;
    let credentials = json!({
        "address": server.uri(), "user_name": "u", "password": "p", "tenant": "t", "ticket_type_id": "1", "source_id": "1",
        "note_type_id": "1",
    });
    let psa = client(&credentials, "120");
    let found = psa.find_ticket(None, "r1", "5eed").await.unwrap().unwrap();
    assert_eq!(found.id, "7");
    let error = psa.has_note(&found, "r1/x").await.unwrap_err();
    assert!(error.is_transient() && !error.to_string().contains("Ann"), "{error}");
}
