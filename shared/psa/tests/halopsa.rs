//! Tests of what only HaloPSA does, against its simulator. Tests of every PSA are in the conformance suite.

#![expect(clippy::unwrap_used, reason = "a helper that fails is a test that fails")]

use domain::request::TicketRef;
use domain::step_error::StepError;
use psa::{HaloPsa, NewTicket, Note, NoteText, Psa};
use serde_json::{Value, json};
use simulators::testing::Simulated;
use simulators::vendors::NewTicket as ByHand;
use simulators::world::Author;

struct Fixture {
    sim: Simulated,
    keys: Value,
    psa: Psa,
}

impl Fixture {
    async fn new() -> Self {
        let sim = Simulated::new().await;
        let keys = sim.keys("halopsa");
        let psa = client(&keys["credentials"], "20").unwrap();
        Self { sim, keys, psa }
    }

    fn tickets(&self) -> Vec<Value> {
        self.sim.state("halopsa")["tickets"].as_array().unwrap().clone()
    }

    fn ticket(&self, ticket: &TicketRef) -> Value {
        let mut all = self.tickets().into_iter();
        all.find(|other| other["id"] == json!(ticket.id.parse::<u64>().unwrap()))
            .unwrap()
    }
}

fn client(credentials: &Value, company: &str) -> Result<Psa, StepError> {
    let address = credentials["address"].as_str().unwrap().parse().unwrap();
    let keys = serde_json::from_value(credentials.clone()).unwrap();
    HaloPsa::new(outbound::http_client(), address, keys, company.to_owned())
        .map(Psa::HaloPsa)
        .map(Psa::listing_names)
}

fn new_ticket() -> NewTicket {
    NewTicket {
        marker: "r1".to_owned(),
        mark: "5eed".to_owned(),
        summary: "Onboarding of Ana Ng".to_owned(),
        description: "Ana Ng starts on Monday.".to_owned(),
        ..NewTicket::default()
    }
}

#[tokio::test]
async fn ticket_type_defaults_to_service_request() {
    let fixture = Fixture::new().await;
    let made = fixture.psa.create_ticket(&new_ticket()).await.unwrap();
    let ticket = fixture.ticket(&made);
    assert_eq!(ticket["type"], "Service Request");
    assert_eq!(ticket["description"], "Ana Ng starts on Monday.\n\n[gangway r1 5eed]");
    let incident = NewTicket {
        work_role: Some("incident".to_owned()),
        tech_id: Some(" 5 ".to_owned()),
        ..new_ticket()
    };
    let made = fixture.psa.create_ticket(&incident).await.unwrap();
    let ticket = fixture.ticket(&made);
    assert_eq!((&ticket["type"], &ticket["owner"]), (&json!("Incident"), &json!(5)));
}

#[tokio::test]
async fn contact_must_be_a_user_of_the_client() {
    let fixture = Fixture::new().await;
    for (mail, contact) in [
        ("MManager@acme.example", json!("mmanager@acme.example")),
        // Another client's user, whose address contains the searched one.
        ("xmmanager@acme.example", Value::Null),
        ("manager@acme.example", Value::Null),
    ] {
        let ticket = NewTicket {
            contact_email: Some(mail.to_owned()),
            ..new_ticket()
        };
        let made = fixture.psa.create_ticket(&ticket).await.unwrap();
        assert_eq!(fixture.ticket(&made)["contact"], contact, "{mail}");
    }
}

#[tokio::test]
async fn time_is_written_in_hours() {
    let fixture = Fixture::new().await;
    let ticket = fixture.psa.create_ticket(&new_ticket()).await.unwrap();
    let mut note = Note {
        marker: "r1/summary".to_owned(),
        text: NoteText::Plain("Done.".to_owned()),
        internal: true,
        minutes: Some(45),
    };
    fixture.psa.add_note(&ticket, &note).await.unwrap();
    note.minutes = None;
    fixture.psa.add_note(&ticket, &note).await.unwrap();
    let notes = fixture.ticket(&ticket)["notes"].clone();
    assert_eq!((&notes[0]["hours"], &notes[1]["hours"]), (&json!(0.75), &json!(0.0)));
}

#[tokio::test]
async fn only_tickets_of_the_client_are_found() {
    let fixture = Fixture::new().await;
    let made = fixture.psa.create_ticket(&new_ticket()).await.unwrap();
    let other = client(&fixture.keys["credentials"], "21").unwrap();
    assert_eq!(
        other.find_ticket(None, "r1", "5eed").await,
        Ok(None),
        "another client's"
    );
    assert_eq!(other.find_matching("Onboarding of Ana Ng").await, Ok(None));
    assert_eq!(fixture.psa.find_ticket(None, "r1", "5eed").await, Ok(Some(made)));
    // A ticket that only mentions the mark.
    let by_hand = ByHand::by_technician("20", "Onboarding of Ana Ng");
    fixture.sim.open("halopsa", &by_hand);
    assert_eq!(
        fixture.psa.find_ticket(None, "hand", "5eed").await,
        Ok(None),
        "found, but not marked"
    );
}

#[tokio::test]
async fn note_on_an_overlong_ticket_is_not_reported_missing() {
    let fixture = Fixture::new().await;
    let ticket = fixture.psa.create_ticket(&new_ticket()).await.unwrap();
    for _ in 0..=5000 {
        fixture.sim.write("halopsa", &ticket.id, "Busy.", Author::Technician);
    }
    assert!(matches!(
        fixture.psa.has_note(&ticket, "r1/x").await,
        Err(StepError::Permanent(_))
    ));
}

#[tokio::test]
async fn company_must_be_the_id_of_a_client() {
    let fixture = Fixture::new().await;
    for wrong in ["", "Acme", "20.0", "-1"] {
        let refused = client(&fixture.keys["credentials"], wrong);
        assert!(matches!(refused, Err(StepError::NeedsAttention(_))), "{wrong}");
    }
    let gone = client(&fixture.keys["credentials"], "99").unwrap();
    let findings = gone.check(&psa::Names::default()).await;
    let Err(StepError::NeedsAttention(text)) = &findings[0].result else {
        panic!("{findings:?}")
    };
    assert!(text.contains("no such client"), "{text}");
}

#[tokio::test]
async fn wrong_tenant_or_secret_needs_attention() {
    let fixture = Fixture::new().await;
    for (field, value) in [("tenant", "elsewhere"), ("client_secret", "wrong")] {
        let mut credentials = fixture.keys["credentials"].clone();
        credentials[field] = json!(value);
        let psa = client(&credentials, "20").unwrap();
        let error = psa.find_matching("x").await.unwrap_err();
        assert!(
            matches!(&error, StepError::NeedsAttention(text) if !text.contains(value)),
            "{field}: {error}"
        );
    }
}
