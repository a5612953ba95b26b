//! Tests of notes and statuses.

use domain::step_error::StepError;
use psa::{Note, NoteText};
use simulators::world::Author;

use crate::fixture::{Fixture, Vendor, note};

pub(crate) async fn internal_and_public(vendor: &'static Vendor) {
    let fixture = Fixture::new(vendor).await;
    let ticket = fixture.open(&fixture.company(), "By hand", false);
    let (psa, sim) = (&fixture.psa, &fixture.sim);
    assert_eq!(psa.has_note(&ticket, "r1/opened").await, Ok(false));
    psa.add_note(&ticket, &note("r1/opened", "Opened by Gangway.", true))
        .await
        .unwrap();
    psa.add_note(&ticket, &note("r1/told", "For the customer.", false))
        .await
        .unwrap();
    for (marker, there) in [
        ("r1/opened", true),
        // The customer may write what everybody sees.
        ("r1/told", false),
        ("r1/open", false),
        ("r1", false),
    ] {
        assert_eq!(psa.has_note(&ticket, marker).await, Ok(there), "{marker}");
    }
    let notes = fixture.notes(&ticket);
    let of = |text: &str| {
        let mut found = notes
            .iter()
            .filter(|note| note["text"].as_str().is_some_and(|all| all.contains(text)));
        let (one, more) = (found.next().unwrap().clone(), found.next());
        assert!(more.is_none(), "{text}");
        one
    };
    for (text, marker, internal) in [
        ("Opened by Gangway.", "[gangway r1/opened]", true),
        ("For the customer.", "[gangway r1/told]", false),
    ] {
        let note = of(text);
        assert_eq!(note["internal"], internal, "{note}");
        assert!(note["text"].as_str().unwrap().trim_end().ends_with(marker), "{note}");
    }
    assert_eq!(sim.effect("notes_created"), 2);
    let other = fixture.open(&fixture.company(), "Another", false);
    assert_eq!(psa.has_note(&other, "r1/opened").await, Ok(false));
}

pub(crate) async fn passwords_arrive_as_they_are(vendor: &'static Vendor) {
    let fixture = Fixture::new(vendor).await;
    let ticket = fixture.open(&fixture.company(), "By hand", false);
    // A password with all character classes and more special characters than any real one.
    let password = "aB2!cd+Ef=3?gH:z&amp;\"'\\`x%20{}<=";
    let secret = Note {
        marker: "r1/password".to_owned(),
        text: NoteText::Secret(format!("Password: {password}").into()),
        internal: true,
        minutes: None,
    };
    fixture.psa.add_note(&ticket, &secret).await.unwrap();
    let notes = fixture.notes(&ticket);
    let note = notes.last().unwrap();
    assert_eq!(note["internal"], true);
    assert!(
        note["text"]
            .as_str()
            .unwrap()
            .contains(&format!("Password: {password}")),
        "{note}"
    );
}

/// A customer who knows the request's id and the names of its notes writes them first.
pub(crate) async fn a_customers_marker_stands_for_nothing(vendor: &'static Vendor) {
    let fixture = Fixture::new(vendor).await;
    let ticket = fixture.open(&fixture.company(), "By hand", false);
    for text in [
        "[gangway r1/password/5eed]",
        "Please see\n\n[gangway r1/password/5eed]",
        "> [gangway r1/password/5eed]\n\nYes",
    ] {
        fixture.write(&ticket, text, Author::Customer);
    }
    // A technician quotes the mark above a text of their own, or somebody guesses it.
    fixture.write(
        &ticket,
        "> [gangway r1/password/5eed]\n\nWhat is this?",
        Author::Technician,
    );
    fixture.write(&ticket, "[gangway r1/password]", Author::Technician);
    fixture.write(&ticket, "[gangway r1/password/0000]", Author::Technician);
    assert_eq!(fixture.psa.has_note(&ticket, "r1/password/5eed").await, Ok(false));
    let secret = Note {
        marker: "r1/password/5eed".to_owned(),
        text: NoteText::Secret("Password: aB2!".into()),
        internal: true,
        minutes: None,
    };
    for _ in 0..2 {
        if !fixture.psa.has_note(&ticket, &secret.marker).await.unwrap() {
            fixture.psa.add_note(&ticket, &secret).await.unwrap();
        }
    }
    assert_eq!(fixture.sim.effect("notes_created"), 1);
}

pub(crate) async fn long_ones_are_written(vendor: &'static Vendor) {
    let fixture = Fixture::new(vendor).await;
    let ticket = fixture.open(&fixture.company(), "By hand", false);
    let long = format!("Beginning. {}", "Ünï 🙂 ".repeat(8000));
    fixture
        .psa
        .add_note(&ticket, &note("r1/long", &long, true))
        .await
        .unwrap();
    assert_eq!(fixture.psa.has_note(&ticket, "r1/long").await, Ok(true));
    let notes = fixture.notes(&ticket);
    assert!(notes.iter().any(|note| {
        let text = note["text"].as_str().unwrap();
        text.starts_with("Beginning.") && note["internal"] == true
    }));
}

pub(crate) async fn status_is_set_once(vendor: &'static Vendor) {
    let fixture = Fixture::new(vendor).await;
    let ticket = fixture.open(&fixture.company(), "By hand", false);
    let names = ["status_waiting", "status_working", "status_complete"];
    for (changes, name) in (1..).zip(names) {
        let name = fixture.key(name).unwrap();
        for _ in 0..2 {
            fixture.psa.set_status(&ticket, &name.to_uppercase()).await.unwrap();
            assert_eq!(fixture.ticket(&ticket)["status"], name);
            assert_eq!(fixture.sim.effect("tickets_updated"), changes, "{name}");
        }
    }
    assert_eq!(fixture.ticket(&ticket)["closed"], true);
    let Err(StepError::NeedsAttention(text)) = fixture.psa.set_status(&ticket, "No Such").await else {
        panic!()
    };
    assert!(
        text.contains("No Such") && text.contains(&fixture.key("status_waiting").unwrap()),
        "{text}"
    );
}
