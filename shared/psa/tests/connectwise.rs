//! Tests of the client against a mocked ConnectWise.

#![expect(clippy::unwrap_used, reason = "a helper that fails is a test that fails")]

use domain::request::TicketRef;
use domain::step_error::StepError;
use psa::connectwise::Credentials;
use psa::{ConnectWise, NewTicket, Note, NoteText, Psa};
use serde_json::{Value, json};
use wiremock::matchers::{method, path, query_param};
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

const BASE: &str = "/cw/v4_6_release/apis/3.0";
const ODD: &str = "Seán O'Brien \"X\" & <Y> 🙂";

fn psa(server: &MockServer, company: &str) -> Psa {
    let credentials = serde_json::from_value::<Credentials>(json!({
        "site": "api-na.myconnectwise.net", "company_id": "msp", "public_key": "pub", "private_key": "priv",
        "client_id": "cid"
    }))
    .unwrap();
    let origin = format!("{}/cw", server.uri()).parse().unwrap();
    let client = ConnectWise::new(outbound::http_client(), origin, credentials, company.to_owned()).unwrap();
    Psa::ConnectWise(client).listing_names()
}

/// A server that checks requests against the contract file.
async fn mock_server() -> MockServer {
    let server = MockServer::builder().start().await;
    contract::watch(&server, "connectwise", BASE).await.unwrap();
    server
}

async fn answer(server: &MockServer, verb: &str, at: &str, status: u16, body: Value) {
    Mock::given(method(verb))
        .and(path(format!("{BASE}{at}")))
        .respond_with(ResponseTemplate::new(status).set_body_json(body))
        .mount(server)
        .await;
}

async fn requests(server: &MockServer, verb: &str) -> Vec<Request> {
    let all = server.received_requests().await.unwrap();
    all.into_iter()
        .filter(|request| request.method.as_str() == verb)
        .collect()
}

async fn with_names(server: &MockServer) {
    answer(
        server,
        "GET",
        "/service/boards",
        200,
        json!([{"id": 1, "name": "Help Desk"}, {"id": 2, "name": "Onb"}]),
    )
    .await;
    let statuses = json!([{"id": 16, "name": "New"}, {"id": 17, "name": "Waiting Input"}]);
    answer(server, "GET", "/service/boards/2/statuses", 200, statuses).await;
    answer(
        server,
        "GET",
        "/service/priorities",
        200,
        json!([{"id": 4, "name": "Priority 3 - Normal", "color": "Yellow"}]),
    )
    .await;
    let types = json!([
        {"id": 30, "name": "Old", "defaultFlag": true, "inactiveFlag": true}, {"id": 31, "name": "Leaver"},
        {"id": 32, "name": "New User", "defaultFlag": true},
    ]);
    answer(server, "GET", "/service/boards/2/types", 200, types).await;
}

/// Two contacts who share an address with a contact of another company, and one with a site of their own.
async fn with_company(server: &MockServer) {
    let contact = |id: u64, company: u64, email: &str, inactive: bool, site: u64| {
        let items =
            json!([{"value": "0123", "communicationType": "Phone"}, {"value": email, "communicationType": "Email"}]);
        json!({
            "id": id, "company": {"id": company, "identifier": "x"}, "inactiveFlag": inactive,
            "site": {"id": site, "name": "S"}, "communicationItems": items,
        })
    };
    let contacts = json!([
        contact(60, 20, "boss@contoso.com", false, 9),
        contact(61, 19, "boss@contoso.com", true, 9),
        contact(62, 19, "other@contoso.com", false, 9),
        contact(63, 19, "Boss@Contoso.com", false, 71),
    ]);
    answer(server, "GET", "/company/contacts", 200, contacts).await;
    let companies = json!([{"id": 19, "identifier": "AcmeLtd", "name": "Acme"}]);
    answer(server, "GET", "/company/companies", 200, companies).await;
    let sites = json!([
        {"id": 70, "name": "Old", "primaryAddressFlag": true, "inactiveFlag": true},
        {"id": 71, "name": "Branch"}, {"id": 72, "name": "Main", "primaryAddressFlag": true},
    ]);
    answer(server, "GET", "/company/companies/19/sites", 200, sites).await;
}

