//! Tests of ordering one more seat.

use crate::fixture::{Fixture, MARKER, SEATS, Vendor};

pub(crate) async fn one_more_seat(vendor: &'static Vendor) {
    let fixture = Fixture::new(vendor).await;
    let subscription = fixture.subscription().await;
    let order = fixture
        .distributor
        .order(&subscription, SEATS + 1, MARKER)
        .await
        .unwrap();
    let (state, looks) = fixture.settled(&subscription.id, order.as_deref()).await;
    assert_eq!((state.quantity, state.failed), (SEATS + 1, false));
    assert_eq!(looks > 1, vendor.slow, "{looks} looks");
    assert_eq!(fixture.sim.effect("seats_bought"), 1);
    let sold = fixture.sim.state(vendor.name);
    let of_sku = sold["subscriptions"]
        .as_array()
        .unwrap()
        .iter()
        .find(|sold| sold["sku"] == "SPB")
        .unwrap();
    assert_eq!(of_sku["quantity"], SEATS + 1);
    assert_eq!(fixture.subscription().await.quantity, SEATS + 1);
    // If the response was lost, only the quantity shows the result.
    let (state, _) = fixture.settled(&subscription.id, None).await;
    assert_eq!((state.quantity, state.settled), (SEATS + 1, true));
}

/// A second order for the same total with another reference, which came late or from a person.
pub(crate) async fn a_quantity_that_is_there_is_enough(vendor: &'static Vendor) {
    let fixture = Fixture::new(vendor).await;
    let subscription = fixture.subscription().await;
    let order = fixture
        .distributor
        .order(&subscription, SEATS + 1, MARKER)
        .await
        .unwrap();
    fixture.settled(&subscription.id, order.as_deref()).await;
    for marker in [MARKER, "another"] {
        fixture
            .distributor
            .order(&subscription, SEATS + 1, marker)
            .await
            .unwrap();
    }
    let (state, _) = fixture.settled(&subscription.id, None).await;
    assert_eq!(state.quantity, SEATS + 1);
    assert_eq!(fixture.sim.effect("seats_bought"), 1);
    if !fixture.distributor.may_repeat() {
        assert_eq!(fixture.sim.effect("orders_created"), 1);
    }
}

pub(crate) async fn a_refusal_is_seen(vendor: &'static Vendor) {
    let fixture = Fixture::new(vendor).await;
    let subscription = fixture.subscription().await;
    let order = fixture
        .distributor
        .order(&subscription, SEATS + 1, MARKER)
        .await
        .unwrap();
    fixture.sim.world(vendor.refuse);
    let (state, _) = fixture.settled(&subscription.id, order.as_deref()).await;
    assert!(state.failed && !state.settled, "{state:?}");
    if vendor.slow {
        assert_eq!(state.quantity, SEATS);
        assert_eq!(fixture.sim.effect("seats_bought"), 0);
    }
    if !fixture.distributor.may_repeat() {
        // Even then no second order is sent for the same purchase.
        let again = fixture
            .distributor
            .order(&subscription, SEATS + 1, MARKER)
            .await
            .unwrap();
        assert_eq!(again, order);
        assert_eq!(fixture.sim.effect("orders_created"), 1);
    }
}
