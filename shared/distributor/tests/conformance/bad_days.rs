//! Tests of failures: which are retried, which a person must fix, and that none is mistaken for a result.

use std::time::{Duration, Instant};

use domain::step_error::StepError;
use serde_json::json;
use tokio::task::JoinSet;

use crate::fixture::{ALL, LONG, Vendor, Work};

const STATUSES: [u16; 10] = [400, 401, 403, 404, 409, 422, 429, 500, 502, 503];

fn class(vendor: &Vendor, operation: &str, status: u16) -> &'static str {
    let is = |operations: &[&str]| operations.contains(&operation);
    match status {
        401 | 403 => "NeedsAttention",
        400 if is(vendor.sign_in) => "NeedsAttention",
        404 if is(vendor.company) => "NeedsAttention",
        409 if is(vendor.order) => "Transient",
        429 | 500.. => "Transient",
        _ => "Permanent",
    }
}

/// Returns every status at every call of every operation.
pub(crate) async fn refusals_are_faults_of_their_class(vendor: &'static Vendor) {
    for work in ALL {
        for (skip, operation) in work.calls(vendor).await.iter().enumerate() {
            for status in STATUSES {
                let case = format!("{work:?}, call {skip} ({operation}), {status}");
                let begun = work.begin(vendor, LONG).await;
                let ordered = begun.fixture.orders();
                begun.fixture.fault(
                    json!({"kind": "status", "status": status, "skip": skip, "times": 100, "message": "Ann Lee"}),
                );
                let error = match work.on(&begun).await {
                    Ok(_) if status == 404 && vendor.may_be_gone.contains(&operation.as_str()) => continue,
                    Ok(there) => panic!("{case}: {there}"),
                    Err(error) => error,
                };
                assert_eq!(error.name(), class(vendor, operation, status), "{case}: {error}");
                let text = error.to_string();
                let system = begun.fixture.distributor.name();
                assert!(text.contains(system) && !text.contains("Ann"), "{case}: {text}");
                assert_eq!(begun.fixture.orders(), ordered, "{case}");
            }
        }
    }
}

/// After a 429 with a time, the call is repeated then, at every call of every operation. A long wait is left to the
/// state machine.
pub(crate) async fn a_wait_is_honoured(vendor: &'static Vendor) {
    for work in ALL {
        let calls = work.calls(vendor).await;
        for (skip, operation) in calls.iter().enumerate() {
            let begun = work.begin(vendor, LONG).await;
            begun
                .fixture
                .fault(json!({"kind": "429", "retry_after": 0, "skip": skip}));
            let done = work.on(&begun).await;
            assert!(
                done.is_ok() && begun.fixture.sim.fired() == 1,
                "{work:?}, {operation}: {done:?}"
            );
        }
        if calls.is_empty() {
            continue;
        }
        let begun = work.begin(vendor, LONG).await;
        begun.fixture.fault(json!({"kind": "429", "retry_after": 60}));
        let from = Instant::now();
        assert!(
            matches!(work.on(&begun).await, Err(StepError::Transient(_))),
            "{work:?}"
        );
        assert!(from.elapsed() < Duration::from_secs(5));
    }
    let begun = Work::Order.begin(vendor, LONG).await;
    let last = Work::Order.calls(vendor).await.len() - 1;
    begun
        .fixture
        .fault(json!({"kind": "429", "retry_after": 1, "skip": last}));
    let from = Instant::now();
    assert!(Work::Order.on(&begun).await.is_ok());
    assert!(from.elapsed() >= Duration::from_secs(1));
}

pub(crate) async fn silence_is_transient(vendor: &'static Vendor) {
    let mut waiting = JoinSet::new();
    for work in ALL {
        for skip in 0..work.calls(vendor).await.len() {
            waiting.spawn(async move {
                let begun = work.begin(vendor, Duration::from_secs(2)).await;
                begun
                    .fixture
                    .fault(json!({"kind": "delay", "ms": 60_000, "skip": skip, "times": 100}));
                let error = work.on(&begun).await.unwrap_err();
                let text = error.to_string();
                assert!(
                    error.is_transient() && text.contains("in time"),
                    "{work:?}, call {skip}: {text}"
                );
            });
        }
    }
    waiting.join_all().await;
}

/// Returns half a response, a gateway's page, and foreign JSON. A look-up must never read these as "not found", or a
/// seat would be bought twice. After an order that was placed, the response may not matter. An unknown response must
/// never count as done.
pub(crate) async fn garbage_is_no_answer(vendor: &'static Vendor) {
    for work in ALL {
        for (skip, operation) in work.calls(vendor).await.iter().enumerate() {
            for garbage in ["half", "html", "wrong"] {
                let begun = work.begin(vendor, LONG).await;
                begun
                    .fixture
                    .fault(json!({"kind": "garbage", "garbage": garbage, "skip": skip, "times": 100}));
                let case = format!("{work:?}, call {skip} ({operation}), {garbage}");
                match work.on(&begun).await {
                    Err(error) => assert!(error.is_transient(), "{case}: {error}"),
                    Ok(true) => {
                        assert_eq!((work, begun.fixture.orders()), (Work::Order, 1), "{case}");
                    }
                    Ok(false) => assert_eq!(work, Work::StateOfOrder, "{case}"),
                }
            }
        }
    }
}
