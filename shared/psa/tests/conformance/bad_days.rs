//! Tests of failures: which are retried, which a person must fix, and that none is mistaken for a result.

use std::time::{Duration, Instant};

use domain::step_error::StepError;
use serde_json::json;
use tokio::task::JoinSet;

use crate::fixture::{ALL, Vendor, Work};

const STATUSES: [u16; 10] = [400, 401, 403, 404, 409, 422, 429, 500, 502, 503];

fn class(status: u16) -> &'static str {
    match status {
        401 | 403 => "NeedsAttention",
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
                let (fixture, ticket) = work.fixture(vendor, Duration::from_secs(20)).await;
                fixture.fault(
                    json!({"kind": "status", "status": status, "skip": skip, "times": 100, "message": "Ann Lee"}),
                );
                let error = match work.on(&fixture, &ticket).await {
                    // A look-up may read this as a result: there is no such ticket.
                    Ok(false) if status == 404 && work == Work::FindGiven => continue,
                    Ok(there) => panic!("{case}: {there}"),
                    // A check may know what is missing and which variable names it.
                    Err(StepError::NeedsAttention(_)) if status == 404 && work == Work::Check => continue,
                    Err(error) => error,
                };
                let signs_in = vendor.sign_in.contains(&operation.as_str());
                let attention = signs_in && status == 400 && error.name() == "NeedsAttention";
                assert!(attention || error.name() == class(status), "{case}: {error:?}");
                assert!(!error.to_string().contains("Ann"), "{case}: {error}");
                let changed = fixture.sim.world(|world| world.effects.values().sum::<u32>());
                assert!(changed <= 1, "{case}");
            }
        }
    }
}

/// After a 429 with a time, the call is repeated then, at every call of every operation. A long wait is left to the
/// state machine.
pub(crate) async fn a_wait_is_honoured(vendor: &'static Vendor) {
    for work in ALL {
        let calls = work.calls(vendor).await;
        // The operation makes no call if the vendor cannot tell.
        if calls.is_empty() {
            continue;
        }
        for (skip, operation) in calls.iter().enumerate() {
            let (fixture, ticket) = work.fixture(vendor, Duration::from_secs(20)).await;
            fixture.fault(json!({"kind": "429", "retry_after": 0, "skip": skip}));
            let done = work.on(&fixture, &ticket).await;
            assert!(
                done.is_ok() && fixture.sim.fired() == 1,
                "{work:?}, {operation}: {done:?}"
            );
        }
        let (fixture, ticket) = work.fixture(vendor, Duration::from_secs(20)).await;
        fixture.fault(json!({"kind": "429", "retry_after": 60}));
        let begun = Instant::now();
        assert!(
            matches!(work.on(&fixture, &ticket).await, Err(StepError::Transient(_))),
            "{work:?}"
        );
        assert!(begun.elapsed() < Duration::from_secs(5));
    }
    let (fixture, ticket) = Work::AddNote.fixture(vendor, Duration::from_secs(20)).await;
    fixture.fault(json!({"kind": "429", "retry_after": 1}));
    let begun = Instant::now();
    assert!(Work::AddNote.on(&fixture, &ticket).await.is_ok());
    assert!(begun.elapsed() >= Duration::from_secs(1));
    assert_eq!(fixture.sim.effect("notes_created"), 1);
}

pub(crate) async fn silence_is_transient(vendor: &'static Vendor) {
    let mut waiting = JoinSet::new();
    for work in ALL {
        for skip in 0..work.calls(vendor).await.len() {
            waiting.spawn(async move {
                let (fixture, ticket) = work.fixture(vendor, Duration::from_millis(300)).await;
                fixture.fault(json!({"kind": "delay", "ms": 60_000, "skip": skip, "times": 100}));
                let error = work.on(&fixture, &ticket).await.unwrap_err();
                assert!(
                    error.is_transient() && error.to_string().contains("in time"),
                    "{work:?}, call {skip}: {error}"
                );
            });
        }
    }
    waiting.join_all().await;
}

/// Returns half a response, a gateway's page, and foreign JSON. A look-up must never read these as "not found", or work
/// would be done twice. After work that was done, the response may not matter.
pub(crate) async fn garbage_is_no_answer(vendor: &'static Vendor) {
    for work in ALL {
        for (skip, operation) in work.calls(vendor).await.iter().enumerate() {
            for garbage in ["half", "html", "wrong"] {
                let (fixture, ticket) = work.fixture(vendor, Duration::from_secs(20)).await;
                fixture.fault(json!({"kind": "garbage", "garbage": garbage, "skip": skip, "times": 100}));
                let case = format!("{work:?}, call {skip} ({operation}), {garbage}");
                match work.on(&fixture, &ticket).await {
                    Err(error) => assert!(error.is_transient(), "{case}: {error}"),
                    Ok(_) => {
                        let changed = fixture.sim.world(|world| world.effects.values().sum::<u32>());
                        assert_eq!(changed, 1, "{case}");
                    }
                }
            }
        }
    }
}
