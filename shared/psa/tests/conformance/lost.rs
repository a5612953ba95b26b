//! Tests of work whose response was lost. They act as the steps do: look first, then act. The result must exist once.

use std::time::Duration;

use serde_json::json;

use crate::fixture::{Fixture, Vendor, Work, note};

async fn after_loss(vendor: &'static Vendor, work: Work, skip: usize) -> (Fixture, domain::request::TicketRef) {
    let (fixture, ticket) = work.fixture(vendor, Duration::from_secs(20)).await;
    fixture.fault(json!({"kind": "lose_response", "skip": skip}));
    let error = work.on(&fixture, &ticket).await.unwrap_err();
    assert!(error.is_transient(), "{work:?}, call {skip}: {error}");
    assert_eq!(fixture.sim.fired(), 1);
    (fixture, ticket)
}

pub(crate) async fn a_ticket_is_not_opened_twice(vendor: &'static Vendor) {
    for skip in 0..Work::Create.calls(vendor).await.len() {
        let (fixture, _) = after_loss(vendor, Work::Create, skip).await;
        let made = match fixture.find(None, "r1").await.unwrap() {
            Some(made) => made,
            None => fixture.psa.create_ticket(&fixture.new_ticket("r1")).await.unwrap(),
        };
        assert_eq!(fixture.sim.effect("tickets_created"), 1, "call {skip}");
        assert_eq!(fixture.ticket(&made)["marker"], "r1");
        assert_eq!(fixture.find(None, "r1").await, Ok(Some(made)));
    }
}

pub(crate) async fn a_note_is_not_written_twice(vendor: &'static Vendor) {
    for skip in 0..Work::AddNote.calls(vendor).await.len() {
        let (fixture, ticket) = after_loss(vendor, Work::AddNote, skip).await;
        if !fixture.psa.has_note(&ticket, "r1/opened").await.unwrap() {
            let again = note("r1/opened", "Opened.", true);
            fixture.psa.add_note(&ticket, &again).await.unwrap();
        }
        assert_eq!(fixture.sim.effect("notes_created"), 1, "call {skip}");
        assert_eq!(fixture.notes(&ticket).len(), 1, "call {skip}");
    }
}

pub(crate) async fn a_status_is_set_in_the_end(vendor: &'static Vendor) {
    for skip in 0..Work::SetStatus.calls(vendor).await.len() {
        let (fixture, ticket) = after_loss(vendor, Work::SetStatus, skip).await;
        Work::SetStatus.on(&fixture, &ticket).await.unwrap();
        assert_eq!(fixture.ticket(&ticket)["status"], fixture.keys["status_waiting"]);
        assert_eq!(fixture.sim.effect("tickets_updated"), 1, "call {skip}");
    }
}
