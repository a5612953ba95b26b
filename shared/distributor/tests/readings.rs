//! Tests of both interpretations of an order's quantity, as a total and as an increase, which Ingram Micro and TD
//! SYNNEX do not document. In both cases nothing is bought twice, and a wrong number is noticed.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a helper that fails is a test that fails"
)]

use distributor::td_synnex::Keys;
use distributor::{Distributor, IngramMicro, Subscription, TdSynnex};
use domain::step_error::StepError;
use secrecy::ExposeSecret;
use serde_json::json;
use simulators::testing::Simulated;
use simulators::world::OrderQuantity;

const MARKER: &str = "r0197a3c0d7e57aa0b2c3d4e5f6a7b8c9/SPB";

async fn ingram_micro() -> (Simulated, Distributor, Subscription) {
    let sim = Simulated::new().await;
    let keys = sim.keys("ingram_micro");
    let company = keys["company"].as_str().unwrap().to_owned();
    let credentials: distributor::ingram_micro::Credentials =
        serde_json::from_value(keys["credentials"].clone()).unwrap();
    let base = credentials.address.parse().unwrap();
    let client = IngramMicro::new(outbound::http_client(), base, credentials, company);
    let distributor = Distributor::IngramMicro(client);
    let found = distributor.find_subscription("SPB").await.unwrap().unwrap();
    (sim, distributor, found)
}

async fn td_synnex() -> (Simulated, Distributor, Subscription) {
    let sim = Simulated::new().await;
    let keys = sim.keys("td_synnex");
    let company = keys["company"].as_str().unwrap().to_owned();
    let base: url::Url = format!("{}/td_synnex", sim.base).parse().unwrap();
    let by_hand: Keys = serde_json::from_value(keys["credentials"].clone()).unwrap();
    let keys = by_hand.renewed(&outbound::http_client(), &base).await.unwrap();
    let token = keys.access_token(chrono::Utc::now()).unwrap().clone();
    let client = TdSynnex::new(outbound::http_client(), base, &keys.account_id, token, company);
    let distributor = Distributor::TdSynnex(client);
    let found = distributor.find_subscription("SPB").await.unwrap().unwrap();
    (sim, distributor, found)
}

/// The number of seats after the order is done.
async fn settled(distributor: &Distributor, id: &str, order: Option<&str>) -> u32 {
    for _ in 0..10 {
        let state = distributor.state(id, order).await.unwrap();
        assert!(!state.failed);
        if state.settled {
            return state.quantity;
        }
    }
    0
}

#[tokio::test]
async fn estimate_of_too_many_seats_stops_the_order() {
    let (sim, distributor, found) = ingram_micro().await;
    sim.world(|world| world.vendors.ingram_micro.order_quantity = OrderQuantity::Delta);
    let Err(StepError::NeedsAttention(text)) = distributor.order(&found, 8, MARKER).await else {
        panic!()
    };
    for said in [
        "Ingram Micro",
        "8 seats",
        "order of 8 in all",
        "1 is wanted",
        "nothing was ordered",
    ] {
        assert!(text.contains(said), "{said}: {text}");
    }
    assert_eq!((sim.effect("orders_created"), sim.effect("seats_bought")), (0, 0));
}

/// Without a warning before the order, the resulting number of seats shows the mistake.
async fn too_many_are_seen(sim: &Simulated, distributor: &Distributor, found: &Subscription) {
    let order = distributor.order(found, 8, MARKER).await.unwrap();
    assert_eq!(
        settled(distributor, &found.id, order.as_deref()).await,
        15,
        "seven and eight"
    );
    for _ in 0..3 {
        assert_eq!(distributor.order(found, 8, MARKER).await.unwrap(), order);
        assert_eq!(distributor.find_order(MARKER).await.unwrap(), order);
    }
    assert_eq!((sim.effect("orders_created"), sim.effect("seats_bought")), (1, 8));
    assert_eq!(
        settled(distributor, &found.id, None).await,
        15,
        "also for who lost the answer"
    );
}

#[tokio::test]
async fn too_many_seats_at_ingram_micro_are_noticed() {
    let (sim, distributor, found) = ingram_micro().await;
    sim.world(|world| {
        world.vendors.ingram_micro.order_quantity = OrderQuantity::Delta;
        world.vendors.ingram_micro.estimates_list = false;
    });
    too_many_are_seen(&sim, &distributor, &found).await;
}

#[tokio::test]
async fn too_many_seats_at_td_synnex_are_noticed() {
    let (sim, distributor, found) = td_synnex().await;
    sim.world(|world| world.vendors.td_synnex.order_quantity = OrderQuantity::Delta);
    too_many_are_seen(&sim, &distributor, &found).await;
}

#[tokio::test]
async fn estimate_without_numbers_does_not_stop_the_order() {
    let (sim, distributor, found) = ingram_micro().await;
    sim.world(|world| world.vendors.ingram_micro.estimates_list = false);
    let order = distributor.order(&found, 8, MARKER).await.unwrap();
    assert_eq!(settled(&distributor, &found.id, order.as_deref()).await, 8);
    assert_eq!(sim.effect("seats_bought"), 1);
}

