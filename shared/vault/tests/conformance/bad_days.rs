//! Tests of failures: which are retried, which a person must fix, and that none is mistaken for a result.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::fixture::{ALL, Fixture, Place, Work};

const STATUSES: [u16; 10] = [400, 401, 403, 404, 409, 422, 429, 500, 502, 503];

/// Returns every status at every call of every operation.
pub(crate) async fn refusals_are_faults_of_their_class(place: &'static Place) {
    for work in ALL {
        for (skip, operation) in work.calls(place).await.iter().enumerate() {
            for status in STATUSES {
                let case = format!("{work:?}, call {skip} ({operation}), {status}");
                let fixture = Fixture::new(place).await;
                fixture.fault(json!({"kind": "status", "status": status, "skip": skip, "times": 100}));
                let error = match fixture.on(work).await {
                    // An older PWPush has no list, so it can't be asked.
                    Ok(()) if status == 404 && operation.ends_with("/active") => continue,
                    Ok(()) => panic!("{case}"),
                    Err(error) => error,
                };
                assert_eq!(error.name(), (place.class)(status, operation), "{case}: {error}");
                assert_eq!(fixture.written(), 0, "{case}");
            }
        }
    }
}

pub(crate) async fn a_wait_is_honoured(place: &'static Place) {
    for work in ALL {
        for (skip, operation) in work.calls(place).await.iter().enumerate() {
            let fixture = Fixture::new(place).await;
            fixture.fault(json!({"kind": "429", "retry_after": 0, "skip": skip}));
            let done = fixture.on(work).await;
            assert!(
                done.is_ok() && fixture.sim.fired() == 1,
                "{work:?}, {operation}: {done:?}"
            );
        }
    }
    let fixture = Fixture::new(place).await;
    fixture.fault(json!({"kind": "429", "retry_after": 1}));
    let begun = Instant::now();
    fixture.on(Work::Write).await.unwrap();
    assert!(begun.elapsed() >= Duration::from_secs(1));
    assert_eq!(fixture.written(), 1);
    // The state machine handles a long wait.
    fixture.fault(json!({"kind": "429", "retry_after": 60}));
    let begun = Instant::now();
    assert!(fixture.on(Work::Write).await.unwrap_err().is_transient());
    assert!(begun.elapsed() < Duration::from_secs(5));
}

pub(crate) async fn silence_is_transient(place: &'static Place) {
    for work in ALL {
        for skip in 0..work.calls(place).await.len() {
            let fixture = Fixture::with(place, Duration::from_millis(1500)).await;
            fixture.fault(json!({"kind": "delay", "ms": 60_000, "skip": skip, "times": 100}));
            let error = fixture.on(work).await.unwrap_err();
            assert!(
                error.is_transient() && error.to_string().contains("in time"),
                "{work:?}, call {skip}: {error}"
            );
        }
    }
}

/// Returns half a response, a gateway's page, and foreign JSON. A look-up must never read these as "not found", or work
/// would be done twice. After a write, the response may not matter.
pub(crate) async fn garbage_is_no_answer(place: &'static Place) {
    for work in ALL {
        for (skip, operation) in work.calls(place).await.iter().enumerate() {
            for garbage in ["half", "html", "wrong"] {
                let case = format!("{work:?}, call {skip} ({operation}), {garbage}");
                let fixture = Fixture::new(place).await;
                fixture.fault(json!({"kind": "garbage", "garbage": garbage, "skip": skip, "times": 100}));
                match fixture.on(work).await {
                    Err(error) => assert!(error.is_transient(), "{case}: {error}"),
                    Ok(()) => assert_eq!((work, fixture.written()), (Work::Write, 1), "{case}"),
                }
            }
        }
    }
}
