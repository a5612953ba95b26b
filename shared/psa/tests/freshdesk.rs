//! Tests of what only Freshdesk does.

#![expect(clippy::unwrap_used, reason = "a helper that fails is a test that fails")]

use domain::request::TicketRef;
use domain::step_error::StepError;
use psa::{Freshdesk, NewTicket, Note, NoteText, Psa};
use serde_json::{Value, json};
use simulators::testing::Simulated;
use simulators::vendors::NewTicket as ByHand;
use wiremock::matchers::{method, path, query_param};
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

const ODD: &str = "Seán O'Brien \"X\" & <Y>\n🙂";

fn client(base: &str, company: &str) -> Result<Psa, StepError> {
    let credentials = serde_json::from_value(json!({"address": base, "api_key": "k"})).unwrap();
    let address = base.parse().unwrap();
    Freshdesk::new(outbound::http_client(), address, credentials, company.to_owned())
        .map(Psa::Freshdesk)
        .map(Psa::listing_names)
}

fn psa(server: &MockServer) -> Psa {
    client(&format!("{}/fixture", server.uri()), "10").unwrap()
}

async fn answer(server: &MockServer, verb: &str, at: &str, body: Value) {
    Mock::given(method(verb))
        .and(path(format!("/fixture/api/v2{at}")))
        .respond_with(ResponseTemplate::new(200).set_body_json(body))
        .mount(server)
        .await;
}

async fn sent(server: &MockServer, verb: &str) -> Vec<Request> {
    let all = server.received_requests().await.unwrap();
    all.into_iter()
        .filter(|request| request.method.as_str() == verb)
        .collect()
}

fn ticket() -> TicketRef {
    TicketRef {
        system: "freshdesk".into(),
        id: "501".into(),
    }
}

fn new_ticket() -> NewTicket {
    NewTicket {
        marker: "r0123456789abcdef0123456789abcdef".into(),
        summary: "New user".into(),
        description: ODD.into(),
        ..NewTicket::default()
    }
}

/// Choices as in the vendor's documentation, which differs from its API file.
async fn with_names(server: &MockServer) {
    let fields = json!([
        {"name": "status", "choices": {"2": ["Open", "Being Processed"], "7": ["Waiting on Technician", "Open"]}},
        {"name": "priority", "choices": {"Low": 1, "Urgent": 4}},
        {"name": "agent", "choices": {"Terry Technician": 77}},
    ]);
    answer(server, "GET", "/ticket_fields", fields).await;
    answer(server, "GET", "/groups", json!([{"id": 6, "name": "Onboarding"}])).await;
}

#[tokio::test]
async fn ticket_is_opened_with_all_fields() {
    let server = MockServer::builder().start().await;
    with_names(&server).await;
    answer(
        &server,
        "GET",
        "/contacts",
        json!([{"id": 9, "company_id": 10, "email": "Ann@Contoso.com"}]),
    )
    .await;
    answer(&server, "POST", "/tickets", json!({"id": 501, "status": 7})).await;
    let wanted = NewTicket {
        location: Some("onboarding".into()),
        status: Some("waiting on technician".into()),
        priority: Some("urgent".into()),
        tech_id: Some("Terry Technician".into()),
        contact_email: Some("ann@contoso.com".into()),
        ..new_ticket()
    };
    assert_eq!(psa(&server).create_ticket(&wanted).await, Ok(ticket()));
    let request = sent(&server, "POST").await.remove(0);
    assert_eq!(request.headers["authorization"], "Basic azpY");
    assert_eq!(
        request.body_json::<Value>().unwrap(),
        json!({
            "subject": "New user", "status": 7, "priority": 4, "group_id": 6, "responder_id": 77, "requester_id": 9,
            "description": "Seán O&#39;Brien &#34;X&#34; &#38; &#60;Y&#62;<br>🙂",
            "tags": ["gangway", "0123456789abcdef0123456789abcdef"],
        })
    );
    let plain = NewTicket {
        tech_id: Some("78".into()),
        ..new_ticket()
    };
    psa(&server).create_ticket(&plain).await.unwrap();
    let body: Value = sent(&server, "POST").await.remove(1).body_json().unwrap();
    assert_eq!(
        (&body["status"], &body["priority"], &body["responder_id"]),
        (&json!(2), &json!(1), &json!(78))
    );
    assert_eq!(body["group_id"], Value::Null);
}

#[tokio::test]
async fn ticket_never_belongs_to_another_company() {
    for (of_email, of_company, expected) in [
        // The address belongs to another company, so a colleague is the requester.
        (
            json!([{"id": 1, "company_id": 11, "email": "ann@contoso.com"}]),
            json!([{"id": 5, "company_id": 10}, {"id": 4, "company_id": 10}]),
            Some(json!({"requester_id": 4})),
        ),
        // A list that was not filtered.
        (
            json!([{"id": 1, "company_id": 10, "email": "bob@contoso.com"}]),
            json!([{"id": 3, "company_id": 11}, {"id": 5, "company_id": 10}]),
            Some(json!({"requester_id": 5})),
        ),
        (json!([]), json!([]), Some(json!({"email": "ann@contoso.com"}))),
        (
            json!([{"id": 1, "company_id": 11, "email": "ann@contoso.com"}]),
            json!([]),
            None,
        ),
    ] {
        let server = MockServer::builder().start().await;
        for (name, value, contacts) in [("email", "ann@contoso.com", of_email), ("company_id", "10", of_company)] {
            Mock::given(path("/fixture/api/v2/contacts"))
                .and(query_param(name, value))
                .respond_with(ResponseTemplate::new(200).set_body_json(contacts))
                .mount(&server)
                .await;
        }
        answer(&server, "POST", "/tickets", json!({"id": 501, "status": 2})).await;
        let wanted = NewTicket {
            contact_email: Some("ann@contoso.com".into()),
            ..new_ticket()
        };
        let made = psa(&server).create_ticket(&wanted).await;
        let Some(expected) = expected else {
            assert!(
                matches!(&made, Err(StepError::NeedsAttention(text)) if text.contains("company 10")),
                "{made:?}"
            );
            continue;
        };
        assert_eq!(made, Ok(ticket()));
        let body: Value = sent(&server, "POST").await.remove(0).body_json().unwrap();
        let requester = |name: &str| (body[name].clone(), expected[name].clone());
        for (sent, expected) in [requester("requester_id"), requester("email")] {
            assert_eq!(sent, expected, "{body}");
        }
    }
}

