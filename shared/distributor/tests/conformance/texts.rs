//! Tests of names and ids with special characters.

use domain::step_error::StepError;

use crate::fixture::{Fixture, MARKER, SEATS, SOLD, Sold, Vendor};

fn odd() -> Vec<String> {
    let odd = [
        "O'Brien",
        "\"quoted\"",
        "Fish & Chips",
        "<b>Söhne</b>",
        "🦀 Crab",
        "a/../b?c=d#e",
        "100% + 1",
    ];
    odd.iter().map(|text| (*text).to_owned()).chain([long("x")]).collect()
}

fn long(text: &str) -> String {
    text.repeat(300)
}

pub(crate) async fn odd_names(vendor: &'static Vendor) {
    let fixture = Fixture::new(vendor).await;
    let before = fixture.subscription().await;
    for name in odd() {
        fixture.sim.world(|world| {
            (vendor.name_company)(world, &name);
            let sold = Sold {
                product: &name,
                offer: "CFQ7TTC0XXXX:0001",
                ..SOLD
            };
            (vendor.sell)(world, &sold);
        });
        let findings = fixture.distributor.check(&[]).await;
        let shown = findings.first().map(|finding| finding.result.clone());
        assert_eq!(shown, Some(Ok(name.clone())));
        assert_eq!(fixture.subscription().await, before, "{name}");
        let Err(StepError::NeedsAttention(text)) = fixture.distributor.find_subscription(&name).await else {
            panic!("{name}")
        };
        assert!(text.contains(&name), "{text}");
    }
}

/// Whatever id is set for a company, it must not select anything else.
pub(crate) async fn odd_companies(vendor: &'static Vendor) {
    let fixture = Fixture::new(vendor).await;
    fixture.subscription().await;
    for company in odd() {
        let other = fixture.of(&company);
        let before = fixture.operations().len();
        let found = other.find_subscription("SPB").await;
        let checked = other.check(&["SPB"]).await;
        let [company_is] = checked.as_slice() else {
            panic!("{company}: {checked:?}")
        };
        assert!(
            matches!(company_is.result, Err(StepError::NeedsAttention(_))),
            "{company}: {company_is:?}"
        );
        if vendor.uuids {
            assert!(
                matches!(found, Err(StepError::NeedsAttention(_))),
                "{company}: {found:?}"
            );
            assert_eq!(fixture.operations().len(), before, "nobody was asked");
        } else {
            assert_eq!(found, Ok(None), "{company}");
        }
    }
}

pub(crate) async fn odd_references(vendor: &'static Vendor) {
    let fixture = Fixture::new(vendor).await;
    if fixture.distributor.may_repeat() {
        return;
    }
    let subscription = fixture.subscription().await;
    for (total, text) in (SEATS + 1..).zip(odd()) {
        let marker = format!("{MARKER}/{text}");
        let order = fixture.distributor.order(&subscription, total, &marker).await.unwrap();
        assert!(order.is_some());
        assert_eq!(fixture.distributor.find_order(&marker).await.unwrap(), order);
        assert_eq!(
            fixture
                .distributor
                .find_order(&marker[..marker.len() - 1 - text.len()])
                .await,
            Ok(None)
        );
        for _ in 0..5 {
            fixture
                .distributor
                .state(&subscription.id, order.as_deref())
                .await
                .unwrap();
        }
    }
}
