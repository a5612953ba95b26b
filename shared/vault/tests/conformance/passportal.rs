//! Tests of what Passportal does not publish.

use std::time::Duration;

use domain::step_error::StepError;
use serde_json::json;

use crate::fixture::{Fixture, Work, client, entry};
use crate::places::PASSPORTAL;

#[tokio::test]
async fn missing_write_address_is_reported_and_nothing_sent() {
    let fixture = Fixture::new(&PASSPORTAL).await;
    let mut keys = fixture.sim.keys("passportal");
    keys["credentials"].as_object_mut().unwrap().remove("write_address");
    let any = (PASSPORTAL.build)(client(Duration::from_secs(20)), &keys);
    let error = any.write(&entry("r1", "x")).await.unwrap_err();
    assert_eq!(
        error,
        StepError::NeedsAttention(
            "Passportal publishes no address for writing passwords: set write_address in its credentials".to_owned()
        )
    );
    assert_eq!(fixture.sim.operations(), Vec::<String>::new());
    let findings = any.check().await;
    let wrong: Vec<_> = findings.iter().filter(|finding| finding.result.is_err()).collect();
    assert_eq!((wrong.len(), wrong[0].what.as_str()), (1, "write_address"));
}

#[tokio::test]
async fn unknown_client_gets_no_password() {
    let fixture = Fixture::new(&PASSPORTAL).await;
    fixture
        .sim
        .world(|world| world.vendors.passportal.documents.truncate(1));
    let error = fixture.on(Work::Write).await.unwrap_err();
    assert!(
        matches!(&error, StepError::NeedsAttention(text) if text.contains("client 61")),
        "{error}"
    );
    assert_eq!(fixture.written(), 0);
}

#[tokio::test]
async fn token_is_reused_and_replaced_after_expiry() {
    let fixture = Fixture::new(&PASSPORTAL).await;
    for number in 0..3 {
        fixture.any.write(&entry(&format!("r{number}"), "x")).await.unwrap();
    }
    let tokens = |fixture: &Fixture| {
        let operations = fixture.sim.operations();
        operations.iter().filter(|name| name.ends_with("/client_token")).count()
    };
    assert_eq!(tokens(&fixture), 1);
    fixture.sim.world(|world| world.vendors.passportal.tokens.clear());
    fixture.any.write(&entry("r4", "x")).await.unwrap();
    assert_eq!((tokens(&fixture), fixture.written()), (2, 4));
}

#[tokio::test]
async fn wrong_keys_are_reported() {
    let fixture = Fixture::new(&PASSPORTAL).await;
    let mut keys = fixture.sim.keys("passportal");
    keys["credentials"]["secret_key"] = json!("of somebody else");
    let any = (PASSPORTAL.build)(client(Duration::from_secs(20)), &keys);
    let error = any.write(&entry("r1", "x")).await.unwrap_err();
    assert!(
        matches!(&error, StepError::NeedsAttention(text) if text.contains("secret key") && !text.contains("somebody")),
        "{error}"
    );
}