#[tokio::test]
async fn ticket_not_yet_in_the_index_is_found() {
    let server = MockServer::builder().start().await;
    let of = |id: u64, tags: &[&str]| json!({"id": id, "status": 2, "tags": tags});
    let (marker, tag) = (new_ticket().marker, "0123456789abcdef0123456789abcdef");
    answer(
        &server,
        "GET",
        "/search/tickets",
        json!({"results": [of(7, &[tag])], "total": 1}),
    )
    .await;
    let page = |number: &str, tickets: Value| {
        let answer = ResponseTemplate::new(200).set_body_json(tickets);
        // A short page that is not the last.
        let answer = match number {
            "1" => answer.insert_header("Link", "<https://x/tickets?page=2>; rel=\"next\""),
            _ => answer,
        };
        Mock::given(path("/fixture/api/v2/tickets"))
            .and(query_param("page", number))
            .respond_with(answer)
    };
    page("1", json!([of(8, &["gangway"]), of(9, &["gangway", "other"])]))
        .mount(&server)
        .await;
    page("2", json!([of(501, &["gangway", tag])])).mount(&server).await;
    assert_eq!(
        psa(&server).find_ticket(None, &marker, "5eed").await,
        Ok(Some(ticket()))
    );
    let asked = sent(&server, "GET").await;
    let search = asked[0].url.query_pairs().next().unwrap().1.into_owned();
    assert_eq!(search, format!("\"tag:'{tag}'\""));
    let query: Vec<(String, String)> = asked[1].url.query_pairs().into_owned().collect();
    assert_eq!(query[1], ("order_by".to_owned(), "created_at".to_owned()));
    assert_eq!(asked.len(), 3);
}

#[tokio::test]
async fn custom_statuses_count_as_open() {
    let sim = Simulated::new().await;
    let keys = sim.keys("freshdesk");
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let credentials = serde_json::from_value(keys["credentials"].clone()).unwrap();
    let address = text(&keys["credentials"]["address"]).parse().unwrap();
    let http = outbound::http_client();
    let psa = Psa::Freshdesk(Freshdesk::new(http, address, credentials, text(&keys["company"])).unwrap());
    let open = || sim.open("freshdesk", &ByHand::by_technician("1010", "A"));
    let (_, _, waiting) = (open(), open(), open());
    sim.world(|world| {
        let tickets = world.vendors.freshdesk.records.list_mut("tickets");
        tickets[0].updated -= chrono::TimeDelta::days(15);
        tickets[1].fields["status"] = json!(4);
        tickets[2].fields["status"] = json!(5);
    });
    assert_eq!(
        psa.find_matching("A").await,
        Ok(None),
        "ended, or not touched for two weeks"
    );
    sim.world(|world| world.vendors.freshdesk.records.list_mut("tickets")[2].fields["status"] = json!(3));
    let found = psa.find_matching("A").await.unwrap().map(|ticket| ticket.id);
    assert_eq!(found, Some(waiting));
}

#[tokio::test]
async fn public_note_sends_no_mail() {
    let server = MockServer::builder().start().await;
    answer(&server, "POST", "/tickets/501/notes", json!({"id": 1})).await;
    let note = Note {
        marker: "r1/told".into(),
        text: NoteText::Plain(ODD.into()),
        internal: false,
        minutes: None,
    };
    psa(&server).add_note(&ticket(), &note).await.unwrap();
    assert_eq!(
        sent(&server, "POST").await[0].body_json::<Value>().unwrap(),
        json!({
            "body": "Seán O&#39;Brien &#34;X&#34; &#38; &#60;Y&#62;<br>🙂<br><br>[gangway r1/told]", "private": false,
        })
    );
}

#[tokio::test]
async fn wrong_field_is_reported_and_company_is_a_number() {
    let server = MockServer::builder().start().await;
    let body = json!({"description": "Validation failed", "errors": [
        {"field": "requester_id", "message": "ann@contoso.com is blocked", "code": "invalid_value"},
    ]});
    Mock::given(method("GET"))
        .respond_with(ResponseTemplate::new(400).set_body_json(body))
        .mount(&server)
        .await;
    let error = psa(&server).create_ticket(&new_ticket()).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "Freshdesk refused \"look up the contact\" (400, requester_id)"
    );
    let Err(StepError::NeedsAttention(text)) = client("https://acme.freshdesk.com", "Acme") else {
        panic!()
    };
    assert!(text.contains("it is a number"), "{text}");
}

#[tokio::test]
async fn endless_list_is_an_error() {
    let server = MockServer::builder().start().await;
    let answer = ResponseTemplate::new(200).set_body_json(json!([{"body_text": "x"}]));
    Mock::given(method("GET"))
        .respond_with(answer.insert_header("Link", "<https://x?page=2>; rel=\"next\""))
        .mount(&server)
        .await;
    let error = psa(&server).has_note(&ticket(), "r1/opened").await.unwrap_err();
    assert_eq!(error.name(), "Permanent");
    assert_eq!(sent(&server, "GET").await.len(), 100);
}
