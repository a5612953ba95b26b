//! Work whose answer was lost is done again as the steps do it: look first, then do it. The vendor ends up with one.

use std::time::Duration;

use serde_json::json;

use crate::desk::{Desk, Vendor, Work, note};

async fn after_loss(vendor: &'static Vendor, work: Work, skip: usize) -> (Desk, domain::request::TicketRef) {
    let (desk, ticket) = work.desk(vendor, Duration::from_secs(20)).await;
    desk.fault(json!({"kind": "lose_response", "skip": skip}));
    let error = work.on(&desk, &ticket).await.unwrap_err();
    assert!(error.is_transient(), "{work:?}, call {skip}: {error}");
    assert_eq!(desk.sim.fired(), 1);
    (desk, ticket)
}

pub(crate) async fn a_ticket_is_not_opened_twice(vendor: &'static Vendor) {
    for skip in 0..Work::Create.calls(vendor).await.len() {
        let (desk, _) = after_loss(vendor, Work::Create, skip).await;
        let made = match desk.find(None, "r1").await.unwrap() {
            Some(made) => made,
            None => desk.psa.create_ticket(&desk.new_ticket("r1")).await.unwrap(),
        };
        assert_eq!(desk.sim.effect("tickets_created"), 1, "call {skip}");
        assert_eq!(desk.ticket(&made)["marker"], "r1");
        assert_eq!(desk.find(None, "r1").await, Ok(Some(made)));
    }
}

pub(crate) async fn a_note_is_not_written_twice(vendor: &'static Vendor) {
    for skip in 0..Work::AddNote.calls(vendor).await.len() {
        let (desk, ticket) = after_loss(vendor, Work::AddNote, skip).await;
        if !desk.psa.has_note(&ticket, "r1/opened").await.unwrap() {
            let again = note("r1/opened", "Opened.", true);
            desk.psa.add_note(&ticket, &again).await.unwrap();
        }
        assert_eq!(desk.sim.effect("notes_created"), 1, "call {skip}");
        assert_eq!(desk.notes(&ticket).len(), 1, "call {skip}");
    }
}

pub(crate) async fn a_status_is_set_in_the_end(vendor: &'static Vendor) {
    for skip in 0..Work::SetStatus.calls(vendor).await.len() {
        let (desk, ticket) = after_loss(vendor, Work::SetStatus, skip).await;
        Work::SetStatus.on(&desk, &ticket).await.unwrap();
        assert_eq!(desk.ticket(&ticket)["status"], desk.keys["status_waiting"]);
        assert_eq!(desk.sim.effect("tickets_updated"), 1, "call {skip}");
    }
}
