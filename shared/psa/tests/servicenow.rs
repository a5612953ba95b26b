//! Tests of what only ServiceNow does, against its simulator. Tests of every PSA are in the conformance suite.

#![expect(clippy::unwrap_used, reason = "a helper that fails is a test that fails")]

use domain::request::TicketRef;
use domain::step_error::StepError;
use psa::{NewTicket, Psa, ServiceNow};
use serde_json::{Value, json};
use simulators::testing::Simulated;
use simulators::vendors::NewTicket as ByHand;
use wiremock::matchers::{path, query_param};
use wiremock::{Mock, MockServer, ResponseTemplate};

struct Fixture {
    sim: Simulated,
    keys: Value,
    psa: Psa,
}

impl Fixture {
    async fn new() -> Self {
        let sim = Simulated::new().await;
        let keys = sim.keys("servicenow");
        let psa = client(&keys["credentials"], keys["company"].as_str().unwrap()).unwrap();
        Self { sim, keys, psa }
    }

    fn of(&self, company: &str) -> Result<Psa, StepError> {
        client(&self.keys["credentials"], company)
    }

    fn key(&self, name: &str) -> &str {
        self.keys[name].as_str().unwrap()
    }

    fn ticket(&self, ticket: &TicketRef) -> Value {
        let all = self.sim.state("servicenow")["tickets"].as_array().unwrap().clone();
        all.into_iter().find(|other| other["id"] == json!(ticket.id)).unwrap()
    }

    async fn made(&self, ticket: &NewTicket) -> Value {
        self.ticket(&self.psa.create_ticket(ticket).await.unwrap())
    }
}

fn client(credentials: &Value, company: &str) -> Result<Psa, StepError> {
    let address = credentials["address"].as_str().unwrap().parse().unwrap();
    let keys = serde_json::from_value(credentials.clone()).unwrap();
    ServiceNow::new(outbound::http_client(), address, keys, company.to_owned())
        .map(Psa::ServiceNow)
        .map(Psa::listing_names)
}

fn new_ticket() -> NewTicket {
    NewTicket {
        marker: "r1".to_owned(),
        summary: "Onboarding of Ana Ng".to_owned(),
        description: "Ana Ng starts on Monday.".to_owned(),
        ..NewTicket::default()
    }
}

#[tokio::test]
async fn priority_is_set_by_impact_and_urgency() {
    let fixture = Fixture::new().await;
    for priority in ["1 - Critical", "2 - high", "3", "4 - Low", "5 - Planning"] {
        let ticket = NewTicket {
            priority: Some(priority.to_owned()),
            ..new_ticket()
        };
        let shown = fixture.made(&ticket).await["priority"].as_str().unwrap().to_owned();
        assert_eq!(shown[..1], priority[..1], "{priority}");
    }
}

#[tokio::test]
async fn states_are_set_with_their_required_fields() {
    let fixture = Fixture::new().await;
    let ticket = fixture.psa.create_ticket(&new_ticket()).await.unwrap();
    for state in ["On Hold", "Resolved", "In Progress", "Closed"] {
        fixture.psa.set_status(&ticket, state).await.unwrap();
        assert_eq!(fixture.ticket(&ticket)["status"], state);
    }
    assert_eq!(fixture.ticket(&ticket)["close_code"], "Resolved by request");
    for other in ["Open", "Closed Complete", "Awaiting Evidence"] {
        let error = fixture.psa.set_status(&ticket, other).await.unwrap_err();
        assert!(
            matches!(&error, StepError::NeedsAttention(text) if text.ends_with("New, In Progress, On Hold, Resolved, Closed, Canceled")),
            "{error}"
        );
    }
    let closed = NewTicket {
        status: Some("Resolved".to_owned()),
        ..new_ticket()
    };
    assert_eq!(fixture.made(&closed).await["status"], "Resolved");
}

#[tokio::test]
async fn a_resolved_incident_is_not_adopted() {
    let fixture = Fixture::new().await;
    let company = fixture.key("company").to_owned();
    let by_hand = ByHand::by_technician(&company, "Onboarding of Ana Ng");
    let id = fixture.sim.open("servicenow", &by_hand);
    let open = TicketRef {
        system: "servicenow".to_owned(),
        id,
    };
    let find = async || fixture.psa.find_matching("Onboarding of Ana Ng").await;
    assert_eq!(find().await, Ok(Some(open.clone())));
    fixture.psa.set_status(&open, "Resolved").await.unwrap();
    assert_eq!(find().await, Ok(None));
}