/// With another order in progress, perhaps a person's, the resulting quantity is not known yet.
async fn others_are_waited_for(sim: &Simulated, distributor: &Distributor, found: &Subscription) {
    let theirs = distributor.order(found, 8, "PO 4711").await.unwrap();
    let Err(StepError::Transient(_)) = distributor.order(found, 8, MARKER).await else {
        panic!()
    };
    assert_eq!(distributor.find_order(MARKER).await, Ok(None), "theirs is not ours");
    assert_eq!(settled(distributor, &found.id, theirs.as_deref()).await, 8);
    let ours = distributor.order(found, 9, MARKER).await.unwrap();
    assert_eq!(settled(distributor, &found.id, ours.as_deref()).await, 9);
    assert_eq!(sim.effect("seats_bought"), 2);
}

#[tokio::test]
async fn other_orders_at_ingram_micro_are_awaited() {
    let (sim, distributor, found) = ingram_micro().await;
    others_are_waited_for(&sim, &distributor, &found).await;
}

#[tokio::test]
async fn orders_of_other_subscriptions_do_not_matter() {
    for (sim, distributor, found) in [ingram_micro().await, td_synnex().await] {
        let other = distributor
            .find_subscription("O365_BUSINESS_PREMIUM")
            .await
            .unwrap()
            .unwrap();
        distributor.order(&other, other.quantity + 1, "PO 1").await.unwrap();
        let ours = distributor.order(&found, 8, MARKER).await.unwrap();
        assert_eq!(sim.effect("orders_created"), 2);
        assert_eq!(settled(&distributor, &found.id, ours.as_deref()).await, 8);
    }
}

#[tokio::test]
async fn other_orders_at_td_synnex_are_awaited() {
    let (sim, distributor, found) = td_synnex().await;
    others_are_waited_for(&sim, &distributor, &found).await;
}

#[tokio::test]
async fn incomplete_list_of_orders_is_left_to_a_person() {
    let (sim, distributor, found) = td_synnex().await;
    let order = distributor.order(&found, 8, MARKER).await.unwrap();
    assert_eq!(settled(&distributor, &found.id, order.as_deref()).await, 8);
    sim.world(|world| {
        let td_synnex = &mut world.vendors.td_synnex;
        for number in 0..1000 {
            td_synnex.orders.push(simulators::vendors::td_synnex::orders::Order {
                id: format!("{number}"),
                customer_id: td_synnex.customer_id.clone(),
                reference: String::new(),
                item: json!({}),
                reads: 0,
                status: "COMPLETED",
            });
        }
    });
    assert_eq!(
        distributor.find_order(MARKER).await.unwrap(),
        order,
        "ours is among those listed"
    );
    let Err(StepError::NeedsAttention(text)) = distributor.order(&found, 9, "another").await else {
        panic!()
    };
    assert!(text.contains("does not list all"), "{text}");
    assert_eq!(sim.effect("orders_created"), 1);
}

#[tokio::test]
async fn a_refresh_token_is_used_once() {
    let sim = Simulated::new().await;
    let base: url::Url = format!("{}/td_synnex", sim.base).parse().unwrap();
    let read = |keys: serde_json::Value| serde_json::from_value::<Keys>(keys).unwrap();
    let first = read(sim.keys("td_synnex")["credentials"].clone());
    let http = outbound::http_client();
    let second = first.renewed(&http, &base).await.unwrap();
    assert_ne!(
        first.refresh_token.expose_secret(),
        second.refresh_token.expose_secret()
    );
    // The stored keys can be renewed again.
    let kept = read(serde_json::from_str(second.secret().expose_secret()).unwrap());
    let third = kept.renewed(&http, &base).await.unwrap();
    assert_eq!(sim.state("td_synnex")["lost"], false);
    assert_eq!(sim.state("td_synnex")["renewals"], 2);

    let Err(StepError::NeedsAttention(text)) = first.renewed(&http, &base).await else {
        panic!()
    };
    assert!(text.contains("set a new refresh token"), "{text}");
    assert_eq!(sim.state("td_synnex")["lost"], true);
    let lost = third.renewed(&http, &base).await.unwrap_err();
    assert!(matches!(lost, StepError::NeedsAttention(_)), "{lost}");
}

#[tokio::test]
async fn failures_of_a_renewal_are_errors() {
    for (rule, name) in [
        (json!({"kind": "400"}), "NeedsAttention"),
        (json!({"kind": "status", "status": 401}), "NeedsAttention"),
        (json!({"kind": "503"}), "Transient"),
        (json!({"kind": "429", "retry_after": 60}), "Transient"),
        (json!({"kind": "lose_response"}), "Transient"),
        (json!({"kind": "garbage"}), "Transient"),
    ] {
        let sim = Simulated::new().await;
        let base = format!("{}/td_synnex", sim.base).parse().unwrap();
        let keys: Keys = serde_json::from_value(sim.keys("td_synnex")["credentials"].clone()).unwrap();
        let mut rule = rule;
        rule["system"] = json!("td_synnex");
        rule["operation"] = json!("POST /oauth/token");
        sim.fault(rule.clone());
        let error = keys.renewed(&outbound::http_client(), &base).await.unwrap_err();
        assert_eq!(error.name(), name, "{rule}: {error}");
        assert!(!error.to_string().contains(keys.refresh_token.expose_secret()));
        assert_eq!(sim.fired(), 1);
    }
}
