//! Tests of finding the company's subscription to a license.

use domain::step_error::StepError;

use crate::fixture::{Fixture, SEATS, SKU, SOLD, Sold, Vendor};

/// The same product as the subscription that already exists.
const SAME: Sold<'static> = Sold {
    product: "Microsoft 365 Business Premium",
    offer: "CFQ7TTC0LCHC:0002",
    ..SOLD
};

pub(crate) async fn by_part_number(vendor: &'static Vendor) {
    let fixture = Fixture::new(vendor).await;
    let found = fixture.subscription().await;
    assert_eq!(found.quantity, SEATS);
    let lower = fixture.distributor.find_subscription("spb").await.unwrap();
    assert_eq!(lower, Some(found));
    assert_eq!(fixture.distributor.find_subscription("SPE_E5").await, Ok(None));
    // A similar product is not the same one.
    for (product, offer) in [
        ("Microsoft 365 E5 (no Teams)", "CFQ7TTC0LFLZ:0003"),
        ("Microsoft 365 E5 (Non-Profit)", "CFQ7TTC0LFLZ:0002"),
        ("Microsoft 365 E3", "CFQ7TTC0LFLX:0001"),
    ] {
        let sold = Sold { product, offer, ..SOLD };
        fixture.sim.world(|world| (vendor.sell)(world, &sold));
        assert_eq!(
            fixture.distributor.find_subscription("SPE_E5").await,
            Ok(None),
            "{product}"
        );
    }
    fixture.sim.world(|world| (vendor.sell)(world, &SOLD));
    assert!(fixture.distributor.find_subscription("SPE_E5").await.unwrap().is_some());
}

pub(crate) async fn on_any_page(vendor: &'static Vendor) {
    let fixture = Fixture::new(vendor).await;
    let page = vendor.page.unwrap_or(200);
    let another = Sold {
        product: "Something else",
        offer: "CFQ7TTC0XXXX:0001",
        ..SOLD
    };
    fixture.sim.world(|world| {
        (0..=2 * page).for_each(|_| (vendor.sell)(world, &another));
        (vendor.sell)(world, &SOLD);
    });
    let before = fixture.operations().len();
    assert!(fixture.distributor.find_subscription("SPE_E5").await.unwrap().is_some());
    if vendor.page.is_some() {
        let operations = fixture.operations().split_off(before);
        let list = operations
            .iter()
            .find(|operation| operation.ends_with("/subscriptions"))
            .unwrap();
        assert_eq!(operations.iter().filter(|operation| *operation == list).count(), 3);
    }
    assert_eq!(fixture.subscription().await.quantity, SEATS, "on the first");
}

pub(crate) async fn only_the_companys_own(vendor: &'static Vendor) {
    if !vendor.mixed {
        return;
    }
    let fixture = Fixture::new(vendor).await;
    let before = fixture.subscription().await;
    fixture.sim.world(|world| {
        (vendor.sell)(world, &Sold { runs: false, ..SAME });
        if vendor.name != "pax8" {
            (vendor.sell)(world, &Sold { ours: false, ..SAME });
        }
    });
    assert_eq!(fixture.subscription().await, before);
}

pub(crate) async fn two_are_left_to_a_person(vendor: &'static Vendor) {
    let fixture = Fixture::new(vendor).await;
    fixture.sim.world(|world| (vendor.sell)(world, &SAME));
    let Err(StepError::NeedsAttention(text)) = fixture.distributor.find_subscription(SKU).await else {
        panic!()
    };
    assert!(text.contains("2 running") && text.contains(SKU), "{text}");
}

pub(crate) async fn an_unknown_license_is_named(vendor: &'static Vendor) {
    let fixture = Fixture::new(vendor).await;
    let before = fixture.operations();
    let Err(StepError::NeedsAttention(text)) = fixture.distributor.find_subscription("EXOTIC_SKU").await else {
        panic!()
    };
    assert!(
        text.contains("EXOTIC_SKU") && text.contains(fixture.distributor.name()),
        "{text}"
    );
    assert_eq!(fixture.operations(), before, "nobody was asked");
}

pub(crate) async fn a_check_looks_at_everything(vendor: &'static Vendor) {
    let fixture = Fixture::new(vendor).await;
    let findings = fixture.distributor.check(&[SKU, "SPE_E5", "EXOTIC_SKU"]).await;
    let says: Vec<(&str, Result<&str, &str>)> = findings
        .iter()
        .map(|finding| match &finding.result {
            Ok(text) => (finding.what.as_str(), Ok(text.as_str())),
            Err(error) => (finding.what.as_str(), Err(error.name())),
        })
        .collect();
    let [company, found, none, unknown] = says.as_slice() else {
        panic!("{says:?}")
    };
    assert_eq!(company.1, Ok("Acme"));
    assert_eq!(*found, ("license SPB", Ok("7 seats")));
    assert_eq!(
        *none,
        ("license SPE_E5", Ok("no running subscription; a technician is asked"))
    );
    assert_eq!(*unknown, ("license EXOTIC_SKU", Err("NeedsAttention")));
    assert!(
        fixture.sim.world(|world| world.effects.is_empty()),
        "a check changes nothing"
    );
}
