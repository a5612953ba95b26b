//! Lists that are longer than a page, and a check that reads them.

use domain::step_error::StepError;
use psa::{NewTicket, note_marker};
use simulators::world::Hand;

use crate::desk::{Desk, Vendor, note};

pub(crate) async fn names_are_found_on_any_page(vendor: &'static Vendor) {
    let desk = Desk::new(vendor).await;
    let many = 2 * vendor.page + 3;
    desk.sim.world(|world| {
        for number in 0..many {
            (vendor.add_location)(world, &format!("Place {number}"));
        }
    });
    for name in ["Place 0", &format!("place {}", many - 1)] {
        let ticket = NewTicket {
            location: Some(name.to_owned()),
            ..desk.new_ticket("r1")
        };
        let made = desk.psa.create_ticket(&ticket).await.unwrap();
        let location = desk.ticket(&made)["location"].clone();
        assert_eq!(location.as_str().unwrap().to_lowercase(), name.to_lowercase());
    }
}

pub(crate) async fn tickets_are_found_on_any_page(vendor: &'static Vendor) {
    let desk = Desk::new(vendor).await;
    let first = desk.open(&desk.company(), "The first", false);
    let ours = desk.psa.create_ticket(&desk.new_ticket("r1")).await.unwrap();
    for number in 0..=2 * vendor.page {
        desk.open(&desk.company(), &format!("Ticket {number}"), false);
    }
    let last = desk.open(&desk.company(), "The last", false);
    let find = async |summary: &str| desk.psa.find_matching(summary).await;
    if vendor.tells_who_opened {
        assert_eq!(find("The first").await, Ok(Some(first)));
        assert_eq!(find("The last").await, Ok(Some(last)));
    }
    assert_eq!(find("Nothing like it").await, Ok(None));
    assert_eq!(desk.find(None, "r1").await, Ok(Some(ours)));
    assert_eq!(desk.find(None, "r2").await, Ok(None));
}

pub(crate) async fn notes_are_found_on_any_page(vendor: &'static Vendor) {
    let desk = Desk::new(vendor).await;
    let ticket = desk.open(&desk.company(), "By hand", false);
    desk.psa
        .add_note(&ticket, &note("r1/first", "First.", true))
        .await
        .unwrap();
    desk.sim.world(|world| {
        for number in 0..=2 * vendor.page {
            let text = format!("Note {number} {}", note_marker("r1/other"));
            (vendor.write)(world, &ticket.id, &text, Hand::Technician);
        }
    });
    desk.psa
        .add_note(&ticket, &note("r1/last", "Last.", true))
        .await
        .unwrap();
    for (marker, there) in [("r1/first", true), ("r1/last", true), ("r1/none", false)] {
        assert_eq!(desk.psa.has_note(&ticket, marker).await, Ok(there), "{marker}");
    }
    let calls = desk.sim.operations().len();
    assert!(calls >= 2 + 3, "the last look alone takes three pages; {calls}");
}

pub(crate) async fn a_check_finds_every_name(vendor: &'static Vendor) {
    let desk = Desk::new(vendor).await;
    let names = desk.names();
    let findings = desk.psa.check(&names).await;
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
    let findings = desk.psa.check(&wrong).await;
    for what in ["status No Such", "priority Nor This"] {
        let finding = findings.iter().find(|finding| finding.what == what).unwrap();
        assert!(
            matches!(finding.result, Err(StepError::NeedsAttention(_))),
            "{finding:?}"
        );
    }
    assert!(findings.iter().any(|finding| finding.result.is_ok()));
    assert!(
        desk.sim.world(|world| world.effects.is_empty()),
        "a check changes nothing"
    );
    let stranger = desk.stranger();
    let findings = stranger.check(&desk.names()).await;
    assert!(
        findings
            .iter()
            .any(|finding| matches!(finding.result, Err(StepError::NeedsAttention(_)))),
        "{findings:?}"
    );
}
