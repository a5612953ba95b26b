//! Tests of keys without the right for passwords, and of unknown companies.

use domain::step_error::StepError;
use serde_json::json;
use vault::{Hudu, ItGlue};

use crate::fixture::{ALL, Fixture, Work, client};
use crate::places::{HUDU, ITGLUE};

#[tokio::test]
async fn key_without_password_access_is_reported() {
    for place in [&HUDU, &ITGLUE] {
        let fixture = Fixture::new(place).await;
        fixture.sim.world(|world| {
            world.vendors.hudu.password_access = false;
            world.vendors.itglue.password_access = false;
        });
        for work in ALL {
            let error = fixture.on(work).await.unwrap_err();
            let told = matches!(&error, StepError::NeedsAttention(text) if text.contains("password access"));
            assert!(told, "{}: {error}", place.name);
        }
        let findings = fixture.any.check().await;
        let wrong: Vec<&str> = findings
            .iter()
            .filter(|finding| finding.result.is_err())
            .map(|finding| finding.what.as_str())
            .collect();
        assert_eq!(wrong, ["passwords"], "{}", place.name);
    }
}

#[tokio::test]
async fn unknown_company_is_reported() {
    for place in [&HUDU, &ITGLUE] {
        let fixture = Fixture::new(place).await;
        let mut keys = fixture.sim.keys(place.name);
        keys["company"] = json!("999");
        let any = (place.build)(client(std::time::Duration::from_secs(20)), &keys);
        let error = any.write(&crate::fixture::entry("r1", "x")).await.unwrap_err();
        let told = matches!(&error, StepError::NeedsAttention(text) if text.contains("no company 999"));
        assert!(told, "{}: {error}", place.name);
        let findings = any.check().await;
        let company = findings.iter().find(|finding| finding.what == "company 999").unwrap();
        assert!(company.result.is_err(), "{findings:?}");
        assert_eq!(fixture.written(), 0);
    }
}

#[test]
fn companies_are_numbers() {
    let base: url::Url = "https://vault.example".parse().unwrap();
    for company in ["", "acme", "7/../8", "-7", "7?x=1"] {
        let keys = || serde_json::from_value(json!({"address": "", "api_key": "k"})).unwrap();
        let hudu = Hudu::new(
            client(std::time::Duration::from_secs(1)),
            base.clone(),
            keys(),
            company.to_owned(),
        );
        assert!(matches!(hudu, Err(StepError::NeedsAttention(_))), "{company}");
        let keys = serde_json::from_value(json!({"address": "", "api_key": "k"})).unwrap();
        let itglue = ItGlue::new(
            client(std::time::Duration::from_secs(1)),
            base.clone(),
            keys,
            company.to_owned(),
        );
        assert!(matches!(itglue, Err(StepError::NeedsAttention(_))), "{company}");
    }
}

#[tokio::test]
async fn a_company_is_found_on_the_third_page() {
    for place in [&HUDU, &ITGLUE] {
        let fixture = Fixture::new(place).await;
        fixture.sim.world(|world| {
            let many = |from: u64| (from..from + 2001).map(|id| (id, format!("Company {id}")));
            let (hudu, itglue) = (&mut world.vendors.hudu, &mut world.vendors.itglue);
            hudu.companies.splice(0..0, many(10_000));
            itglue.organizations.splice(0..0, many(10_000));
        });
        // The keys have the new company's id, but the existing client keeps the old one.
        let findings = fixture.any.check().await;
        assert!(findings.iter().all(|finding| finding.result.is_ok()), "{findings:?}");
    }
}

/// Hudu's responses contain the passwords, and a company has hundreds of them.
#[tokio::test]
async fn hudu_is_searched_only_by_the_entrys_name() {
    let fixture = Fixture::new(&HUDU).await;
    fixture.sim.world(|world| {
        for number in 0..1001 {
            let password =
                json!({"name": format!("VPN {number}"), "company_id": 7, "password": "x", "description": ""});
            world.vendors.hudu.add(&password);
        }
    });
    assert_eq!(fixture.any.has("r1").await, Ok(Some(false)));
    assert_eq!(fixture.sim.operations().len(), 1, "a first page with nothing on it");
    fixture.on(Work::Write).await.unwrap();
    assert_eq!(fixture.any.has("r1").await, Ok(Some(true)));
}