fn ticket() -> TicketRef {
    TicketRef {
        system: "connectwise".into(),
        id: "501".into(),
    }
}

fn new_ticket() -> NewTicket {
    NewTicket {
        marker: "r1".into(),
        mark: "5eed".into(),
        summary: format!("New user: {ODD}{}", "🙂".repeat(300)),
        description: ODD.into(),
        location: Some("onb".into()),
        status: Some("new".into()),
        priority: Some("4".into()),
        work_role: Some("Technician".into()),
        tech_id: Some("jdoe".into()),
        contact_email: Some("boss@contoso.com".into()),
    }
}

fn note(text: NoteText) -> Note {
    Note {
        marker: "r1/ticket/opened".into(),
        text,
        internal: true,
        minutes: None,
    }
}

#[tokio::test]
async fn ticket_is_opened_with_all_fields() {
    let server = mock_server().await;
    with_names(&server).await;
    with_company(&server).await;
    answer(
        &server,
        "POST",
        "/service/tickets",
        201,
        json!({"id": 501, "summary": "x"}),
    )
    .await;
    assert_eq!(psa(&server, "19").create_ticket(&new_ticket()).await.unwrap(), ticket());
    let request = requests(&server, "POST").await.remove(0);
    let mut body: Value = request.body_json().unwrap();
    let summary = body["summary"].take();
    assert_eq!(summary.as_str().unwrap().encode_utf16().count(), 100, "as much as fits");
    assert_eq!(
        body,
        json!({
            "summary": null, "company": {"id": 19}, "board": {"id": 2}, "status": {"id": 16}, "priority": {"id": 4},
            "workRole": {"name": "Technician"}, "owner": {"identifier": "jdoe"}, "externalXRef": "r1",
            "initialDescription": ODD.replace('<', "<\u{200b}"), "type": {"id": 32}, "contact": {"id": 63}, "site": {"id": 71},
        })
    );
    assert_eq!(request.headers["authorization"], "Basic bXNwK3B1Yjpwcml2");
    assert_eq!(request.headers["clientid"], "cid");
    assert_eq!(
        request.headers["accept"],
        "application/vnd.connectwise.com+json; version=2025.16"
    );
}

#[tokio::test]
async fn requester_may_be_unknown_to_the_company() {
    let server = mock_server().await;
    with_names(&server).await;
    with_company(&server).await;
    answer(&server, "POST", "/service/tickets", 201, json!({"id": 501})).await;
    let emails = [
        "ann@msp.example".to_owned(),
        "a\"b@contoso.com".to_owned(),
        "x".repeat(300),
    ];
    for email in emails {
        let ticket = NewTicket {
            contact_email: Some(email.clone()),
            ..new_ticket()
        };
        psa(&server, "AcmeLtd").create_ticket(&ticket).await.unwrap();
        let body: Value = requests(&server, "POST").await.pop().unwrap().body_json().unwrap();
        assert_eq!(body["site"], json!({"id": 72}), "the main one");
        assert_eq!(body["contact"], Value::Null);
        let kept = if email.len() > 250 { Value::Null } else { json!(email) };
        assert_eq!(body["contactEmailAddress"], kept);
    }
    let asked = requests(&server, "GET").await;
    let of_contacts = asked.iter().filter(|request| request.url.path().ends_with("/contacts"));
    let conditions = |request: &Request| -> Vec<String> {
        let pairs = request.url.query_pairs();
        pairs
            .filter(|(name, _)| name.to_lowercase().contains("conditions"))
            .map(|(_, value)| value.into_owned())
            .collect()
    };
    let first = of_contacts.map(conditions).next().unwrap();
    assert_eq!(
        first,
        [
            "company/identifier=\"AcmeLtd\"",
            "communicationItems/value=\"ann@msp.example\""
        ]
    );
}

