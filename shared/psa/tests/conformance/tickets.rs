//! Tests of opening, finding and adopting tickets.

use domain::request::TicketRef;
use domain::step_error::StepError;
use psa::NewTicket;
use serde_json::json;

use simulators::world::Author;

use crate::fixture::{Fixture, Vendor, note, plain};

pub(crate) async fn opened_with_every_name(vendor: &'static Vendor) {
    let fixture = Fixture::new(vendor).await;
    let made = fixture.psa.create_ticket(&fixture.new_ticket("r1")).await.unwrap();
    assert_eq!(made.system, vendor.name);
    let ticket = fixture.ticket(&made);
    assert_eq!(ticket["summary"], "New user: Ana Ng");
    assert_eq!(ticket["status"], fixture.keys["status_working"]);
    assert_eq!(ticket["marker"], "r1");
    assert_eq!(ticket["closed"], false);
    for (field, key) in [("location", "location"), ("priority", "priority")] {
        if let Some(name) = fixture.key(key) {
            assert_eq!(ticket[field], name, "{field}");
        }
    }
    for (field, key) in [("owner", "tech_id"), ("contact", "contact")] {
        assert_eq!(
            ticket[field].is_null(),
            fixture.keys[key].is_null(),
            "{field}: {ticket}"
        );
    }
    let (ours, theirs) = (fixture.company(), fixture.key("other_company").unwrap());
    let company = |company: &str| fixture.ticket(&fixture.open(company, "x", false))["company"].clone();
    assert_eq!(ticket["company"], company(&ours));
    assert_ne!(ticket["company"], company(&theirs));
    assert_eq!(fixture.sim.effect("tickets_created"), 1);

    // The PSA may not know the requester.
    let stranger = NewTicket {
        contact_email: Some("o'stranger@elsewhere.example".to_owned()),
        ..fixture.new_ticket("r2")
    };
    fixture.psa.create_ticket(&stranger).await.unwrap();
    let nobody = NewTicket {
        contact_email: None,
        work_role: None,
        tech_id: None,
        ..fixture.new_ticket("r3")
    };
    fixture.psa.create_ticket(&nobody).await.unwrap();
}

/// The request had a ticket in another system before `default_psa` was changed. In this system, its id may be
/// anybody's.
pub(crate) async fn another_systems_ticket_is_left_alone(vendor: &'static Vendor) {
    let fixture = Fixture::new(vendor).await;
    let theirs = fixture.open(&fixture.key("other_company").unwrap(), "Theirs", false);
    let before = fixture.ticket(&theirs);
    let ticket = TicketRef {
        system: "elsewhere".to_owned(),
        id: theirs.id.clone(),
    };
    let results = [
        fixture.psa.add_note(&ticket, &note("r1/note", "Ours.", true)).await,
        fixture.psa.has_note(&ticket, "r1/note").await.map(|_| ()),
        fixture.psa.set_status(&ticket, "Closed").await,
    ];
    for result in results {
        let Err(StepError::NeedsAttention(text)) = &result else {
            panic!("{result:?}")
        };
        assert!(text.contains("elsewhere") && text.contains(vendor.name), "{text}");
    }
    assert_eq!(fixture.ticket(&theirs), before);
    assert_eq!(fixture.sim.operations(), [""; 0]);
}

pub(crate) async fn unknown_names_are_listed(vendor: &'static Vendor) {
    let fixture = Fixture::new(vendor).await;
    let wrong = || Some("No Such".to_owned());
    let cases = [
        (
            "location",
            NewTicket {
                location: wrong(),
                ..fixture.new_ticket("r1")
            },
        ),
        (
            "status_working",
            NewTicket {
                status: wrong(),
                ..fixture.new_ticket("r1")
            },
        ),
        (
            "priority",
            NewTicket {
                priority: wrong(),
                ..fixture.new_ticket("r1")
            },
        ),
    ];
    for (key, ticket) in cases {
        let Some(existing) = fixture.key(key) else { continue };
        let error = fixture.psa.create_ticket(&ticket).await.unwrap_err();
        let StepError::NeedsAttention(text) = &error else {
            panic!("{key}: {error:?}")
        };
        assert!(text.contains("No Such") && text.contains(&existing), "{key}: {text}");
        // A customer who uses its parent's key gets no list.
        let error = fixture.with_the_parents_key().create_ticket(&ticket).await.unwrap_err();
        let StepError::NeedsAttention(text) = &error else {
            panic!("{key}: {error:?}")
        };
        assert!(text.contains("No Such") && !text.contains(&existing), "{key}: {text}");
    }
    let people = [
        NewTicket {
            work_role: wrong(),
            ..fixture.new_ticket("r1")
        },
        NewTicket {
            tech_id: wrong(),
            ..fixture.new_ticket("r1")
        },
    ];
    for (key, ticket) in ["work_role", "tech_id"].iter().zip(people) {
        if fixture.key(key).is_some() {
            let error = fixture.psa.create_ticket(&ticket).await.unwrap_err();
            assert!(!error.is_transient(), "{key}: {error:?}");
        }
    }
    assert_eq!(fixture.sim.effect("tickets_created"), 0);
}

