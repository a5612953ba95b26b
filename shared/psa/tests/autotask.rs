//! Tests of what only Autotask does.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a helper that fails is a test that fails"
)]

use domain::request::TicketRef;
use domain::step_error::StepError;
use psa::{Autotask, Names, NewTicket, Note, NoteText, Psa};
use serde_json::{Value, json};
use simulators::testing::Simulated;
use simulators::vendors::NewTicket as ByHand;
use wiremock::matchers::{any, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

struct Fixture {
    sim: Simulated,
    psa: Psa,
    keys: Value,
}

fn client(base: &str, credentials: Value, company: &str) -> Result<Psa, StepError> {
    let credentials = serde_json::from_value(credentials).unwrap();
    let base = base.parse().unwrap();
    Autotask::new(outbound::http_client(), base, credentials, company.to_owned())
        .map(Psa::Autotask)
        .map(Psa::listing_names)
}

async fn fixture() -> Fixture {
    let sim = Simulated::new().await;
    let keys = sim.keys("autotask");
    let company = keys["company"].as_str().unwrap();
    let psa = client(&format!("{}/autotask", sim.base), keys["credentials"].clone(), company).unwrap();
    Fixture { sim, psa, keys }
}

impl Fixture {
    fn ticket(&self) -> NewTicket {
        NewTicket {
            marker: "r1".into(),
            summary: "New user: Ana Ng".into(),
            location: Some("Onboarding".into()),
            ..NewTicket::default()
        }
    }

    fn state(&self) -> Value {
        self.sim.state("autotask")["tickets"].clone()
    }
}

fn attention<T: std::fmt::Debug>(result: Result<T, StepError>) -> String {
    match result {
        Err(StepError::NeedsAttention(text)) => text,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn unset_names_use_the_defaults_of_the_window() {
    let fixture = fixture().await;
    let made = fixture.psa.create_ticket(&fixture.ticket()).await.unwrap();
    let ticket = &fixture.state()[0];
    assert_eq!(
        (&ticket["status"], &ticket["priority"]),
        (&json!("New"), &json!("Medium"))
    );
    assert_eq!((&ticket["owner"], &ticket["contact"]), (&json!(null), &json!(null)));
    // The queue of this name is inactive.
    assert_eq!(ticket["location"], "Onboarding");
    let nowhere = NewTicket {
        location: None,
        ..fixture.ticket()
    };
    let text = attention(fixture.psa.create_ticket(&nowhere).await);
    assert!(
        text.contains("default_ticket_location") && text.ends_with("Onboarding, Help Desk"),
        "{text}"
    );
    let text = attention(fixture.psa.set_status(&made, "Waiting Vendor").await);
    assert!(text.ends_with("New, In Progress, Waiting Customer, Complete"), "{text}");
}

#[tokio::test]
async fn resource_and_role_go_together() {
    let fixture = fixture().await;
    let (tech, role) = (fixture.keys["tech_id"].as_str(), fixture.keys["work_role"].as_str());
    let of = |tech: Option<&str>, role: Option<&str>| NewTicket {
        tech_id: tech.map(Into::into),
        work_role: role.map(Into::into),
        ..fixture.ticket()
    };
    for (tech, role) in [(tech, None), (None, role), (tech, Some("Engineer"))] {
        let text = attention(fixture.psa.create_ticket(&of(tech, role)).await);
        assert!(
            text.contains("default_tech_id") && text.contains("default_work_role"),
            "{text}"
        );
        let names = Names {
            location: Some("Onboarding".into()),
            tech_id: tech.map(Into::into),
            work_role: role.map(Into::into),
            ..Names::default()
        };
        let findings = fixture.psa.check(&names).await;
        assert_eq!(findings.iter().filter(|finding| finding.result.is_err()).count(), 1);
    }
    // The vendor knows both, but not in this combination.
    let error = fixture.psa.create_ticket(&of(tech, tech)).await.unwrap_err();
    assert_eq!(
        error,
        StepError::Permanent("Autotask refused \"create a ticket\" (500, assignedResourceID)".into())
    );
    fixture.psa.create_ticket(&of(tech, role)).await.unwrap();
    assert_eq!(fixture.state()[0]["owner"].to_string(), tech.unwrap());
}

#[tokio::test]
async fn ticket_can_be_given_by_its_number() {
    let fixture = fixture().await;
    let open = |company: &str| {
        let ticket = ByHand::by_technician(company, "By hand");
        fixture.sim.open("autotask", &ticket)
    };
    let (ours, theirs) = (open("175"), open("176"));
    let find = async |id: &str| {
        let number = format!(" T20260101.{id} ");
        fixture.psa.find_ticket(Some(&number), "r1", "5eed").await.unwrap()
    };
    assert_eq!(find(&ours).await.map(|ticket| ticket.id), Some(ours.clone()));
    assert_eq!(find(&theirs).await, None);
    assert_eq!(find("1").await, None);
    for odd in ["T", "T2026' OR 1=1", "T🙂"] {
        assert_eq!(
            fixture.psa.find_ticket(Some(odd), "r1", "5eed").await,
            Ok(None),
            "{odd}"
        );
    }
}

#[tokio::test]
async fn long_texts_are_cut_and_say_so() {
    let fixture = fixture().await;
    let ticket = NewTicket {
        description: "🙂x".repeat(5_000),
        ..fixture.ticket()
    };
    let made = fixture.psa.create_ticket(&ticket).await.unwrap();
    let text = NoteText::Plain("ü".repeat(40_000));
    let note = Note {
        marker: "r1/long".into(),
        text,
        internal: true,
        minutes: None,
    };
    fixture.psa.add_note(&made, &note).await.unwrap();
    let state = fixture.state();
    let description = state[0]["description"].as_str().unwrap();
    assert!(description.encode_utf16().count() <= 8_000);
    assert!(description.ends_with("[cut here: Autotask takes no more than 8000 characters]"));
    let note = &state[0]["notes"][0];
    let text = note["text"].as_str().unwrap();
    assert_eq!(text.encode_utf16().count(), 32_000);
    assert!(text.contains("[cut here: ") && text.ends_with("\n\n[gangway r1/long]"));
    assert_eq!(note["title"], "Gangway");
}

#[tokio::test]
async fn zone_and_names_are_read_once() {
    let fixture = fixture().await;
    for marker in ["r1", "r2"] {
        let ticket = NewTicket {
            marker: marker.into(),
            status: Some("New".into()),
            priority: Some("High".into()),
            ..fixture.ticket()
        };
        let keys = &fixture.keys;
        // Like two runs of a step, each with a client of its own.
        let again = client(
            &format!("{}/autotask", fixture.sim.base),
            keys["credentials"].clone(),
            "175",
        )
        .unwrap();
        again.create_ticket(&ticket).await.unwrap();
    }
    assert_eq!(
        fixture.sim.operations(),
        [
            "GET /V1.0/ZoneInformation",
            "GET /V1.0/Tickets/entityInformation/fields",
            "POST /V1.0/Tickets",
            "POST /V1.0/Tickets",
        ]
    );
}

#[tokio::test]
async fn company_must_be_a_number() {
    let credentials = json!({"user_name": "u", "secret": "s", "integration_code": "c"});
    let text = attention(client("https://webservices.autotask.net", credentials, "Acme"));
    assert!(text.contains("it is a number"), "{text}");
}

fn keys() -> Value {
    json!({"user_name": "api@msp.example", "secret": "hunter2", "integration_code": "CODE"})
}

#[tokio::test]
async fn forbidden_zone_address_is_not_called() {
    let other = MockServer::builder().start().await;
    for zone in [
        format!("{}/ATServicesRest/", other.uri()),
        "http://169.254.169.254/".to_owned(),
        "https://10.0.0.1/".to_owned(),
        "file:///etc/passwd".to_owned(),
    ] {
        let server = MockServer::builder().start().await;
        Mock::given(any())
            .respond_with(ResponseTemplate::new(200).set_body_json(json!({ "url": zone })))
            .mount(&server)
            .await;
        let psa = client(&server.uri(), keys(), "175").unwrap();
        let text = attention(psa.find_ticket(None, "r1", "5eed").await);
        assert!(text.contains("zone") && !text.contains("hunter2"), "{zone}: {text}");
        assert_eq!(server.received_requests().await.unwrap().len(), 1);
    }
    assert!(other.received_requests().await.unwrap().is_empty());
}

#[tokio::test]
async fn errors_are_read_from_500() {
    let server = MockServer::builder().start().await;
    contract_watch(&server).await;
    let zone = json!({"url": format!("{}/", server.uri())});
    Mock::given(path("/V1.0/ZoneInformation"))
        .respond_with(ResponseTemplate::new(200).set_body_json(zone))
        .mount(&server)
        .await;
    let says = |errors: Value| ResponseTemplate::new(500).set_body_json(json!({ "errors": errors }));
    for (text, name) in [
        ("Value does not exist for the required field dueDateTime.", "Permanent"),
        ("SQL timeout of Ana Ng", "Transient"),
    ] {
        let mock = Mock::given(method("POST")).respond_with(says(json!([text])));
        let scoped = mock.mount_as_scoped(&server).await;
        let psa = client(&server.uri(), keys(), "175").unwrap();
        let error = psa.find_ticket(None, "r1", "5eed").await.unwrap_err();
        assert_eq!(error.name(), name, "{error}");
        assert_eq!(
            error.to_string().contains("dueDateTime"),
            name == "Permanent",
            "{error}"
        );
        assert!(!error.to_string().contains("Ana"), "{error}");
        drop(scoped);
    }
    // The other way of saying that nothing was found.
    Mock::given(method("GET"))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!({"item": null})))
        .mount(&server)
        .await;
    let psa = client(&server.uri(), keys(), "175").unwrap();
    let gone = TicketRef {
        system: "autotask".into(),
        id: "5".into(),
    };
    assert_eq!(psa.set_status(&gone, "New").await.unwrap_err().name(), "Permanent");
    let findings = psa.check(&Names::default()).await;
    assert!(attention(findings[0].result.clone()).contains("--company autotask=ID"));
}

async fn contract_watch(server: &MockServer) {
    contract::watch(server, "autotask", "").await.unwrap();
}

#[tokio::test]
async fn unknown_user_has_wrong_credentials() {
    let fixture = fixture().await;
    let mut credentials = fixture.keys["credentials"].clone();
    credentials["user_name"] = json!("nobody@msp.example");
    let psa = client(&format!("{}/autotask", fixture.sim.base), credentials, "175").unwrap();
    let text = attention(psa.find_ticket(None, "r1", "5eed").await);
    assert!(text.contains("API user"), "{text}");
}

#[tokio::test]
async fn endless_list_is_an_error() {
    let server = MockServer::builder().start().await;
    contract_watch(&server).await;
    let zone = json!({"url": server.uri()});
    Mock::given(method("GET"))
        .respond_with(ResponseTemplate::new(200).set_body_json(zone))
        .mount(&server)
        .await;
    let page = json!({
        "items": [{"id": 7, "ticketID": 5, "description": "x"}],
        "pageDetails": {"nextPageUrl": "https://elsewhere.example/next"},
    });
    Mock::given(method("POST"))
        .respond_with(ResponseTemplate::new(200).set_body_json(page))
        .mount(&server)
        .await;
    let ticket = TicketRef {
        system: "autotask".into(),
        id: "5".into(),
    };
    let psa = client(&server.uri(), keys(), "175").unwrap();
    let error = psa.has_note(&ticket, "r1/opened").await.unwrap_err();
    assert_eq!(error.name(), "Permanent");
    let asked = server.received_requests().await.unwrap();
    assert_eq!(asked.len(), 101);
    let filter = |index: usize| asked[index].body_json::<Value>().unwrap()["filter"].clone();
    let of_ticket = json!({"field": "ticketID", "op": "eq", "value": 5});
    assert_eq!(filter(1), json!([of_ticket]));
    assert_eq!(filter(2), json!([of_ticket, {"field": "id", "op": "gt", "value": 7}]));
}
