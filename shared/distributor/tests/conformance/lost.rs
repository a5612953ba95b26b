//! Tests of an order whose response was lost. They act as the step does: look for the order, and send it again only if
//! it is not found.

use serde_json::json;

use crate::fixture::{LONG, MARKER, SEATS, Vendor, Work};

pub(crate) async fn a_seat_is_not_bought_twice(vendor: &'static Vendor) {
    let calls = Work::Order.calls(vendor).await;
    for (skip, operation) in calls.iter().enumerate() {
        let begun = Work::Order.begin(vendor, LONG).await;
        let (fixture, subscription) = (&begun.fixture, &begun.subscription);
        fixture.fault(json!({"kind": "lose_response", "skip": skip}));
        let error = Work::Order.on(&begun).await.unwrap_err();
        assert!(error.is_transient(), "{operation}: {error}");
        assert_eq!(fixture.sim.fired(), 1);
        let order = match fixture.distributor.find_order(MARKER).await.unwrap() {
            Some(order) => Some(order),
            None => {
                let now = fixture
                    .distributor
                    .state(&subscription.id, None)
                    .await
                    .unwrap()
                    .quantity;
                assert!(now == SEATS || fixture.distributor.may_repeat(), "{operation}");
                fixture
                    .distributor
                    .order(subscription, SEATS + 1, MARKER)
                    .await
                    .unwrap()
            }
        };
        let (state, _) = fixture.settled(&subscription.id, order.as_deref()).await;
        assert_eq!((state.quantity, state.failed), (SEATS + 1, false), "{operation}");
        assert_eq!(fixture.sim.effect("seats_bought"), 1, "{operation}");
        if !fixture.distributor.may_repeat() {
            assert_eq!(fixture.sim.effect("orders_created"), 1, "{operation}");
        }
    }
}
