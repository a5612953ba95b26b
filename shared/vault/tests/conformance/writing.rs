//! Tests of writing an entry and of finding it again.

use serde_json::json;
use simulators::render::{HOSTILE, seen};

use crate::fixture::{ALL, Fixture, NAME, PASSWORD, Place, Work, entry};

const ODD: &str = "Seán O'Brien \"X\" & <b>Y</b> 🙂 %27 \\ {{z}}";

pub(crate) async fn it_is_there_once_as_it_was_written(place: &'static Place) {
    let fixture = Fixture::new(place).await;
    let asked = place.can_be_asked;
    assert_eq!(fixture.any.has("r1").await, Ok(asked.then_some(false)));
    fixture.on(Work::Write).await.unwrap();
    assert_eq!(fixture.any.has("r1").await, Ok(asked.then_some(true)));
    assert_eq!(fixture.any.has("r2").await, Ok(asked.then_some(false)));
    assert_eq!(fixture.written(), 1);
    let [there] = fixture.all().try_into().unwrap();
    if place.name == "pwpush" {
        assert_eq!(there["payload"], PASSWORD);
        return;
    }
    assert_eq!(there["password"], PASSWORD, "{there}");
    assert_eq!(there["username"], "ada@contoso.com");
    assert_eq!(there["name"], NAME);
    let company = fixture.sim.keys(place.name)["company"].as_str().unwrap().to_owned();
    assert_eq!(there["company"].to_string(), company);
    assert!(
        there["notes"].as_str().unwrap().ends_with("\n\n[gangway r1]"),
        "{there}"
    );
}

pub(crate) async fn odd_and_long_names(place: &'static Place) {
    let fixture = Fixture::new(place).await;
    for (number, name) in [ODD.to_owned(), format!("{ODD} {}", "🙂é".repeat(150))]
        .iter()
        .enumerate()
    {
        let entry = entry(&format!("r{number}"), name);
        fixture.any.write(&entry).await.unwrap();
        assert_eq!(
            fixture.any.has_entry(&entry).await,
            Ok(place.can_be_asked.then_some(true))
        );
        let all = fixture.all();
        if let Some(kept) = all[number]["name"].as_str() {
            let read = kept.replace(domain::text::BREAK, "");
            assert!(read.starts_with(ODD) && kept.chars().count() <= 255, "{kept}");
            assert_eq!(kept.ends_with('…'), number == 1);
        }
    }
    assert_eq!(fixture.written(), 2);
}

pub(crate) async fn a_lost_answer_makes_no_second_one(place: &'static Place) {
    for skip in 0..Work::Write.calls(place).await.len() {
        let fixture = Fixture::new(place).await;
        fixture.fault(json!({"kind": "lose_response", "skip": skip}));
        let error = fixture.on(Work::Write).await.unwrap_err();
        assert!(error.is_transient(), "call {skip}: {error}");
        let there = fixture.any.has("r1").await.unwrap();
        if there != Some(true) {
            fixture.on(Work::Write).await.unwrap();
        }
        let lost = skip + 1 == Work::Write.calls(place).await.len();
        assert_eq!(there, place.can_be_asked.then_some(lost), "call {skip}");
        // If the system can't be asked, there may be two entries; the step counts that.
        let most = if place.can_be_asked || !lost { 1 } else { 2 };
        assert_eq!(fixture.written(), most, "call {skip}");
    }
}

pub(crate) async fn only_our_marker_counts(place: &'static Place) {
    let fixture = Fixture::new(place).await;
    fixture.sim.world(|world| {
        (place.write)(world, "[gangway r10]", false);
        (place.write)(world, "gangway r1", false);
        (place.write)(world, "[gangway r1]", true);
    });
    assert_eq!(fixture.any.has("r1").await, Ok(place.can_be_asked.then_some(false)));
    fixture.sim.world(|world| (place.write)(world, "[gangway r1]", false));
    assert_eq!(fixture.any.has("r1").await, Ok(place.can_be_asked.then_some(true)));
}