#[tokio::test]
async fn people_are_looked_up_in_their_company() {
    let fixture = Fixture::new().await;
    for (mail, caller) in [
        // Another company has a user with the same address.
        ("MManager@acme.example", json!("morgan.manager")),
        ("tech@acme.example", Value::Null),
        ("a^ORemail=mmanager@acme.example", Value::Null),
    ] {
        let ticket = NewTicket {
            contact_email: Some(mail.to_owned()),
            ..new_ticket()
        };
        assert_eq!(fixture.made(&ticket).await["contact_name"], caller, "{mail}");
    }
    for tech in ["TERRY.technician", " tech@acme.example "] {
        let ticket = NewTicket {
            tech_id: Some(tech.to_owned()),
            ..new_ticket()
        };
        assert_eq!(fixture.made(&ticket).await["owner"], "terry.technician", "{tech}");
    }
    for tech in ["nobody", "x^ORactive=true", "javascript:gs.getUserID()", "Long Gone"] {
        let ticket = NewTicket {
            tech_id: Some(tech.to_owned()),
            ..new_ticket()
        };
        let error = fixture.psa.create_ticket(&ticket).await.unwrap_err();
        assert!(
            matches!(&error, StepError::NeedsAttention(text) if text.contains("default_tech_id")),
            "{tech}: {error}"
        );
    }
    let gone = NewTicket {
        location: Some("Long Gone".to_owned()),
        ..new_ticket()
    };
    assert!(matches!(
        fixture.psa.create_ticket(&gone).await,
        Err(StepError::NeedsAttention(_))
    ));
}

#[tokio::test]
async fn company_can_be_given_by_name() {
    let fixture = Fixture::new().await;
    let made = fixture.psa.create_ticket(&new_ticket()).await.unwrap();
    let named = fixture.of(" acme ").unwrap();
    assert_eq!(named.find_ticket(None, "r1", "5eed").await, Ok(Some(made)));
    let other = fixture.of("Somebody Else").unwrap();
    assert_eq!(
        other.find_ticket(None, "r1", "5eed").await,
        Ok(None),
        "another company's"
    );
    let unknown = fixture.of("Acm").unwrap();
    assert!(matches!(
        unknown.find_ticket(None, "r1", "5eed").await,
        Err(StepError::NeedsAttention(_))
    ));
    for wrong in ["", " ", "Acme^ORname=Somebody Else", "javascript:x"] {
        assert!(
            matches!(fixture.of(wrong), Err(StepError::NeedsAttention(_))),
            "{wrong}"
        );
    }
    let gone = fixture.of(&"0".repeat(32)).unwrap();
    let findings = gone.check(&psa::Names::default()).await;
    assert!(
        matches!(&findings[0].result, Err(StepError::NeedsAttention(text)) if text.contains("no such company")),
        "{findings:?}"
    );
}

#[tokio::test]
async fn a_given_ticket_may_be_named_by_its_number() {
    let fixture = Fixture::new().await;
    let made = fixture.psa.create_ticket(&new_ticket()).await.unwrap();
    let number = fixture.ticket(&made)["number"].as_str().unwrap().to_lowercase();
    let find = async |given: &str| fixture.psa.find_ticket(Some(given), "r2", "5eed").await;
    assert_eq!(find(&format!(" #{number} ")).await, Ok(Some(made.clone())));
    assert_eq!(find(&made.id.to_uppercase()).await, Ok(Some(made)));
    assert_eq!(find("INC9999999").await, Ok(None));
    let other = fixture.of(fixture.key("other_company")).unwrap();
    assert_eq!(other.find_ticket(Some(&number), "r2", "5eed").await, Ok(None));
}

/// Records that may not be read are missing from their pages, so pages are short and only the total says where the list
/// ends.
#[tokio::test]
async fn a_short_page_is_not_the_last() {
    let server = MockServer::builder().start().await;
    let page = async |offset: &str, entries: Value| {
        Mock::given(path("/api/now/table/sys_journal_field"))
            .and(query_param("sysparm_offset", offset))
            .respond_with(
                ResponseTemplate::new(200)
                    .insert_header("X-Total-Count", "501")
                    .set_body_json(json!({ "result": entries })),
            )
            .mount(&server)
            .await;
    };
    page("0", json!([{"value": "x"}])).await;
    page("250", json!([])).await;
    let ours = json!({"value": "Done.\n\n[gangway r1/x]", "element": "work_notes", "sys_created_by": "U"});
    page("500", json!([ours])).await;
    let credentials = json!({"address": server.uri(), "user_name": "u", "password": "p"});
    let psa = client(&credentials, "Acme").unwrap();
    let ticket = TicketRef {
        system: "servicenow".to_owned(),
        id: "9d385017c611228701d22104cc95c371".to_owned(),
    };
    assert_eq!(psa.has_note(&ticket, "r1/x").await, Ok(true));
    assert_eq!(psa.has_note(&ticket, "r1/y").await, Ok(false));
    let odd = TicketRef {
        id: "1^ORDERBYx".to_owned(),
        ..ticket
    };
    assert!(matches!(psa.has_note(&odd, "r1/x").await, Err(StepError::Permanent(_))));
}