#[tokio::test]
async fn ticket_needs_a_board() {
    let server = mock_server().await;
    with_names(&server).await;
    let nowhere = NewTicket {
        location: None,
        ..new_ticket()
    };
    let Err(StepError::NeedsAttention(text)) = psa(&server, "AcmeLtd").create_ticket(&nowhere).await else {
        panic!()
    };
    assert!(
        text.contains("default_ticket_location") && text.ends_with("Help Desk, Onb"),
        "{text}"
    );
    assert!(requests(&server, "POST").await.is_empty());
}

#[tokio::test]
async fn own_ticket_is_found_by_its_mark() {
    let server = mock_server().await;
    Mock::given(path(format!("{BASE}/service/tickets")))
        .and(query_param("conditions", "externalXRef=\"r1\""))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!([
            {"id": 7, "summary": "x", "externalXRef": "r10"}, {"id": 501, "summary": "x", "externalXRef": "r1"}
        ])))
        .mount(&server)
        .await;
    assert_eq!(
        psa(&server, "19").find_ticket(Some("9"), "r1", "5eed").await.unwrap(),
        Some(ticket())
    );
    assert!(
        psa(&server, "19")
            .find_ticket(None, "r1\" or id=1", "5eed")
            .await
            .is_err()
    );
}

#[tokio::test]
async fn given_ticket_must_belong_to_the_company() {
    let server = mock_server().await;
    answer(&server, "GET", "/service/tickets", 200, json!([])).await;
    let body = json!({"id": 501, "company": {"id": 19, "identifier": "AcmeLtd", "name": "Acme"}});
    answer(&server, "GET", "/service/tickets/501", 200, body).await;
    let find = async |company: &str, given: &str| {
        psa(&server, company)
            .find_ticket(Some(given), "r1", "5eed")
            .await
            .unwrap()
    };
    assert_eq!(find("19", " #501 ").await, Some(ticket()));
    assert_eq!(find("acmeltd", "501").await, Some(ticket()));
    assert_eq!(find("20", "501").await, None);
    assert_eq!(find("Acme", "501").await, None);
    assert_eq!(find("19", "502").await, None, "404");
    assert_eq!(find("19", "../boards").await, None);
}

/// Nothing in a ticket says for certain who opened it.
#[tokio::test]
async fn no_ticket_is_adopted_by_its_summary() {
    let server = mock_server().await;
    let open = json!([{"id": 501, "summary": "New user", "externalXRef": ""}]);
    answer(&server, "GET", "/service/tickets", 200, open).await;
    assert_eq!(psa(&server, "19").find_matching("New user").await, Ok(None));
    assert!(requests(&server, "GET").await.is_empty());
}

#[tokio::test]
async fn notes_are_found_on_any_page() {
    let server = mock_server().await;
    let full: Vec<Value> = (0..100)
        .map(|id| json!({"id": id, "text": "[gangway r1/ticket/opened2]", "internalAnalysisFlag": true}))
        .collect();
    let page = |number: &str, notes: Value, link: &str| {
        let answer = ResponseTemplate::new(200)
            .set_body_json(notes)
            .insert_header("Link", link);
        Mock::given(path(format!("{BASE}/service/tickets/501/notes")))
            .and(query_param("page", number))
            .respond_with(answer)
    };
    page("1", json!(full), "").mount(&server).await;
    page(
        "2",
        json!([{"id": 1, "text": null}]),
        "<https://x/notes?page=3>; rel=\"next\"",
    )
    .mount(&server)
    .await;
    page(
        "3",
        json!([{"id": 2, "text": "Opened.\n\n[gangway r1/ticket/opened]", "internalAnalysisFlag": true}]),
        "",
    )
    .mount(&server)
    .await;
    let psa = psa(&server, "19");
    assert!(psa.has_note(&ticket(), "r1/ticket/opened").await.unwrap());
    assert!(!psa.has_note(&ticket(), "r1/ticket").await.unwrap());
    assert_eq!(requests(&server, "GET").await.len(), 6);
}