pub(crate) async fn it_is_found_on_the_third_page(place: &'static Place) {
    let fixture = Fixture::new(place).await;
    // The entry is the first or the last one, for either order.
    for newest in [true, false] {
        fixture.sim.world(|world| {
            if !newest {
                (place.write)(world, "[gangway r1]", false);
            }
            for _ in 0..place.pages {
                (place.write)(world, "", false);
            }
            if newest {
                (place.write)(world, "[gangway r2]", false);
            }
        });
        let marker = if newest { "r2" } else { "r1" };
        assert_eq!(fixture.any.has(marker).await, Ok(place.can_be_asked.then_some(true)));
    }
    assert_eq!(fixture.any.has("r3").await, Ok(place.can_be_asked.then_some(false)));
    let operations = fixture.sim.operations();
    if place.can_be_asked {
        assert!(operations.len() > 3 + 3, "{operations:?}");
    }
}

pub(crate) async fn a_check_changes_nothing_and_names_what_is_wrong(place: &'static Place) {
    let fixture = Fixture::new(place).await;
    let findings = fixture.any.check().await;
    assert!(!findings.is_empty());
    for finding in &findings {
        assert!(finding.result.is_ok(), "{finding:?}");
    }
    assert_eq!(fixture.written(), 0);
    fixture.fault(json!({"kind": "status", "status": 403, "times": 100}));
    let asked = fixture.any.check().await;
    for finding in asked.into_iter().filter(|finding| finding.what != "write_address") {
        let error = finding.result.unwrap_err();
        assert_eq!(error.name(), "NeedsAttention", "{}: {error}", finding.what);
    }
}

pub(crate) async fn nothing_shows_the_password(place: &'static Place) {
    let fixture = Fixture::new(place).await;
    let keys = fixture.sim.keys(place.name)["credentials"].clone();
    for name in ["api_key", "api_token", "access_key", "secret_key"] {
        let secret = keys[name].as_str();
        assert!(
            secret.is_none_or(|secret| !fixture.any.debug().contains(secret)),
            "{name}"
        );
    }
    for work in ALL {
        for status in [400, 401, 404, 422, 429, 500] {
            let fixture = Fixture::new(place).await;
            // The vendor repeats what it was sent.
            fixture.fault(json!({"kind": "status", "status": status, "times": 100, "message": PASSWORD}));
            if let Err(error) = fixture.on(work).await {
                let shown = format!("{error} {error:?}");
                assert!(!shown.contains("aB2!") && !shown.contains("ada@"), "{shown}");
            }
        }
    }
}

/// The simulator fails the test if it receives anything that it would not show as text.
pub(crate) async fn hostile_texts_are_only_read(place: &'static Place) {
    let fixture = Fixture::new(place).await;
    let long = HOSTILE.concat().repeat(20);
    for (number, text) in HOSTILE.iter().copied().chain([long.as_str()]).enumerate() {
        let marker = format!("r{number}/5eed");
        let entry = entry(&marker, &format!("Temporary password of {text}"));
        fixture.any.write(&entry).await.unwrap();
        assert_eq!(
            fixture.any.has_entry(&entry).await,
            Ok(place.can_be_asked.then_some(true))
        );
        if let Some(name) = fixture.all().last().unwrap()["name"].as_str() {
            let beginning: String = seen(text).chars().take(100).collect();
            assert!(seen(name).contains(&beginning), "{text}: {name}");
        }
    }
}

/// In some systems customers can see their own passwords and write some.
pub(crate) async fn a_customers_marker_stands_for_nothing(place: &'static Place) {
    let fixture = Fixture::new(place).await;
    fixture.sim.world(|world| {
        for notes in ["[gangway r1]", "[gangway r1/0000]", "[gangway r1/5eed]\n\nOurs"] {
            (place.write)(world, notes, false);
        }
    });
    assert_eq!(
        fixture.any.has("r1/5eed").await,
        Ok(place.can_be_asked.then_some(false))
    );
}