pub(crate) async fn found_by_marker(vendor: &'static Vendor) {
    let fixture = Fixture::new(vendor).await;
    let by_hand = fixture.open(&fixture.company(), "By hand", false);
    let first = fixture.psa.create_ticket(&fixture.new_ticket("r1")).await.unwrap();
    let second = fixture.psa.create_ticket(&fixture.new_ticket("r10")).await.unwrap();
    assert_ne!(first, second);
    let find = async |given, marker| fixture.find(given, marker).await;
    assert_eq!(find(None, "r1").await, Ok(Some(first.clone())));
    assert_eq!(find(None, "r10").await, Ok(Some(second)));
    assert_eq!(find(None, "r2").await, Ok(None));
    assert_eq!(find(Some(&by_hand.id), "r1").await, Ok(Some(first)), "ours comes first");
    for odd in ["r1\" or id=1", "r1' OR 1=1", "", "*"] {
        assert!(!matches!(find(None, odd).await, Ok(Some(_))), "{odd}");
    }
}

pub(crate) async fn a_given_one_must_be_the_companys(vendor: &'static Vendor) {
    let fixture = Fixture::new(vendor).await;
    let ours = fixture.open(&fixture.company(), "Ours", false);
    let theirs = fixture.open(&fixture.key("other_company").unwrap(), "Theirs", false);
    let find = async |given: &str| fixture.find(Some(given), "r1").await;
    assert_eq!(find(&ours.id).await, Ok(Some(ours.clone())));
    assert_eq!(find(&format!(" #{} ", ours.id)).await, Ok(Some(ours.clone())));
    assert_eq!(find(&theirs.id).await, Ok(None), "another company's");
    assert_eq!(find(&absent(&ours.id)).await, Ok(None), "unknown");
    for odd in ["", "#", "../companies", "1 or 1=1", "99999999999999999999999"] {
        assert_eq!(find(odd).await, Ok(None), "{odd}");
    }
}

/// An id of the same form that does not exist.
fn absent(id: &str) -> String {
    id.chars().map(|c| if c.is_ascii_digit() { '9' } else { c }).collect()
}

pub(crate) async fn a_technicians_open_one_with_the_same_summary_is_adopted(vendor: &'static Vendor) {
    let fixture = Fixture::new(vendor).await;
    let summary = "New user: Ana Ng";
    let ours = fixture.company();
    fixture.open(&ours, "New user: Ana", false);
    fixture.open(&ours, "New user: Ana Ngo", false);
    fixture.open(&ours, summary, true);
    fixture.open(&fixture.key("other_company").unwrap(), summary, false);
    fixture.psa.create_ticket(&fixture.new_ticket("r9")).await.unwrap();
    let theirs = fixture.open_by(Author::Customer, &ours, summary, false);
    // A reply does not make it the technician's ticket.
    fixture.write(&theirs, "We look after it.", Author::Technician);
    let find = async || fixture.psa.find_matching(summary).await;
    assert_eq!(
        find().await,
        Ok(None),
        "closed, another company's, another request's, a customer's"
    );
    let open = fixture.open(&ours, summary, false);
    assert_eq!(find().await, Ok(vendor.tells_who_opened.then_some(open)));
    // A ticket that is named by its number is used.
    assert_eq!(fixture.find(Some(&theirs.id), "r1").await, Ok(Some(theirs)));
    let made = fixture
        .tickets()
        .iter()
        .filter(|ticket| ticket["marker"] == "r9")
        .count();
    assert_eq!(made, 1);
    assert!(fixture.tickets().iter().all(|ticket| ticket["marker"] != json!("")));
    assert!(fixture.tickets().iter().all(|ticket| !plain(&ticket["id"]).is_empty()));
}

/// A customer knows the request's id from an earlier ticket or from their own submission.
pub(crate) async fn a_customers_ticket_with_our_marker_is_not_ours(vendor: &'static Vendor) {
    let fixture = Fixture::new(vendor).await;
    for text in ["[gangway r1]", "x\n\n[gangway r1]", "[gangway r1 0000000000000000]"] {
        fixture.open_with(text);
    }
    assert_eq!(fixture.find(None, "r1").await, Ok(None));
    let made = fixture.psa.create_ticket(&fixture.new_ticket("r1")).await.unwrap();
    assert_eq!(fixture.find(None, "r1").await, Ok(Some(made)));
    assert!(fixture.psa.find_ticket(None, "r1", "x' OR 1=1").await.is_err());
}