#[tokio::test]
async fn notes_end_with_their_mark() {
    let server = mock_server().await;
    answer(&server, "POST", "/service/tickets/501/notes", 201, json!({"id": 1})).await;
    let psa = psa(&server, "19");
    assert!(psa.carries_secrets() && psa.can_be_asked());
    psa.add_note(&ticket(), &note(NoteText::Plain(ODD.into())))
        .await
        .unwrap();
    let public = Note {
        internal: false,
        ..note(NoteText::Secret("pass\"word".into()))
    };
    psa.add_note(&ticket(), &public).await.unwrap();
    let bodies: Vec<Value> = requests(&server, "POST")
        .await
        .iter()
        .map(|request| request.body_json().unwrap())
        .collect();
    let text = ODD.replace('<', "<\u{200b}");
    let text = format!("{text}\n\n[gangway r1/ticket/opened]");
    assert_eq!(bodies[0], json!({"text": text, "internalAnalysisFlag": true}));
    assert_eq!(
        bodies[1],
        json!({"text": "pass\"word\n\n[gangway r1/ticket/opened]", "detailDescriptionFlag": true})
    );
}

#[tokio::test]
async fn status_belongs_to_the_board_and_is_set_once() {
    let server = mock_server().await;
    with_names(&server).await;
    let body = json!({"id": 501, "board": {"id": 2, "name": "Onb"}, "status": {"id": 16, "name": "New"}});
    answer(&server, "GET", "/service/tickets/501", 200, body).await;
    answer(&server, "PATCH", "/service/tickets/501", 200, json!({"id": 501})).await;
    let psa = psa(&server, "19");
    psa.set_status(&ticket(), "NEW").await.unwrap();
    psa.set_status(&ticket(), "waiting input").await.unwrap();
    assert!(matches!(
        psa.set_status(&ticket(), "Done").await,
        Err(StepError::NeedsAttention(_))
    ));
    let patches = requests(&server, "PATCH").await;
    let bodies: Vec<Value> = patches.iter().map(|request| request.body_json().unwrap()).collect();
    assert_eq!(bodies, [json!([{"op": "replace", "path": "status/id", "value": 17}])]);
}

#[tokio::test]
async fn errors_quote_no_personal_data() {
    for (status, name) in [
        (400, "Permanent"),
        (401, "NeedsAttention"),
        (403, "NeedsAttention"),
        (429, "Transient"),
        (500, "Transient"),
    ] {
        let server = mock_server().await;
        let body = json!({"code": "InvalidObject", "message": "Ann Lee",
            "errors": [{"code": "MaxLength", "message": "Ann Lee", "resource": "ticket", "field": "summary"}]});
        Mock::given(wiremock::matchers::any())
            .respond_with(ResponseTemplate::new(status).set_body_json(body))
            .mount(&server)
            .await;
        let psa = psa(&server, "19");
        for error in [
            psa.find_ticket(None, "r1", "5eed").await.unwrap_err(),
            psa.create_ticket(&new_ticket()).await.unwrap_err(),
            psa.has_note(&ticket(), "r1").await.unwrap_err(),
            psa.add_note(&ticket(), &note(NoteText::Secret("pa55word".into())))
                .await
                .unwrap_err(),
            psa.set_status(&ticket(), "New").await.unwrap_err(),
        ] {
            let text = error.to_string();
            assert_eq!(error.name(), name, "{text}");
            assert!(
                text.contains("ConnectWise") && !text.contains("Ann") && !text.contains("pa55"),
                "{text}"
            );
            assert_eq!(text.contains("summary"), !matches!(status, 429 | 500), "{text}");
        }
    }
}
