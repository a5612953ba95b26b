//! Tests of the client against a mocked Pax8.

#![expect(clippy::unwrap_used, reason = "a helper that fails is a test that fails")]

use distributor::{Distributor, Pax8, Subscription, SubscriptionState};
use domain::step_error::StepError;
use serde_json::{Value, json};
use wiremock::matchers::{body_json, method, path, query_param};
use wiremock::{Mock, MockServer, ResponseTemplate};

const COMPANY: &str = "f7fc273a-8d86-45c9-a26f-ffd42416adda";

/// A server that lives as long as the process, so that no other test reuses its address and token.
async fn pax8() -> (&'static MockServer, Distributor) {
    let server: &MockServer = Box::leak(Box::new(MockServer::builder().start().await));
    contract::watch(server, "pax8", "/v1").await.unwrap();
    Mock::given(method("POST"))
        .and(path("/v1/token"))
        .and(body_json(
            json!({"client_id": "id", "client_secret": "s3cret", "audience": "https://api.pax8.com",
            "grant_type": "client_credentials"}),
        ))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!({"access_token": "t", "expires_in": 86400})))
        .mount(server)
        .await;
    let base = format!("{}/v1", server.uri()).parse().unwrap();
    let credentials = serde_json::from_value(json!({"client_id": "id", "client_secret": "s3cret"})).unwrap();
    (
        server,
        Distributor::Pax8(Pax8::new(
            outbound::http_client(),
            base,
            credentials,
            COMPANY.to_owned(),
        )),
    )
}

fn subscription(id: &str, product: &str) -> Value {
    json!({"id": id, "companyId": COMPANY, "productId": "p", "productName": product, "status": "Active",
        "quantity": 12.0, "billingTerm": "Monthly"})
}

async fn page(server: &MockServer, number: u32, of: u32, content: Value) {
    Mock::given(path("/v1/subscriptions"))
        .and(query_param("page", number.to_string()))
        .and(query_param("companyId", COMPANY))
        .and(query_param("status", "Active"))
        .respond_with(ResponseTemplate::new(200).set_body_json(
            json!({"content": content, "page": {"size": 200, "totalElements": 3, "totalPages": of, "number": number}}),
        ))
        .mount(server)
        .await;
}

#[tokio::test]
async fn subscription_is_found_on_the_third_page() {
    let (server, pax8) = pax8().await;
    page(server, 0, 3, json!([subscription("a", "Office 365 E3")])).await;
    page(
        server,
        1,
        3,
        json!([subscription("b", "Microsoft 365 Business Premium (no Teams)")]),
    )
    .await;
    page(
        server,
        2,
        3,
        json!([subscription(
            "c",
            "Microsoft 365 Business Premium [New Commerce Experience]"
        )]),
    )
    .await;
    let found = pax8.find_subscription("SPB").await.unwrap();
    assert_eq!(
        found,
        Some(Subscription {
            id: "c".into(),
            quantity: 12
        })
    );
    assert_eq!(pax8.find_subscription("SPE_E5").await.unwrap(), None);
}

#[tokio::test]
async fn subscription_of_another_company_is_ignored() {
    let (server, pax8) = pax8().await;
    let mut other = subscription("a", "Microsoft 365 Business Premium");
    other["companyId"] = "00000000-0000-0000-0000-000000000000".into();
    let mut cancelled = subscription("b", "Microsoft 365 Business Premium");
    cancelled["status"] = "Cancelled".into();
    page(server, 0, 1, json!([other, cancelled])).await;
    assert_eq!(pax8.find_subscription("SPB").await.unwrap(), None);
}

#[tokio::test]
async fn ambiguous_subscription_is_left_to_a_person() {
    let (server, pax8) = pax8().await;
    let Err(StepError::NeedsAttention(text)) = pax8.find_subscription("EXOTIC_SKU").await else {
        panic!()
    };
    assert!(text.contains("EXOTIC_SKU"), "{text}");
    let same = "Microsoft 365 Business Premium";
    page(server, 0, 1, json!([subscription("a", same), subscription("b", same)])).await;
    let Err(StepError::NeedsAttention(text)) = pax8.find_subscription("SPB").await else {
        panic!()
    };
    assert!(text.contains("2 running"), "{text}");
}

#[tokio::test]
async fn seats_are_ordered_as_a_total() {
    let (server, pax8) = pax8().await;
    Mock::given(method("PUT"))
        .and(path("/v1/subscriptions/c"))
        .and(body_json(json!({"quantity": 13})))
        .respond_with(ResponseTemplate::new(200).set_body_json(subscription("c", "x")))
        .mount(server)
        .await;
    pax8.order(
        &Subscription {
            id: "c".into(),
            quantity: 12,
        },
        13,
        "",
    )
    .await
    .unwrap();
}

#[tokio::test]
async fn an_order_settles_or_fails() {
    let (server, pax8) = pax8().await;
    for (status, settled, failed) in [
        ("Active", true, false),
        ("PendingAutomated", false, false),
        ("PendingManual", false, false),
        ("Cancelled", false, true),
        ("PendingCancel", false, true),
    ] {
        let body = json!({"id": status, "status": status, "quantity": 13});
        Mock::given(path(format!("/v1/subscriptions/{status}")))
            .respond_with(ResponseTemplate::new(200).set_body_json(body))
            .mount(server)
            .await;
        let expected = SubscriptionState {
            quantity: 13,
            settled,
            failed,
        };
        assert_eq!(pax8.state(status, None).await.unwrap(), expected, "{status}");
    }
}

#[tokio::test]
async fn errors_quote_no_personal_data() {
    for (status, name) in [
        (400, "Permanent"),
        (401, "NeedsAttention"),
        (403, "NeedsAttention"),
        (404, "Permanent"),
        (429, "Transient"),
        (500, "Transient"),
    ] {
        let (server, pax8) = pax8().await;
        Mock::given(wiremock::matchers::path_regex("^/v1/subscriptions"))
            .respond_with(ResponseTemplate::new(status).set_body_json(json!({"message": "Ann Lee", "status": status})))
            .mount(server)
            .await;
        let seats = Subscription {
            id: "c".into(),
            quantity: 1,
        };
        for error in [
            pax8.find_subscription("SPB").await.unwrap_err(),
            pax8.order(&seats, 2, "").await.unwrap_err(),
            pax8.state("c", None).await.unwrap_err(),
        ] {
            assert_eq!(error.name(), name, "{error}");
            assert!(
                error.to_string().contains("Pax8") && !error.to_string().contains("Ann"),
                "{error}"
            );
        }
    }
    let (server, pax8) = pax8().await;
    Mock::given(method("PUT"))
        .respond_with(ResponseTemplate::new(409))
        .mount(server)
        .await;
    let seats = Subscription {
        id: "c".into(),
        quantity: 1,
    };
    assert!(pax8.order(&seats, 2, "").await.unwrap_err().is_transient());
}
