//! Tests of lists that are longer than a page.

use domain::step_error::StepError;
use psa::{NewTicket, note_marker};
use simulators::world::Author;

use crate::fixture::{Fixture, Vendor, note};

pub(crate) async fn names_are_found_on_any_page(vendor: &'static Vendor) {
    let fixture = Fixture::new(vendor).await;
    let many = 2 * vendor.page + 3;
    for number in 0..many {
        fixture.sim.add_location(vendor.name, &format!("Place {number}"));
    }
    for name in ["Place 0", &format!("place {}", many - 1)] {
        let ticket = NewTicket {
            location: Some(name.to_owned()),
            ..fixture.new_ticket("r1")
        };
        let made = fixture.psa.create_ticket(&ticket).await.unwrap();
        let location = fixture.ticket(&made)["location"].clone();
        assert_eq!(location.as_str().unwrap().to_lowercase(), name.to_lowercase());
    }
}

pub(crate) async fn tickets_are_found_on_any_page(vendor: &'static Vendor) {
    let fixture = Fixture::new(vendor).await;
    let first = fixture.open(&fixture.company(), "The first", false);
    let ours = fixture.psa.create_ticket(&fixture.new_ticket("r1")).await.unwrap();
    for number in 0..=2 * vendor.page {
        fixture.open(&fixture.company(), &format!("Ticket {number}"), false);
    }
    let last = fixture.open(&fixture.company(), "The last", false);
    let find = async |summary: &str| fixture.psa.find_matching(summary).await;
    if vendor.tells_who_opened {
        assert_eq!(find("The first").await, Ok(Some(first)));
        assert_eq!(find("The last").await, Ok(Some(last)));
    }
    assert_eq!(find("Nothing like it").await, Ok(None));
    assert_eq!(fixture.find(None, "r1").await, Ok(Some(ours)));
    assert_eq!(fixture.find(None, "r2").await, Ok(None));
}

pub(crate) async fn notes_are_found_on_any_page(vendor: &'static Vendor) {
    let fixture = Fixture::new(vendor).await;
    let ticket = fixture.open(&fixture.company(), "By hand", false);
    fixture
        .psa
        .add_note(&ticket, &note("r1/first", "First.", true))
        .await
        .unwrap();
    for number in 0..=2 * vendor.page {
        let text = format!("Note {number} {}", note_marker("r1/other"));
        fixture.write(&ticket, &text, Author::Technician);
    }
    fixture
        .psa
        .add_note(&ticket, &note("r1/last", "Last.", true))
        .await
        .unwrap();
    for (marker, there) in [("r1/first", true), ("r1/last", true), ("r1/none", false)] {
        assert_eq!(fixture.psa.has_note(&ticket, marker).await, Ok(there), "{marker}");
    }
    let calls = fixture.sim.operations().len();
    assert!(calls >= 2 + 3, "the last look alone takes three pages; {calls}");
}

pub(crate) async fn a_check_finds_every_name(vendor: &'static Vendor) {
    let fixture = Fixture::new(vendor).await;
    let names = fixture.names();
    let findings = fixture.psa.check(&names).await;
    assert!(findings.iter().all(|finding| finding.result.is_ok()), "{findings:?}");
    let named = |what: &str, name: &str| format!("{what} {name}");
    let mut expected: Vec<String> = names.statuses.iter().map(|name| named("status", name)).collect();
    expected.extend(names.priority.iter().map(|name| named("priority", name)));
    for what in expected {
        assert!(
            findings.iter().any(|finding| finding.what == what),
            "{what}: {findings:?}"
        );
    }
    if let Some(location) = &names.location {
        assert!(
            findings.iter().any(|finding| finding.what.ends_with(location)),
            "{findings:?}"
        );
    }
    let mut wrong = names;
    wrong.statuses.push("No Such".to_owned());
    wrong.priority = Some("Nor This".to_owned());
    let findings = fixture.psa.check(&wrong).await;
    for what in ["status No Such", "priority Nor This"] {
        let finding = findings.iter().find(|finding| finding.what == what).unwrap();
        assert!(
            matches!(finding.result, Err(StepError::NeedsAttention(_))),
            "{finding:?}"
        );
    }
    assert!(findings.iter().any(|finding| finding.result.is_ok()));
    assert!(
        fixture.sim.world(|world| world.effects.is_empty()),
        "a check changes nothing"
    );
    let stranger = fixture.stranger();
    let findings = stranger.check(&fixture.names()).await;
    assert!(
        findings
            .iter()
            .any(|finding| matches!(finding.result, Err(StepError::NeedsAttention(_)))),
        "{findings:?}"
    );
}
